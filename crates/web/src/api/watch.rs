//! The board, threats and campaigns.

use base::{
    Campaign as CampaignKind, EventId, Id, Organisation, Period, Right, Severity, Threat as ThreatKind,
};
use base::{Timestamp, Tlp};
use watch::board::OrganisationRow;
use watch::campaign::Sharing;
use watch::judge::Verdict;
use watch::threat::{Filter, Ruling};

use super::asked::Asked;
use super::operation::Operation;
use super::reply::Reply;
use super::schema::{Form, Page, Said, Schema, Shape as _, Word, request, shape};
use crate::error::Failure;
use crate::page::board::THREATS_MAX as BOARD_THREATS_MAX;
use crate::page::campaign::THREATS_MAX as CAMPAIGN_THREATS_MAX;
use crate::page::threat::{DETECTIONS_MAX, REASON_CHARACTERS_MAX};
use crate::route::Needs;

/// Threats of one page.
const THREATS_MAX: u32 = 200;
/// Campaigns of one page.
const CAMPAIGNS_MAX: u32 = 100;
/// Characters of the text of a filter, as the pages read it.
pub(super) const TEXT_CHARACTERS_MAX: usize = crate::query::VALUE_CHARACTERS_MAX;

shape! {
    /// What the watch sees at a glance.
    Board {
        period: Span, threats_total: u64, threats: Vec<Threat>, organisations: Vec<Day>, campaigns: Vec<Campaign>,
        shift: Shift, events: u64, detections: u64, unread: u64, normal: u64
    }
}

shape! {
    /// From when to when.
    Span { start: Timestamp, end: Timestamp }
}

shape! {
    /// One organisation's last 24 hours.
    Day {
        id: Id<Organisation>, name_ja: String, name_en: String, threats_by_hour: Vec<u64>,
        threats_by_level: Levels, level_max: Option<Word<Severity>>, events: u64, last_event_at: Option<Timestamp>
    }
}

shape! {
    /// How many of each level.
    Levels { informational: u64, low: u64, medium: u64, high: u64, critical: u64 }
}

shape! {
    /// What changed since the shift began.
    Shift {
        since: Timestamp, threats: u64, threats_before: u64, newly_hit: Vec<Id<Organisation>>,
        new_rules: Vec<NewRule>, campaigns: u64, decisions: u64
    }
}

shape! {
    /// A rule that fired since the shift began and not in the day before.
    NewRule { rule_id: String, title: String, threats: u64 }
}

shape! {
    /// One line of the list of threats.
    Threat {
        id: Id<ThreatKind>, number: String, organisation: Id<Organisation>, rule_id: String, title: String,
        level: Word<Severity>, techniques: Vec<String>, actor: String, target: String, first_at: Timestamp,
        last_at: Timestamp, detections: u64, verdict: Word<Verdict>, score: u32, reasons: Vec<Reason>,
        decision: Option<Decision>, campaigns: Vec<Id<CampaignKind>>
    }
}

shape! {
    /// What one angle said.
    Reason { angle: String, weight: i32, facts: Vec<Fact>, sentence: String }
}

shape! {
    /// A name and a value.
    Fact { name: String, value: String }
}

shape! {
    /// What an analyst decided.
    Decision { verdict: Word<Verdict>, reason: String, by: String, at: Timestamp }
}

shape! {
    /// A threat with what made it one.
    ThreatDetail {
        threat: Threat, detections: Vec<Detection>, observables: Vec<Counted>, elsewhere: Vec<Elsewhere>,
        earlier_decisions: Vec<Decision>
    }
}

shape! {
    /// One rule or indicator that matched one event.
    Detection {
        event: EventId, time: Timestamp, rule_id: String, level: Word<Severity>, route: String, fields: Vec<Fact>,
        actor: String, target: String
    }
}

shape! {
    /// A value seen.
    Observable { kind: Word<base::ObservableKind>, value: String }
}

shape! {
    /// A value seen, and how often.
    Counted { observable: Observable, times: u64 }
}

