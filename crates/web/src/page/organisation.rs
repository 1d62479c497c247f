//! One organisation: what happens to it, and what the register says it owns.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use base::{Id, Language, Organisation as OrganisationId, Right};
use jiff::civil::Date;
use registry::{Asset, Validity};
use watch::organisation::{Day, Hour, Page};

use crate::App;
use crate::chart::Chart;
use crate::chart::hour_bars::{self, Bar, HourBars};
use crate::error::Failure;
use crate::frame::Frame;
use crate::markup::Markup;
use crate::page::part::{CampaignRow, Fact, Link, ThreatRow};
use crate::query::href;
use crate::visible::Foreign;
use crate::visit::{Visit, render};
use crate::when;
use crate::words::count;

/// Threats on the page.
pub(crate) const THREATS_MAX: u32 = 12;
/// Assets in the table.
const ASSETS_MAX: usize = 100;
/// Parts named.
const PARTS_MAX: usize = 40;
/// Hours between two labels of the axis.
const LABEL_EVERY_HOURS: usize = 3;
/// Days between two labels of the axis.
const LABEL_EVERY_DAYS: usize = 5;

#[derive(Template)]
#[template(path = "organisation.html")]
struct OrganisationPage {
    frame: Frame,
    parents: Vec<Link>,
    facts: Vec<Fact>,
    parts: Vec<Link>,
    threats_by_hour: Chart,
    events_by_hour: Chart,
    threats_by_day: Chart,
    rules: Vec<Ranked>,
    actors: Vec<Ranked>,
    threats: Vec<ThreatRow>,
    threats_href: String,
    campaigns: Vec<CampaignRow>,
    assets_title: String,
    assets: Vec<AssetRow>,
}

struct Ranked {
    name: Foreign,
    href: String,
    threats: String,
    detections: String,
    last: Markup,
}

struct AssetRow {
    kind: String,
    value: Foreign,
    system: Foreign,
    criticality: String,
    validity: String,
}

pub(crate) async fn show(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id: Id<OrganisationId> = id.parse().map_err(|_| Failure::not_found())?;
    let found = watch::organisation::page(
        &app.state.store,
        &visit.registry,
        visit.scope(),
        id,
        visit.now,
        THREATS_MAX,
    )
    .await?;
    render(&page(&visit, &found))
}

fn page(visit: &Visit, found: &Page) -> OrganisationPage {
    let (words, id) = (visit.words, found.organisation.to_string());
    let assets: Vec<&Asset> = match visit.scope().covers(Right::ReadRegistry, Some(found.organisation)) {
        true => visit.registry.assets().iter().filter(|one| one.organisation == found.organisation).collect(),
        false => Vec::new(),
    };
    let mut parents: Vec<Link> =
        visit.registry.ancestors(found.organisation).map(|one| visit.organisation(one.id)).collect();
    parents.reverse();
    OrganisationPage {
        frame: visit.frame("/organisations", visit.organisation_name(found.organisation)),
        parents,
        facts: facts(visit, found),
        parts: visit
            .registry
            .children(found.organisation)
            .take(PARTS_MAX)
            .map(|one| visit.organisation(one.id))
            .collect(),
        threats_by_hour: by_hour(visit, found, "organisation-threats-by-hour", "column-threats", |hour| {
            hour.threats
        }),
        events_by_hour: by_hour(visit, found, "organisation-events-by-hour", "column-events", |hour| {
            hour.counts.events
        }),
        threats_by_day: by_day(visit, &found.days),
        rules: found
            .top_rules
            .iter()
            .map(|rule| Ranked {
                name: rule.title.as_str().into(),
                href: href("/threats", &[("organisation", &id), ("rule", &rule.rule_id), ("period", "30d")]),
                threats: count(rule.threats),
                detections: count(rule.detections),
                last: visit.time(rule.last_at),
            })
            .collect(),
        actors: found
            .top_actors
            .iter()
            .map(|actor| Ranked {
                name: actor.actor.as_str().into(),
                href: href("/threats", &[("organisation", &id), ("text", &actor.actor), ("period", "30d")]),
                threats: count(actor.threats),
                detections: count(actor.detections),
                last: visit.time(actor.last_at),
            })
            .collect(),
        threats: found.threats.iter().map(|threat| ThreatRow::new(visit, threat)).collect(),
        threats_href: href("/threats", &[("organisation", &id), ("period", "30d")]),
        campaigns: found.campaigns.iter().map(|campaign| CampaignRow::new(visit, campaign)).collect(),
        assets_title: words.with("organisation-assets", &[("n", (assets.len() as u64).into())]),
        assets: assets.into_iter().take(ASSETS_MAX).map(|asset| asset_row(visit, asset)).collect(),
    }
}

