//! `selection and not 1 of filter_*`: conditions into expressions.

use crate::limit::{CONDITION_DEPTH_MAX, CONDITION_WORDS_MAX};

/// Something that holds for an event or not.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr<L> {
    /// All of them; of none, it holds.
    And(Vec<Expr<L>>),
    /// At least one of them; of none, it does not hold.
    Or(Vec<Expr<L>>),
    /// The opposite.
    Not(Box<Expr<L>>),
    /// One question about the event.
    Leaf(L),
}

impl<L> Expr<L> {
    /// Replaces every leaf by an expression.
    pub(crate) fn try_map<M, E>(
        &self,
        leaf: &mut impl FnMut(&L) -> Result<Expr<M>, E>,
    ) -> Result<Expr<M>, E> {
        Ok(match self {
            Self::And(parts) => {
                Expr::And(parts.iter().map(|part| part.try_map(leaf)).collect::<Result<_, E>>()?)
            }
            Self::Or(parts) => {
                Expr::Or(parts.iter().map(|part| part.try_map(leaf)).collect::<Result<_, E>>()?)
            }
            Self::Not(part) => Expr::Not(Box::new(part.try_map(leaf)?)),
            Self::Leaf(question) => leaf(question)?,
        })
    }

    /// Visits every leaf.
    pub fn each<'a>(&'a self, visit: &mut impl FnMut(&'a L)) {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.each(visit)),
            Self::Not(part) => part.each(visit),
            Self::Leaf(leaf) => visit(leaf),
        }
    }
}

/// Parses a condition over the names of the selections that stand beside it. Leaves are names of selections.
pub(crate) fn parse(text: &str, selections: &[String]) -> Result<Expr<String>, String> {
    let words = words(text);
    if words.len() > CONDITION_WORDS_MAX {
        return Err(format!("the condition has more than {CONDITION_WORDS_MAX} words"));
    }
    let mut parser = Condition { words, next: 0, selections, depth: 0 };
    let expr = parser.or()?;
    match parser.peek() {
        None => Ok(expr),
        Some("|") => Err("aggregation after | in a condition is not evaluated yet".into()),
        Some(word) => Err(format!("the condition goes on unexpectedly at {word:?}")),
    }
}

fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for part in text.split_whitespace() {
        let mut word = String::new();
        for character in part.chars() {
            if matches!(character, '(' | ')' | '|') {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                words.push(character.into());
            } else {
                word.push(character);
            }
        }
        if !word.is_empty() {
            words.push(word);
        }
    }
    words
}

struct Condition<'a> {
    words: Vec<String>,
    next: usize,
    selections: &'a [String],
    depth: usize,
}

impl Condition<'_> {
    fn peek(&self) -> Option<&str> {
        self.words.get(self.next).map(String::as_str)
    }

    fn peek_is(&self, ahead: usize, word: &str) -> bool {
        self.words.get(self.next + ahead).is_some_and(|found| found.eq_ignore_ascii_case(word))
    }

    fn or(&mut self) -> Result<Expr<String>, String> {
        let mut parts = vec![self.and()?];
        while self.peek_is(0, "or") {
            self.next += 1;
            parts.push(self.and()?);
        }
        Ok(single(parts, Expr::Or))
    }

    fn and(&mut self) -> Result<Expr<String>, String> {
        let mut parts = vec![self.not()?];
        while self.peek_is(0, "and") {
            self.next += 1;
            parts.push(self.not()?);
        }
        Ok(single(parts, Expr::And))
    }

    fn not(&mut self) -> Result<Expr<String>, String> {
        self.depth += 1;
        if self.depth > CONDITION_DEPTH_MAX {
            return Err(format!("the condition is nested deeper than {CONDITION_DEPTH_MAX}"));
        }
        let expr = if self.peek_is(0, "not") {
            self.next += 1;
            Expr::Not(Box::new(self.not()?))
        } else {
            self.operand()?
        };
        self.depth -= 1;
        Ok(expr)
    }

    fn operand(&mut self) -> Result<Expr<String>, String> {
        let Some(word) = self.peek().map(str::to_owned) else {
            return Err("the condition ends where something is expected".into());
        };
        if self.peek_is(1, "of") && matches!(word.to_ascii_lowercase().as_str(), "1" | "any" | "all") {
            return self.quantified(&word);
        }
        self.next += 1;
        if word == "(" {
            let expr = self.or()?;
            if self.peek() != Some(")") {
                return Err("a parenthesis of the condition is not closed".into());
            }
            self.next += 1;
            return Ok(expr);
        }
        if self.selections.contains(&word) {
            return Ok(Expr::Leaf(word));
        }
        Err(format!("the condition names {word:?}, which is not a selection"))
    }

    /// `1 of them`, `all of selection_*`, `any of (a, b)` is not Sigma.
    fn quantified(&mut self, quantifier: &str) -> Result<Expr<String>, String> {
        let Some(pattern) = self.words.get(self.next + 2).cloned() else {
            return Err(format!("\"{quantifier} of\" is not followed by anything"));
        };
        self.next += 3;
        let them = pattern.eq_ignore_ascii_case("them");
        let chosen: Vec<_> = self
            .selections
            .iter()
            .filter(|name| if them { !name.starts_with('_') } else { name_matches(&pattern, name) })
            .map(|name| Expr::Leaf(name.clone()))
            .collect();
        if chosen.is_empty() {
            return Err(format!("no selection is named {pattern:?}"));
        }
        let all = quantifier.eq_ignore_ascii_case("all");
        Ok(if all { single(chosen, Expr::And) } else { single(chosen, Expr::Or) })
    }
}

