//! One event: everything it says, and its bytes.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use base::{EventId, Timestamp};
use watch::lake::StoredEvent;

use crate::App;
use crate::error::Failure;
use crate::frame::Frame;
use crate::markup::Markup;
use crate::page::part::{Fact, ObservableRow, to_keep};
use crate::page::record::{near, source, time_stated};
use crate::visible::{Foreign, RECORD_CHARACTERS_MAX, Visible, marked};
use crate::visit::{Visit, render};
use crate::when;
use crate::words::{bytes, count};

/// Fields in the table; the raw record has them all.
const FIELDS_MAX: usize = 120;
/// Characters of a field's value in the table.
const FIELD_CHARACTERS_MAX: usize = 140;
/// Observables in the list.
const OBSERVABLES_MAX: usize = 60;

#[derive(Template)]
#[template(path = "event.html")]
struct EventPage {
    frame: Frame,
    time: String,
    facts: Vec<Fact>,
    observables: Vec<ObservableRow>,
    fields: Vec<(Foreign, Markup)>,
    raw: Visible,
    raw_href: String,
    raw_size: String,
    left: String,
    next_href: String,
}

pub(crate) async fn show(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let event = fetch(&app, &visit, &id, at(&visit)?).await?;
    let skip: usize = visit.query.parsed("skip")?.unwrap_or(0);
    render(&page(&visit, &event, skip))
}

/// The bytes as they were read, to be kept and not to be looked at in a browser.
pub(crate) async fn raw(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let event = fetch(&app, &visit, &id, at(&visit)?).await?;
    let headers = to_keep("application/octet-stream", &format!("{}.txt", event.id));
    Ok((headers, event.raw).into_response())
}

/// When the event happened, as its address says.
fn at(visit: &Visit) -> Result<Timestamp, Failure> {
    let at = visit.query.parsed::<i64>("at")?.and_then(|at| Timestamp::from_microsecond(at).ok());
    at.ok_or_else(|| Failure::invalid("error-value", visit.query.text("at")))
}

/// One event that happened at a time, where the reader may see it.
pub(crate) async fn fetch(
    app: &Arc<App>,
    visit: &Visit,
    id: &str,
    at: Timestamp,
) -> Result<StoredEvent, Failure> {
    let id: EventId = id.parse().map_err(|_| Failure::not_found())?;
    let (lake, scope) = (app.state.lake.clone(), visit.scope().clone());
    let found = tokio::task::spawn_blocking(move || lake.events(&scope, &[id], near(at))).await??;
    found.into_iter().next().ok_or_else(Failure::not_found)
}

fn page(visit: &Visit, event: &StoredEvent, skip: usize) -> EventPage {
    let words = visit.words;
    let raw = marked(event.raw.get(skip..).unwrap_or_default(), &[], RECORD_CHARACTERS_MAX);
    let at = event.time.as_microsecond().to_string();
    let next = event.raw.len().saturating_sub(raw.bytes_left).to_string();
    let more = raw.bytes_left > 0;
    EventPage {
        frame: visit.frame("/search", words.get("event-title")),
        time: when::full(visit.language(), event.time),
        facts: facts(visit, event),
        observables: event
            .observables
            .iter()
            .take(OBSERVABLES_MAX)
            .map(|observable| ObservableRow::new(visit, observable, 0))
            .collect(),
        fields: fields(event)
            .into_iter()
            .take(FIELDS_MAX)
            .map(|(name, value)| (Foreign(name), marked(value.as_bytes(), &[], FIELD_CHARACTERS_MAX).markup))
            .collect(),
        raw_href: crate::query::href(&format!("/events/{}/raw", event.id), &[("at", &at)]),
        raw_size: words.with("event-download", &[("size", bytes(event.raw.len() as u64).into())]),
        left: if more {
            words.with("event-left", &[("n", (raw.bytes_left as u64).into())])
        } else {
            String::new()
        },
        next_href: if more { visit.query.href(&visit.path, &[("skip", &next)]) } else { String::new() },
        raw,
    }
}

fn facts(visit: &Visit, event: &StoredEvent) -> Vec<Fact> {
    let organisation = visit.organisation(event.organisation);
    let fact = |key: &str, value: String| Fact {
        name: visit.words.get(key),
        value: Foreign(value),
        href: String::new(),
    };
    let mut facts = vec![
        fact(
            "column-time",
            format!("{} {}", when::full(visit.language(), event.time), time_stated(visit, event)),
        ),
        Fact { href: organisation.href, ..fact("column-organisation", organisation.name) },
        fact("event-source", source(event)),
        fact("column-file", event.file.clone()),
        fact("column-line", count(event.line)),
        fact("event-offset", count(event.offset)),
        fact("event-id", event.id.to_string()),
    ];
    facts.retain(|fact| !fact.value.is_empty());
    facts
}

/// The fields that the lake kept, or those of a JSON record.
pub(crate) fn fields(event: &StoredEvent) -> Vec<(String, String)> {
    if !event.fields.is_empty() {
        return event.fields.clone();
    }
    let mut fields = Vec::new();
    if let Ok(value) = serde_json::from_slice::<serde_json::Value>(&event.raw) {
        flatten("", &value, &mut fields);
    }
    fields
}

/// `a.b.c` for every value inside; the depth is limited by `serde_json` (128), the number by [`FIELDS_MAX`].
fn flatten(name: &str, value: &serde_json::Value, fields: &mut Vec<(String, String)>) {
    if fields.len() >= FIELDS_MAX {
        return;
    }
    let below = |key: &str| if name.is_empty() { key.to_owned() } else { format!("{name}.{key}") };
    match value {
        serde_json::Value::Object(map) => {
            map.iter().for_each(|(key, value)| flatten(&below(key), value, fields))
        }
        serde_json::Value::Array(list) => list.iter().for_each(|value| flatten(name, value, fields)),
        serde_json::Value::String(text) => fields.push((name.to_owned(), text.clone())),
        other => fields.push((name.to_owned(), other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_json_record_is_shown_field_by_field() {
        let mut fields = Vec::new();
        flatten("", &serde_json::json!({"a": {"b": [1, "x"]}, "c": null}), &mut fields);
        let text: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(text.join(" "), "a.b=1 a.b=x c=null");
    }

    #[test]
    fn a_record_of_thousands_of_fields_is_cut() {
        let many: serde_json::Value =
            (0..10_000).map(|n| (n.to_string(), n.into())).collect::<serde_json::Map<_, _>>().into();
        let mut fields = Vec::new();
        flatten("", &many, &mut fields);
        assert_eq!(fields.len(), FIELDS_MAX);
    }
}