shape! {
    /// Where else the same thing was seen.
    Elsewhere { organisation: Id<Organisation>, threats: u64, last_at: Timestamp, observable: Option<Observable> }
}

shape! {
    /// The same observable at two or more organisations.
    Campaign {
        id: Id<CampaignKind>, number: String, observable: Observable, level: Word<Severity>, tlp: Word<Tlp>,
        members: Vec<Member>, organisations_total: u64, first_at: Timestamp, last_at: Timestamp,
        raised_at: Option<Timestamp>
    }
}

shape! {
    /// One organisation in a campaign.
    Member {
        organisation: Id<Organisation>, first_at: Timestamp, last_at: Timestamp, threats: u64, detections: u64
    }
}

shape! {
    /// A campaign with the threats that may be seen.
    CampaignDetail { campaign: Campaign, threats: Vec<Threat> }
}

request! {
    /// What somebody decides about a threat.
    Decide { verdict: Word<Verdict>, reason: Said<REASON_CHARACTERS_MAX> }
}

request! {
    /// How far a campaign may be told.
    Share { tlp: Word<Tlp>, reason: Said<REASON_CHARACTERS_MAX> }
}

/// The operations of the watch.
pub(super) fn operations() -> Vec<Operation> {
    let watching = Needs::Right(Right::ReadWatch);
    let (deciding, sharing) = (Needs::Right(Right::Decide), Needs::Right(Right::Share));
    let text = || Schema::text(TEXT_CHARACTERS_MAX);
    vec![
        Operation::get("get_board", "/api/v1/board", watching, |asked| Box::pin(board(asked)))
            .gives::<Board>(),
        Operation::get("list_threats", "/api/v1/threats", watching, |asked| Box::pin(threats(asked)))
            .may_have("from", Schema::Text(Form::Moment))
            .may_have("to", Schema::Text(Form::Moment))
            .may_have("organisation", Id::<Organisation>::schema())
            .may_have("verdict", Word::<Verdict>::schema())
            .may_have("level", Word::<Severity>::schema())
            .may_have("rule", text())
            .may_have("text", text())
            .in_pages(THREATS_MAX)
            .gives::<Page<Threat>>(),
        Operation::get("get_threat", "/api/v1/threats/{id}", watching, |asked| Box::pin(threat(asked)))
            .at::<Id<ThreatKind>>("id")
            .gives::<ThreatDetail>(),
        Operation::post("decide_threat", "/api/v1/threats/{id}/decision", deciding, |asked| {
            Box::pin(decide(asked))
        })
        .at::<Id<ThreatKind>>("id")
        .takes::<Decide>()
        .gives::<Threat>(),
        Operation::get("list_campaigns", "/api/v1/campaigns", watching, |asked| Box::pin(campaigns(asked)))
            .may_have("from", Schema::Text(Form::Moment))
            .may_have("to", Schema::Text(Form::Moment))
            .may_have("organisation", Id::<Organisation>::schema())
            .in_pages(CAMPAIGNS_MAX)
            .gives::<Page<Campaign>>(),
        Operation::get("get_campaign", "/api/v1/campaigns/{id}", watching, |asked| Box::pin(campaign(asked)))
            .at::<Id<CampaignKind>>("id")
            .gives::<CampaignDetail>(),
        Operation::post("share_campaign", "/api/v1/campaigns/{id}/sharing", sharing, |asked| {
            Box::pin(share(asked))
        })
        .at::<Id<CampaignKind>>("id")
        .takes::<Share>()
        .gives::<Campaign>(),
    ]
}

