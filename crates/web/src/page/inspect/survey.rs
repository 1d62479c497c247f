//! One survey: how far it is, and its figures by role and by organisation (tables 2-2, 2-3 and 2-5 of the report).

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use base::{Id, Organisation, Right};
use inspect::catalogue::Catalogue;
use inspect::count::counts;
use inspect::survey::{State as Stage, Survey};
use inspect::{Results, Summary, Withheld, progress, trend};

use super::figure::{Both, Shown, both, shown};
use super::weak::{self, WeakForm};
use super::{crumb, found, href, lines, role_name, said, state_name, withheld};
use crate::App;
use crate::error::Failure;
use crate::frame::Frame;
use crate::markup::Markup;
use crate::page::part::Link;
use crate::visit::{Visit, render};
use crate::when;
use crate::words::count;

/// Organisations on one page.
pub(crate) const ROWS_MAX: usize = 150;
/// Surveys that are set side by side.
const YEARS_MAX: usize = 5;

#[derive(Template)]
#[template(path = "inspect/survey.html")]
struct SurveyPage {
    frame: Frame,
    state: String,
    kind: String,
    opens: Markup,
    closes: Markup,
    reference_day: String,
    edition: String,
    formula: String,
    formula_about: String,
    aggregation: String,
    whole: bool,
    withholds: bool,
    figures: bool,
    roles: Vec<RoleRow>,
    rows: Vec<Row>,
    totals: Option<RoleRow>,
    first_href: String,
    next_href: String,
    trend: Option<Trend>,
    links: Vec<Link>,
    steps: Vec<Step>,
    weak: Option<WeakForm>,
}

struct RoleRow {
    name: String,
    asked: String,
    answered: String,
    coverage: Both,
    implementation: Both,
    reach: Vec<Shown>,
}

struct Row {
    link: Link,
    asked: String,
    answered: String,
    missing: String,
    withdrawn: String,
    coverage: Shown,
    implementation: Shown,
}

/// Something that is decided about the survey as a whole.
struct Step {
    action: String,
    about: String,
    button: String,
}

/// Table 2-3: one survey after the other, and whether they may be compared.
struct Trend {
    surveys: Vec<Link>,
    rows: Vec<TrendRow>,
    all_comparable: bool,
}

struct TrendRow {
    name: String,
    figures: Vec<TrendFigure>,
}

struct TrendFigure {
    mean: String,
    /// Whether it may be compared with the one before it; of the first nothing is said.
    breaks: bool,
}

pub(crate) async fn show(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let (survey, catalogue) = found(&app, &visit, &id).await?;
    let (store, scope, words) = (&app.state.store, visit.scope(), visit.words);
    let counted = counts(store, scope, survey.id).await?;
    let formula = survey.terms.variant.formula();
    let results = inspect::results(&counted, &catalogue.roles(), formula);
    let lines = lines(&visit, &counted);
    let hidden = withheld(&visit, &survey, lines.iter().map(|(id, _)| *id), lines.iter().map(|(_, one)| one));
    let taken_back = progress::withdrawn(store, scope, survey.id).await?;
    let skip: usize = visit.query.parsed("skip")?.unwrap_or(0);
    let shown_lines = lines.iter().enumerate().skip(skip).take(ROWS_MAX);
    let rows = shown_lines.filter_map(|(line, (organisation, _))| {
        let summary = results.organisations.get(organisation)?;
        let withdrawn = taken_back.get(organisation).copied().unwrap_or(0);
        Some(row(&visit, &survey, *organisation, summary, withdrawn, hidden.line(line)))
    });
    let totals = lines.len();
    let variant = survey.terms.variant.word().replace('_', "-");
    let next = skip.saturating_add(ROWS_MAX);
    let path = href(survey.id);
    render(&SurveyPage {
        frame: visit.frame("/inspect", said(&visit, &survey.terms.title)),
        state: state_name(&visit, &survey),
        kind: words.get(&format!("inspect-kind-{}", survey.terms.kind.word().replace('_', "-"))),
        opens: visit.time(survey.terms.opens_at),
        closes: visit.time(survey.terms.closes_at),
        reference_day: when::date(visit.language(), survey.terms.reference_day),
        edition: crate::visible::neutral_short(&survey.terms.edition, 200),
        formula: words.get(&format!("inspect-variant-{variant}")),
        formula_about: words.get(&format!("inspect-formula-{variant}")),
        aggregation: words.get("inspect-aggregation-about"),
        whole: scope.everywhere(Right::ReadInspection),
        withholds: !hidden.is_nothing(),
        figures: !lines.is_empty(),
        roles: roles(&visit, &results, &hidden, totals),
        rows: rows.collect(),
        totals: Some(role_row(&visit, &results.all, hidden.line(totals))),
        first_href: if skip == 0 { String::new() } else { path.clone() },
        next_href: if next < totals {
            visit.query.href(&path, &[("skip", &next.to_string())])
        } else {
            String::new()
        },
        trend: trend_of(&app, &visit, &survey, &catalogue).await?,
        links: links(&visit, &survey),
        steps: steps(&visit, &survey),
        weak: weak::form(&visit, &survey),
    })
}

fn row(
    visit: &Visit,
    survey: &Survey,
    organisation: Id<Organisation>,
    summary: &Summary,
    withdrawn: u64,
    hidden: bool,
) -> Row {
    let missing = summary.asked.saturating_sub(summary.answered + withdrawn);
    Row {
        link: Link {
            name: visit.organisation_name(organisation),
            href: format!("{}/of/{organisation}", href(survey.id)),
        },
        asked: count(summary.asked),
        answered: count(summary.answered),
        missing: count(missing),
        withdrawn: count(withdrawn),
        coverage: shown(&summary.coverage, false),
        implementation: shown(&summary.implementation, hidden),
    }
}

