//! Rules into programs over numbered fields and items, and the witnesses by which a rule is woken.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::condition::Expr;
use crate::engine::FieldId;
use crate::modifier::{FieldRef, Test};
use crate::pattern::{Shape, fold};
use crate::rule::{Leaf, Rule};
use crate::search::Search;

/// One question, remembered once answered for an event.
#[derive(Debug)]
pub(crate) struct Item {
    /// `None` looks at every value.
    pub(crate) field: Option<FieldId>,
    pub(crate) tests: Vec<Test>,
    pub(crate) refers: Option<(FieldId, FieldRef, bool)>,
    /// For a long list of texts looked for anywhere: all at once, made when first asked.
    pub(crate) many: OnceLock<Option<Search>>,
}

/// A compiled rule: an expression over numbers of items, cheapest questions first.
pub(crate) type Program = Expr<u32>;

/// How a witness is looked up in a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum How {
    Exact,
    Prefix,
    Suffix,
    Contains,
    /// The field is there.
    Present,
}

/// Something without which a rule cannot hold: a rule is looked at only when one of its witnesses is seen.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Witness {
    /// `None` is any field.
    pub(crate) field: Option<FieldId>,
    pub(crate) how: How,
    /// Folded.
    pub(crate) text: String,
}

/// Field names by number. Case does not count: sources disagree about it and rules follow one of them.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    index: HashMap<String, FieldId>,
    pub(crate) names: Vec<String>,
}

impl Fields {
    pub(crate) fn get(&self, name: &str) -> Option<FieldId> {
        self.index.get(&name.to_ascii_lowercase()).copied()
    }

    fn id(&mut self, name: &str) -> FieldId {
        let next = FieldId(self.names.len() as u32);
        let id = *self.index.entry(name.to_ascii_lowercase()).or_insert(next);
        if id == next {
            self.names.push(name.to_owned());
        }
        id
    }
}

#[derive(Debug, Default)]
pub(crate) struct Compiler {
    pub(crate) fields: Fields,
    pub(crate) items: Vec<Item>,
}

impl Compiler {
    /// The rule's program, and its witnesses; without witnesses it must be looked at for every event.
    pub(crate) fn rule(&mut self, rule: &Rule) -> (Program, Option<Vec<Witness>>) {
        let mut program = self.expr(&rule.detection);
        sort(&mut program, &self.items);
        let witnesses = self.witnesses(&program).map(|(_, witnesses)| witnesses);
        (program, witnesses)
    }

    fn expr(&mut self, expr: &Expr<Leaf>) -> Program {
        match expr {
            Expr::And(parts) => Expr::And(parts.iter().map(|part| self.expr(part)).collect()),
            Expr::Or(parts) => Expr::Or(parts.iter().map(|part| self.expr(part)).collect()),
            Expr::Not(part) => Expr::Not(Box::new(self.expr(part))),
            // References to several fields are several questions.
            Expr::Leaf(leaf) if leaf.tests.len() > 1 && leaf.tests.iter().any(is_field_ref) => {
                let single = |test: &Test| Leaf { field: leaf.field.clone(), tests: vec![test.clone()] };
                Expr::Or(leaf.tests.iter().map(|test| Expr::Leaf(self.item(&single(test)))).collect())
            }
            Expr::Leaf(leaf) => Expr::Leaf(self.item(leaf)),
        }
    }

    fn item(&mut self, leaf: &Leaf) -> u32 {
        let field = leaf.field.as_deref().map(|name| self.fields.id(name));
        let refers = match leaf.tests.first() {
            Some(Test::FieldRef { field, how, cased }) => Some((self.fields.id(field), *how, *cased)),
            _ => None,
        };
        self.items.push(Item { field, tests: leaf.tests.clone(), refers, many: OnceLock::new() });
        (self.items.len() - 1) as u32
    }

    /// The cheapest set of witnesses of which at least one must be seen for the program to hold, and its cost.
    fn witnesses(&self, program: &Program) -> Option<(u64, Vec<Witness>)> {
        match program {
            Expr::Leaf(item) => self.items.get(*item as usize).and_then(item_witnesses),
            Expr::And(parts) => {
                parts.iter().filter_map(|part| self.witnesses(part)).min_by_key(|(cost, _)| *cost)
            }
            Expr::Or(parts) => {
                let mut all = (0, Vec::new());
                for part in parts {
                    let (cost, witnesses) = self.witnesses(part)?;
                    all.0 += cost;
                    all.1.extend(witnesses);
                }
                Some(all)
            }
            Expr::Not(_) => None,
        }
    }
}

