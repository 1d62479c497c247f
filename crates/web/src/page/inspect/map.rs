//! The heat map: organisation × item of one role, and the weakest items (table 2-4 of the report).

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use base::{Id, Organisation, Rate};
use inspect::catalogue::{Catalogue, Item};
use inspect::count::counts;
use inspect::survey::Survey;
use inspect::{Formula, Tally, Withheld, implementation, of_item};

use super::figure::{Shown, of_cell, shown};
use super::{asked_role, crumb, found, href, item_href, lines, said, tabs, withheld};
use crate::App;
use crate::error::Failure;
use crate::frame::Frame;
use crate::page::part::Link;
use crate::visit::{Visit, render};

/// Cells of one page; lines beyond them are on the next.
const CELLS_MAX: usize = 3_600;
/// Lines of one page, however few items there are.
const ROWS_MAX: usize = 150;
/// Items that are named as the weakest.
const WEAKEST_MAX: usize = 5;

#[derive(Template)]
#[template(path = "inspect/map.html")]
struct MapPage {
    frame: Frame,
    crumb: Link,
    tabs: Vec<(Link, bool)>,
    orders: Vec<(Link, bool)>,
    withholds: bool,
    clauses: Vec<Clause>,
    items: Vec<Column>,
    rows: Vec<Row>,
    totals: Row,
    weakest: Vec<Weak>,
    first_href: String,
    next_href: String,
}

/// Neighbouring items under one clause.
pub(super) struct Clause {
    /// What it is called; empty when the catalogue has no clauses.
    pub name: String,
    /// How many items.
    pub items: usize,
}

/// The heading of an item.
pub(super) struct Column {
    /// Its number and page.
    pub link: Link,
    /// What it asks.
    pub title: String,
}

/// One line of a heat map.
pub(super) struct Row {
    /// Whose.
    pub link: Link,
    /// The figure of the role.
    pub all: Shown,
    /// By item.
    pub cells: Vec<Shown>,
}

/// An item that is done least.
pub(super) struct Weak {
    /// Its number and page.
    pub link: Link,
    /// What it asks.
    pub title: String,
    /// How much of it is done.
    pub share: Shown,
}

pub(crate) async fn show(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let (survey, catalogue) = found(&app, &visit, &id).await?;
    let role = asked_role(&visit, &catalogue)?;
    let counted = counts(&app.state.store, visit.scope(), survey.id).await?;
    let all = lines(&visit, &counted);
    let hidden = withheld(&visit, &survey, all.iter().map(|(id, _)| *id), all.iter().map(|(_, one)| one));
    let map = Map { visit: &visit, survey: &survey, catalogue: &catalogue, role, hidden: &hidden };
    let (path, formula) = (format!("{}/map", href(survey.id)), survey.terms.variant.formula());
    let mut order: Vec<usize> = (0..all.len()).filter(|line| all[*line].1.contains_key(role)).collect();
    let weakest_first = visit.query.get("order") == Some("weakest");
    if weakest_first {
        order.sort_by(|one, other| weaker(all[*one].1.get(role), all[*other].1.get(role), formula));
    }
    let items = catalogue.of_role(role).count();
    let rows_max = (CELLS_MAX / items.max(1)).clamp(1, ROWS_MAX);
    let skip: usize = visit.query.parsed("skip")?.unwrap_or(0);
    let next = skip.saturating_add(rows_max);
    let rows = order.iter().skip(skip).take(rows_max).map(|line| {
        let (organisation, tallies) = &all[*line];
        let link = Link {
            name: visit.organisation_name(*organisation),
            href: place_href(&survey, *organisation, role),
        };
        map.row(link, *line, tallies.get(role).copied())
    });
    let rows = rows.collect();
    let sum = sum(all.iter().filter_map(|(_, tallies)| tallies.get(role).copied()));
    let sum_link = Link { name: visit.words.get("inspect-pooled-of"), href: String::new() };
    let order_link = |key: &str, word: &str| Link {
        name: visit.words.get(key),
        href: visit.query.href(&path, &[("order", word), ("skip", "")]),
    };
    render(&MapPage {
        frame: visit.frame("/inspect", visit.words.get("inspect-map-title")),
        crumb: crumb(&visit, &survey),
        tabs: tabs(&visit, &catalogue, &path, role),
        orders: vec![
            (order_link("inspect-order-registry", ""), !weakest_first),
            (order_link("inspect-order-weakest", "weakest"), weakest_first),
        ],
        withholds: !hidden.is_nothing(),
        clauses: map.clauses(),
        items: map.columns(),
        rows,
        totals: map.row(sum_link, all.len(), Some(&sum)),
        weakest: map.weakest(&sum, all.len()),
        first_href: if skip == 0 { String::new() } else { visit.query.href(&path, &[("skip", "")]) },
        next_href: if next < order.len() {
            visit.query.href(&path, &[("skip", &next.to_string())])
        } else {
            String::new()
        },
    })
}

