//! Self-inspection for people: how far the surveys are, what came of them, and the forms.

pub(crate) mod answer;
pub(crate) mod figure;
pub(crate) mod item;
pub(crate) mod keep;
pub(crate) mod link;
pub(crate) mod map;
pub(crate) mod place;
pub(crate) mod roster;
pub(crate) mod sheet;
pub(crate) mod survey;
pub(crate) mod unanswered;
pub(crate) mod upload;
pub(crate) mod weak;

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Multipart, State};
use axum::http::StatusCode;
use axum::response::Response;
use base::{Id, Organisation, Right};
use inspect::catalogue::{Catalogue, Words};
use inspect::count::Counted;
use inspect::progress::{self, Overview};
use inspect::survey::{State as Stage, Survey};
use inspect::{SMALL_CELL_MIN, Tally, Withheld};

use crate::App;
use crate::error::Failure;
use crate::frame::Frame;
use crate::page::part::Link;
use crate::visible::{Foreign, neutral_short};
use crate::visit::{Visit, render};
use crate::words::count;

/// Surveys on the list, the newest.
const SURVEYS_MAX: usize = 100;

#[derive(Template)]
#[template(path = "inspect/list.html")]
struct ListPage {
    frame: Frame,
    rows: Vec<Row>,
    may_make: bool,
}

struct Row {
    link: Link,
    state: String,
    period: String,
    answered: String,
    asked: String,
    organisations: String,
    overdue: String,
}

pub(crate) async fn show(State(app): State<Arc<App>>, visit: Visit) -> Result<Response, Failure> {
    let found = progress::overviews(&app.state.store, visit.scope(), SURVEYS_MAX).await?;
    render(&ListPage {
        frame: visit.frame("/inspect", visit.words.get("inspect-title")),
        rows: found.iter().map(|one| row(&visit, one)).collect(),
        may_make: visit.scope().everywhere(Right::KeepInspection),
    })
}

fn row(visit: &Visit, one: &Overview) -> Row {
    let terms = &one.survey.terms;
    let overdue = one.overdue(visit.now);
    let day = |time| crate::when::date(visit.language(), base::japan_day(time));
    Row {
        link: Link { name: said(visit, &terms.title), href: href(one.survey.id) },
        state: state_name(visit, &one.survey),
        period: format!("{} – {}", day(terms.opens_at), day(terms.closes_at)),
        answered: count(one.answered),
        asked: count(one.asked),
        organisations: count(one.organisations),
        overdue: if overdue == 0 { String::new() } else { count(overdue) },
    }
}

/// The page of a survey.
pub(crate) fn href(id: Id<base::Survey>) -> String {
    format!("/inspect/surveys/{id}")
}

/// How far a survey is, in a word; one that is open and whose time is over says so.
fn state_name(visit: &Visit, survey: &Survey) -> String {
    let key = match survey.state {
        Stage::Drafted => "inspect-state-drafted",
        Stage::Closed => "inspect-state-closed",
        Stage::Open if visit.now < survey.terms.opens_at => "inspect-state-waiting",
        Stage::Open if visit.now > survey.terms.closes_at => "inspect-state-over",
        Stage::Open => "inspect-state-open",
    };
    visit.words.get(key)
}

/// A text of a catalogue in the reader's language.
pub(crate) fn said(visit: &Visit, words: &Words) -> String {
    let text = match visit.language() {
        base::Language::Ja => &words.ja,
        base::Language::En => &words.en,
    };
    neutral_short(text, inspect::survey::TITLE_CHARS_MAX * 5)
}

/// A role by its name; one that the program does not know by the word of its catalogue.
pub(crate) fn role_name(visit: &Visit, role: &str) -> String {
    let key = format!("role-{role}");
    if visit.words.has(&key) { visit.words.get(&key) } else { neutral_short(role, 64) }
}

/// The survey of the path, as far as the reader may know of it.
async fn found(app: &App, visit: &Visit, id: &str) -> Result<(Survey, Catalogue), Failure> {
    let id = id.parse().map_err(|_| Failure::not_found())?;
    Ok(inspect::survey::survey(&app.state.store, visit.scope(), id).await?)
}

/// An organisation of the path, where the reader sees results; one that they do not see is not there.
fn place(visit: &Visit, id: &str) -> Result<Id<Organisation>, Failure> {
    let id = id.parse().map_err(|_| Failure::not_found())?;
    let known = visit.registry.organisation(id).is_some();
    let sees = visit.scope().covers(Right::ReadInspection, Some(id));
    if known && sees { Ok(id) } else { Err(Failure::not_found()) }
}

/// Tells whoever has the right nowhere near a survey that the page is not theirs.
fn require(visit: &Visit, right: Right, organisation: Option<Id<Organisation>>) -> Result<(), Failure> {
    visit.scope().require(right, organisation).map_err(|_| Failure::new(StatusCode::FORBIDDEN))
}

/// The way back to a survey.
fn crumb(visit: &Visit, survey: &Survey) -> Link {
    Link { name: said(visit, &survey.terms.title), href: href(survey.id) }
}

