//! The judged group of detections that is counted.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use base::{
    Actor, Campaign, Confidentiality, EventId, Id, Observable, Organisation, Period, Right, Scope, Severity,
    Signal, Threat as ThreatKind, Timestamp,
};
use jiff::SignedDuration;
use store::{Store, Tx, clean, micros};

use crate::detect::Detection;
use crate::judge::{Reason, Verdict};
use crate::policy::Policy;
use crate::sql::threat as sql;
use crate::{Error, campaign};

/// Detections of one rule at one organisation by one actor against one target within one window, judged.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Threat {
    /// Its name for ever: made from what it groups, so that judging twice gives one threat.
    pub id: Id<ThreatKind>,
    /// The number for people, as `naibu-2026-0415`: a label, never a key.
    pub number: String,
    /// Whose it is.
    pub organisation: Id<Organisation>,
    /// The Sigma rule's id, or `indicator`.
    pub rule_id: String,
    /// The rule's title.
    pub title: String,
    /// The rule's level.
    pub level: Severity,
    /// ATT&CK techniques.
    pub techniques: Vec<String>,
    /// Who did it; empty when unknown.
    pub actor: String,
    /// Whom it was done to; empty when unknown.
    pub target: String,
    /// First event.
    pub first_at: Timestamp,
    /// Last event so far.
    pub last_at: Timestamp,
    /// How many detections it groups.
    pub detections: u64,
    /// What the machine or the analyst decided.
    pub verdict: Verdict,
    /// What every angle said, in the order they were asked.
    pub reasons: Vec<Reason>,
    /// Weight of the reasons together, 0 to 100; the board sorts by it.
    pub score: u32,
    /// The analyst's decision, when there is one; it wins over the machine's.
    pub decision: Option<Decision>,
    /// The campaigns it belongs to.
    pub campaigns: Vec<Id<Campaign>>,
}

/// What an analyst says about a threat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruling {
    /// Threat or normal.
    pub verdict: Verdict,
    /// In the analyst's words; never empty.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// What an analyst decided, and why; it counts in later judgements of the same shape.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Decision {
    /// Threat or normal.
    pub verdict: Verdict,
    /// In the analyst's words; never empty.
    pub reason: String,
    /// Who decided: the label of the actor, an account's id.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// One line of a list of threats.
pub type Row = Threat;

/// Everything the page of one threat shows.
#[derive(Clone, Debug)]
pub struct Page {
    /// The threat itself.
    pub threat: Threat,
    /// Its detections, newest first, at most the limit asked for; `threat.detections` has the full count.
    pub detections: Vec<Detection>,
    /// Observables of its events, most seen first.
    pub observables: Vec<(Observable, u64)>,
    /// Other organisations (inside the scope) with the same rule or observable: organisation, threats, last.
    pub elsewhere: Vec<Elsewhere>,
    /// Earlier decisions on the same shape (rule, actor's network, organisation), newest first.
    pub earlier_decisions: Vec<Decision>,
    /// Ids of events, to be fetched from the lake for their raw text, newest first.
    pub events: Vec<EventId>,
}

/// Where else the same thing was seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Elsewhere {
    /// Which organisation.
    pub organisation: Id<Organisation>,
    /// How many threats there share an observable or the rule.
    pub threats: u64,
    /// The last of them.
    pub last_at: Timestamp,
    /// The observable they share; `None` when it is only the rule.
    pub observable: Option<Observable>,
}

/// What to list. Every field narrows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only within this period (by last event).
    pub period: Option<Period>,
    /// Only of this organisation.
    pub organisation: Option<Id<Organisation>>,
    /// Only with this verdict; `None` is both.
    pub verdict: Option<Verdict>,
    /// Only at this level or above.
    pub level_min: Option<Severity>,
    /// Only of this rule.
    pub rule_id: Option<String>,
    /// Only whose title, actor, target or number contains this text.
    pub text: Option<String>,
}

pub use crate::ingest::{
    DETECTIONS_KEPT_FIRST, DETECTIONS_KEPT_LATEST, OBSERVABLES_MAX, Raised, SIGHTINGS_MAX, ingest,
};

