//! One event as it was written, made safe to look at.

use base::Period;
use watch::detect::Detection;
use watch::lake::StoredEvent;

use crate::markup::Markup;
use crate::page::part::Link;
use crate::query::href;
use crate::visible::{EXCERPT_CHARACTERS_MAX, Foreign, Visible, marked, neutral_short};
use crate::visit::Visit;
use crate::words::count;

/// Matching fields shown for one event.
const MATCHED_MAX: usize = 8;

/// One event in a list.
pub(crate) struct Record {
    /// The element's name for those who cannot see it.
    pub label: String,
    /// When.
    pub time: Markup,
    /// Said when the record itself names no time; empty otherwise.
    pub time_stated: String,
    /// Whose.
    pub organisation: Link,
    /// Product, service, category and format.
    pub source: String,
    /// The file it was read from.
    pub file: Foreign,
    /// Where in that file.
    pub line: String,
    /// Its own page.
    pub href: String,
    /// The fields that made a rule match.
    pub matched: Vec<(Foreign, Foreign)>,
    /// The record.
    pub raw: Visible,
    /// How much of it did not fit; empty when all did.
    pub left: String,
}

impl Record {
    /// How an event is shown, with the texts of `marks` and the fields of its detections highlighted.
    pub(crate) fn new(visit: &Visit, event: &StoredEvent, marks: &[&str], detections: &[&Detection]) -> Self {
        let mut matched: Vec<(Foreign, Foreign)> = Vec::new();
        for (name, value) in detections.iter().flat_map(|detection| &detection.fields) {
            let field = (Foreign::from(name.as_str()), Foreign::from(value.as_str()));
            if matched.len() < MATCHED_MAX && !matched.contains(&field) {
                matched.push(field);
            }
        }
        let marks: Vec<&str> = marks
            .iter()
            .copied()
            .chain(matched.iter().map(|(_, value)| value.0.as_str()))
            .filter(|mark| mark.len() > 1)
            .collect();
        let raw = marked(&event.raw, &marks, EXCERPT_CHARACTERS_MAX);
        let left = match raw.bytes_left as u64 {
            0 => String::new(),
            left => visit.words.with("record-left", &[("n", left.into())]),
        };
        Self {
            label: visit.words.with(
                "record-label",
                &[
                    ("time", crate::when::full(visit.language(), event.time).into()),
                    ("file", neutral_short(&event.file, 60).into()),
                    ("line", event.line.into()),
                ],
            ),
            time: precise(visit, event),
            time_stated: time_stated(visit, event),
            organisation: visit.organisation(event.organisation),
            source: source(event),
            file: event.file.as_str().into(),
            line: visit.words.with("record-line", &[("n", count(event.line).into())]),
            href: event_href(event),
            matched,
            raw,
            left,
        }
    }
}

/// The time to the second.
fn precise(visit: &Visit, event: &StoredEvent) -> Markup {
    Markup::trusted(format!(
        "<time datetime=\"{}\">{}</time>",
        event.time,
        crate::when::full(visit.language(), event.time)
    ))
}

/// A sentence when the time is that of reading, because the record does not say its own.
pub(crate) fn time_stated(visit: &Visit, event: &StoredEvent) -> String {
    if event.time_stated { String::new() } else { visit.words.get("record-time-read") }
}

/// `windows/sysmon/process_creation (windows-json)`.
pub(crate) fn source(event: &StoredEvent) -> String {
    let parts = [&event.product, &event.service, &event.category];
    let parts: Vec<&str> = parts.into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    format!("{} ({})", parts.join("/"), event.format)
}

/// The page of an event; its time is part of the address, because the lake is sorted by it.
pub(crate) fn event_href(event: &StoredEvent) -> String {
    let at = event.time.as_microsecond().to_string();
    href(&format!("/events/{}", event.id), &[("at", &at)])
}

/// A second around a moment, for fetching the event that happened then.
pub(crate) fn near(time: base::Timestamp) -> Period {
    let second = jiff::SignedDuration::from_secs(1);
    Period {
        start: time.checked_sub(second).unwrap_or(base::Timestamp::MIN),
        end: time.checked_add(second).unwrap_or(base::Timestamp::MAX),
    }
}
