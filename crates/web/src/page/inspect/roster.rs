//! The roster of a survey from a file, tried before it goes in, with the fate of every row.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Multipart, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use inspect::roster::{Fate, Fates, Row as Fated, import, rehearse};
use inspect::survey::Survey;

use super::{Upload, crumb, faults, foreign, found, href};
use crate::App;
use crate::error::Failure;
use crate::frame::Frame;
use crate::page::part::Link;
use crate::visible::Foreign;
use crate::visit::{Visit, render};

/// Bytes of an upload: what half a million people fill.
pub(crate) const UPLOAD_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Rows of a file that are shown; wrong ones come first.
const ROWS_MAX: usize = 300;

#[derive(Template)]
#[template(path = "inspect/roster.html")]
struct RosterPage {
    frame: Frame,
    crumb: Link,
    action: String,
    errors: Vec<String>,
    tally: String,
    rows: Vec<Row>,
    left: String,
}

struct Row {
    row: u64,
    fate: String,
    column: Foreign,
    reason: Foreign,
}

/// The form for a file.
pub(crate) async fn form(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let (survey, _) = found(&app, &visit, &id).await?;
    render(&page(&visit, &survey))
}

/// Tries a file, or takes it in.
pub(crate) async fn send(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path(id): Path<String>,
    upload: Multipart,
) -> Result<Response, Failure> {
    let (survey, _) = found(&app, &visit, &id).await?;
    let upload = Upload::read(upload).await?;
    let Some(file) = &upload.file else { return Err(Failure::new(StatusCode::BAD_REQUEST)) };
    let (store, actor) = (&app.state.store, visit.actor()?);
    let mut named = Named::default();
    let mut each = |row: &Fated| named.note(row);
    let (key, read) = match upload.text("do") {
        "import" => {
            ("inspect-roster-done", import(store, actor, survey.id, &file[..], &mut each, visit.now).await)
        }
        _ => ("inspect-roster-rehearsed", rehearse(store, actor, survey.id, &file[..], &mut each).await),
    };
    let mut page = page(&visit, &survey);
    match read {
        Ok(fates) => {
            page.tally = tally(&visit, key, fates);
            let left = (fates.new + fates.changed + fates.same + fates.wrong)
                .saturating_sub((named.wrong.len() + named.right.len()).min(ROWS_MAX) as u64);
            if left > 0 {
                page.left = visit.words.with("and-more", &[("n", left.into())]);
            }
            let rows = named.wrong.iter().chain(&named.right).take(ROWS_MAX);
            page.rows = rows.map(|row| line(&visit, row)).collect();
            render(&page)
        }
        Err(error) => {
            page.errors = faults(&visit, error)?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, render(&page)?).into_response())
        }
    }
}

/// The rows that are shown: of a file of any length only so many are kept.
#[derive(Default)]
struct Named {
    wrong: Vec<Fated>,
    right: Vec<Fated>,
}

impl Named {
    fn note(&mut self, row: &Fated) {
        let is_wrong = matches!(row.fate, Fate::Wrong { .. });
        let rows = if is_wrong { &mut self.wrong } else { &mut self.right };
        if rows.len() < ROWS_MAX {
            rows.push(row.clone());
        }
    }
}

fn page(visit: &Visit, survey: &Survey) -> RosterPage {
    RosterPage {
        frame: visit.frame("/inspect", visit.words.get("inspect-roster-title")),
        crumb: crumb(visit, survey),
        action: format!("{}/roster", href(survey.id)),
        errors: Vec::new(),
        tally: String::new(),
        rows: Vec::new(),
        left: String::new(),
    }
}

fn tally(visit: &Visit, key: &str, fates: Fates) -> String {
    visit.words.with(
        key,
        &[
            ("new", fates.new.into()),
            ("changed", fates.changed.into()),
            ("same", fates.same.into()),
            ("wrong", fates.wrong.into()),
        ],
    )
}

fn line(visit: &Visit, row: &Fated) -> Row {
    let (word, column, reason) = match &row.fate {
        Fate::New => ("new", "", ""),
        Fate::Changed => ("changed", "", ""),
        Fate::Same => ("same", "", ""),
        Fate::Wrong { column, reason } => ("wrong", *column, reason.as_str()),
    };
    Row {
        row: row.row,
        fate: visit.words.get(&format!("registry-fate-{word}")),
        column: foreign(column),
        reason: foreign(&super::row_reason(visit, column, reason)),
    }
}