fn place_href(survey: &Survey, organisation: Id<Organisation>, role: &str) -> String {
    crate::query::href(&format!("{}/of/{organisation}", href(survey.id)), &[("role", role)])
}

/// The counts of several lines together.
pub(super) fn sum<'t>(tallies: impl Iterator<Item = &'t Tally>) -> Tally {
    let mut sum = Tally { targets: Some(0), ..Tally::default() };
    tallies.for_each(|tally| sum.absorb(tally));
    sum
}

/// What is undefined comes last.
fn weaker(one: Option<&&Tally>, other: Option<&&Tally>, formula: Formula) -> Ordering {
    let steps = |tally: Option<&&Tally>| {
        tally.and_then(|tally| implementation(tally, formula).rounded(1_000_000)).unwrap_or(u64::MAX)
    };
    steps(one).cmp(&steps(other))
}

/// A heat map being drawn: of organisations, or of the units of one.
pub(super) struct Map<'m> {
    /// For whom.
    pub visit: &'m Visit,
    /// Of which survey.
    pub survey: &'m Survey,
    /// What it asks.
    pub catalogue: &'m Catalogue,
    /// In which role.
    pub role: &'m str,
    /// What is not shown.
    pub hidden: &'m Withheld,
}

impl Map<'_> {
    fn formula(&self) -> Formula {
        self.survey.terms.variant.formula()
    }

    /// One line; `line` is its number among those of which it was decided what is withheld.
    pub(super) fn row(&self, link: Link, line: usize, tally: Option<&Tally>) -> Row {
        let cells = (0..self.catalogue.of_role(self.role).count())
            .map(|item| of_cell(tally, item, self.formula(), self.hidden.item(line, self.role, item)));
        let figure = tally.map_or(inspect::Figure::UNDEFINED, |tally| implementation(tally, self.formula()));
        Row { link, all: shown(&figure, self.hidden.role(line, self.role)), cells: cells.collect() }
    }

    /// The clauses above the items; none when the catalogue has none.
    pub(super) fn clauses(&self) -> Vec<Clause> {
        let mut clauses: Vec<Clause> = Vec::new();
        for item in self.catalogue.of_role(self.role) {
            let name = said(self.visit, &item.clause);
            match clauses.last_mut().filter(|last| last.name == name) {
                Some(last) => last.items += 1,
                None => clauses.push(Clause { name, items: 1 }),
            }
        }
        let named = clauses.iter().any(|clause| !clause.name.is_empty());
        if named { clauses } else { Vec::new() }
    }

    /// The items above the cells.
    pub(super) fn columns(&self) -> Vec<Column> {
        self.catalogue.of_role(self.role).map(|item| self.column(item)).collect()
    }

    fn column(&self, item: &Item) -> Column {
        let link = Link { name: item.reference.clone(), href: item_href(self.survey.id, &item.reference) };
        Column { link, title: said(self.visit, &item.title) }
    }

    /// The items that are done least by those whose counts these are; those that are done wholly are never among them.
    pub(super) fn weakest(&self, tally: &Tally, line: usize) -> Vec<Weak> {
        let shares = tally.cells.iter().map(|cell| of_item(*cell, self.formula()));
        let mut weak: BTreeMap<usize, Rate> = shares
            .enumerate()
            .filter(|(item, share)| share.part < share.whole && !self.hidden.item(line, self.role, *item))
            .collect();
        let mut found = Vec::new();
        while found.len() < WEAKEST_MAX {
            let least = weak.iter().min_by(|one, other| compare(*one.1, *other.1)).map(|(item, _)| *item);
            let Some(place) = least else { break };
            weak.remove(&place);
            let Some(item) = self.catalogue.of_role(self.role).nth(place) else { break };
            let column = self.column(item);
            let share = of_cell(Some(tally), place, self.formula(), false);
            found.push(Weak { link: column.link, title: column.title, share });
        }
        found
    }
}

/// Which of two defined shares is smaller, exactly.
fn compare(one: Rate, other: Rate) -> Ordering {
    let cross = |part: u64, whole: u64| u128::from(part) * u128::from(whole);
    cross(one.part, other.whole).cmp(&cross(other.part, one.whole))
}
