//! Every organisation in a line.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use base::Severity;
use watch::board::OrganisationRow;

use crate::App;
use crate::chart::sparkline;
use crate::error::Failure;
use crate::frame::Frame;
use crate::markup::Markup;
use crate::visit::{Visit, render};
use crate::when;
use crate::words::count;

/// Lines of one page.
pub(crate) const ROWS_MAX: usize = 150;
/// Levels of the tree that are indented.
const DEPTH_MAX: usize = 3;

#[derive(Template)]
#[template(path = "organisations.html")]
struct OrganisationsPage {
    frame: Frame,
    as_of: String,
    levels: Vec<String>,
    rows: Vec<Row>,
    first_page: bool,
    next_href: String,
}

struct Row {
    key: String,
    href: String,
    name: String,
    depth: usize,
    level: &'static str,
    level_name: String,
    level_value: usize,
    by_level: Vec<String>,
    sum: String,
    spark: Markup,
    events: String,
    last: Markup,
    last_value: i64,
}

pub(crate) async fn show(State(app): State<Arc<App>>, visit: Visit) -> Result<Response, Failure> {
    let board = watch::board::board(&app.state.store, &visit.registry, visit.scope(), visit.now, 0).await?;
    let words = visit.words;
    let skip: usize = visit.query.parsed("skip")?.unwrap_or(0);
    let next = skip.saturating_add(ROWS_MAX);
    render(&OrganisationsPage {
        frame: visit.frame("/organisations", words.get("organisations-title")),
        as_of: words.with("as-of", &[("time", when::formal(visit.language(), board.now).into())]),
        levels: worst_first().map(|level| visit.level_name(level)).collect(),
        first_page: skip == 0,
        next_href: if next < board.organisations.len() {
            visit.query.href("/organisations", &[("skip", &next.to_string())])
        } else {
            String::new()
        },
        rows: board.organisations.iter().skip(skip).take(ROWS_MAX).map(|row| line(&visit, row)).collect(),
    })
}

fn worst_first() -> impl Iterator<Item = Severity> {
    Severity::ALL.into_iter().rev()
}

fn line(visit: &Visit, row: &OrganisationRow) -> Row {
    let organisation = visit.organisation(row.organisation);
    let sum: u64 = row.threats_by_level.iter().sum();
    let title = visit
        .words
        .with("organisation-day", &[("name", organisation.name.as_str().into()), ("n", sum.into())]);
    let blank_zero = |number: u64| if number == 0 { "–".to_owned() } else { count(number) };
    Row {
        key: row.organisation.to_string(),
        depth: visit.registry.ancestors(row.organisation).count().min(DEPTH_MAX),
        level: row.level_max.map(Severity::word).unwrap_or_default(),
        level_name: row.level_max.map(|level| visit.level_name(level)).unwrap_or_default(),
        level_value: row.level_max.map_or(0, |level| 1 + level as usize),
        by_level: worst_first()
            .map(|level| blank_zero(row.threats_by_level.get(level as usize).copied().unwrap_or(0)))
            .collect(),
        sum: count(sum),
        spark: sparkline::draw(&title, &row.threats_by_hour),
        events: count(row.events),
        last: row.last_event_at.map(|last| visit.time(last)).unwrap_or_default(),
        last_value: row.last_event_at.map_or(0, |last| last.as_second()),
        name: organisation.name,
        href: organisation.href,
    }
}