fn facts(visit: &Visit, found: &Page) -> Vec<Fact> {
    let fact = |key: &str, value: String| Fact {
        name: visit.words.get(key),
        value: Foreign(value),
        href: String::new(),
    };
    let mut facts = Vec::new();
    if let Some(own) = visit.registry.organisation(found.organisation) {
        facts.push(fact("organisation-other-name", own.name(other(visit.language())).to_owned()));
        facts.push(fact("organisation-kind", visit.words.get(&format!("org-kind-{}", own.kind.word()))));
        facts.push(fact("organisation-key", own.key.clone()));
    }
    facts.push(fact("organisation-threats-total", count(found.threats_total)));
    facts.push(fact("organisation-normal-total", count(found.normal_total)));
    let last = found.last_event_at.map(|last| when::full(visit.language(), last));
    facts.push(fact("column-last-event", last.unwrap_or_else(|| visit.words.get("unknown-value"))));
    facts
}

fn other(language: Language) -> Language {
    match language {
        Language::Ja => Language::En,
        Language::En => Language::Ja,
    }
}

fn by_hour(visit: &Visit, found: &Page, title: &str, value: &str, of: fn(&Hour) -> u64) -> Chart {
    let bar = |(place, hour): (usize, &Hour)| Bar {
        label: if place.is_multiple_of(LABEL_EVERY_HOURS) {
            when::hour(visit.language(), hour.at)
        } else {
            String::new()
        },
        label_full: when::short(visit.language(), hour.at),
        value: of(hour),
    };
    hour_bars::draw(&HourBars {
        title: &visit.words.get(title),
        hour_heading: &visit.words.get("column-hour"),
        value_heading: &visit.words.get(value),
        bars: found.hours.iter().enumerate().map(bar).collect(),
    })
}

fn by_day(visit: &Visit, days: &[Day]) -> Chart {
    let last = days.len().saturating_sub(1);
    let bar = |(place, day): (usize, &Day)| {
        let label = when::day(visit.language(), day.day);
        Bar {
            label: if (last - place).is_multiple_of(LABEL_EVERY_DAYS) {
                label.clone()
            } else {
                String::new()
            },
            label_full: label,
            value: day.threats_by_level.iter().sum(),
        }
    };
    hour_bars::draw(&HourBars {
        title: &visit.words.get("organisation-threats-by-day"),
        hour_heading: &visit.words.get("column-date"),
        value_heading: &visit.words.get("column-threats"),
        bars: days.iter().enumerate().map(bar).collect(),
    })
}

fn asset_row(visit: &Visit, asset: &Asset) -> AssetRow {
    AssetRow {
        kind: visit.words.get(&format!("asset-{}", asset.kind.word().replace('_', "-"))),
        value: asset.value.as_str().into(),
        system: asset.system.as_str().into(),
        criticality: visit.words.get(&format!("criticality-{}", asset.criticality.word())),
        validity: validity(visit, asset.validity),
    }
}

fn validity(visit: &Visit, validity: Validity) -> String {
    let text = |day: Date| when::date(visit.language(), day);
    let (from, until) = (validity.from > Validity::FIRST, validity.until < Validity::LAST);
    match (from, until) {
        (false, false) => visit.words.get("validity-always"),
        (true, false) => visit.words.with("validity-from", &[("from", text(validity.from).into())]),
        (false, true) => visit.words.with("validity-until", &[("until", text(validity.until).into())]),
        (true, true) => visit.words.with(
            "validity-between",
            &[("from", text(validity.from).into()), ("until", text(validity.until).into())],
        ),
    }
}
