//! Records that could not be read: never silently gone.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use watch::intake::UnreadRow;

use crate::App;
use crate::error::Failure;
use crate::frame::Frame;
use crate::markup::Markup;
use crate::page::part::Link;
use crate::visible::{Foreign, marked};
use crate::visit::{Visit, render};
use crate::words::count;

/// Lines of the page.
pub(crate) const ROWS_MAX: u32 = 100;
/// Characters of a record's beginning.
const BEGINNING_CHARACTERS_MAX: usize = 200;

#[derive(Template)]
#[template(path = "unread.html")]
struct UnreadPage {
    frame: Frame,
    rows: Vec<Row>,
    first_page: bool,
    next_href: String,
}

struct Row {
    organisation: Link,
    file: Foreign,
    line: String,
    reason: Foreign,
    beginning: Markup,
    at: Markup,
}

pub(crate) async fn show(State(app): State<Arc<App>>, visit: Visit) -> Result<Response, Failure> {
    let before: Option<i64> = visit.query.parsed("before")?;
    let mut rows = watch::intake::unread(&app.state.store, visit.scope(), ROWS_MAX + 1, before).await?;
    let more = rows.len() > ROWS_MAX as usize;
    rows.truncate(ROWS_MAX as usize);
    let next = rows.last().filter(|_| more).map(|last| last.seq.to_string());
    render(&UnreadPage {
        frame: visit.frame("/unread", visit.words.get("unread-title")),
        first_page: before.is_none(),
        next_href: next.map(|next| visit.query.href("/unread", &[("before", &next)])).unwrap_or_default(),
        rows: rows.iter().map(|unread| row(&visit, unread)).collect(),
    })
}

fn row(visit: &Visit, unread: &UnreadRow) -> Row {
    Row {
        organisation: visit.organisation(unread.organisation),
        file: unread.file.as_str().into(),
        line: count(unread.line),
        reason: unread.reason.as_str().into(),
        beginning: marked(unread.beginning.as_bytes(), &[], BEGINNING_CHARACTERS_MAX).markup,
        at: visit.time(unread.at),
    }
}
