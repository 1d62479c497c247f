//! Why a rule holds for an event or not, question by question.

use std::fmt::Write as _;

use crate::condition::Expr;
use crate::engine::{Engine, Event, RuleId, Worker};
use crate::modifier::{Comparison, FieldRef, Test};
use crate::pattern::{Piece, Shape};

/// A rule and an event, question by question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// How many answers would have to be different for the rule to hold, at least; 0 when it holds.
    pub missing: usize,
    /// Every part of the rule, outer parts before inner ones.
    pub steps: Vec<Step>,
}

/// One part of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// How many parts it stands in.
    pub depth: usize,
    /// Whether it holds.
    pub holds: bool,
    /// `all of`, `any of`, `not`, or the question: `Image ends with "\cmd.exe"`.
    pub question: String,
    /// The number of the value that passed, when one did.
    pub value: Option<usize>,
}

/// Values of one question that are written out; the rest are counted.
const VALUES_SHOWN: usize = 4;

impl Worker {
    /// Asks every question of one rule about an event.
    pub fn trace(&mut self, engine: &Engine, event: &Event<'_>, rule: RuleId) -> Trace {
        let mut trace = Trace::default();
        if let Some(program) = engine.program(rule) {
            self.begin(event);
            trace.missing = self.step(engine, event, program, 0, &mut trace.steps).1;
        }
        trace
    }

    /// Whether a part holds, and how many answers are missing for that.
    fn step(
        &mut self,
        engine: &Engine,
        event: &Event<'_>,
        part: &Expr<u32>,
        depth: usize,
        steps: &mut Vec<Step>,
    ) -> (bool, usize) {
        let place = steps.len();
        steps.push(Step { depth, holds: false, question: String::new(), value: None });
        let (question, holds, missing, value) = match part {
            Expr::And(parts) => {
                let each = parts.iter().map(|part| self.step(engine, event, part, depth + 1, steps).1);
                let missing: usize = each.sum();
                ("all of".to_owned(), missing == 0, missing, None)
            }
            Expr::Or(parts) => {
                let each = parts.iter().map(|part| self.step(engine, event, part, depth + 1, steps).1);
                let missing = each.min().unwrap_or(1);
                ("any of".to_owned(), missing == 0, missing, None)
            }
            Expr::Not(part) => {
                let (inside, _) = self.step(engine, event, part, depth + 1, steps);
                ("not".to_owned(), !inside, usize::from(inside), None)
            }
            Expr::Leaf(number) => {
                let answer = self.answer_of(engine, event, *number);
                let value = answer.flatten().map(|value| value as usize);
                (question(engine, *number), answer.is_some(), usize::from(answer.is_none()), value)
            }
        };
        if let Some(step) = steps.get_mut(place) {
            *step = Step { depth, holds, question, value };
        }
        (holds, missing)
    }
}

fn question(engine: &Engine, number: u32) -> String {
    let Some(item) = engine.item(number) else { return String::new() };
    let mut text = item.field.map_or("any value", |field| engine.field_name(field)).to_owned();
    for (place, test) in item.tests.iter().take(VALUES_SHOWN).enumerate() {
        text.push_str(if place == 0 { " " } else { " or " });
        describe(test, &mut text);
    }
    if let Some(more) = item.tests.len().checked_sub(VALUES_SHOWN).filter(|more| *more > 0) {
        let _ = write!(text, " or {more} more");
    }
    text
}

fn describe(test: &Test, text: &mut String) {
    let written = match test {
        Test::Shape { shape, .. } => match shape {
            Shape::Exact(value) => write!(text, "is {value:?}"),
            Shape::Prefix(value) => write!(text, "begins with {value:?}"),
            Shape::Suffix(value) => write!(text, "ends with {value:?}"),
            Shape::Contains(needle) => write!(text, "contains {:?}", needle.text),
            Shape::Anything => write!(text, "is there"),
            Shape::Glob(pieces) => {
                let piece = |piece: &Piece| match piece {
                    Piece::Text(text) => text.clone(),
                    Piece::Any => "*".to_owned(),
                    Piece::One => "?".to_owned(),
                };
                write!(text, "is like {:?}", pieces.iter().map(piece).collect::<String>())
            }
        },
        Test::Regex(expression) => write!(text, "matches {:?}", expression.regex.as_str()),
        Test::Cidr(block) => write!(text, "is in {block}"),
        Test::Compare(comparison, number) => {
            let sign = match comparison {
                Comparison::Less => "<",
                Comparison::LessOrEqual => "<=",
                Comparison::Greater => ">",
                Comparison::GreaterOrEqual => ">=",
            };
            write!(text, "{sign} {number}")
        }
        Test::TimePart(part, number) => write!(text, "has {} {number}", format!("{part:?}").to_lowercase()),
        Test::Exists(true) => write!(text, "is there"),
        Test::Exists(false) => write!(text, "is absent"),
        Test::Null => write!(text, "is absent or null"),
        Test::FieldRef { field, how, .. } => {
            let word = match how {
                FieldRef::Equal => "is",
                FieldRef::StartsWith => "begins with",
                FieldRef::EndsWith => "ends with",
                FieldRef::Contains => "contains",
            };
            write!(text, "{word} the value of {field}")
        }
    };
    // Writing to a text does not fail.
    let _ = written;
}
