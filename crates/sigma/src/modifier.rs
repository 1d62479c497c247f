//! `field|modifier|…: values` into tests of the field.

use std::collections::HashMap;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ipnet::IpNet;

use crate::expression::{Expression, Flags};
use crate::limit::{VALUES_MAX, WINDASH_FORMS_MAX};
use crate::pattern::{Pattern, Piece, Shape, fold};
use crate::test::number;
use crate::yaml::Node;

/// Values for `%name%` in rules that use the `expand` modifier.
pub type Placeholders = HashMap<String, Vec<String>>;

/// One question about one field's value.
#[derive(Clone, Debug)]
pub(crate) enum Test {
    /// The value has this shape; folded unless `cased`.
    Shape { shape: Shape, cased: bool },
    /// The expression is found in the value.
    Regex(Box<Expression>),
    /// The value is an address inside the block.
    Cidr(IpNet),
    /// The value is a number that compares so.
    Compare(Comparison, f64),
    /// The value is a time whose part is this.
    TimePart(TimePart, i64),
    /// The field is there, or is not.
    Exists(bool),
    /// The field is absent, or there and null.
    Null,
    /// The value compares so with another field's of the same event.
    FieldRef { field: String, how: FieldRef, cased: bool },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Comparison {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum TimePart {
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum FieldRef {
    Equal,
    StartsWith,
    EndsWith,
    Contains,
}

/// What a detection item asks: tests of one field, one of which or all of which must hold.
pub(crate) struct Asked {
    pub(crate) tests: Vec<Test>,
    pub(crate) all: bool,
    pub(crate) negated: bool,
}

/// A value on its way through the modifiers.
#[derive(Clone)]
enum Stage {
    Pattern(Pattern),
    Bytes(Vec<u8>),
}

#[derive(Default)]
struct Modifiers {
    all: bool,
    cased: bool,
    negated: bool,
    exists: bool,
    cidr: bool,
    field_ref: Option<FieldRef>,
    compare: Option<Comparison>,
    time_part: Option<TimePart>,
    regex: bool,
    ignore_case: bool,
    multi_line: bool,
    dot_all: bool,
    expanded: bool,
}

/// Applies the modifiers, left to right, to the values. `keyword` values are looked for anywhere in a text.
pub(crate) fn apply(
    modifiers: &[&str],
    values: &[Node],
    keyword: bool,
    placeholders: &Placeholders,
) -> Result<Asked, String> {
    let mut set = Modifiers::default();
    let mut stages: Vec<Stage> = Vec::new();
    let mut nulls = 0;
    set.exists = modifiers.contains(&"exists");
    set.regex = modifiers.contains(&"re");
    if modifiers.contains(&"fieldref") {
        set.field_ref = Some(FieldRef::Equal);
    }
    for value in values {
        let Some(text) = value.text() else {
            return Err(format!("{}: a list or map stands where a value is expected", value.position));
        };
        if value.is_null() && !set.exists {
            nulls += 1;
        } else if set.regex || set.field_ref.is_some() || set.exists {
            stages.push(Stage::Pattern(Pattern::literal(text)));
        } else {
            stages.push(Stage::Pattern(Pattern::parse(text)));
        }
    }
    if keyword && nulls > 0 {
        return Err("a word to look for cannot be null".into());
    }
    for &modifier in modifiers {
        set.step(modifier, &mut stages, placeholders)?;
        if stages.len() > VALUES_MAX {
            return Err(format!("modifiers make more than {VALUES_MAX} values"));
        }
    }
    if modifiers.contains(&"expand") && !set.expanded {
        return Err("the modifier expand finds no %placeholder%".into());
    }
    let mut tests =
        stages.into_iter().map(|stage| set.test(stage, keyword)).collect::<Result<Vec<_>, _>>()?;
    tests.extend(std::iter::repeat_n(Test::Null, nulls));
    if tests.is_empty() {
        return Err("no value to compare with".into());
    }
    Ok(Asked { tests, all: set.all, negated: set.negated })
}

impl Modifiers {
    fn step(
        &mut self,
        name: &str,
        stages: &mut Vec<Stage>,
        placeholders: &Placeholders,
    ) -> Result<(), String> {
        match name {
            "contains" if self.field_ref.is_some() => self.field_ref = Some(FieldRef::Contains),
            "startswith" if self.field_ref.is_some() => self.field_ref = Some(FieldRef::StartsWith),
            "endswith" if self.field_ref.is_some() => self.field_ref = Some(FieldRef::EndsWith),
            "contains" if !self.regex => patterns(stages, |pattern| {
                pattern.prepend(Piece::Any);
                pattern.push(Piece::Any);
            })?,
            "startswith" if !self.regex => patterns(stages, |pattern| pattern.push(Piece::Any))?,
            "endswith" if !self.regex => patterns(stages, |pattern| pattern.prepend(Piece::Any))?,
            // An expression is searched anyway; its own anchors say the rest.
            "contains" => {}
            "startswith" => self.wrap_regex(stages, "^(?:", ")")?,
            "endswith" => self.wrap_regex(stages, "(?:", ")$")?,
            "all" => self.all = true,
            "cased" => self.cased = true,
            "neq" => self.negated = !self.negated,
            "exists" | "re" | "fieldref" => {}
            "i" if self.regex => self.ignore_case = true,
            "m" if self.regex => self.multi_line = true,
            "s" if self.regex => self.dot_all = true,
            "cidr" => self.cidr = true,
            "lt" => self.compare = Some(Comparison::Less),
            "lte" => self.compare = Some(Comparison::LessOrEqual),
            "gt" => self.compare = Some(Comparison::Greater),
            "gte" => self.compare = Some(Comparison::GreaterOrEqual),
            "minute" => self.time_part = Some(TimePart::Minute),
            "hour" => self.time_part = Some(TimePart::Hour),
            "day" => self.time_part = Some(TimePart::Day),
            "week" => self.time_part = Some(TimePart::Week),
            "month" => self.time_part = Some(TimePart::Month),
            "year" => self.time_part = Some(TimePart::Year),
            "windash" => *stages = each_pattern(stages, windash)?,
            "wide" | "utf16le" => encode(stages, name, |text| utf16(text, u16::to_le_bytes))?,
            "utf16be" => encode(stages, name, |text| utf16(text, u16::to_be_bytes))?,
            "utf16" => {
                encode(stages, name, |text| [vec![0xff, 0xfe], utf16(text, u16::to_le_bytes)].concat())?
            }
            "base64" => {
                for stage in stages.iter_mut() {
                    *stage = Stage::Pattern(Pattern::literal(&STANDARD.encode(bytes_of(stage, name)?)));
                }
            }
            "base64offset" => {
                let bytes =
                    stages.iter().map(|stage| bytes_of(stage, name)).collect::<Result<Vec<_>, _>>()?;
                *stages = bytes
                    .iter()
                    .flat_map(|bytes| base64_at_every_offset(bytes))
                    .map(Stage::Pattern)
                    .collect();
            }
            "expand" => {
                let mut expanded = false;
                *stages = each_pattern(stages, |pattern| {
                    let forms = expand(pattern, placeholders)?;
                    expanded |= forms.len() != 1 || forms.first() != Some(pattern);
                    Ok(forms)
                })?;
                self.expanded = expanded;
            }
            other => return Err(format!("the modifier {other:?} is unknown")),
        }
        Ok(())
    }

    fn wrap_regex(&self, stages: &mut [Stage], before: &str, after: &str) -> Result<(), String> {
        patterns(stages, |pattern| *pattern = pattern.map_text(|text| format!("{before}{text}{after}")))
    }

    fn test(&self, stage: Stage, keyword: bool) -> Result<Test, String> {
        let mut pattern = match stage {
            Stage::Pattern(pattern) => pattern,
            Stage::Bytes(bytes) => Pattern::literal(&String::from_utf8_lossy(&bytes)),
        };
        if self.regex {
            return self.regex(pattern.as_literal().unwrap_or_default());
        }
        if let Some(how) = self.field_ref {
            let field = pattern.as_literal().unwrap_or_default().to_owned();
            return Ok(Test::FieldRef { field, how, cased: self.cased });
        }
        let literal = pattern.as_literal();
        let needs = |what: &str| literal.ok_or_else(|| format!("{what} cannot be compared with a wildcard"));
        if self.exists {
            return match needs("exists")?.to_ascii_lowercase().as_str() {
                "true" | "yes" => Ok(Test::Exists(true)),
                "false" | "no" => Ok(Test::Exists(false)),
                other => Err(format!("exists is true or false, not {other:?}")),
            };
        }
        if self.cidr {
            return cidr(needs("cidr")?);
        }
        if let Some(comparison) = self.compare {
            let text = needs("a number")?;
            let number = number(text).ok_or_else(|| format!("{text:?} is not a number to compare with"))?;
            return Ok(Test::Compare(comparison, number));
        }
        if let Some(part) = self.time_part {
            let text = needs("a part of a time")?;
            return Ok(Test::TimePart(part, text.parse().map_err(|_| format!("{text:?} is not a number"))?));
        }
        if keyword {
            pattern.prepend(Piece::Any);
            pattern.push(Piece::Any);
        }
        let shape = Shape::of(if self.cased { pattern } else { pattern.map_text(fold) });
        Ok(Test::Shape { shape, cased: self.cased })
    }

    fn regex(&self, source: &str) -> Result<Test, String> {
        let Self { ignore_case, multi_line, dot_all, .. } = *self;
        Expression::new(source, Flags { ignore_case, multi_line, dot_all })
            .map(|expression| Test::Regex(Box::new(expression)))
    }
}

/// A block in its CIDR form; Sigma also allows a lone address.
fn cidr(text: &str) -> Result<Test, String> {
    let block = IpNet::from_str(text).or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from));
    block.map(|block| Test::Cidr(block.trunc())).map_err(|_| format!("{text:?} is not a CIDR block"))
}

fn patterns(stages: &mut [Stage], mut change: impl FnMut(&mut Pattern)) -> Result<(), String> {
    for stage in stages {
        if let Stage::Bytes(bytes) = stage {
            *stage = Stage::Pattern(Pattern::literal(&String::from_utf8_lossy(bytes)));
        }
        if let Stage::Pattern(pattern) = stage {
            change(pattern);
        }
    }
    Ok(())
}

fn each_pattern(
    stages: &[Stage],
    mut forms: impl FnMut(&Pattern) -> Result<Vec<Pattern>, String>,
) -> Result<Vec<Stage>, String> {
    let mut all = Vec::with_capacity(stages.len());
    for stage in stages {
        match stage {
            Stage::Pattern(pattern) => all.extend(forms(pattern)?.into_iter().map(Stage::Pattern)),
            Stage::Bytes(_) => return Err("this modifier must stand before an encoding".into()),
        }
    }
    Ok(all)
}

fn encode(stages: &mut [Stage], name: &str, encode: impl Fn(&str) -> Vec<u8>) -> Result<(), String> {
    for stage in stages {
        let bytes = bytes_of(stage, name)?;
        let text = String::from_utf8(bytes).map_err(|_| format!("{name} needs a text"))?;
        *stage = Stage::Bytes(encode(&text));
    }
    Ok(())
}

fn bytes_of(stage: &Stage, modifier: &str) -> Result<Vec<u8>, String> {
    match stage {
        Stage::Bytes(bytes) => Ok(bytes.clone()),
        Stage::Pattern(pattern) => pattern
            .as_literal()
            .map(|text| text.as_bytes().to_vec())
            .ok_or_else(|| format!("{modifier} cannot encode a wildcard")),
    }
}

fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

/// Base64 of a text that may begin at any of the three places in a group of three bytes: the characters that depend
/// on what stands before or after are left out.
fn base64_at_every_offset(bytes: &[u8]) -> Vec<Pattern> {
    const FIRST_KEPT: [usize; 3] = [0, 2, 3];
    const LAST_DROPPED: [usize; 3] = [0, 3, 2];
    (0..3)
        .map(|offset| {
            let encoded = STANDARD.encode([vec![b' '; offset], bytes.to_vec()].concat());
            let end = encoded.len() - LAST_DROPPED[(bytes.len() + offset) % 3];
            Pattern::literal(encoded.get(FIRST_KEPT[offset]..end).unwrap_or_default())
        })
        .collect()
}

/// Every form of a command-line flag: `-`, `/` and the three longer dashes that Windows takes for `-`. A dash counts
/// when no word character stands before it and one stands after it.
fn windash(pattern: &Pattern) -> Result<Vec<Pattern>, String> {
    const DASHES: [char; 5] = ['-', '/', '\u{2013}', '\u{2014}', '\u{2015}'];
    let places = |text: &str| -> Vec<usize> {
        let word = |character: char| character.is_alphanumeric() || character == '_';
        let mut before = None;
        let mut found = Vec::new();
        for (at, character) in text.char_indices() {
            let after = text.get(at + character.len_utf8()..).and_then(|rest| rest.chars().next());
            if matches!(character, '-' | '/') && !before.is_some_and(word) && after.is_some_and(word) {
                found.push(at);
            }
            before = Some(character);
        }
        found
    };
    let dashes: usize = pattern
        .pieces
        .iter()
        .map(|piece| if let Piece::Text(text) = piece { places(text).len() } else { 0 })
        .sum();
    let free = (0..).take_while(|&n| 5_usize.pow(n + 1) <= WINDASH_FORMS_MAX).count().min(dashes);
    // The first dashes vary freely; any beyond the limit follow the last free one.
    let forms = 5_usize.pow(free as u32);
    Ok((0..forms)
        .map(|form| {
            let mut seen = 0;
            let mut made = Pattern::default();
            for piece in &pattern.pieces {
                let Piece::Text(text) = piece else {
                    made.push(piece.clone());
                    continue;
                };
                let at = places(text);
                let mut changed = String::with_capacity(text.len());
                for (index, character) in text.char_indices() {
                    if at.contains(&index) {
                        let digit = seen.min(free.saturating_sub(1)) as u32;
                        changed.push(DASHES[form / 5_usize.pow(digit) % 5]);
                        seen += 1;
                    } else {
                        changed.push(character);
                    }
                }
                made.push(Piece::Text(changed));
            }
            made
        })
        .collect())
}

/// Puts the known values in place of every `%name%`.
fn expand(pattern: &Pattern, placeholders: &Placeholders) -> Result<Vec<Pattern>, String> {
    let mut made = vec![Pattern::default()];
    for piece in &pattern.pieces {
        let Piece::Text(text) = piece else {
            made.iter_mut().for_each(|pattern| pattern.push(piece.clone()));
            continue;
        };
        let mut parts = text.split('%');
        let plain = |made: &mut Vec<Pattern>, text: &str| {
            made.iter_mut().for_each(|pattern| pattern.push(Piece::Text(text.to_owned())));
        };
        plain(&mut made, parts.next().unwrap_or_default());
        while let Some(name) = parts.next() {
            let Some(after) = parts.next() else {
                plain(&mut made, "%");
                plain(&mut made, name);
                break;
            };
            let Some(values) = placeholders.get(name) else {
                return Err(format!("needs values for the placeholder %{name}%"));
            };
            if made.len() * values.len() > VALUES_MAX {
                return Err(format!("%{name}% makes more than {VALUES_MAX} values"));
            }
            made = made
                .iter()
                .flat_map(|before| {
                    values.iter().map(|value| {
                        let mut pattern = before.clone();
                        Pattern::parse(value).pieces.into_iter().for_each(|piece| pattern.push(piece));
                        pattern
                    })
                })
                .collect();
            plain(&mut made, after);
        }
    }
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literals(patterns: Vec<Pattern>) -> Vec<String> {
        patterns.iter().map(|pattern| pattern.as_literal().unwrap().to_owned()).collect()
    }

    #[test]
    fn base64_is_found_at_every_offset() {
        let forms = literals(base64_at_every_offset(b"/bin/bash"));
        assert_eq!(forms, ["L2Jpbi9iYXNo", "9iaW4vYmFza", "vYmluL2Jhc2"]);
        for before in ["", "x", "xy", "xyz"] {
            let whole = STANDARD.encode(format!("{before}/bin/bash and more"));
            assert!(forms.iter().any(|form| whole.contains(form)), "{before:?}");
        }
    }

    #[test]
    fn windash_changes_flags_and_leaves_hyphens_inside_words() {
        let forms = literals(windash(&Pattern::literal(" -urlcache x-y")).unwrap());
        assert_eq!(forms.len(), 5);
        assert!(
            forms.contains(&" /urlcache x-y".to_owned())
                && forms.contains(&" \u{2015}urlcache x-y".to_owned())
        );
        assert_eq!(windash(&Pattern::literal("-a -b -c -d")).unwrap().len(), WINDASH_FORMS_MAX);
        assert_eq!(literals(windash(&Pattern::literal("none")).unwrap()), ["none"]);
    }

    #[test]
    fn placeholders_multiply_and_an_unknown_one_is_named() {
        let known = Placeholders::from([("admin".into(), vec!["root".into(), "adm*".into()])]);
        let forms = expand(&Pattern::literal(r"x\%admin%"), &known).unwrap();
        assert_eq!(forms.len(), 2);
        assert!(expand(&Pattern::literal("%other%"), &known).unwrap_err().contains("%other%"));
        assert_eq!(literals(expand(&Pattern::literal("100%"), &known).unwrap()), ["100%"]);
    }
}
