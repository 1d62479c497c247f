//! Many rows at once: files in, with the fate of every row, and files out.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Multipart, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use base::{Id, Organisation, Right};
use registry::Noun;
use registry::import::{self, Fate, Notation, Plan};

use super::{column_name, noun_name, require, wrong};
use crate::App;
use crate::error::Failure;
use crate::frame::Frame;
use crate::page::part::{Link, to_keep};
use crate::visible::Foreign;
use crate::visit::{Visit, render};

/// Bytes of an upload; larger files go in on the command line.
pub(crate) const UPLOAD_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Rows of a file that are shown; wrong ones come first.
const ROWS_MAX: usize = 300;

#[derive(Template)]
#[template(path = "registry/import.html")]
struct ImportPage {
    frame: Frame,
    error: String,
    tally: String,
    rows: Vec<Row>,
    left: String,
    files: Vec<Link>,
}

struct Row {
    line: String,
    about: Foreign,
    fate: String,
    reason: Foreign,
}

pub(crate) async fn form(visit: Visit) -> Result<Response, Failure> {
    render(&page(&visit, None, String::new()))
}

/// Reads the file where it arrives and keeps nothing of it but the rows that go in.
pub(crate) async fn import(
    State(app): State<Arc<App>>,
    visit: Visit,
    mut upload: Multipart,
) -> Result<Response, Failure> {
    let (mut file, mut does_import) = (None, false);
    while let Some(field) = upload.next_field().await.map_err(refused)? {
        match field.name() {
            Some("file") => {
                let name = field.file_name().unwrap_or_default().to_owned();
                file = Some((name, field.bytes().await.map_err(refused)?));
            }
            Some("do") => does_import = field.text().await.map_err(refused)? == "import",
            _ => {}
        }
    }
    let Some((name, bytes)) = file else { return Err(Failure::new(StatusCode::BAD_REQUEST)) };
    let Some(notation) = Notation::of_name(&name) else {
        return Err(Failure::invalid("registry-import-notation", &name));
    };
    let (store, actor, now) = (&app.state.store, visit.actor()?, visit.now);
    let read = match does_import {
        true => import::import(store, actor, &bytes, notation, now).await,
        false => import::rehearse(store, actor, &bytes, notation, now).await,
    };
    match read {
        Ok(plan) => {
            let key = if does_import { "registry-import-done" } else { "registry-import-rehearsed" };
            render(&page(&visit, Some((key, &plan)), String::new()))
        }
        Err(registry::Error::Unreadable { line, reason }) => {
            let reason = crate::visible::neutral_short(&reason, 200);
            let facts = [("line", line.into()), ("reason", reason.into())];
            let error = visit.words.with("registry-import-unreadable", &facts);
            Ok((StatusCode::UNPROCESSABLE_ENTITY, render(&page(&visit, None, error))?).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

fn refused(error: axum::extract::multipart::MultipartError) -> Failure {
    Failure::new(error.status())
}

fn page(visit: &Visit, plan: Option<(&'static str, &Plan)>, error: String) -> ImportPage {
    let words = visit.words;
    let mut shown: Vec<&import::Row> = plan.iter().flat_map(|(_, plan)| plan.wrong()).collect();
    let is_right = |row: &&import::Row| !matches!(row.fate, Fate::Wrong { .. });
    shown.extend(plan.iter().flat_map(|(_, plan)| plan.rows.iter().filter(is_right)));
    let left = shown.len().saturating_sub(ROWS_MAX) as u64;
    let tally = plan.map(|(key, plan)| {
        let tally = plan.tally();
        words.with(
            key,
            &[
                ("new", tally.new.into()),
                ("changed", tally.changed.into()),
                ("retired", tally.retired.into()),
                ("same", tally.same.into()),
                ("wrong", tally.wrong.into()),
            ],
        )
    });
    let csv = Noun::ALL.map(|noun| Link {
        name: noun_name(visit, noun),
        href: format!("/registry/export/{}.csv", noun.word()),
    });
    ImportPage {
        frame: visit.frame("/registry", words.get("registry-import-title")),
        error,
        tally: tally.unwrap_or_default(),
        rows: shown.into_iter().take(ROWS_MAX).map(|row| line(visit, row)).collect(),
        left: if left == 0 { String::new() } else { words.with("and-more", &[("n", left.into())]) },
        files: csv.into(),
    }
}

fn line(visit: &Visit, row: &import::Row) -> Row {
    let (fate, reason) = match &row.fate {
        Fate::New => ("new", String::new()),
        Fate::Changed { columns } => {
            let names: Vec<String> = columns.iter().map(|column| column_name(visit, column)).collect();
            ("changed", names.join(&visit.words.get("list-comma")))
        }
        Fate::Retired => ("retired", String::new()),
        Fate::Same => ("same", String::new()),
        Fate::Wrong { column, reason } => ("wrong", wrong(visit, column, reason)),
    };
    Row {
        line: row.line.to_string(),
        about: Foreign(row.about.clone()),
        fate: visit.words.get(&format!("registry-fate-{fate}")),
        reason: Foreign(reason),
    }
}

/// `contact.csv`, or everything as `registry.xlsx`; only for keeping, never for running.
pub(crate) async fn export(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let organisation: Option<Id<Organisation>> = visit.query.parsed("organisation")?;
    let (kind, bytes) = written(&app, &visit, &name, organisation).await?;
    Ok((to_keep(kind, &name), bytes).into_response())
}

/// The media type and the bytes of an exported file.
pub(crate) async fn written(
    app: &App,
    visit: &Visit,
    name: &str,
    organisation: Option<Id<Organisation>>,
) -> Result<(&'static str, Vec<u8>), Failure> {
    let (store, scope) = (&app.state.store, visit.scope());
    match name.rsplit_once('.') {
        Some(("registry", "xlsx")) => {
            if !scope.has(Right::ReadPeople) {
                require(visit, Right::ReadRegistry)?;
            }
            let book = registry::export::xlsx(store, scope, organisation).await?;
            Ok(("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", book))
        }
        Some((word, "csv")) => {
            let noun: Noun = word.parse().map_err(|_| Failure::not_found())?;
            require(visit, noun.right())?;
            let mut file = Vec::new();
            registry::export::csv(store, scope, noun, organisation, &mut file).await?;
            Ok(("text/csv; charset=utf-8", file))
        }
        _ => Err(Failure::not_found()),
    }
}
