//! Regular expressions, and the texts without which one of them cannot match.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

use crate::limit::{REGEX_BYTES_MAX, REGEX_DEPTH_MAX};
use crate::pattern::fold;

/// An expression that is looked for in a value.
#[derive(Clone, Debug)]
pub(crate) struct Expression {
    pub(crate) regex: regex::Regex,
    /// Folded texts, one of which stands in every value that matches; empty when that cannot be said.
    pub(crate) required: Vec<String>,
}

/// The modifiers of an expression.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flags {
    pub(crate) ignore_case: bool,
    pub(crate) multi_line: bool,
    pub(crate) dot_all: bool,
}

impl Expression {
    pub(crate) fn new(source: &str, flags: Flags) -> Result<Self, String> {
        let regex = regex::RegexBuilder::new(source)
            .case_insensitive(flags.ignore_case)
            .multi_line(flags.multi_line)
            .dot_matches_new_line(flags.dot_all)
            .size_limit(REGEX_BYTES_MAX)
            .dfa_size_limit(REGEX_BYTES_MAX)
            .nest_limit(REGEX_DEPTH_MAX)
            .build()
            .map_err(|error| match error {
                regex::Error::CompiledTooBig(limit) => {
                    format!("the expression {source:?} needs more than {limit} bytes")
                }
                other => {
                    let text = other.to_string();
                    let reason = text.lines().map(str::trim).next_back().unwrap_or_default();
                    format!("the expression {source:?} cannot be used: {reason}")
                }
            })?;
        let parsed = ParserBuilder::new()
            .case_insensitive(flags.ignore_case)
            .multi_line(flags.multi_line)
            .dot_matches_new_line(flags.dot_all)
            .nest_limit(REGEX_DEPTH_MAX)
            .build()
            .parse(source);
        let required = parsed.ok().and_then(|hir| required(&hir)).unwrap_or_default();
        Ok(Self { regex, required })
    }
}

/// More texts than these are worth no look.
const REQUIRED_MAX: usize = 32;

/// The best set of texts of which one stands in everything that matches: its shortest text is as long as can be.
fn required(hir: &Hir) -> Option<Vec<String>> {
    match hir.kind() {
        HirKind::Capture(capture) => required(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => required(&repetition.sub),
        HirKind::Alternation(parts) => {
            let sets = parts.iter().map(required).collect::<Option<Vec<_>>>()?;
            let texts: Vec<String> = sets.into_iter().flatten().collect();
            (texts.len() <= REQUIRED_MAX).then_some(texts)
        }
        HirKind::Concat(parts) => {
            let mut best = None;
            let mut run = String::new();
            for part in parts {
                if push_exact(part, &mut run) {
                    continue;
                }
                offer(&mut best, Some(vec![std::mem::take(&mut run)]));
                offer(&mut best, required(part));
            }
            offer(&mut best, Some(vec![run]));
            best
        }
        _ => {
            let mut text = String::new();
            (push_exact(hir, &mut text) && !text.is_empty()).then(|| vec![text])
        }
    }
}

fn offer(best: &mut Option<Vec<String>>, set: Option<Vec<String>>) {
    let shortest = |set: &Vec<String>| set.iter().map(String::len).min().unwrap_or(0);
    if let Some(set) = set
        && shortest(&set) > best.as_ref().map_or(0, shortest)
    {
        *best = Some(set);
    }
}

/// Adds what a part matches, folded, when that is one text only.
fn push_exact(hir: &Hir, text: &mut String) -> bool {
    match hir.kind() {
        HirKind::Literal(literal) => match std::str::from_utf8(&literal.0) {
            Ok(literal) => {
                text.push_str(&fold(literal));
                true
            }
            Err(_) => false,
        },
        // What stands in both cases, and in no third form that folds to something else (the long s is such a form).
        HirKind::Class(Class::Unicode(class)) => {
            const FORMS_MAX: usize = 4;
            let forms: Vec<char> =
                class.iter().flat_map(|range| range.start()..=range.end()).take(FORMS_MAX + 1).collect();
            let mut folds = forms.iter().map(|form| fold(form.encode_utf8(&mut [0; 4])));
            match folds.next() {
                Some(first) if forms.len() <= FORMS_MAX && folds.all(|other| other == first) => {
                    text.push_str(&first);
                    true
                }
                _ => false,
            }
        }
        HirKind::Capture(capture) => {
            let before = text.len();
            let exact = push_exact(&capture.sub, text);
            if !exact {
                text.truncate(before);
            }
            exact
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, ignore_case: bool, expected: &[&str]) {
        let flags = Flags { ignore_case, ..Flags::default() };
        assert_eq!(Expression::new(source, flags).unwrap().required, expected, "{source}");
    }

    #[test]
    fn the_texts_that_must_stand_in_a_match_are_found() {
        check("Invoke-(Mimi|Kerbe)[a-z]+", false, &["invoke-"]);
        check("a(longer|other)x", false, &["longer", "other"]);
        check(r"\s+(?:/i:|-f )?certutil\.exe$", false, &["certutil.exe"]);
        check("(?:abc)+", false, &["abc"]);
        check("(abc)*", false, &[]);
        check("[a-z]{3}", false, &[]);
        check("a|", false, &[]);
        check("", false, &[]);
    }

    #[test]
    fn a_text_in_any_case_is_required_folded_but_not_across_letters_of_three_forms() {
        check("DOWN", true, &["down"]);
        // K, S and their third forms (U+212A folds to k, U+017F does not fold to s).
        check("kick", true, &["kick"]);
        check("missile", true, &["ile"]);
    }
}