/// Only `*` is special in a selection's pattern.
fn name_matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    true
}

fn single<L>(mut parts: Vec<Expr<L>>, many: impl FnOnce(Vec<Expr<L>>) -> Expr<L>) -> Expr<L> {
    match (parts.len(), parts.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            parts.extend(last);
            many(parts)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(expr: &Expr<String>) -> String {
        let list = |parts: &[Expr<String>], word: &str| {
            format!("({})", parts.iter().map(show).collect::<Vec<_>>().join(word))
        };
        match expr {
            Expr::And(parts) => list(parts, " & "),
            Expr::Or(parts) => list(parts, " | "),
            Expr::Not(part) => format!("!{}", show(part)),
            Expr::Leaf(name) => name.clone(),
        }
    }

    #[track_caller]
    fn check(condition: &str, expected: &str) {
        let selections = ["sel_a", "sel_b", "filter_x", "_hidden", "keywords"].map(String::from);
        let shown = parse(condition, &selections).map_or_else(|error| error, |expr| show(&expr));
        assert_eq!(shown, expected, "{condition}");
    }

    #[test]
    fn not_binds_tighter_than_and_which_binds_tighter_than_or() {
        check("sel_a or sel_b and not filter_x", "(sel_a | (sel_b & !filter_x))");
        check("(sel_a or sel_b) and not not filter_x", "((sel_a | sel_b) & !!filter_x)");
        check("( sel_a )", "sel_a");
        check("sel_a AND NOT filter_x", "(sel_a & !filter_x)");
    }

    #[test]
    fn quantifiers_choose_by_pattern_and_them_leaves_out_the_hidden() {
        check("1 of sel_*", "(sel_a | sel_b)");
        check("all of sel*", "(sel_a & sel_b)");
        check("not 1 of filter_*", "!filter_x");
        check("any of them", "(sel_a | sel_b | filter_x | keywords)");
        check("all of *_x", "filter_x");
    }

    #[test]
    fn a_wrong_condition_says_what_is_wrong() {
        check("sel_a and", "the condition ends where something is expected");
        check("sel_c", "the condition names \"sel_c\", which is not a selection");
        check("(sel_a", "a parenthesis of the condition is not closed");
        check("sel_a sel_b", "the condition goes on unexpectedly at \"sel_b\"");
        check("1 of other_*", "no selection is named \"other_*\"");
        check("sel_a | count() by x > 5", "aggregation after | in a condition is not evaluated yet");
        assert!(parse(&"not ".repeat(5_000), &[]).unwrap_err().contains("more than"));
        assert!(parse(&"(".repeat(1_000), &[]).unwrap_err().contains("deeper"));
    }
}