/// Where a list goes on: after this threat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct After {
    /// Its last event.
    pub last_at: Timestamp,
    /// Which.
    pub id: Id<ThreatKind>,
}

impl fmt::Display for After {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", micros(self.last_at), self.id)
    }
}

impl FromStr for After {
    type Err = store::Error;

    fn from_str(text: &str) -> Result<Self, store::Error> {
        let (last_at, id) = text.rsplit_once('-').unwrap_or_default();
        Ok(Self {
            last_at: store::instant(store::parse(last_at, "a place in a list")?)?,
            id: store::parse(id, "a place in a list")?,
        })
    }
}

/// One page of a list.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// Newest last event first.
    pub threats: Vec<Row>,
    /// Where the next page begins, when there is one.
    pub next: Option<After>,
}

/// A rule and how often it fired.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct RuleCount {
    /// The rule's id, or `indicator`.
    pub rule_id: String,
    /// Its title, as the last of its threats has it.
    pub title: String,
    /// The highest level among them.
    pub level: Severity,
    /// How many threats (or normal groups, as the filter says).
    pub threats: u64,
    /// How many detections in them.
    pub detections: u64,
    /// At how many organisations inside the scope.
    pub organisations: u64,
    /// The last event.
    pub last_at: Timestamp,
}

/// An actor and how often it was seen.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ActorCount {
    /// Who.
    pub actor: String,
    /// How many threats.
    pub threats: u64,
    /// How many detections in them.
    pub detections: u64,
    /// At how many organisations inside the scope.
    pub organisations: u64,
    /// The last event.
    pub last_at: Timestamp,
}

/// Threats (or normal groups, as the filter says) in scope, newest last event first.
pub async fn list(
    store: &Store,
    scope: &Scope,
    filter: &Filter,
    limit: u32,
    after: Option<After>,
) -> Result<List, Error> {
    let mut read = store.read().await?;
    list_in(read.connection(), scope, filter, limit, after).await
}

pub(crate) async fn list_in(
    connection: &mut store::Connection,
    scope: &Scope,
    filter: &Filter,
    limit: u32,
    after: Option<After>,
) -> Result<List, Error> {
    let mut threats = sql::threats(connection, scope, filter, limit.saturating_add(1), after).await?;
    let more = threats.len() > limit as usize;
    threats.truncate(limit as usize);
    let next = threats.last().filter(|_| more).map(|last| After { last_at: last.last_at, id: last.id });
    Ok(List { threats, next })
}

/// How many a list would show in all.
pub async fn count(store: &Store, scope: &Scope, filter: &Filter) -> Result<u64, Error> {
    sql::count_threats(store.read().await?.connection(), scope, filter).await
}

/// The rules with the most threats, most first.
pub async fn top_rules(
    store: &Store,
    scope: &Scope,
    filter: &Filter,
    limit: u32,
) -> Result<Vec<RuleCount>, Error> {
    sql::top_rules(store.read().await?.connection(), scope, filter, limit).await
}

/// The actors with the most threats, most first; without those nobody knows.
pub async fn top_actors(
    store: &Store,
    scope: &Scope,
    filter: &Filter,
    limit: u32,
) -> Result<Vec<ActorCount>, Error> {
    sql::top_actors(store.read().await?.connection(), scope, filter, limit).await
}

/// How many last events each organisation's threats had in each hour: organisation, the hour's first instant, count.
pub async fn by_organisation_and_hour(
    store: &Store,
    scope: &Scope,
    period: Period,
) -> Result<Vec<(Id<Organisation>, Timestamp, u64)>, Error> {
    let cells = crate::sql::board::cells(store.read().await?.connection(), scope, period).await?;
    let mut hours: Vec<(Id<Organisation>, Timestamp, u64)> = Vec::new();
    for cell in cells {
        match hours.last_mut().filter(|last| (last.0, last.1) == (cell.organisation, cell.hour)) {
            Some(last) => last.2 += cell.threats,
            None => hours.push((cell.organisation, cell.hour, cell.threats)),
        }
    }
    Ok(hours)
}

pub(crate) async fn of_campaign(
    connection: &mut store::Connection,
    scope: &Scope,
    campaign: Id<Campaign>,
    limit: u32,
) -> Result<Vec<Threat>, Error> {
    sql::threats_of_campaign(connection, scope, campaign, limit).await
}

