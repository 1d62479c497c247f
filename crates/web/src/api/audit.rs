//! The audit trail: who did what, and the end of its chain.

use base::{Id, Organisation, Right, Timestamp};
use serde_json::Value;
use store::Mark;

use super::asked::Asked;
use super::operation::Operation;
use super::reply::Reply;
use super::schema::{Form, Page, Schema, Shape, shape, shape_of};
use super::watch::TEXT_CHARACTERS_MAX;
use crate::error::Failure;
use crate::page::audit::line::Names;
use crate::page::audit::record::{AuditLine, number};
use crate::page::audit::{self as pages, file, head};
use crate::route::Needs;

/// Lines of one page.
const LINES_MAX: u32 = 200;

const CSV: &str = "text/csv";
const NDJSON: &str = "application/x-ndjson";

shape_of! {
    AuditLine {
        number: Option<u64>, hash: Option<String>, at: Timestamp, actor: String, actor_name: Option<String>,
        action: String, object: String, organisations: Vec<Id<Organisation>>, detail: Value, personal_erased: bool,
        sentence: String
    }
}

shape! {
    /// The end of the chain, when it was last verified, and when it was last kept elsewhere.
    AuditHead { number: u64, hash: String, verified: Option<AuditMark>, anchored: Option<AuditMark> }
}

shape! {
    /// How the chain ended at a time, and whether all was as it was written.
    AuditMark { at: Timestamp, number: u64, hash: String, sound: bool }
}

/// The operations about the trail.
pub(super) fn operations() -> Vec<Operation> {
    let reading = Needs::Right(Right::ReadAudit);
    vec![
        narrowed(Operation::get("list_audit", "/api/v1/audit", reading, |asked| Box::pin(list(asked))))
            .in_pages(LINES_MAX)
            .gives::<Page<AuditLine>>(),
        Operation::get("get_audit_head", "/api/v1/audit/head", reading, |asked| Box::pin(end(asked)))
            .gives::<AuditHead>(),
        narrowed(Operation::get("export_audit", "/api/v1/audit/export/{name}", reading, |asked| {
            Box::pin(export(asked))
        }))
        .at::<ExportName>("name")
        .gives_file(&[CSV, NDJSON]),
    ]
}

fn narrowed(operation: Operation) -> Operation {
    let text = || Schema::text(TEXT_CHARACTERS_MAX);
    operation
        .may_have("from", Schema::Text(Form::Moment))
        .may_have("to", Schema::Text(Form::Moment))
        .may_have("actor", text())
        .may_have("action", text())
        .may_have("object", text())
        .may_have("organisation", Id::<Organisation>::schema())
        .may_have("text", text())
}

/// The files there are.
enum ExportName {}

impl Shape for ExportName {
    fn schema() -> Schema {
        Schema::Text(Form::OneOf(file::NAMES.into()))
    }
}

async fn filter(asked: &Asked) -> Result<store::AuditFilter, Failure> {
    let wanted = pages::Asked {
        period: asked.period()?,
        actor: asked.text("actor"),
        action: asked.text("action"),
        object: asked.text("object"),
        organisation: asked.parsed("organisation")?,
        text: asked.text("text"),
    };
    pages::filter(&asked.app, &asked.visit, wanted).await
}

async fn list(asked: Asked) -> Result<Reply, Failure> {
    let (filter, after) = (filter(&asked).await?, asked.cursor()?);
    let (store, limit) = (&asked.app.state.store, asked.limit());
    let page = store::audit_page(store, asked.scope(), &filter, limit, after).await?;
    let names = Names::load(&asked.app, &asked.visit, &page.entries).await?;
    let lines = page.entries.iter().map(|entry| AuditLine::new(&asked.visit, &names, entry)).collect();
    asked.page(lines, page.next)
}

async fn end(asked: Asked) -> Result<Reply, Failure> {
    head::require_all(&asked.visit)?;
    let store = &asked.app.state.store;
    let end = store::audit_head(store).await?.ok_or_else(Failure::not_found)?;
    let [verified, anchored] = store::audit_marks(store).await?;
    let mark = |mark: Mark| AuditMark {
        at: mark.at,
        number: number(mark.head.seq),
        hash: mark.head.hash,
        sound: mark.sound,
    };
    let (verified, anchored) = (verified.map(mark), anchored.map(mark));
    Reply::json(&AuditHead { number: number(end.seq), hash: end.hash, verified, anchored })
}

async fn export(asked: Asked) -> Result<Reply, Failure> {
    let filter = filter(&asked).await?;
    let (kind, bytes) = file::written(&asked.app, &asked.visit, asked.at("name"), &filter).await?;
    Ok(Reply::file(kind, asked.at("name"), bytes))
}
