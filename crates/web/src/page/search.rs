//! Search over the events at rest.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use base::{EventId, Id, Observable, ObservableKind, Organisation, Timestamp};
use watch::lake::{Dimension, Found, Search};

use crate::App;
use crate::error::Failure;
use crate::frame::Frame;
use crate::page::part::{Link, Select};
use crate::page::record::Record;
use crate::query::href;
use crate::visible::neutral_short;
use crate::visit::{Visit, render};
use crate::words::{bytes, count};

/// Events on one page.
pub(crate) const EVENTS_MAX: usize = 25;
/// Words and observables in one question.
const TERMS_MAX: usize = 16;
/// Organisations in the list of counts.
const FACETS_MAX: usize = 40;

#[derive(Template)]
#[template(path = "search.html")]
struct SearchPage {
    frame: Frame,
    selects: Vec<Select>,
    from: String,
    to: String,
    problems: Vec<String>,
    asked: bool,
    examples: Vec<Link>,
    found: String,
    cost: String,
    damaged: String,
    count_href: String,
    facets: Vec<Facet>,
    records: Vec<Record>,
    first_href: String,
    next_href: String,
}

struct Facet {
    name: String,
    href: String,
    count: String,
}

/// A question as it was typed: words, and observables as `kind:value`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Terms {
    /// Texts that must all occur.
    pub words: Vec<String>,
    /// Observables that must all occur.
    pub observables: Vec<Observable>,
    /// `kind:value` whose kind nobody knows is searched as a word, and said so.
    pub unknown_kinds: Vec<String>,
}

/// Reads what was typed. Double quotes keep spaces; an address, a hash, a mail address or a URL alone counts as text.
pub(crate) fn terms(text: &str) -> Terms {
    let mut terms = Terms::default();
    for term in split(text).into_iter().take(TERMS_MAX) {
        match term.split_once(':') {
            Some((kind, value)) if !value.is_empty() => match kind.parse::<ObservableKind>() {
                Ok(kind) => terms.observables.push(Observable { kind, value: normal(kind, value) }),
                Err(_) => {
                    if kind.bytes().all(|byte| byte.is_ascii_lowercase()) && !value.starts_with("//") {
                        terms.unknown_kinds.push(kind.to_owned());
                    }
                    terms.words.push(term);
                }
            },
            _ => terms.words.push(term),
        }
    }
    terms
}

fn split(text: &str) -> Vec<String> {
    let mut terms = Vec::new();
    let (mut term, mut quoted, mut escaped) = (String::new(), false, false);
    for character in text.chars() {
        match character {
            _ if escaped => {
                term.push(character);
                escaped = false;
            }
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            // The space of Japanese keyboards separates, too.
            ' ' | '\u{3000}' | '\t' if !quoted => terms.push(std::mem::take(&mut term)),
            _ => term.push(character),
        }
    }
    terms.push(term);
    terms.retain(|term| !term.is_empty());
    terms
}

/// The normal form that the lake keeps.
fn normal(kind: ObservableKind, value: &str) -> String {
    match kind {
        ObservableKind::Address => value
            .parse::<std::net::IpAddr>()
            .map_or_else(|_| value.to_ascii_lowercase(), |address| address.to_string()),
        ObservableKind::Domain => value.trim_end_matches('.').to_ascii_lowercase(),
        ObservableKind::Url => value.to_owned(),
        ObservableKind::Hash | ObservableKind::Mail => value.to_ascii_lowercase(),
    }
}

