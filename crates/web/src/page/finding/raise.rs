//! Raising a finding: what an audit, a scan, an incident or a notice left to be fixed.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use base::Right;
use inspect::catalogue::Words;
use inspect::finding::{self, Gravity, NAME_CHARS_MAX, New, Source, WORDS_CHARS_MAX};
use jiff::civil::Date;

use super::{gravity_word, source_name};
use crate::App;
use crate::error::Failure;
use crate::frame::Frame;
use crate::page::part::{Choice, Select};
use crate::visit::{Visit, render};

#[derive(Template)]
#[template(path = "finding/raise.html")]
struct RaisePage {
    frame: Frame,
    selects: Vec<Select>,
    name_chars_max: usize,
    words_chars_max: usize,
}

pub(crate) async fn form(visit: Visit) -> Result<Response, Failure> {
    // What a survey shows becomes a finding by itself.
    let sources = Source::ALL.iter().filter(|source| **source != Source::SurveyItem);
    let sources = sources.map(|source| (source.word(), source_name(&visit, *source)));
    let gravities = Gravity::all().into_iter().map(|one| (one.word(), gravity_word(&visit, one)));
    let mut organisation = Select::organisation_with(&visit, Right::KeepInspection);
    organisation.options.remove(0);
    render(&RaisePage {
        frame: visit.frame("/findings", visit.words.get("finding-raise-title")),
        selects: vec![
            organisation,
            select(&visit, "source", sources.collect()),
            select(&visit, "gravity", gravities.collect()),
        ],
        name_chars_max: NAME_CHARS_MAX,
        words_chars_max: WORDS_CHARS_MAX,
    })
}

fn select(visit: &Visit, name: &'static str, choices: Vec<(&str, String)>) -> Select {
    let choice = |(value, label): (&str, String)| Choice { value: value.to_owned(), label, chosen: false };
    let label = visit.words.get(&format!("finding-column-{name}"));
    Select { name, label, options: choices.into_iter().map(choice).collect() }
}

/// What the form sends.
#[derive(serde::Deserialize)]
pub(crate) struct Sent {
    organisation: String,
    source: String,
    gravity: String,
    title_ja: String,
    title_en: String,
    due: String,
    #[serde(default)]
    about: String,
    #[serde(default)]
    owner: String,
    #[serde(default)]
    evidence: String,
}

pub(crate) async fn send(
    State(app): State<Arc<App>>,
    visit: Visit,
    Form(sent): Form<Sent>,
) -> Result<Response, Failure> {
    let new = New {
        organisation: read(&sent.organisation)?,
        source: read(&sent.source)?,
        about: &sent.about,
        title: &Words { ja: sent.title_ja, en: sent.title_en },
        gravity: read(&sent.gravity)?,
        owner: &sent.owner,
        due: read::<Date>(&sent.due)?,
        evidence: &sent.evidence,
    };
    let id = finding::raise(&app.state.store, visit.actor()?, &new, visit.now).await?;
    Ok(Redirect::to(&format!("/findings/{id}")).into_response())
}

fn read<T: std::str::FromStr>(text: &str) -> Result<T, Failure> {
    text.parse().map_err(|_| Failure::invalid("error-value", text))
}