/// The counts by organisation and then by role, in the order in which the registry shows organisations.
pub(crate) fn lines<'c>(
    visit: &Visit,
    counted: &'c [Counted],
) -> Vec<(Id<Organisation>, BTreeMap<&'c str, &'c Tally>)> {
    let mut by_organisation: BTreeMap<_, BTreeMap<&str, &Tally>> = BTreeMap::new();
    for one in counted {
        by_organisation.entry(one.organisation).or_default().insert(&one.role, &one.tally);
    }
    let known = visit.registry.organisations().iter().map(|one| one.id);
    let mut lines: Vec<_> = known.filter_map(|id| Some((id, by_organisation.remove(&id)?))).collect();
    lines.extend(by_organisation);
    lines
}

/// What is withheld in a table of these lines: nothing from who may see every form that it is made of.
pub(crate) fn withheld<'t>(
    visit: &Visit,
    survey: &Survey,
    organisations: impl IntoIterator<Item = Id<Organisation>>,
    tallies: impl IntoIterator<Item = &'t BTreeMap<&'t str, &'t Tally>>,
) -> Withheld {
    let scope = visit.scope();
    let sees_all =
        organisations.into_iter().all(|organisation| scope.covers(Right::KeepInspection, Some(organisation)));
    if sees_all {
        return Withheld::nothing();
    }
    let lines: Vec<BTreeMap<&str, &Tally>> = tallies.into_iter().cloned().collect();
    inspect::withhold(&lines, survey.terms.variant.formula(), SMALL_CELL_MIN)
}

/// The role that the query asks for, or the one with the most items.
fn asked_role<'c>(visit: &Visit, catalogue: &'c Catalogue) -> Result<&'c str, Failure> {
    let roles = catalogue.roles();
    match visit.query.get("role") {
        Some(asked) => roles.into_iter().find(|role| *role == asked).ok_or_else(Failure::not_found),
        None => {
            let most = roles.into_iter().max_by_key(|role| catalogue.of_role(role).count());
            most.ok_or_else(Failure::not_found)
        }
    }
}

/// The roles of a survey as tabs.
fn tabs(visit: &Visit, catalogue: &Catalogue, path: &str, role: &str) -> Vec<(Link, bool)> {
    let tab = |one: &str| {
        let link = Link { name: role_name(visit, one), href: crate::query::href(path, &[("role", one)]) };
        (link, one == role)
    };
    catalogue.roles().into_iter().map(tab).collect()
}

/// The address of an item's page.
pub(crate) fn item_href(survey: Id<base::Survey>, reference: &str) -> String {
    format!("{}/items/{}", href(survey), crate::markup::url_encoded(reference))
}

/// An uploaded file, and the text of the other fields.
struct Upload {
    file: Option<axum::body::Bytes>,
    fields: BTreeMap<String, String>,
}

impl Upload {
    /// Reads a form that may carry a file; a file without a name is none.
    async fn read(mut upload: Multipart) -> Result<Self, Failure> {
        let refused = |error: axum::extract::multipart::MultipartError| Failure::new(error.status());
        let (mut file, mut fields) = (None, BTreeMap::new());
        while let Some(field) = upload.next_field().await.map_err(refused)? {
            let name = field.name().unwrap_or_default().to_owned();
            match field.file_name().map(str::to_owned) {
                Some(named) => {
                    let bytes = field.bytes().await.map_err(refused)?;
                    file = if named.is_empty() { file } else { Some(bytes) };
                }
                None => drop(fields.insert(name, field.text().await.map_err(refused)?)),
            }
        }
        Ok(Self { file, fields })
    }

    fn text(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }
}

/// What is wrong with a file, as sentences: the rows, or the one thing that keeps it from being read.
fn faults(visit: &Visit, error: inspect::Error) -> Result<Vec<String>, Failure> {
    let words = visit.words;
    Ok(match error {
        inspect::Error::Rows(rows) => {
            rows.iter().map(|row| row_fault(visit, row.row, row.column, &row.reason)).collect()
        }
        inspect::Error::NoColumn { column, needed } => {
            vec![words.with("inspect-wrong-column", &[("column", column.into()), ("needed", needed.into())])]
        }
        inspect::Error::TooMany { limit, unit } => {
            vec![words.with("inspect-wrong-many", &[("limit", limit.into()), ("unit", unit.into())])]
        }
        inspect::Error::Malformed { field, .. } => {
            vec![words.get(&format!("inspect-wrong-{}", field.replace('_', "-")))]
        }
        inspect::Error::Read(_) => vec![words.get("inspect-wrong-file")],
        error => return Err(error.into()),
    })
}

fn row_fault(visit: &Visit, row: u64, column: &str, reason: &str) -> String {
    let reason = row_reason(visit, column, reason);
    let facts = [("row", row.into()), ("column", column.into()), ("reason", reason.into())];
    visit.words.with("inspect-wrong-row", &facts)
}

/// What is wrong with a column, in the reader's language, with what exactly was found.
fn row_reason(visit: &Visit, column: &str, reason: &str) -> String {
    let key = format!("inspect-wrong-at-{}", column.replace('_', "-"));
    let reason = neutral_short(reason, 200);
    if visit.words.has(&key) { visit.words.with(&key, &[("reason", reason.into())]) } else { reason }
}

/// Foreign text of a page, at most one cell long.
fn foreign(text: &str) -> Foreign {
    Foreign(text.to_owned())
}
