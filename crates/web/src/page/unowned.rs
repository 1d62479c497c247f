//! What was seen and nobody owns.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use registry::Unowned;

use crate::App;
use crate::error::Failure;
use crate::frame::Frame;
use crate::markup::Markup;
use crate::page::part::{Link, search_href};
use crate::visible::Foreign;
use crate::visit::{Visit, render};
use crate::words::count;

/// Lines of the page.
pub(crate) const ROWS_MAX: u32 = 200;

#[derive(Template)]
#[template(path = "unowned.html")]
struct UnownedPage {
    frame: Frame,
    total: String,
    rows: Vec<Row>,
}

struct Row {
    key: String,
    kind_name: String,
    value: Markup,
    href: String,
    seen_at: Link,
    events: String,
    first: Markup,
    first_value: i64,
    last: Markup,
    last_value: i64,
}

pub(crate) async fn show(State(app): State<Arc<App>>, visit: Visit) -> Result<Response, Failure> {
    let total = registry::unowned::count(&app.state.store, visit.scope()).await?;
    let rows = registry::unowned::list(&app.state.store, visit.scope(), ROWS_MAX).await?;
    render(&UnownedPage {
        frame: visit.frame("/unowned", visit.words.get("unowned-title")),
        total: visit
            .words
            .with("unowned-total", &[("n", total.into()), ("shown", (rows.len() as u64).into())]),
        rows: rows.iter().map(|entry| row(&visit, entry)).collect(),
    })
}

fn row(visit: &Visit, entry: &Unowned) -> Row {
    Row {
        key: entry.observable.to_string(),
        kind_name: visit.kind_name(entry.observable.kind),
        value: Foreign::from(entry.observable.value.as_str()).short(),
        href: search_href(&entry.observable),
        seen_at: visit.organisation(entry.seen_at),
        events: count(entry.seen),
        first: visit.time(entry.first_at),
        first_value: entry.first_at.as_second(),
        last: visit.time(entry.last_at),
        last_value: entry.last_at.as_second(),
    }
}
