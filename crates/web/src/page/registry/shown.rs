//! How a value of the registry is shown.

use base::Language;
use registry::Noun;

use crate::visit::Visit;

/// What may be chosen in a column; nothing where people write freely.
pub(super) fn choices(noun: Noun, column: &str) -> &'static [&'static str] {
    match (noun, column) {
        (Noun::Contact, "kind") => &["ciso_office", "csirt", "system", "vulnerability", "around_the_clock"],
        (Noun::Server | Noun::ServerCount, "kind") => {
            &["web", "mail", "dns", "file", "database", "directory", "other"]
        }
        (Noun::Organisation, "kind") => {
            &["centre", "ministry", "agency", "incorporated", "local", "company", "part", "other"]
        }
        (_, "criticality") => &["low", "medium", "high"],
        (_, "confidentiality") => &["1", "2", "3"],
        (_, "integrity" | "availability") => &["1", "2"],
        (_, "priority") => &["1", "2", "3", "4", "5"],
        (_, "internet_facing") => &["yes", "no"],
        (_, "place") => &["own", "cloud", "both"],
        (_, "purpose") => &["installed", "recommended"],
        (_, "language") => &["ja", "en"],
        _ => &[],
    }
}

/// A value as a reader of the language reads it.
pub(super) fn value(visit: &Visit, noun: Noun, column: &str, written: &str) -> String {
    let word = || written.replace('_', "-");
    match (noun, column) {
        _ if written.is_empty() => String::new(),
        (Noun::Organisation, "kind") => visit.words.get(&format!("org-kind-{written}")),
        (_, "criticality") => visit.words.get(&format!("criticality-{written}")),
        (_, "kind") => visit.words.get(&format!("registry-kind-{}", word())),
        (_, "internet_facing" | "place" | "purpose" | "language") => {
            visit.words.get(&format!("registry-word-{}", word()))
        }
        (_, "rto_minutes") => minutes(visit, written),
        (_, "valid_from" | "valid_until" | "end_of_support" | "day") => match written.parse() {
            Ok(day) => crate::when::date(visit.language(), day),
            Err(_) => written.to_owned(),
        },
        _ => written.to_owned(),
    }
}

fn minutes(visit: &Visit, written: &str) -> String {
    let Ok(minutes) = written.parse::<u64>() else { return written.to_owned() };
    match minutes {
        0 => visit.words.get("registry-minutes-none"),
        _ if minutes.is_multiple_of(1440) => {
            visit.words.with("registry-minutes-days", &[("n", (minutes / 1440).into())])
        }
        _ if minutes.is_multiple_of(60) => {
            visit.words.with("registry-minutes-hours", &[("n", (minutes / 60).into())])
        }
        _ => visit.words.with("registry-minutes-minutes", &[("n", minutes.into())]),
    }
}

/// The column that names a thing in the reader's language.
pub(super) fn name(visit: &Visit, ja: &str, en: &str) -> String {
    match visit.language() {
        Language::En if !en.is_empty() => en.to_owned(),
        _ => ja.to_owned(),
    }
}
