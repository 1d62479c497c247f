//! The registry for people: who is responsible for what, which systems there are, and what is to be changed.

pub(crate) mod change;
pub(crate) mod contact;
pub(crate) mod edit;
pub(crate) mod file;
pub(crate) mod place;
pub(crate) mod server;
mod shown;

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use base::{Id, Organisation, Right, japan_day};
use registry::{Noun, entry};

use crate::App;
use crate::error::Failure;
use crate::frame::Frame;
use crate::visit::{Visit, render};
use crate::words::count;

/// Organisations on one page.
pub(crate) const ROWS_MAX: usize = 150;
/// Levels of the tree that are indented.
const DEPTH_MAX: usize = 3;

/// What is counted in the tree.
const COUNTED: [Noun; 5] = [Noun::Contact, Noun::System, Noun::Server, Noun::Software, Noun::Function];

#[derive(Template)]
#[template(path = "registry/tree.html")]
struct TreePage {
    frame: Frame,
    headings: Vec<String>,
    rows: Vec<Row>,
    overdue: String,
    waiting: String,
    may_import: bool,
    first_page: bool,
    next_href: String,
}

struct Row {
    href: String,
    name: String,
    depth: usize,
    counts: Vec<String>,
}

pub(crate) async fn show(State(app): State<Arc<App>>, visit: Visit) -> Result<Response, Failure> {
    if !visit.scope().has(Right::ReadPeople) {
        require(&visit, Right::ReadRegistry)?;
    }
    let (store, scope, words) = (&app.state.store, visit.scope(), visit.words);
    let today = japan_day(visit.now);
    let (_, overdue) = registry::contact::overdue(store, scope, visit.now, 0).await?;
    let waiting = registry::change::count_waiting(store, scope).await?;
    let reached: Vec<_> =
        visit.registry.organisations().iter().filter(|one| reaches(&visit, one.id)).collect();
    let skip: usize = visit.query.parsed("skip")?.unwrap_or(0);
    let next = skip.saturating_add(ROWS_MAX);
    let shown: Vec<_> = reached.iter().skip(skip).take(ROWS_MAX).collect();
    let ids: Vec<_> = shown.iter().map(|one| one.id).collect();
    let mut counts = Vec::new();
    for noun in COUNTED {
        counts.push(entry::counts(store, scope, noun, today, &ids).await?);
    }
    let rows = shown.iter().map(|one| Row {
        href: format!("/registry/of/{}", one.id),
        name: one.name(visit.language()).to_owned(),
        depth: visit
            .registry
            .ancestors(one.id)
            .filter(|above| reaches(&visit, above.id))
            .count()
            .min(DEPTH_MAX),
        counts: counts.iter().map(|of| count(of.get(&one.id).copied().unwrap_or(0))).collect(),
    });
    render(&TreePage {
        frame: visit.frame("/registry", words.get("registry-title")),
        headings: COUNTED.iter().map(|noun| noun_name(&visit, *noun)).collect(),
        rows: rows.collect(),
        overdue: words.with("registry-overdue-count", &[("n", overdue.into())]),
        waiting: words.with("registry-waiting-count", &[("n", waiting.into())]),
        may_import: scope.has(Right::KeepRegistry),
        first_page: skip == 0,
        next_href: if next < reached.len() {
            visit.query.href("/registry", &[("skip", &next.to_string())])
        } else {
            String::new()
        },
    })
}

/// Refuses whoever has the right over nothing at all: on the pages that need one of two.
pub(crate) fn require(visit: &Visit, right: Right) -> Result<(), Failure> {
    if visit.scope().has(right) { Ok(()) } else { Err(Failure::new(StatusCode::FORBIDDEN)) }
}

/// Whether the reader may see anything of an organisation here.
pub(crate) fn reaches(visit: &Visit, id: Id<Organisation>) -> bool {
    let scope = visit.scope();
    scope.covers(Right::ReadRegistry, Some(id)) || scope.covers(Right::ReadPeople, Some(id))
}

/// An organisation by the id in the path; one that the reader does not reach is not there.
pub(crate) fn organisation(visit: &Visit, id: &str) -> Result<Id<Organisation>, Failure> {
    let id = id.parse().map_err(|_| Failure::not_found())?;
    let known = visit.registry.organisation(id).is_some();
    if known && reaches(visit, id) { Ok(id) } else { Err(Failure::not_found()) }
}

fn noun_name(visit: &Visit, noun: Noun) -> String {
    visit.words.get(&format!("registry-noun-{}", noun.word().replace('_', "-")))
}

fn column_name(visit: &Visit, column: &str) -> String {
    visit.words.get(&format!("registry-column-{}", column.replace('_', "-")))
}

/// What is wrong with a column, as a sentence.
pub(crate) fn wrong(visit: &Visit, column: &str, reason: &registry::Reason) -> String {
    let (word, mut facts) = reason.facts();
    for (name, value) in &mut facts {
        match *name {
            "noun" => *value = visit.words.get(&format!("registry-noun-{}", value.replace('_', "-"))),
            "what" => *value = visit.words.get(&format!("registry-what-{value}")),
            _ => *value = crate::visible::neutral_short(value, 120),
        }
    }
    let column = match column {
        "record" | "organisation" | "reason" | "answer" => {
            visit.words.get(&format!("registry-column-{column}"))
        }
        column => column_name(visit, column),
    };
    let mut values: Vec<(&str, fluent_bundle::FluentValue<'_>)> =
        facts.iter().map(|(name, value)| (*name, value.as_str().into())).collect();
    values.push(("column", column.as_str().into()));
    visit.words.with(&format!("registry-reason-{word}"), &values)
}
