//! One item over all organisations: what was asked, and who does it.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use inspect::count::counts;
use inspect::{Cell, Formula, Tally};

use super::figure::{Shown, WITHHELD, of_cell};
use super::map::sum;
use super::{crumb, foreign, found, href, lines, role_name, said, withheld};
use crate::App;
use crate::error::Failure;
use crate::frame::Frame;
use crate::page::part::Link;
use crate::visible::Foreign;
use crate::visit::{Visit, render};
use crate::words::count;

/// Organisations on one page.
const ROWS_MAX: usize = 150;

#[derive(Template)]
#[template(path = "inspect/item.html")]
struct ItemPage {
    frame: Frame,
    crumb: Link,
    map: Link,
    title: String,
    clause: String,
    role: String,
    explanation: String,
    evidence: String,
    nist: Foreign,
    priority: bool,
    withholds: bool,
    rows: Vec<Row>,
    totals: Row,
    first_href: String,
    next_href: String,
}

struct Row {
    link: Link,
    counts: Vec<String>,
    share: Shown,
}

pub(crate) async fn show(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path((id, reference)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let (survey, catalogue) = found(&app, &visit, &id).await?;
    let item = catalogue.items.iter().find(|item| item.reference == reference);
    let item = item.ok_or_else(Failure::not_found)?;
    let place = catalogue.of_role(&item.role).position(|one| one.reference == item.reference);
    let place = place.ok_or_else(Failure::not_found)?;
    let counted = counts(&app.state.store, visit.scope(), survey.id).await?;
    let all = lines(&visit, &counted);
    let hidden = withheld(&visit, &survey, all.iter().map(|(id, _)| *id), all.iter().map(|(_, one)| one));
    let (formula, role) = (survey.terms.variant.formula(), item.role.as_str());
    let asked: Vec<usize> = (0..all.len()).filter(|line| all[*line].1.contains_key(role)).collect();
    let skip: usize = visit.query.parsed("skip")?.unwrap_or(0);
    let next = skip.saturating_add(ROWS_MAX);
    let rows = asked.iter().skip(skip).take(ROWS_MAX).map(|line| {
        let (organisation, tallies) = &all[*line];
        let path = format!("{}/of/{organisation}", href(survey.id));
        let link = Link {
            name: visit.organisation_name(*organisation),
            href: crate::query::href(&path, &[("role", role)]),
        };
        row(link, tallies.get(role).copied(), place, formula, hidden.item(*line, role, place))
    });
    let rows = rows.collect();
    let sum = sum(all.iter().filter_map(|(_, tallies)| tallies.get(role).copied()));
    let whole = Link { name: visit.words.get("inspect-pooled-of"), href: String::new() };
    let path = super::item_href(survey.id, &item.reference);
    render(&ItemPage {
        frame: visit.frame("/inspect", item.reference.clone()),
        crumb: crumb(&visit, &survey),
        map: Link {
            name: visit.words.get("inspect-map-title"),
            href: crate::query::href(&format!("{}/map", href(survey.id)), &[("role", role)]),
        },
        title: said(&visit, &item.title),
        clause: said(&visit, &item.clause),
        role: role_name(&visit, role),
        explanation: said(&visit, &item.explanation),
        evidence: said(&visit, &item.evidence),
        nist: foreign(&item.nist.join(" ")),
        priority: item.priority,
        withholds: !hidden.is_nothing(),
        rows,
        totals: row(whole, Some(&sum), place, formula, hidden.item(all.len(), role, place)),
        first_href: if skip == 0 { String::new() } else { path.clone() },
        next_href: if next < asked.len() {
            visit.query.href(&path, &[("skip", &next.to_string())])
        } else {
            String::new()
        },
    })
}

fn row(link: Link, tally: Option<&Tally>, item: usize, formula: Formula, hidden: bool) -> Row {
    let cell = tally.and_then(|tally| tally.cells.get(item)).copied().unwrap_or_default();
    let Cell { done, not_done, no_duty, blank } = cell;
    let shown = |number: u64| if hidden { WITHHELD.to_owned() } else { count(number) };
    Row {
        link,
        counts: [done, not_done, no_duty, blank].map(shown).into(),
        share: of_cell(tally, item, formula, hidden),
    }
}
