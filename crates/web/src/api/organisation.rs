//! Organisations as the watch sees them.

use base::{Id, Organisation, Right, Timestamp};
use jiff::civil::Date;
use watch::threat::{ActorCount, RuleCount};

use super::asked::Asked;
use super::operation::Operation;
use super::reply::Reply;
use super::schema::{Page, Word, shape};
use super::watch::{Campaign, Day, Levels, Span, Threat, campaign_of, day, levels, span, threat_of};
use crate::error::Failure;
use crate::page::organisation::THREATS_MAX;
use crate::route::Needs;

/// Organisations of one page.
const ORGANISATIONS_MAX: u32 = 500;

shape! {
    /// What happens at one organisation.
    OrganisationDetail {
        id: Id<Organisation>, key: String, name_ja: String, name_en: String, kind: String,
        parents: Vec<Id<Organisation>>, parts: Vec<Id<Organisation>>, period: Span, days: Vec<DayFigures>,
        hours: Vec<HourFigures>, top_rules: Vec<Rule>, top_actors: Vec<Actor>, threats: Vec<Threat>,
        threats_total: u64, normal_total: u64, campaigns: Vec<Campaign>, last_event_at: Option<Timestamp>
    }
}

shape! {
    /// One day in Japan.
    DayFigures { day: Date, threats_by_level: Levels }
}

shape! {
    /// One hour.
    HourFigures { at: Timestamp, threats: u64, events: u64, detections: u64, unread: u64 }
}

shape! {
    /// A rule and how often it fired.
    Rule {
        rule_id: String, title: String, level: Word<base::Severity>, threats: u64, detections: u64,
        last_at: Timestamp
    }
}

shape! {
    /// An actor and how often it was seen.
    Actor { actor: String, threats: u64, detections: u64, last_at: Timestamp }
}

/// The operations about organisations.
pub(super) fn operations() -> Vec<Operation> {
    let watching = Needs::Right(Right::ReadWatch);
    vec![
        Operation::get("list_organisations", "/api/v1/organisations", watching, |asked| {
            Box::pin(list(asked))
        })
        .in_pages(ORGANISATIONS_MAX)
        .gives::<Page<Day>>(),
        Operation::get("get_organisation", "/api/v1/organisations/{id}", watching, |asked| {
            Box::pin(one(asked))
        })
        .at::<Id<Organisation>>("id")
        .gives::<OrganisationDetail>(),
    ]
}

async fn list(asked: Asked) -> Result<Reply, Failure> {
    let board =
        watch::board::board(&asked.app.state.store, &asked.visit.registry, asked.scope(), asked.now(), 0)
            .await?;
    asked.page_of(&board.organisations, |row| row.organisation.to_string(), |row| day(&asked, row))
}

async fn one(asked: Asked) -> Result<Reply, Failure> {
    let (store, id) = (&asked.app.state.store, asked.id()?);
    let found =
        watch::organisation::page(store, &asked.visit.registry, asked.scope(), id, asked.now(), THREATS_MAX)
            .await?;
    let registry = &asked.visit.registry;
    // One that was taken in a moment ago is there without its name.
    let known = registry.organisation(id);
    Reply::json(&OrganisationDetail {
        id,
        key: known.map(|one| one.key.clone()).unwrap_or_default(),
        name_ja: known.map(|one| one.name_ja.clone()).unwrap_or_default(),
        name_en: known.map(|one| one.name_en.clone()).unwrap_or_default(),
        kind: known.map(|one| one.kind.word().to_owned()).unwrap_or_default(),
        parents: registry.ancestors(id).map(|one| one.id).collect(),
        parts: registry.children(id).map(|one| one.id).collect(),
        period: span(found.period),
        days: found.days.iter().map(day_figures).collect(),
        hours: found.hours.iter().map(hour_figures).collect(),
        top_rules: found.top_rules.iter().map(rule).collect(),
        top_actors: found.top_actors.iter().map(actor).collect(),
        threats: found.threats.iter().map(|one| threat_of(&asked, one)).collect(),
        threats_total: found.threats_total,
        normal_total: found.normal_total,
        campaigns: found.campaigns.iter().map(campaign_of).collect(),
        last_event_at: found.last_event_at,
    })
}

fn day_figures(one: &watch::organisation::Day) -> DayFigures {
    DayFigures { day: one.day, threats_by_level: levels(one.threats_by_level) }
}

fn hour_figures(one: &watch::organisation::Hour) -> HourFigures {
    let counts = &one.counts;
    HourFigures {
        at: one.at,
        threats: one.threats,
        events: counts.events,
        detections: counts.detections,
        unread: counts.unread,
    }
}

fn rule(one: &RuleCount) -> Rule {
    Rule {
        rule_id: one.rule_id.clone(),
        title: one.title.clone(),
        level: Word(one.level),
        threats: one.threats,
        detections: one.detections,
        last_at: one.last_at,
    }
}

fn actor(one: &ActorCount) -> Actor {
    Actor { actor: one.actor.clone(), threats: one.threats, detections: one.detections, last_at: one.last_at }
}