fn roles(visit: &Visit, results: &Results, hidden: &Withheld, totals: usize) -> Vec<RoleRow> {
    results.roles.iter().map(|role| role_row(visit, role, hidden.role(totals, &role.role))).collect()
}

fn role_row(visit: &Visit, role: &inspect::OfRole, hidden: bool) -> RoleRow {
    RoleRow {
        name: match role.role.as_str() {
            "" => visit.words.get("inspect-all-roles"),
            role => role_name(visit, role),
        },
        asked: count(role.asked),
        answered: count(role.answered),
        coverage: both(&role.coverage, false),
        implementation: both(&role.implementation, hidden),
        reach: role.reach.iter().map(|one| both(one, hidden).mean).collect(),
    }
}

/// The surveys of the same kind up to this one, oldest first.
async fn trend_of(
    app: &App,
    visit: &Visit,
    survey: &Survey,
    catalogue: &Catalogue,
) -> Result<Option<Trend>, Failure> {
    let store = &app.state.store;
    let all = inspect::survey::surveys(store, visit.scope()).await?;
    let same = |one: &&Survey| {
        one.terms.kind == survey.terms.kind
            && one.state != Stage::Drafted
            && one.terms.reference_day <= survey.terms.reference_day
    };
    let mut years: Vec<&Survey> = all.iter().filter(same).collect();
    years.sort_by_key(|one| (one.terms.reference_day, one.made_at));
    let years: Vec<&Survey> = years.split_off(years.len().saturating_sub(YEARS_MAX));
    if years.len() < 2 || survey.state == Stage::Drafted {
        return Ok(None);
    }
    let mut known = Vec::new();
    for year in &years {
        let items = inspect::survey::survey(store, visit.scope(), year.id).await?.1;
        let counted = counts(store, visit.scope(), year.id).await?;
        let lines = lines(visit, &counted);
        let hidden = withheld(visit, year, lines.iter().map(|(id, _)| *id), lines.iter().map(|(_, one)| one));
        let results = inspect::results(&counted, &catalogue.roles(), year.terms.variant.formula());
        known.push((*year, items, results, hidden, lines.len()));
    }
    let figure = |place: usize, role: Option<usize>| {
        let (year, items, results, hidden, totals) = known.get(place)?;
        let (of, hidden) = match role.and_then(|role| results.roles.get(role)) {
            Some(role) => (role, hidden.role(*totals, &role.role)),
            None => (&results.all, hidden.line(*totals)),
        };
        let after = (items, year.terms.variant);
        let before = place.checked_sub(1).and_then(|place| known.get(place));
        let breaks = before.is_some_and(|(year, items, ..)| {
            let before = (items, year.terms.variant);
            match role {
                Some(_) => !trend::is_comparable(&of.role, before, after),
                None => !trend::is_comparable_overall(before, after),
            }
        });
        Some(TrendFigure { mean: both(&of.implementation, hidden).mean.percent, breaks })
    };
    let line = |name: String, role: Option<usize>| TrendRow {
        name,
        figures: (0..known.len()).filter_map(|place| figure(place, role)).collect(),
    };
    let mut rows: Vec<TrendRow> = catalogue
        .roles()
        .iter()
        .enumerate()
        .map(|(place, role)| line(role_name(visit, role), Some(place)))
        .collect();
    rows.push(line(visit.words.get("inspect-all-roles"), None));
    let all_comparable = rows.iter().flat_map(|row| &row.figures).all(|figure| !figure.breaks);
    let surveys = years.iter().map(|year| crumb(visit, year)).collect();
    Ok(Some(Trend { surveys, rows, all_comparable }))
}

fn links(visit: &Visit, survey: &Survey) -> Vec<Link> {
    let (path, keeps) = (href(survey.id), visit.scope().has(Right::KeepInspection));
    let link = |key: &str, rest: &str| Link { name: visit.words.get(key), href: format!("{path}/{rest}") };
    let mut links = vec![link("inspect-map-title", "map")];
    if keeps && survey.state != Stage::Closed {
        links.push(link("inspect-roster-title", "roster"));
    }
    if keeps && survey.state == Stage::Open {
        links.push(link("inspect-upload-title", "answers"));
    }
    links
}

fn steps(visit: &Visit, survey: &Survey) -> Vec<Step> {
    let word = match survey.state {
        _ if !visit.scope().everywhere(Right::KeepInspection) => return Vec::new(),
        Stage::Drafted => "open",
        Stage::Open => "close",
        Stage::Closed => return Vec::new(),
    };
    vec![Step {
        action: format!("{}/{word}", href(survey.id)),
        about: visit.words.get(&format!("inspect-{word}-about")),
        button: visit.words.get(&format!("inspect-{word}-button")),
    }]
}

/// Lets those on the roster answer.
pub(crate) async fn open(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id: Id<base::Survey> = id.parse().map_err(|_| Failure::not_found())?;
    inspect::survey::open(&app.state.store, visit.actor()?, id, visit.now).await?;
    Ok(Redirect::to(&href(id)).into_response())
}

/// Takes no answer any more.
pub(crate) async fn close(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id: Id<base::Survey> = id.parse().map_err(|_| Failure::not_found())?;
    inspect::survey::close(&app.state.store, visit.actor()?, id, visit.now).await?;
    Ok(Redirect::to(&href(id)).into_response())
}
