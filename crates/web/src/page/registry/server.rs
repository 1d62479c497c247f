//! How many servers there are, year by year.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use base::{FiscalYear, Language, japan_day};
use registry::ServerKind;
use registry::server_count::{self, ServerYear};

use crate::App;
use crate::chart::Chart;
use crate::chart::hour_bars::{self, Bar, HourBars};
use crate::error::Failure;
use crate::frame::Frame;
use crate::visit::{Visit, render};
use crate::when;
use crate::words::count;

/// Years shown.
const YEARS: i16 = 15;

#[derive(Template)]
#[template(path = "registry/servers.html")]
struct ServersPage {
    frame: Frame,
    charts: Vec<(String, Chart)>,
    headings: Vec<String>,
    rows: Vec<Row>,
}

struct Row {
    year: String,
    day: String,
    figures: Vec<String>,
}

pub(crate) async fn show(State(app): State<Arc<App>>, visit: Visit) -> Result<Response, Failure> {
    let today = japan_day(visit.now);
    let first = FiscalYear(FiscalYear::of(today).0 - YEARS + 1);
    let years = server_count::years(&app.state.store, visit.scope(), first, today).await?;
    // Before anybody said anything there is nothing to say.
    let years: Vec<ServerYear> = years.into_iter().skip_while(|one| one.figures.is_empty()).collect();
    let kind_name = |kind: &ServerKind| visit.words.get(&format!("registry-kind-{}", kind.word()));
    let charts = [ServerKind::Web, ServerKind::Mail].map(|kind| {
        let title = visit.words.with("registry-servers-of", &[("kind", kind_name(&kind).into())]);
        let chart = chart(&visit, &title, &years, kind);
        (title, chart)
    });
    let rows = years.iter().map(|one| Row {
        year: year_name(&visit, one.year),
        day: when::date(visit.language(), one.day),
        figures: ServerKind::ALL.iter().map(|kind| figure(&visit, one.total(*kind))).collect(),
    });
    render(&ServersPage {
        frame: visit.frame("/registry", visit.words.get("registry-servers-title")),
        charts: charts.into(),
        headings: ServerKind::ALL.iter().map(kind_name).collect(),
        rows: rows.collect(),
    })
}

/// Who has said nothing has not said "none".
fn figure(visit: &Visit, (servers, organisations): (u64, usize)) -> String {
    match organisations {
        0 => visit.words.get("registry-not-said"),
        _ => visit.words.with(
            "registry-servers-figure",
            &[("servers", count(servers).into()), ("n", (organisations as u64).into())],
        ),
    }
}

fn year_name(visit: &Visit, year: FiscalYear) -> String {
    match (visit.language(), year.wareki()) {
        (Language::Ja, Some(wareki)) => wareki,
        _ => visit.words.with("registry-fiscal-year", &[("year", year.0.to_string().into())]),
    }
}

fn chart(visit: &Visit, title: &str, years: &[ServerYear], kind: ServerKind) -> Chart {
    hour_bars::draw(&HourBars {
        title,
        hour_heading: &visit.words.get("registry-column-year"),
        value_heading: &visit.words.get("registry-column-servers"),
        bars: years
            .iter()
            .filter(|one| one.total(kind).1 > 0)
            .map(|one| Bar {
                label: one.year.0.to_string(),
                label_full: year_name(visit, one.year),
                value: one.total(kind).0,
            })
            .collect(),
    })
}
