//! Whether one value passes one test.

use std::net::IpAddr;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::engine::Kind;
use crate::modifier::{Comparison, FieldRef, Test, TimePart};
use crate::pattern::Shape;

impl Test {
    /// Whether a present value passes. `folded` is the value as [`crate::pattern::fold`] makes it. Tests of absence
    /// and of other fields are the engine's to answer.
    pub(crate) fn passes(&self, kind: Kind, text: &str, folded: &str) -> bool {
        if kind == Kind::Null {
            return match self {
                Self::Shape { shape: Shape::Exact(wanted), .. } => wanted.is_empty(),
                Self::Exists(wanted) => *wanted,
                _ => false,
            };
        }
        match self {
            Self::Shape { shape, cased: true } => shape.matches(text),
            Self::Shape { shape, cased: false } => shape.matches(folded),
            Self::Regex(expression) => expression.regex.is_match(text),
            Self::Cidr(block) => text.trim().parse::<IpAddr>().is_ok_and(|address| {
                // An IPv4 address written inside IPv6 (`::ffff:192.0.2.1`) is that address.
                block.contains(&address.to_canonical())
            }),
            Self::Compare(comparison, wanted) => number(text).is_some_and(|value| match comparison {
                Comparison::Less => value < *wanted,
                Comparison::LessOrEqual => value <= *wanted,
                Comparison::Greater => value > *wanted,
                Comparison::GreaterOrEqual => value >= *wanted,
            }),
            Self::TimePart(part, wanted) => time_part(text, *part) == Some(*wanted),
            Self::Exists(wanted) => *wanted,
            Self::Null | Self::FieldRef { .. } => false,
        }
    }

    /// Whether the test can pass although the field is absent.
    pub(crate) fn accepts_absence(&self) -> bool {
        matches!(self, Self::Null | Self::Exists(false))
    }
}

/// Windows writes some numbers in hexadecimal.
pub(crate) fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => u64::from_str_radix(hex, 16).ok().map(|number| number as f64),
        None => text.parse().ok(),
    }
}

fn time_part(text: &str, part: TimePart) -> Option<i64> {
    let time: DateTime = match text.parse::<Timestamp>() {
        Ok(time) => time.to_zoned(TimeZone::UTC).datetime(),
        Err(_) => text.parse().ok()?,
    };
    Some(match part {
        TimePart::Minute => time.minute().into(),
        TimePart::Hour => time.hour().into(),
        TimePart::Day => time.day().into(),
        TimePart::Week => time.date().iso_week_date().week().into(),
        TimePart::Month => time.month().into(),
        TimePart::Year => time.year().into(),
    })
}

/// Whether two fields' values compare so.
pub(crate) fn compare_fields(how: FieldRef, value: &str, other: &str) -> bool {
    match how {
        FieldRef::Equal => value == other,
        FieldRef::StartsWith => value.starts_with(other),
        FieldRef::EndsWith => value.ends_with(other),
        FieldRef::Contains => value.contains(other),
    }
}