fn is_field_ref(test: &Test) -> bool {
    matches!(test, Test::FieldRef { .. })
}

fn item_witnesses(item: &Item) -> Option<(u64, Vec<Witness>)> {
    if item.tests.iter().any(Test::accepts_absence) {
        return None;
    }
    let present = || (PRESENT_COST, Witness { field: item.field, how: How::Present, text: String::new() });
    let mut found = (0, Vec::new());
    let mut add = |(cost, witness)| {
        found.0 += cost;
        found.1.push(witness);
    };
    for test in &item.tests {
        let (shape, cased) = match test {
            Test::Shape { shape, cased } => (shape, cased),
            Test::Regex(expression) if !expression.required.is_empty() => {
                for text in &expression.required {
                    let how = How::Contains;
                    let witness = Witness { field: item.field, how, text: text.clone() };
                    add((cost(how, text.len() as u64) + REGEX_COST, witness));
                }
                continue;
            }
            _ => {
                add(present());
                continue;
            }
        };
        let text = if *cased { fold(shape.required()) } else { shape.required().to_owned() };
        let how = match shape {
            _ if text.is_empty() => {
                add(present());
                continue;
            }
            Shape::Exact(_) if item.field.is_some() => How::Exact,
            Shape::Prefix(_) if item.field.is_some() => How::Prefix,
            Shape::Suffix(_) if item.field.is_some() => How::Suffix,
            _ => How::Contains,
        };
        add((cost(how, text.len() as u64), Witness { field: item.field, how, text }));
    }
    Some(found)
}

/// A field that is merely there wakes its rule at nearly every event.
const PRESENT_COST: u64 = 5_000;

/// What a text of an expression costs more than one that is compared: what wakes in vain there is dearer.
const REGEX_COST: u64 = 20;

/// How often a witness is expected to wake its rule in vain, and what looking for it costs: short texts are common,
/// and a text anywhere is dearer to find than one at an end. An event id is short but says much.
fn cost(how: How, bytes: u64) -> u64 {
    match how {
        How::Exact => 10 + 60 / bytes,
        How::Prefix | How::Suffix => 12 + 100 / bytes,
        How::Contains => 20 + 400 / bytes,
        How::Present => PRESENT_COST,
    }
}

/// Cheap and positive questions first, negations last.
fn sort(program: &mut Program, items: &[Item]) {
    match program {
        Expr::And(parts) | Expr::Or(parts) => {
            parts.iter_mut().for_each(|part| sort(part, items));
            parts.sort_by_key(|part| weight(part, items));
        }
        Expr::Not(part) => sort(part, items),
        Expr::Leaf(_) => {}
    }
}

fn weight(program: &Program, items: &[Item]) -> u64 {
    match program {
        Expr::And(parts) | Expr::Or(parts) => parts.iter().map(|part| weight(part, items)).sum::<u64>() + 1,
        Expr::Not(part) => 10_000 + weight(part, items),
        Expr::Leaf(item) => items.get(*item as usize).map_or(0, |item| {
            let each = |test: &Test| match test {
                Test::Shape { shape: Shape::Contains(_) | Shape::Glob(_), .. } => 4,
                Test::Regex(_) => 40,
                Test::Cidr(_) | Test::TimePart(..) => 10,
                _ => 1,
            };
            let tests: u64 = item.tests.iter().map(each).sum();
            if item.field.is_none() { tests * 30 } else { tests }
        }),
    }
}

impl Item {
    /// One search for the texts of a long `contains` list, when the item is nothing else.
    pub(crate) fn many(&self) -> Option<&Search> {
        const WORTH_IT: usize = 6;
        self.many
            .get_or_init(|| {
                if self.tests.len() < WORTH_IT {
                    return None;
                }
                let texts = self.tests.iter().map(plain_text).collect::<Option<Vec<_>>>()?;
                Some(Search::new(texts))
            })
            .as_ref()
    }
}

/// The text that a test looks for anywhere in the folded value, when that is all it does.
fn plain_text(test: &Test) -> Option<&str> {
    match test {
        Test::Shape { shape: Shape::Contains(needle), cased: false } => Some(&needle.text),
        _ => None,
    }
}
