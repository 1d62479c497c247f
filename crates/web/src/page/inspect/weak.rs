//! What a closed survey leaves to be fixed: its weak items become findings.

use std::str::FromStr;
use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use base::{Id, Right, japan_day};
use inspect::finding::{Gravity, Source, WEAK_BELOW_PERCENT, Weak, raise_weak};
use inspect::survey::{State as Stage, Survey};
use jiff::{ToSpan as _, civil::Date};

use super::href;
use crate::App;
use crate::error::Failure;
use crate::page::finding::gravity_word;
use crate::page::part::Choice;
use crate::query;
use crate::visit::Visit;

/// How long organisations have to fix what was found, unless somebody says otherwise.
const MONTHS_PROPOSED: i64 = 3;

/// The form on the page of a survey.
pub(crate) struct WeakForm {
    pub action: String,
    pub below_percent: u64,
    pub gravities: Vec<Choice>,
    pub due: String,
}

/// The form, for a survey that is closed and somebody who keeps inspections.
pub(super) fn form(visit: &Visit, survey: &Survey) -> Option<WeakForm> {
    if survey.state != Stage::Closed || !visit.scope().has(Right::KeepInspection) {
        return None;
    }
    let due = japan_day(visit.now).saturating_add(MONTHS_PROPOSED.months());
    let choice = |gravity: Gravity| Choice {
        value: gravity.word().to_owned(),
        label: gravity_word(visit, gravity),
        chosen: gravity == Gravity::Observation,
    };
    Some(WeakForm {
        action: format!("{}/findings", href(survey.id)),
        below_percent: WEAK_BELOW_PERCENT,
        gravities: [Gravity::Nonconformity, Gravity::Observation].map(choice).into(),
        due: due.to_string(),
    })
}

/// What the form sends.
#[derive(serde::Deserialize)]
pub(crate) struct Sent {
    below_percent: String,
    gravity: String,
    due: String,
}

/// Raises the findings that are not there yet, and leads to them.
pub(crate) async fn raise(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path(id): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, Failure> {
    let id: Id<base::Survey> = id.parse().map_err(|_| Failure::not_found())?;
    let weak = Weak {
        below_percent: read(&sent.below_percent)?,
        gravity: read(&sent.gravity)?,
        due: read::<Date>(&sent.due)?,
    };
    raise_weak(&app.state.store, visit.actor()?, id, weak, visit.now).await?;
    let there = query::href("/findings", &[("source", Source::SurveyItem.word())]);
    Ok(Redirect::to(&there).into_response())
}

fn read<T: FromStr>(text: &str) -> Result<T, Failure> {
    text.trim().parse().map_err(|_| Failure::invalid("error-value", text))
}
