//! A naive evaluator for tests: slow, a page long, obviously right. The engine must always agree with it.

use regex::RegexBuilder;

use crate::condition::Expr;
use crate::engine::Kind;
use crate::modifier::{FieldRef, Test};
use crate::pattern::{Piece, Shape};
use crate::rule::{Leaf, Rule};

/// An event as names and values; a name may stand several times.
pub(crate) type Pairs = Vec<(String, Kind, String)>;

pub(crate) fn holds(rule: &Rule, event: &Pairs) -> bool {
    expr(&rule.detection, event)
}

fn expr(node: &Expr<Leaf>, event: &Pairs) -> bool {
    match node {
        Expr::And(parts) => parts.iter().all(|part| expr(part, event)),
        Expr::Or(parts) => parts.iter().any(|part| expr(part, event)),
        Expr::Not(part) => !expr(part, event),
        Expr::Leaf(leaf) => leaf.tests.iter().any(|test| asks(leaf.field.as_deref(), test, event)),
    }
}

fn asks(field: Option<&str>, test: &Test, event: &Pairs) -> bool {
    let values: Vec<_> = event
        .iter()
        .filter(|(name, ..)| field.is_none_or(|field| name.eq_ignore_ascii_case(field)))
        .collect();
    match test {
        Test::Null => values.iter().all(|(_, kind, _)| *kind == Kind::Null),
        Test::Exists(wanted) => values.is_empty() != *wanted,
        Test::FieldRef { field: other, how, cased } => values.iter().any(|(.., value)| {
            let others = event.iter().filter(|(name, ..)| name.eq_ignore_ascii_case(other));
            others.into_iter().any(|(.., other)| {
                let form = |text: &str| if *cased { text.to_owned() } else { lower(text) };
                let (value, other) = (form(value), form(other));
                match how {
                    FieldRef::Equal => value == other,
                    FieldRef::StartsWith => value.starts_with(&other),
                    FieldRef::EndsWith => value.ends_with(&other),
                    FieldRef::Contains => value.contains(&other),
                }
            })
        }),
        Test::Shape { shape, cased } => values.iter().any(|(_, kind, value)| {
            let text = if *cased { value.clone() } else { lower(value) };
            if *kind == Kind::Null { *shape == Shape::Exact(String::new()) } else { looks_like(shape, &text) }
        }),
        other => values
            .iter()
            .any(|(_, kind, value)| *kind != Kind::Null && other.passes(*kind, value, &lower(value))),
    }
}

fn lower(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

fn looks_like(shape: &Shape, value: &str) -> bool {
    match shape {
        Shape::Exact(text) => value == text,
        Shape::Prefix(text) => value.starts_with(text),
        Shape::Suffix(text) => value.ends_with(text),
        Shape::Contains(needle) => value.contains(&needle.text),
        Shape::Anything => true,
        Shape::Glob(pieces) => {
            let piece = |piece: &Piece| match piece {
                Piece::Text(text) => regex::escape(text),
                Piece::Any => ".*".into(),
                Piece::One => ".".into(),
            };
            let expression = format!("^{}\\z", pieces.iter().map(piece).collect::<String>());
            RegexBuilder::new(&expression).dot_matches_new_line(true).build().unwrap().is_match(value)
        }
    }
}