/// Organisations and rules shown on a threat's page as seen elsewhere, at most.
const ELSEWHERE_MAX: u32 = 50;
/// Earlier decisions shown on a threat's page, at most.
const EARLIER_MAX: u32 = 20;
/// How long before and after a threat the same thing elsewhere is of interest.
const ELSEWHERE_REACH: SignedDuration = SignedDuration::from_hours(24 * 7);

/// Everything the page of one threat shows, with at most `limit` detections; none for whoever may not read logs.
pub async fn page(store: &Store, scope: &Scope, id: Id<ThreatKind>, limit: u32) -> Result<Page, Error> {
    let mut read = store.read().await?;
    let connection = read.connection();
    let threat = sql::threat(connection, scope, id).await?.ok_or(Error::NoSuchThreat(id))?;
    let detections = match scope.covers(Right::ReadEvents, Some(threat.organisation)) {
        true => sql::detections_of(connection, &threat, limit).await?,
        false => Vec::new(),
    };
    let observables = sql::observables_of(connection, id).await?;
    let reach = Period {
        start: threat.first_at.checked_sub(ELSEWHERE_REACH).unwrap_or(Timestamp::MIN),
        end: threat.last_at.checked_add(ELSEWHERE_REACH).unwrap_or(Timestamp::MAX),
    };
    let mut elsewhere =
        sql::elsewhere_by_observable(connection, scope, &threat, reach, ELSEWHERE_MAX).await?;
    let by_rule = sql::elsewhere_by_rule(connection, scope, &threat, reach, ELSEWHERE_MAX).await?;
    elsewhere.extend(by_rule);
    let earlier_decisions = sql::decisions_on_shape(connection, &threat, EARLIER_MAX).await?;
    let events = events_of(&detections);
    Ok(Page { threat, detections, observables, elsewhere, earlier_decisions, events })
}

/// The events of detections, each once, in their order; of a correlation those that it counted, newest first.
fn events_of(detections: &[Detection]) -> Vec<EventId> {
    let mut seen = HashSet::new();
    let own = |detection: &Detection| detection.contributing.is_empty().then_some(detection.event);
    let counted = |detection: &Detection| -> Vec<EventId> {
        detection.contributing.iter().rev().map(|one| one.event).collect()
    };
    let events = detections.iter().flat_map(|detection| own(detection).into_iter().chain(counted(detection)));
    events.filter(|event| seen.insert(*event)).collect()
}

/// Records what an analyst decided about a threat in scope: the decision, its audit line, its signal when normal
/// becomes a threat, and the campaigns it is in. It wins over the machine, stays when more detections come, and counts
/// in later judgements of the same shape.
pub async fn decide(
    tx: &mut Tx,
    actor: &Actor,
    id: Id<ThreatKind>,
    ruling: &Ruling,
    policy: &Policy,
) -> Result<(), Error> {
    if ruling.reason.trim().is_empty() {
        return Err(Error::NoReason);
    }
    let threat = sql::threat(tx.connection(), actor.scope(), id).await?.ok_or(Error::NoSuchThreat(id))?;
    actor.scope().require(Right::Decide, Some(threat.organisation))?;
    let seq = tx.take_numbers("decision", 1).await?;
    let newly_raised = sql::insert_decision(tx.connection(), &threat, seq, actor, ruling).await?;
    let detail = serde_json::json!({
        "number": threat.number,
        "before": threat.verdict,
        "verdict": ruling.verdict,
        "reason": clean(&ruling.reason),
    });
    let line = store::Line {
        at: ruling.at,
        actor: actor.label(),
        action: "threat.decide".to_owned(),
        object: id.to_string(),
        detail,
        concerns: vec![threat.organisation],
        degree: Confidentiality::One,
    };
    tx.audit(&line).await?;
    if newly_raised {
        let signal = Signal::ThreatRaised { threat: id, organisation: Some(threat.organisation) };
        tx.signal(&signal, ruling.at).await?;
    }
    let touched = sql::sightings_of(tx.connection(), id).await?;
    campaign::update(tx, touched, &policy.campaigns, ruling.at).await?;
    Ok(())
}
