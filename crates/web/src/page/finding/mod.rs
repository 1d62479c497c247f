//! Findings for people: what is to be fixed where, by when, and how long it has been open.

pub(crate) mod one;
pub(crate) mod raise;

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use base::Right;
use inspect::catalogue::Words;
use inspect::finding::{self, Board, Filter, Finding, LIST_MAX, Source, State as Standing, Timing};

use crate::App;
use crate::error::Failure;
use crate::frame::Frame;
use crate::page::part::{Choice, Link, Select};
use crate::visible::{Foreign, neutral_short};
use crate::visit::{Visit, render};
use crate::words::count;

/// Organisations that are counted on the page, those with the most overdue findings first.
const BOARD_ROWS_MAX: usize = 100;
/// Characters of a title in a line.
const TITLE_CHARACTERS_MAX: usize = 200;

#[derive(Template)]
#[template(path = "finding/list.html")]
struct ListPage {
    frame: Frame,
    board: Vec<BoardRow>,
    /// How many organisations there are, when not all are shown.
    board_total: String,
    selects: Vec<Select>,
    rows: Vec<Row>,
    may_raise: bool,
    first_href: String,
    next_href: String,
}

struct BoardRow {
    organisation: Link,
    open: String,
    soon: String,
    overdue: String,
    answered: String,
    verified: String,
    oldest: String,
}

struct Row {
    number: Link,
    title: String,
    organisation: Link,
    gravity: String,
    state: String,
    owner: Foreign,
    due: String,
    timing: String,
    is_overdue: bool,
    age: String,
}

pub(crate) async fn show(State(app): State<Arc<App>>, visit: Visit) -> Result<Response, Failure> {
    let filter = Filter {
        organisation: visit.query.parsed("organisation")?,
        state: visit.query.parsed("state")?,
        source: visit.query.parsed("source")?,
        timing: visit.query.parsed("timing")?,
    };
    let (store, scope, after) = (&app.state.store, visit.scope(), visit.query.parsed("after")?);
    let mut board = finding::board(store, scope, visit.now).await?;
    board.sort_by_key(|one| std::cmp::Reverse((one.overdue, one.open)));
    let (found, next) = finding::list(store, scope, &filter, after, LIST_MAX, visit.now).await?;
    let page_after = |after: &str| visit.query.href(&visit.path, &[("after", after)]);
    let total = visit.words.with("finding-board-total", &[("n", (board.len() as u64).into())]);
    render(&ListPage {
        frame: visit.frame("/findings", visit.words.get("finding-title")),
        board_total: if board.len() > BOARD_ROWS_MAX { total } else { String::new() },
        board: board.iter().take(BOARD_ROWS_MAX).map(|one| board_row(&visit, one)).collect(),
        selects: selects(&visit),
        rows: found.iter().map(|one| row(&visit, one)).collect(),
        may_raise: scope.has(Right::KeepInspection),
        first_href: if after.is_some() { page_after("") } else { String::new() },
        next_href: next.map(|next| page_after(&next.to_string())).unwrap_or_default(),
    })
}

fn board_row(visit: &Visit, one: &Board) -> BoardRow {
    let id = one.organisation.to_string();
    let days = one.oldest_at.map(|at| days_between(at, visit.now));
    BoardRow {
        organisation: Link {
            name: visit.organisation_name(one.organisation),
            href: crate::query::href("/findings", &[("organisation", &id)]),
        },
        open: count(one.open),
        soon: count(one.soon),
        overdue: count(one.overdue),
        answered: count(one.answered),
        verified: count(one.verified),
        oldest: days.map(|days| age(visit, days)).unwrap_or_default(),
    }
}

fn days_between(from: base::Timestamp, until: base::Timestamp) -> u64 {
    u64::try_from(until.duration_since(from).as_hours() / 24).unwrap_or(0)
}

fn row(visit: &Visit, one: &Finding) -> Row {
    let timing = one.timing(visit.now);
    Row {
        number: Link { name: one.number.clone(), href: href(one) },
        title: said(visit, &one.title),
        organisation: Link {
            name: visit.organisation_name(one.organisation),
            href: crate::query::href("/findings", &[("organisation", &one.organisation.to_string())]),
        },
        gravity: gravity_name(visit, one),
        state: state_name(visit, one.state),
        owner: Foreign(one.owner.clone()),
        due: one.due.to_string(),
        timing: timing.map(|timing| timing_name(visit, timing)).unwrap_or_default(),
        is_overdue: timing == Some(Timing::Overdue),
        age: age(visit, one.age_days(visit.now)),
    }
}

fn href(one: &Finding) -> String {
    format!("/findings/{}", one.id)
}

/// A title in the reader's language.
fn said(visit: &Visit, title: &Words) -> String {
    let text = match visit.language() {
        base::Language::Ja => &title.ja,
        base::Language::En => &title.en,
    };
    neutral_short(text, TITLE_CHARACTERS_MAX)
}

fn age(visit: &Visit, days: u64) -> String {
    visit.words.with("finding-days", &[("n", days.into())])
}

fn state_name(visit: &Visit, state: Standing) -> String {
    visit.words.get(&format!("finding-state-{}", state.word()))
}

fn timing_name(visit: &Visit, timing: Timing) -> String {
    visit.words.get(&format!("finding-timing-{}", timing.word().replace('_', "-")))
}

fn source_name(visit: &Visit, source: Source) -> String {
    visit.words.get(&format!("finding-source-{}", source.word().replace('_', "-")))
}

fn gravity_name(visit: &Visit, one: &Finding) -> String {
    gravity_word(visit, one.gravity)
}

/// How grave something is, in words.
pub(crate) fn gravity_word(visit: &Visit, gravity: finding::Gravity) -> String {
    match gravity {
        finding::Gravity::Rated(severity) => visit.level_name(severity),
        graded => visit.words.get(&format!("finding-gravity-{}", graded.word())),
    }
}

fn selects(visit: &Visit) -> Vec<Select> {
    let select = |name: &'static str, choices: Vec<(&str, String)>| {
        let asked = visit.query.text(name);
        let all = [("", visit.words.get("finding-all"))];
        let choice = |(value, label): (&str, String)| Choice {
            chosen: value == asked,
            value: value.to_owned(),
            label,
        };
        Select {
            name,
            label: visit.words.get(&format!("finding-column-{name}")),
            options: all.into_iter().chain(choices).map(choice).collect(),
        }
    };
    let states = Standing::ALL.iter().map(|one| (one.word(), state_name(visit, *one)));
    let timings = Timing::ALL.iter().map(|one| (one.word(), timing_name(visit, *one)));
    let sources = Source::ALL.iter().map(|one| (one.word(), source_name(visit, *one)));
    vec![
        Select::organisation_with(visit, Right::ReadInspection),
        select("timing", timings.collect()),
        select("state", states.collect()),
        select("source", sources.collect()),
    ]
}
