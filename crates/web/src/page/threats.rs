//! The list of threats.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use base::Severity;
use watch::judge::Verdict;
use watch::threat::{Filter, List};

use crate::App;
use crate::error::Failure;
use crate::frame::Frame;
use crate::page::part::{Select, ThreatRow};
use crate::query::local;
use crate::visible::neutral_short;
use crate::visit::{Visit, render};
use crate::when;

/// Threats on one page.
pub(crate) const THREATS_MAX: u32 = 50;

#[derive(Template)]
#[template(path = "threats.html")]
struct ThreatsPage {
    frame: Frame,
    text: String,
    selects: Vec<Select>,
    hidden: Vec<(&'static str, String)>,
    notes: Vec<String>,
    threats: Vec<ThreatRow>,
    first_page: bool,
    first_href: String,
    next_href: String,
}

/// What the URL asks to see.
pub(crate) fn filter(visit: &Visit) -> Result<Filter, Failure> {
    let verdict = match visit.query.get("verdict") {
        None | Some("threat") => Some(Verdict::Threat),
        Some("normal") => Some(Verdict::Normal),
        Some("all") => None,
        Some(other) => return Err(Failure::invalid("error-value", other)),
    };
    Ok(Filter {
        period: visit.query.period(visit.now, "24h")?,
        organisation: visit.query.parsed("organisation")?,
        verdict,
        level_min: visit.query.parsed::<Severity>("level")?,
        rule_id: visit.query.get("rule").map(str::to_owned),
        text: visit.query.get("text").map(str::to_owned),
    })
}

pub(crate) async fn show(State(app): State<Arc<App>>, visit: Visit) -> Result<Response, Failure> {
    let filter = filter(&visit)?;
    let after = visit.query.parsed("after")?;
    let list = watch::threat::list(&app.state.store, visit.scope(), &filter, THREATS_MAX, after).await?;
    render(&page(&visit, &list))
}

fn page(visit: &Visit, list: &List) -> ThreatsPage {
    let words = visit.words;
    let mut notes = Vec::new();
    if let Some(start) = visit.query.get("hour").and_then(local) {
        notes.push(words.with("note-hour", &[("start", when::full(visit.language(), start).into())]));
    }
    if let Some(rule) = visit.query.get("rule") {
        notes.push(words.with("note-rule", &[("rule", neutral_short(rule, 80).into())]));
    }
    // A filter changed in the form keeps the rule it was opened for; the hour gives way to the period chosen.
    let hidden = visit.query.get("rule").map(|rule| ("rule", rule.to_owned())).into_iter().collect();
    ThreatsPage {
        frame: visit.frame("/threats", words.get("threats-title")),
        text: visit.query.text("text").to_owned(),
        selects: vec![
            Select::period(visit, "24h"),
            Select::organisation(visit),
            Select::level(visit),
            Select::verdict(visit),
        ],
        hidden,
        notes,
        threats: list.threats.iter().map(|threat| ThreatRow::new(visit, threat)).collect(),
        first_page: visit.query.get("after").is_none(),
        first_href: visit.query.href("/threats", &[("after", "")]),
        next_href: list
            .next
            .map(|after| visit.query.href("/threats", &[("after", &after.to_string())]))
            .unwrap_or_default(),
    }
}
