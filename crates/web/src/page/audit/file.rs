//! The trail as a file: CSV for spreadsheets, and one JSON object a line.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use registry::guard::guarded;
use store::{AuditFilter, EXPORT_LINES_MAX};

use super::line::Names;
use super::record::AuditLine;
use super::{Asked, filter, stamp};
use crate::App;
use crate::error::Failure;
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
    let asked = Asked {
        period: visit.query.period(visit.now, "all")?,
        actor: visit.query.get("actor"),
        action: visit.query.get("action"),
        object: visit.query.get("object"),
        organisation: visit.query.parsed("organisation")?,
        text: visit.query.get("text"),
    };
    let filter = filter(&app, &visit, asked).await?;
    let (kind, bytes) = written(&app, &visit, &name, &filter).await?;
    let named = name.replace("audit.", &format!("audit-{}.", stamp(visit.now)));
    let headers = [
        (CONTENT_TYPE, kind.to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{named}\"")),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox".to_owned()),
    ];
    Ok((headers, bytes).into_response())
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
        "csv" => ("text/csv; charset=utf-8", csv(&lines)),
        _ => ("application/x-ndjson", ndjson(&lines)?),
    })
}

fn ndjson(lines: &[AuditLine]) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    for line in lines {
        serde_json::to_writer(&mut bytes, line).map_err(|error| {
            tracing::error!(%error, "a line of the audit trail could not be written");
            Failure::new(axum::http::StatusCode::INTERNAL_SERVER_ERROR)
        })?;
        bytes.push(b'\n');
    }
    Ok(bytes)
}

/// RFC 4180, with the mark by which spreadsheets know UTF-8, and nothing that they would compute.
fn csv(lines: &[AuditLine]) -> Vec<u8> {
    let mut text = format!("\u{feff}{}\r\n", COLUMNS.join(","));
    for line in lines {
        let organisations: Vec<String> = line.organisations.iter().map(ToString::to_string).collect();
        let cells = [
            line.number.map(|number| number.to_string()).unwrap_or_default(),
            line.at.to_string(),
            line.actor.clone(),
            line.actor_name.clone().unwrap_or_default(),
            line.action.clone(),
            line.object.clone(),
            organisations.join(" "),
            line.sentence.clone(),
            line.detail.to_string(),
        ];
        text.push_str(&cells.map(|value| cell(&value)).join(","));
        text.push_str("\r\n");
    }
    text.into_bytes()
}

fn cell(value: &str) -> String {
    let value = guarded(value);
    if value.contains([',', '"', '\r', '\n']) { format!("\"{}\"", value.replace('"', "\"\"")) } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_stays_one_cell_and_computes_nothing() {
        assert_eq!(cell("当直"), "当直");
        assert_eq!(cell("=1+1"), "'=1+1");
        assert_eq!(cell("a,\"b\"\n"), "\"a,\"\"b\"\"\n\"");
        assert_eq!(cell("=\"a\""), "\"'=\"\"a\"\"\"");
    }
}