async fn board(asked: Asked) -> Result<Reply, Failure> {
    let board = watch::board::board(
        &asked.app.state.store,
        &asked.visit.registry,
        asked.scope(),
        asked.now(),
        BOARD_THREATS_MAX,
    )
    .await?;
    let shift = &board.shift;
    Reply::json(&Board {
        period: span(board.period),
        threats_total: board.threats_total,
        threats: board.threats.iter().map(|one| threat_of(&asked, one)).collect(),
        organisations: board.organisations.iter().map(|row| day(&asked, row)).collect(),
        campaigns: board.campaigns.iter().map(campaign_of).collect(),
        shift: Shift {
            since: shift.since,
            threats: shift.threats.0,
            threats_before: shift.threats.1,
            newly_hit: shift.newly_hit.clone(),
            new_rules: shift.new_rules.iter().map(new_rule).collect(),
            campaigns: shift.campaigns,
            decisions: shift.decisions,
        },
        events: board.intake.events,
        detections: board.intake.detections,
        unread: board.intake.unread,
        normal: board.intake.normal,
    })
}

fn new_rule((rule_id, title, threats): &(String, String, u64)) -> NewRule {
    NewRule { rule_id: rule_id.clone(), title: title.clone(), threats: *threats }
}

pub(super) fn span(period: Period) -> Span {
    Span { start: period.start, end: period.end }
}

/// One organisation's line.
pub(super) fn day(asked: &Asked, row: &OrganisationRow) -> Day {
    let known = asked.visit.registry.organisation(row.organisation);
    Day {
        id: row.organisation,
        name_ja: known.map(|one| one.name_ja.clone()).unwrap_or_default(),
        name_en: known.map(|one| one.name_en.clone()).unwrap_or_default(),
        threats_by_hour: row.threats_by_hour.clone(),
        threats_by_level: levels(row.threats_by_level),
        level_max: row.level_max.map(Word),
        events: row.events,
        last_event_at: row.last_event_at,
    }
}

/// Figures in the order of [`Severity::ALL`], under their names.
pub(super) fn levels([informational, low, medium, high, critical]: [u64; 5]) -> Levels {
    Levels { informational, low, medium, high, critical }
}

async fn threats(asked: Asked) -> Result<Reply, Failure> {
    let filter = Filter {
        period: asked.period()?,
        organisation: asked.parsed("organisation")?,
        verdict: asked.parsed("verdict")?,
        level_min: asked.parsed("level")?,
        rule_id: asked.text("rule").map(str::to_owned),
        text: asked.text("text").map(str::to_owned),
    };
    let (store, after) = (&asked.app.state.store, asked.cursor()?);
    let list = watch::threat::list(store, asked.scope(), &filter, asked.limit(), after).await?;
    asked.page(list.threats.iter().map(|one| threat_of(&asked, one)).collect(), list.next)
}

/// A threat as its reader may see it.
pub(super) fn threat_of(asked: &Asked, one: &watch::threat::Threat) -> Threat {
    let reason = |reason: &watch::judge::Reason| Reason {
        angle: crate::reason::word(reason.angle).replace('-', "_"),
        weight: reason.weight,
        facts: facts(&reason.facts),
        sentence: crate::reason::sentence(&asked.visit, reason),
    };
    Threat {
        id: one.id,
        number: one.number.clone(),
        organisation: one.organisation,
        rule_id: one.rule_id.clone(),
        title: one.title.clone(),
        level: Word(one.level),
        techniques: one.techniques.clone(),
        actor: one.actor.clone(),
        target: one.target.clone(),
        first_at: one.first_at,
        last_at: one.last_at,
        detections: one.detections,
        verdict: Word(one.verdict),
        score: one.score,
        reasons: one.reasons.iter().map(reason).collect(),
        decision: one.decision.as_ref().map(decision_of),
        campaigns: one.campaigns.clone(),
    }
}

fn facts(facts: &[(String, String)]) -> Vec<Fact> {
    facts.iter().map(|(name, value)| Fact { name: name.clone(), value: value.clone() }).collect()
}

fn decision_of(one: &watch::threat::Decision) -> Decision {
    Decision { verdict: Word(one.verdict), reason: one.reason.clone(), by: one.by.clone(), at: one.at }
}

/// A value seen.
pub(super) fn observable(one: &base::Observable) -> Observable {
    Observable { kind: Word(one.kind), value: one.value.clone() }
}

