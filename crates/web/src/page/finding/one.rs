//! One finding: what became of it, and what can be done about it now.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use base::{Id, Right};
use inspect::finding::{self, Act, Step};
use jiff::civil::Date;

use super::{TITLE_CHARACTERS_MAX, age, gravity_name, said, source_name, state_name, timing_name};
use crate::App;
use crate::error::Failure;
use crate::frame::Frame;
use crate::markup::Markup;
use crate::page::inspect::{item_href, role_name};
use crate::page::part::Link;
use crate::visible::{Foreign, neutral_short};
use crate::visit::{Visit, render};

#[derive(Template)]
#[template(path = "finding/one.html")]
struct OnePage {
    frame: Frame,
    number: String,
    organisation: Link,
    source: String,
    about: Foreign,
    /// The item of a survey that it is about.
    item: Option<Link>,
    gravity: String,
    state: String,
    owner: Foreign,
    due: String,
    timing: String,
    age: String,
    steps: Vec<StepRow>,
    action_href: String,
    may_assign: bool,
    may_answer: bool,
    may_verify: bool,
    /// The reader has answered it, and somebody else is to verify it.
    is_own_answer: bool,
    may_close: bool,
    may_reopen: bool,
}

struct StepRow {
    act: String,
    at: Markup,
    actor: Foreign,
    words: Foreign,
    evidence: Foreign,
}

pub(crate) async fn show(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id = id.parse().map_err(|_| Failure::not_found())?;
    let (found, steps) = finding::finding(&app.state.store, visit.scope(), id).await?;
    let keeps = visit.scope().covers(Right::KeepInspection, Some(found.organisation));
    let may = |act| keeps && finding::after(found.state, act).is_some();
    let is_own_answer = may(Act::Verify) && visit.actor()?.label() == found.answered_by;
    render(&OnePage {
        frame: visit.frame("/findings", said(&visit, &found.title)),
        number: found.number.clone(),
        organisation: Link {
            name: visit.organisation_name(found.organisation),
            href: crate::query::href("/findings", &[("organisation", &found.organisation.to_string())]),
        },
        source: source_name(&visit, found.source),
        about: Foreign(found.about.clone()),
        item: found.item().map(|item| item_link(&visit, item)),
        gravity: gravity_name(&visit, &found),
        state: state_name(&visit, found.state),
        owner: Foreign(found.owner.clone()),
        due: found.due.to_string(),
        timing: found.timing(visit.now).map(|timing| timing_name(&visit, timing)).unwrap_or_default(),
        age: age(&visit, found.age_days(visit.now)),
        steps: steps.iter().map(|step| step_row(&visit, step)).collect(),
        action_href: super::href(&found),
        may_assign: may(Act::Assign),
        may_answer: may(Act::Answer),
        may_verify: may(Act::Verify) && !is_own_answer,
        is_own_answer,
        may_close: may(Act::Close),
        may_reopen: may(Act::Reopen),
    })
}

fn item_link(visit: &Visit, (survey, role, reference): (Id<base::Survey>, &str, &str)) -> Link {
    Link {
        name: format!("{} {}", role_name(visit, role), neutral_short(reference, TITLE_CHARACTERS_MAX)),
        href: item_href(survey, reference),
    }
}

fn step_row(visit: &Visit, step: &Step) -> StepRow {
    StepRow {
        act: visit.words.get(&format!("finding-act-{}", step.act.word())),
        at: visit.time(step.at),
        actor: Foreign(step.actor_name.clone()),
        words: Foreign(step.words.clone()),
        evidence: Foreign(step.evidence.clone()),
    }
}

/// What the forms of the page send.
#[derive(serde::Deserialize)]
pub(crate) struct Done {
    #[serde(rename = "do")]
    act: String,
    #[serde(default)]
    words: String,
    #[serde(default)]
    evidence: String,
    #[serde(default)]
    owner: String,
    #[serde(default)]
    due: String,
}

impl Done {
    fn due(&self) -> Result<Date, Failure> {
        self.due.parse().map_err(|_| Failure::invalid("error-value", &self.due))
    }
}

pub(crate) async fn act(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path(id): Path<String>,
    Form(done): Form<Done>,
) -> Result<Response, Failure> {
    let id: Id<base::Finding> = id.parse().map_err(|_| Failure::not_found())?;
    let (store, actor, now, words) = (&app.state.store, visit.actor()?, visit.now, &done.words);
    match done.act.parse() {
        Ok(Act::Assign) => finding::assign(store, actor, id, &done.owner, done.due()?, now).await?,
        Ok(Act::Answer) => finding::answer(store, actor, id, words, &done.evidence, now).await?,
        Ok(Act::Verify) => finding::verify(store, actor, id, words, now).await?,
        Ok(Act::Close) => finding::close(store, actor, id, words, now).await?,
        Ok(Act::Reopen) => finding::reopen(store, actor, id, words, done.due()?, now).await?,
        Ok(Act::Raise) | Err(_) => return Err(Failure::invalid("error-value", &done.act)),
    }
    Ok(Redirect::to(&format!("/findings/{id}")).into_response())
}