/// An observable as [`terms`] reads it.
pub(crate) fn written(observable: &Observable) -> String {
    let value = &observable.value;
    if value.contains([' ', '"', '\u{3000}', '\t']) {
        format!("{}:\"{}\"", observable.kind, value.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        observable.to_string()
    }
}

pub(crate) async fn show(State(app): State<Arc<App>>, visit: Visit) -> Result<Response, Failure> {
    let terms = terms(visit.query.text("q"));
    let organisation: Option<Id<Organisation>> = visit.query.parsed("organisation")?;
    let asked =
        ["q", "organisation", "from", "to", "hour"].iter().any(|name| visit.query.get(name).is_some());
    let search = Search {
        period: visit.query.period(visit.now, "24h")?,
        organisations: organisation.into_iter().collect(),
        observables: terms.observables.clone(),
        words: terms.words.clone(),
        product: visit.query.get("product").map(str::to_owned),
        service: visit.query.get("service").map(str::to_owned),
        category: visit.query.get("category").map(str::to_owned),
        limit: EVENTS_MAX,
        after: cursor(&visit)?,
    };
    let answer = if asked { Some(ask(&app, &visit, search).await?) } else { None };
    render(&page(&visit, &terms, answer))
}

/// What came of a question: a page of events, and how many there are by organisation where that is cheap to know.
struct Answer {
    found: Found,
    counts: Option<Vec<(Vec<String>, u64)>>,
}

async fn ask(app: &Arc<App>, visit: &Visit, search: Search) -> Result<Answer, Failure> {
    let turn = app
        .searches
        .acquire()
        .await
        .map_err(|_| Failure::new(axum::http::StatusCode::SERVICE_UNAVAILABLE))?;
    let (lake, scope) = (app.state.lake.clone(), visit.scope().clone());
    // Counting words reads the raw text of everything in the period, so it is done when somebody asks for it.
    let counted = search.after.is_none() && (search.words.is_empty() || visit.query.get("count").is_some());
    let answer = tokio::task::spawn_blocking(move || {
        let found = lake.search(&scope, &search)?;
        let counts =
            if counted { Some(lake.count(&scope, &search, &[Dimension::Organisation])?) } else { None };
        Ok::<_, Failure>(Answer { found, counts })
    })
    .await?;
    drop(turn);
    answer
}

/// `after` is the time and the name of the last event of the page before.
fn cursor(visit: &Visit) -> Result<Option<(Timestamp, EventId)>, Failure> {
    let Some(text) = visit.query.get("after") else { return Ok(None) };
    let read = || {
        let (time, id) = text.split_once('.')?;
        Some((Timestamp::from_microsecond(time.parse().ok()?).ok()?, id.parse().ok()?))
    };
    read().map(Some).ok_or_else(|| Failure::invalid("error-value", text))
}

fn page(visit: &Visit, terms: &Terms, answer: Option<Answer>) -> SearchPage {
    let words = visit.words;
    let mut frame = visit.frame("/search", words.get("search-title"));
    frame.query = visit.query.text("q").to_owned();
    let unknown =
        |kind: &String| words.with("search-unknown-kind", &[("kind", neutral_short(kind, 40).into())]);
    let mut page = SearchPage {
        frame,
        selects: vec![Select::period(visit, "24h"), Select::organisation(visit)],
        from: visit.query.text("from").to_owned(),
        to: visit.query.text("to").to_owned(),
        problems: terms.unknown_kinds.iter().map(unknown).collect(),
        asked: answer.is_some(),
        examples: examples(visit),
        found: String::new(),
        cost: String::new(),
        damaged: String::new(),
        count_href: String::new(),
        facets: Vec::new(),
        records: Vec::new(),
        first_href: String::new(),
        next_href: String::new(),
    };
    if let Some(answer) = answer {
        fill(visit, terms, &answer, &mut page);
    }
    page
}

fn fill(visit: &Visit, terms: &Terms, answer: &Answer, page: &mut SearchPage) {
    let words = visit.words;
    let marks: Vec<&str> = terms
        .words
        .iter()
        .map(String::as_str)
        .chain(terms.observables.iter().map(|observable| observable.value.as_str()))
        .collect();
    let found = &answer.found;
    page.records = found.events.iter().map(|event| Record::new(visit, event, &marks, &[])).collect();
    let shown = found.events.len() as u64;
    page.found = match &answer.counts {
        Some(counts) => {
            let total: u64 = counts.iter().map(|(_, events)| events).sum();
            words.with("search-found", &[("n", total.into())])
        }
        None if !found.more && visit.query.get("after").is_none() => {
            words.with("search-found", &[("n", shown.into())])
        }
        None if found.more => words.with("search-found-more", &[("n", shown.into())]),
        None => words.with("search-found-here", &[("n", shown.into())]),
    };
    if answer.counts.is_none() && found.more {
        page.count_href = visit.query.href("/search", &[("count", "1"), ("after", "")]);
    }
    page.facets =
        answer.counts.iter().flatten().take(FACETS_MAX).filter_map(|one| facet(visit, one)).collect();
    let cost = found.cost;
    page.cost = words.with(
        "search-cost",
        &[
            ("opened", cost.files_opened.into()),
            ("files", cost.files.into()),
            ("rows", cost.rows.into()),
            ("bytes", bytes(cost.bytes).into()),
        ],
    );
    if !found.damaged.is_empty() {
        page.damaged = words.with("search-damaged", &[("n", (found.damaged.len() as u64).into())]);
    }
    if visit.query.get("after").is_some() {
        page.first_href = visit.query.href("/search", &[("after", "")]);
    }
    if let Some(last) = found.events.last().filter(|_| found.more) {
        let after = format!("{}.{}", last.time.as_microsecond(), last.id);
        page.next_href = visit.query.href("/search", &[("after", &after)]);
    }
}

fn facet(visit: &Visit, (keys, events): &(Vec<String>, u64)) -> Option<Facet> {
    let id: Id<Organisation> = keys.first()?.parse().ok()?;
    Some(Facet {
        name: visit.organisation_name(id),
        href: visit.query.href("/search", &[("organisation", &id.to_string()), ("after", "")]),
        count: count(*events),
    })
}

fn examples(visit: &Visit) -> Vec<Link> {
    let example =
        |key: &str, asked: &str| Link { name: visit.words.get(key), href: href("/search", &[("q", asked)]) };
    vec![
        example("search-example-words", "powershell \"-enc\""),
        example("search-example-address", "address:192.0.2.1"),
        example("search-example-domain", "domain:update.example"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, words: &[&str], observables: &[&str]) {
        let terms = terms(text);
        assert_eq!(terms.words, words, "{text}");
        let read: Vec<_> = terms.observables.iter().map(ToString::to_string).collect();
        assert_eq!(read, observables, "{text}");
    }

    #[test]
    fn a_question_is_words_and_observables() {
        check("", &[], &[]);
        check("  a\u{3000}b ", &["a", "b"], &[]);
        check("\"a b\" c", &["a b", "c"], &[]);
        check(
            "address:2001:DB8::1 domain:Evil.Example.",
            &[],
            &["address:2001:db8::1", "domain:evil.example"],
        );
        check("cmd.exe url:\"http://a/ b\"", &["cmd.exe"], &["url:http://a/ b"]);
        check("http://a.example/ 12:30", &["http://a.example/", "12:30"], &[]);
        check("\"never closed", &["never closed"], &[]);
        check(&"x ".repeat(100), &["x"; TERMS_MAX], &[]);
    }

    #[test]
    fn a_kind_nobody_knows_is_said() {
        assert_eq!(terms("ip:192.0.2.1").unknown_kinds, ["ip"]);
        assert!(terms("address:192.0.2.1 https://x").unknown_kinds.is_empty());
    }

    #[test]
    fn an_observable_in_a_link_is_read_back() {
        for value in ["a", "with space", "quote\"and\\", "x\\ y"] {
            let observable = Observable { kind: ObservableKind::Url, value: value.into() };
            assert_eq!(terms(&written(&observable)).observables, [observable]);
        }
    }
}