async fn threat(asked: Asked) -> Result<Reply, Failure> {
    let found =
        watch::threat::page(&asked.app.state.store, asked.scope(), asked.id()?, DETECTIONS_MAX).await?;
    let detection = |one: &watch::detect::Detection| Detection {
        event: one.event,
        time: one.time,
        rule_id: one.rule_id.clone(),
        level: Word(one.level),
        route: one.route.clone(),
        fields: facts(&one.fields),
        actor: one.actor.clone(),
        target: one.target.clone(),
    };
    let elsewhere = |one: &watch::threat::Elsewhere| Elsewhere {
        organisation: one.organisation,
        threats: one.threats,
        last_at: one.last_at,
        observable: one.observable.as_ref().map(observable),
    };
    let seen =
        |(one, times): &(base::Observable, u64)| Counted { observable: observable(one), times: *times };
    Reply::json(&ThreatDetail {
        threat: threat_of(&asked, &found.threat),
        detections: found.detections.iter().map(detection).collect(),
        observables: found.observables.iter().map(seen).collect(),
        elsewhere: found.elsewhere.iter().map(elsewhere).collect(),
        earlier_decisions: found.earlier_decisions.iter().map(decision_of).collect(),
    })
}

async fn decide(mut asked: Asked) -> Result<Reply, Failure> {
    let (id, sent): (Id<ThreatKind>, Decide) = (asked.id()?, asked.json()?);
    let ruling = Ruling { verdict: sent.verdict.0, reason: sent.reason.0, at: asked.now() };
    let (store, policy) = (&asked.app.state.store, &asked.app.state.policy);
    let mut tx = store.write().await?;
    watch::threat::decide(&mut tx, asked.actor()?, id, &ruling, policy).await?;
    tx.commit().await?;
    let found = watch::threat::page(store, asked.scope(), id, 0).await?;
    Reply::json(&threat_of(&asked, &found.threat))
}

async fn campaigns(asked: Asked) -> Result<Reply, Failure> {
    let filter =
        watch::campaign::Filter { period: asked.period()?, organisation: asked.parsed("organisation")? };
    let (store, after) = (&asked.app.state.store, asked.cursor()?);
    let list = watch::campaign::list(store, asked.scope(), &filter, asked.limit(), after).await?;
    asked.page(list.campaigns.iter().map(campaign_of).collect(), list.next)
}

/// A campaign as its reader may see it.
pub(super) fn campaign_of(one: &watch::campaign::Campaign) -> Campaign {
    let member = |one: &watch::campaign::Member| Member {
        organisation: one.organisation,
        first_at: one.first_at,
        last_at: one.last_at,
        threats: one.threats,
        detections: one.detections,
    };
    Campaign {
        id: one.id,
        number: one.number.clone(),
        observable: observable(&one.observable),
        level: Word(one.level),
        tlp: Word(one.tlp),
        members: one.members.iter().map(member).collect(),
        organisations_total: one.organisations_total,
        first_at: one.first_at,
        last_at: one.last_at,
        raised_at: one.raised_at,
    }
}

async fn campaign(asked: Asked) -> Result<Reply, Failure> {
    let store = &asked.app.state.store;
    let found = watch::campaign::page(store, asked.scope(), asked.id()?, CAMPAIGN_THREATS_MAX).await?;
    Reply::json(&CampaignDetail {
        campaign: campaign_of(&found.campaign),
        threats: found.threats.iter().map(|one| threat_of(&asked, one)).collect(),
    })
}

async fn share(mut asked: Asked) -> Result<Reply, Failure> {
    let (id, sent): (Id<CampaignKind>, Share) = (asked.id()?, asked.json()?);
    let sharing = Sharing { tlp: sent.tlp.0, reason: sent.reason.0, at: asked.now() };
    let mut tx = asked.app.state.store.write().await?;
    watch::campaign::share(&mut tx, asked.actor()?, id, &sharing).await?;
    tx.commit().await?;
    let found = watch::campaign::page(&asked.app.state.store, asked.scope(), id, 0).await?;
    Reply::json(&campaign_of(&found.campaign))
}
