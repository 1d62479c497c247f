//! The trail as a file: CSV for spreadsheets, and one JSON object a line.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use registry::guard::guarded;
use store::{AuditFilter, EXPORT_LINES_MAX};

use super::line::Names;
use super::record::AuditLine;
use super::{Asked, filter, stamp};
use crate::App;
use crate::error::Failure;
use crate::page::part::to_keep;
use crate::visit::Visit;

const COLUMNS: [&str; 9] =
    ["number", "at", "actor", "actor_name", "action", "object", "organisations", "sentence", "detail"];

/// The names of the files, as the last part of their path.
pub(crate) const NAMES: [&str; 2] = ["audit.csv", "audit.ndjson"];

/// `audit.csv` or `audit.ndjson`; only for keeping, never for running.
pub(crate) async fn export(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let filter = filter(&app, &visit, Asked::of(&visit)?).await?;
    let (kind, bytes) = written(&app, &visit, &name, &filter).await?;
    let named = name.replace("audit.", &format!("audit-{}.", stamp(visit.now)));
    Ok((to_keep(kind, &named), bytes).into_response())
}

/// The media type and the bytes of a file.
pub(crate) async fn written(
    app: &App,
    visit: &Visit,
    name: &str,
    filter: &AuditFilter,
) -> Result<(&'static str, Vec<u8>), Failure> {
    let notation = match name {
        "audit.csv" => "csv",
        "audit.ndjson" => "ndjson",
        _ => return Err(Failure::not_found()),
    };
    let taken = store::audit_export(&app.state.store, visit.actor()?, filter, notation, visit.now).await;
    let entries = match taken {
        Err(store::Error::TooManyLines { .. }) => {
            return Err(Failure::invalid("audit-too-many", &EXPORT_LINES_MAX.to_string()));
        }
        taken => taken?,
    };
    let names = Names::load(app, visit, &entries).await?;
    let lines: Vec<AuditLine> = entries.iter().map(|entry| AuditLine::new(visit, &names, entry)).collect();
    Ok(match notation {
        "csv" => ("text/csv; charset=utf-8", csv(&lines)?),
        _ => ("application/x-ndjson", ndjson(&lines)?),
    })
}

fn ndjson(lines: &[AuditLine]) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    for line in lines {
        serde_json::to_writer(&mut bytes, line).map_err(|error| {
            tracing::error!(%error, "a line of the audit trail could not be written");
            Failure::new(StatusCode::INTERNAL_SERVER_ERROR)
        })?;
        bytes.push(b'\n');
    }
    Ok(bytes)
}

/// RFC 4180, with the mark by which spreadsheets know UTF-8, and nothing that they would compute.
fn csv(lines: &[AuditLine]) -> Result<Vec<u8>, Failure> {
    let unwritten = |error: ::csv::Error| {
        tracing::error!(%error, "the audit trail could not be written as CSV");
        Failure::new(StatusCode::INTERNAL_SERVER_ERROR)
    };
    let mut bytes = "\u{feff}".as_bytes().to_vec();
    let mut writer = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(&mut bytes);
    writer.write_record(COLUMNS).map_err(unwritten)?;
    for line in lines {
        writer.write_record(cells(line)).map_err(unwritten)?;
    }
    writer.flush().map_err(|error| unwritten(error.into()))?;
    drop(writer);
    Ok(bytes)
}

fn cells(line: &AuditLine) -> [String; COLUMNS.len()] {
    let organisations: Vec<String> = line.organisations.iter().map(ToString::to_string).collect();
    [
        line.number.map(|number| number.to_string()).unwrap_or_default(),
        line.at.to_string(),
        line.actor.clone(),
        line.actor_name.clone().unwrap_or_default(),
        line.action.clone(),
        line.object.clone(),
        organisations.join(" "),
        line.sentence.clone(),
        line.detail.to_string(),
    ]
    .map(|value| guarded(&value))
}
