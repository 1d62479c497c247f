//! Changes that were asked for: the list for both sides, and the centre's decision.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use base::Right;
use registry::change::{self, Change, Decision, State as Standing};

use super::{column_name, noun_name, shown};
use crate::App;
use crate::error::Failure;
use crate::frame::Frame;
use crate::markup::Markup;
use crate::page::part::Link;
use crate::visible::Foreign;
use crate::visit::{Visit, render};

#[derive(Template)]
#[template(path = "registry/changes.html")]
struct ListPage {
    frame: Frame,
    rows: Vec<Row>,
    /// Empty on the first page.
    first_href: String,
    /// Empty on the last.
    next_href: String,
}

struct Row {
    number: Link,
    organisation: Link,
    action: String,
    about: Foreign,
    state: String,
    asked_by: Foreign,
    asked: Markup,
}

pub(crate) async fn list(State(app): State<Arc<App>>, visit: Visit) -> Result<Response, Failure> {
    let (organisation, after) = (visit.query.parsed("organisation")?, visit.query.parsed("after")?);
    let (store, scope) = (&app.state.store, visit.scope());
    let (found, next) = change::list(store, scope, organisation, None, after, change::LIST_MAX).await?;
    let page_after = |after: &str| visit.query.href(&visit.path, &[("after", after)]);
    render(&ListPage {
        frame: visit.frame("/registry", visit.words.get("registry-changes-title")),
        rows: found.iter().map(|one| row(&visit, one)).collect(),
        first_href: if after.is_some() { page_after("") } else { String::new() },
        next_href: next.map(|next| page_after(&next.to_string())).unwrap_or_default(),
    })
}

fn row(visit: &Visit, one: &Change) -> Row {
    let organisation = one.organisation;
    Row {
        number: Link { name: one.number.clone(), href: format!("/registry/changes/{}", one.id) },
        organisation: Link {
            name: visit.organisation_name(organisation),
            href: format!("/registry/of/{organisation}"),
        },
        action: action(visit, one),
        about: Foreign(one.about.split_once(' ').map_or("", |(_, named)| named).to_owned()),
        state: visit.words.get(&format!("registry-state-{}", one.state.word())),
        asked_by: Foreign(one.asked_by_name.clone()),
        asked: visit.time(one.asked_at),
    }
}

fn action(visit: &Visit, one: &Change) -> String {
    let noun = noun_name(visit, one.noun);
    visit.words.with(&format!("registry-action-{}", one.action.word()), &[("noun", noun.into())])
}

#[derive(Template)]
#[template(path = "registry/change.html")]
struct ChangePage {
    frame: Frame,
    row: Row,
    columns: Vec<Column>,
    reason: Foreign,
    answer: Foreign,
    decided: String,
    conflict: bool,
    may_decide: bool,
    may_withdraw: bool,
    action_href: String,
}

struct Column {
    name: String,
    before: Foreign,
    after: Foreign,
    differs: bool,
}

pub(crate) async fn show(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id = id.parse().map_err(|_| Failure::not_found())?;
    let (found, current) = change::find(&app.state.store, visit.scope(), id).await?;
    let waits = found.state == Standing::Waiting;
    let covers = |right| visit.scope().covers(right, Some(found.organisation));
    let columns = found.noun.columns().into_iter().filter_map(|column| {
        let after = found.written.iter().find(|(name, _)| name == column).map_or("", |(_, value)| value);
        let before = current.as_ref().map_or("", |current| current.get(column));
        let shown = |value| Foreign(shown::value(&visit, found.noun, column, value));
        let there = !after.is_empty() || !before.is_empty();
        there.then(|| Column {
            name: column_name(&visit, column),
            before: shown(before),
            after: shown(after),
            differs: before != after,
        })
    });
    let decided = found.decided_at.map(|at| crate::when::full(visit.language(), at)).unwrap_or_default();
    render(&ChangePage {
        frame: visit.frame("/registry", format!("{} {}", found.number, action(&visit, &found))),
        row: row(&visit, &found),
        columns: columns.collect(),
        reason: Foreign(found.reason.clone()),
        answer: Foreign(found.answer.clone()),
        decided,
        conflict: found.conflicts_with(current.as_ref()),
        may_decide: waits && covers(Right::KeepRegistry),
        may_withdraw: waits && covers(Right::ProposeRegistry),
        action_href: format!("/registry/changes/{id}"),
    })
}

/// What the form sends.
#[derive(serde::Deserialize)]
pub(crate) struct Decided {
    decision: String,
    #[serde(default)]
    answer: String,
}

pub(crate) async fn decide(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path(id): Path<String>,
    Form(decided): Form<Decided>,
) -> Result<Response, Failure> {
    let id = id.parse().map_err(|_| Failure::not_found())?;
    let (store, actor) = (&app.state.store, visit.actor()?);
    let decision = match decided.decision.as_str() {
        "approve" => Decision::Approve,
        "refuse" => Decision::Refuse,
        "withdraw" => {
            change::withdraw(store, actor, id, visit.now).await?;
            return Ok(Redirect::to("/registry/changes").into_response());
        }
        other => return Err(Failure::invalid("error-value", other)),
    };
    change::decide(store, actor, id, decision, &decided.answer, visit.now).await?;
    Ok(Redirect::to(&format!("/registry/changes/{id}")).into_response())
}
