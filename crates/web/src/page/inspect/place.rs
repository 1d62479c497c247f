//! One organisation in a survey: its figures by role, its units × items, and its weakest items.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use base::{Id, Organisation, Right};
use inspect::count::counts;
use inspect::survey::{State as Stage, Survey};
use inspect::unit::{Unit, units};
use inspect::{Summary, Tally, Withheld, progress};

use super::figure::{Shown, shown};
use super::map::{Clause, Column, Map, Row, Weak};
use super::{asked_role, crumb, found, href, lines, place, role_name, tabs, withheld};
use crate::App;
use crate::error::Failure;
use crate::frame::Frame;
use crate::page::part::Link;
use crate::visible::neutral_short;
use crate::visit::{Visit, render};
use crate::words::count;

/// Characters of a unit's name.
const NAME_CHARACTERS_MAX: usize = 60;

#[derive(Template)]
#[template(path = "inspect/place.html")]
struct PlacePage {
    frame: Frame,
    crumb: Link,
    roles: Vec<RoleRow>,
    all: RoleRow,
    withdrawn: String,
    parts: Vec<Link>,
    links: Vec<Link>,
    tabs: Vec<(Link, bool)>,
    withholds: bool,
    clauses: Vec<Clause>,
    items: Vec<Column>,
    rows: Vec<Row>,
    totals: Row,
    weakest: Vec<Weak>,
    links_action: String,
}

struct RoleRow {
    name: String,
    asked: String,
    excluded: String,
    answered: String,
    coverage: Shown,
    implementation: Shown,
    reach: Vec<String>,
}

pub(crate) async fn show(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path((id, organisation)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let organisation = place(&visit, &organisation)?;
    let (survey, catalogue) = found(&app, &visit, &id).await?;
    let (store, scope) = (&app.state.store, visit.scope());
    let role = asked_role(&visit, &catalogue)?;
    let counted = counts(store, scope, survey.id).await?;
    let all = lines(&visit, &counted);
    let line = all.iter().position(|(id, _)| *id == organisation).ok_or_else(Failure::not_found)?;
    let tallies = &all[line].1;
    let over_all = withheld(&visit, &survey, all.iter().map(|(id, _)| *id), all.iter().map(|(_, one)| one));
    let units = units(store, scope, survey.id, organisation).await?;
    let of_units: Vec<BTreeMap<&str, &Tally>> = units
        .iter()
        .map(|unit| unit.tallies.iter().map(|(role, tally)| (role.as_str(), tally)).collect())
        .collect();
    let hidden = withheld(&visit, &survey, [organisation], &of_units);
    let map = Map { visit: &visit, survey: &survey, catalogue: &catalogue, role, hidden: &hidden };
    let rows = units.iter().enumerate().filter(|(_, unit)| unit.tallies.contains_key(role));
    let rows = rows.map(|(line, unit)| map.row(unit_link(&visit, unit), line, unit.tallies.get(role)));
    let rows = rows.collect();
    // What all organisations together withhold is withheld in the organisation's own line as well.
    let own = Map { hidden: &over_all, ..map };
    let empty = Tally::default();
    let tally = tallies.get(role).copied();
    let whole = Link { name: visit.words.get("inspect-whole-organisation"), href: String::new() };
    let path = format!("{}/of/{organisation}", href(survey.id));
    let taken_back = progress::withdrawn(store, scope, survey.id).await?;
    let parts = visit.registry.children(organisation);
    let parts = parts.filter(|part| all.iter().any(|(id, _)| *id == part.id)).map(|part| Link {
        name: visit.organisation_name(part.id),
        href: format!("{}/of/{}", href(survey.id), part.id),
    });
    render(&PlacePage {
        frame: visit.frame("/inspect", visit.organisation_name(organisation)),
        crumb: crumb(&visit, &survey),
        roles: role_rows(&visit, &survey, tallies, &over_all, line),
        all: row(
            visit.words.get("inspect-all-roles"),
            &Summary::of(tallies.values().copied(), survey.terms.variant.formula()),
            over_all.line(line),
        ),
        withdrawn: count(taken_back.get(&organisation).copied().unwrap_or(0)),
        parts: parts.collect(),
        links: links(&visit, &survey, organisation),
        tabs: tabs(&visit, &catalogue, &path, role),
        withholds: !hidden.is_nothing() || !over_all.is_nothing(),
        clauses: own.clauses(),
        items: own.columns(),
        rows,
        totals: own.row(whole, line, tally),
        weakest: own.weakest(tally.unwrap_or(&empty), line),
        links_action: links_action(&visit, &survey, organisation),
    })
}

fn unit_link(visit: &Visit, unit: &Unit) -> Link {
    let name = match unit.name.as_str() {
        "" => visit.words.get("inspect-no-section"),
        name => neutral_short(name, NAME_CHARACTERS_MAX),
    };
    Link { name, href: String::new() }
}

fn role_rows(
    visit: &Visit,
    survey: &Survey,
    tallies: &BTreeMap<&str, &Tally>,
    hidden: &Withheld,
    line: usize,
) -> Vec<RoleRow> {
    let formula = survey.terms.variant.formula();
    let of_role = |(role, tally): (&&str, &&Tally)| {
        row(role_name(visit, role), &Summary::of([*tally], formula), hidden.role(line, role))
    };
    tallies.iter().map(of_role).collect()
}

fn row(name: String, summary: &Summary, hidden: bool) -> RoleRow {
    let reach = summary.reach.by_mark.map(|share| shown(&inspect::Figure::Share(share), hidden));
    RoleRow {
        name,
        asked: count(summary.asked),
        excluded: count(summary.excluded),
        answered: count(summary.answered),
        coverage: shown(&summary.coverage, false),
        implementation: shown(&summary.implementation, hidden),
        reach: reach
            .iter()
            .map(|one| match one.counts.as_str() {
                "" => one.percent.clone(),
                counts => format!("{} ({counts})", one.percent),
            })
            .collect(),
    }
}

fn links(visit: &Visit, survey: &Survey, organisation: Id<Organisation>) -> Vec<Link> {
    let path = format!("{}/of/{organisation}", href(survey.id));
    match survey.state {
        Stage::Drafted => Vec::new(),
        _ => vec![Link {
            name: visit.words.get("inspect-unanswered-title"),
            href: format!("{path}/unanswered"),
        }],
    }
}

/// Where personal links are made; empty for who may not, and when there is nothing to answer.
fn links_action(visit: &Visit, survey: &Survey, organisation: Id<Organisation>) -> String {
    let keeps = visit.scope().covers(Right::KeepInspection, Some(organisation));
    match survey.state {
        Stage::Closed => String::new(),
        _ if !keeps => String::new(),
        _ => format!("{}/of/{organisation}/links", href(survey.id)),
    }
}
