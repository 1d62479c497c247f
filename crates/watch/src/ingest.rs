//! Detections become judged threats.
//!
//! Counting is exact and happens once: [`crate::intake::commit_part`] moves the ledger of the file in the same
//! transaction, so that a part whose commit was not seen is simply brought again. Beside that, a detection that is
//! still kept for its threat is recognised by event and rule and not counted again.
//!
//! What was raised as a threat stays one until an analyst decides otherwise: more detections may raise a group from
//! normal, none lowers it, because somebody may already have been told.

use std::collections::{BTreeMap, HashMap, HashSet};

use base::{
    Campaign, FiscalYear, Id, Observable, Organisation, Severity, Signal, Threat, Timestamp, japan_day,
};
use jiff::SignedDuration;
use registry::Registry;
use store::{Tx, clean, micros};

use crate::detect::{Contributing, Detection};
use crate::group::{self, Key, Span};
use crate::judge::{GroupFacts, Reason, Verdict, judge};
use crate::policy::Policy;
use crate::sql::ingest::{self as sql, Seen};
use crate::sql::{DAY_US, JAPAN_US};
use crate::{Error, campaign};

mod facts;

/// Detections kept of one threat: the first and the latest. The count stays exact.
pub const DETECTIONS_KEPT_FIRST: usize = 50;
/// As above.
pub const DETECTIONS_KEPT_LATEST: usize = 50;
/// Observables counted for one threat; the rarer ones are left out.
pub const OBSERVABLES_MAX: usize = 50;
/// Observables of one threat that are compared with other organisations.
pub const SIGHTINGS_MAX: usize = 20;
/// Techniques kept of one threat.
pub(crate) const TECHNIQUES_MAX: usize = 20;
/// Fields kept of one detection.
pub(crate) const FIELDS_MAX: usize = 64;

/// What came of a batch of detections.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Raised {
    /// Threats that are new as threats: just begun, or lifted from normal.
    pub threats: Vec<Id<Threat>>,
    /// Groups that got detections, threats or not.
    pub groups: u64,
    /// Detections that were counted.
    pub counted: u64,
    /// Detections that had been counted before.
    pub repeated: u64,
    /// Campaigns that are new, or were joined by another organisation.
    pub campaigns: Vec<Id<Campaign>>,
}

/// A group as it stands, or is about to.
pub(crate) struct Group {
    pub(crate) id: Id<Threat>,
    pub(crate) number: String,
    pub(crate) title: String,
    pub(crate) span: Span,
    pub(crate) detections: u64,
    pub(crate) level: Severity,
    pub(crate) techniques: Vec<String>,
    pub(crate) observables: Vec<(Observable, u64)>,
    pub(crate) verdict: Verdict,
    pub(crate) score: u32,
    pub(crate) reasons: Vec<Reason>,
    pub(crate) raised: bool,
    pub(crate) decision: Option<Verdict>,
}

/// What is kept of a detection beside what its threat says.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Kept {
    pub(crate) title: String,
    pub(crate) level: Severity,
    pub(crate) route: String,
    pub(crate) actor: String,
    pub(crate) target: String,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) observables: Vec<Observable>,
    pub(crate) indicator: Option<Observable>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) contributing: Vec<Contributing>,
}

impl Kept {
    fn of(detection: &Detection) -> Self {
        let fields = detection.fields.iter().take(FIELDS_MAX);
        let observables = detection.observables.iter().take(OBSERVABLES_MAX);
        Self {
            title: clean(&detection.rule_title).into_owned(),
            level: detection.level,
            route: clean(&detection.route).into_owned(),
            actor: clean(&detection.actor).into_owned(),
            target: clean(&detection.target).into_owned(),
            fields: fields
                .map(|(name, value)| (clean(name).into_owned(), clean(value).into_owned()))
                .collect(),
            observables: observables.map(cleaned).collect(),
            indicator: detection.indicator.as_ref().map(cleaned),
            contributing: detection.contributing.clone(),
        }
    }
}

fn cleaned(observable: &Observable) -> Observable {
    Observable { kind: observable.kind, value: clean(&observable.value).into_owned() }
}

/// Groups detections, counts and judges them, raises threats and campaigns. Meant to be called through
/// [`crate::intake::commit_part`], which makes it happen once.
pub async fn ingest(
    tx: &mut Tx,
    registry: &Registry,
    detections: &[Detection],
    policy: &Policy,
    now: Timestamp,
) -> Result<Raised, Error> {
    let mut batch = Batch {
        registry,
        policy,
        now,
        indicators: indicators_by_event(detections),
        open_groups: HashMap::new(),
        elsewhere: HashMap::new(),
        touched: campaign::Touched::new(),
        raised: Raised::default(),
    };
    let mut overflow: BTreeMap<Key, Vec<&Detection>> = BTreeMap::new();
    for (key, members) in group::gather(detections) {
        if let Some(rest) = batch.group(tx, &key, &members).await? {
            overflow.entry(key.overflow()).or_default().extend(rest);
        }
    }
    for (key, mut members) in overflow {
        members.sort_by_key(|detection| (detection.time, detection.event));
        batch.group(tx, &key, &members).await?;
    }
    let Batch { touched, mut raised, .. } = batch;
    raised.campaigns = campaign::update(tx, touched, &policy.campaigns, now).await?;
    Ok(raised)
}

/// The most serious indicator that matched each event, whichever detection says so.
fn indicators_by_event(detections: &[Detection]) -> HashMap<base::EventId, (&Observable, Severity)> {
    let mut found: HashMap<_, (&Observable, Severity)> = HashMap::new();
    for detection in detections {
        let Some(indicator) = &detection.indicator else { continue };
        let best = found.entry(detection.event).or_insert((indicator, detection.level));
        if detection.level > best.1 {
            *best = (indicator, detection.level);
        }
    }
    found
}

/// What one batch knows, so that the same question is asked once.
struct Batch<'a> {
    registry: &'a Registry,
    policy: &'a Policy,
    now: Timestamp,
    indicators: HashMap<base::EventId, (&'a Observable, Severity)>,
    open_groups: HashMap<(Id<Organisation>, String, i64), usize>,
    elsewhere: HashMap<(Id<Organisation>, String, String, i64), u32>,
    touched: campaign::Touched,
    raised: Raised,
}

impl<'a> Batch<'a> {
    /// Brings detections of one key into their groups. What would begin one group too many of this rule is given
    /// back, for the group that holds many.
    async fn group(
        &mut self,
        tx: &mut Tx,
        key: &Key,
        members: &[&'a Detection],
    ) -> Result<Option<Vec<&'a Detection>>, Error> {
        let (Some(earliest), Some(latest)) = (members.first(), members.last()) else { return Ok(None) };
        let grouping = &self.policy.grouping;
        let reach = grouping.gap_max;
        let from = earlier_by(earliest.time, reach);
        let until = later_by(latest.time, reach);
        let mut standing = sql::groups_near(tx.connection(), &key.digest(), from, until).await?;
        let spans: Vec<Span> = standing.iter().map(|group| group.span).collect();
        let times: Vec<Timestamp> = members.iter().map(|detection| detection.time).collect();
        let mut rest = Vec::new();
        for placed in group::place(&times, &spans, grouping) {
            let joining: Vec<&Detection> =
                placed.members.iter().filter_map(|&place| members.get(place).copied()).collect();
            let (group, known) = match placed.standing.and_then(|place| standing.get_mut(place)) {
                Some(group) => {
                    let known = sql::kept_events(tx.connection(), group.id).await?;
                    (Some(group), known)
                }
                None if !key.is_overflow() && self.is_full(tx, key, joining[0], placed.span).await? => {
                    rest.extend(joining);
                    continue;
                }
                None => (None, HashSet::new()),
            };
            let fresh: Vec<&Detection> =
                joining.iter().copied().filter(|one| !known.contains(&one.event.to_string())).collect();
            self.raised.repeated += (joining.len() - fresh.len()) as u64;
            if fresh.is_empty() {
                continue;
            }
            match group {
                Some(group) => self.join(tx, key, group, placed.span, &fresh, known.len()).await?,
                None => {
                    let mut begun = self.begin(tx, key, placed.span, fresh[0]).await?;
                    self.join(tx, key, &mut begun, placed.span, &fresh, 0).await?;
                }
            }
        }
        Ok((!rest.is_empty()).then_some(rest))
    }

    /// Whether the rule already has as many groups here as it may have at a time; if not, one more is reckoned.
    async fn is_full(
        &mut self,
        tx: &mut Tx,
        key: &Key,
        first: &Detection,
        span: Span,
    ) -> Result<bool, Error> {
        let grouping = &self.policy.grouping;
        let hour = micros(span.first_at).div_euclid(crate::sql::HOUR_US);
        let place = (key.organisation, first.rule_id.clone(), hour);
        let open = match self.open_groups.get(&place) {
            Some(open) => *open,
            None => {
                let (from, until) =
                    (earlier_by(span.first_at, grouping.gap_max), later_by(span.last_at, grouping.gap_max));
                let rule_id = clean(&first.rule_id);
                let most = grouping.groups_per_rule_max;
                sql::open_groups_of_rule(tx.connection(), key.organisation, &rule_id, from, until, most)
                    .await?
            }
        };
        let full = open >= grouping.groups_per_rule_max;
        self.open_groups.insert(place, if full { open } else { open + 1 });
        Ok(full)
    }

    async fn begin(&self, tx: &mut Tx, key: &Key, span: Span, first: &Detection) -> Result<Group, Error> {
        let year = FiscalYear::of(japan_day(span.first_at)).0;
        // Each organisation counts its own: a number that ran through all of them would tell each how much the others
        // are attacked.
        let organisation = self.registry.organisation(key.organisation);
        let series = organisation.map_or("unknown", |organisation| organisation.key.as_str());
        let number = tx.take_numbers(&format!("threat-{series}-{year}"), 1).await?;
        Ok(Group {
            id: key.threat_id(span.first_at),
            number: format!("{series}-{year}-{number:04}"),
            title: clean(&first.rule_title).into_owned(),
            span,
            detections: 0,
            level: first.level,
            techniques: Vec::new(),
            observables: Vec::new(),
            verdict: Verdict::Normal,
            score: 0,
            reasons: Vec::new(),
            raised: false,
            decision: None,
        })
    }

    async fn join(
        &mut self,
        tx: &mut Tx,
        key: &Key,
        group: &mut Group,
        span: Span,
        fresh: &[&Detection],
        kept_before: usize,
    ) -> Result<(), Error> {
        let Some(first) = fresh.first() else { return Ok(()) };
        let seen = tally(fresh);
        group.span = span;
        group.detections += fresh.len() as u64;
        group.level = fresh.iter().map(|one| one.level).max().unwrap_or_default().max(group.level);
        for technique in fresh.iter().flat_map(|one| &one.techniques) {
            if group.techniques.len() < TECHNIQUES_MAX && !group.techniques.contains(technique) {
                group.techniques.push(clean(technique).into_owned());
            }
        }
        add_observables(&mut group.observables, &seen);
        let facts = self.facts(tx, key, group, fresh).await?;
        let became_threat = settle(group, &facts, self.policy);
        sql::upsert_group(tx.connection(), key, &facts.rule_id, group, self.now).await?;
        keep(tx, key, group, fresh, kept_before).await?;
        self.sight(tx, key, group, seen, became_threat).await?;
        for day in days_of(fresh) {
            sql::insert_day_of_rule(tx.connection(), key.organisation, &facts.rule_id, day).await?;
        }
        self.note_unowned(tx, key, group.span.last_at, fresh.len() as u64).await?;
        if became_threat {
            let signal = Signal::ThreatRaised { threat: group.id, organisation: Some(key.organisation) };
            tx.signal(&signal, self.now).await?;
            self.raised.threats.push(group.id);
        }
        tracing::debug!(threat = %group.id, rule = first.rule_id, counted = fresh.len(), "detections grouped");
        self.raised.groups += 1;
        self.raised.counted += fresh.len() as u64;
        Ok(())
    }

    /// Remembers the observables that mean the same thing at another organisation.
    async fn sight(
        &mut self,
        tx: &mut Tx,
        key: &Key,
        group: &Group,
        seen: Vec<Seen>,
        became_threat: bool,
    ) -> Result<(), Error> {
        let known = sql::sighted(tx.connection(), group.id).await?;
        let mut room = SIGHTINGS_MAX.saturating_sub(known.len());
        let mut kept = Vec::new();
        for one in seen {
            let observable = &one.observable;
            let already = known.contains(&(observable.kind.word().to_owned(), observable.value.clone()));
            let at = one.span.last_at;
            if !already
                && (room == 0
                    || !campaign::shareable(
                        observable,
                        self.registry,
                        key.organisation,
                        at,
                        &self.policy.campaigns,
                    ))
            {
                continue;
            }
            room = room.saturating_sub(usize::from(!already));
            if group.verdict == Verdict::Threat {
                self.touched.entry(observable.clone()).or_default().push(one.span);
            }
            kept.push(one);
        }
        // A group that has just become a threat brings everything it saw before.
        if became_threat {
            for (kind, value) in known {
                let kind = store::parse(&kind, "a kind of observable")?;
                self.touched.entry(Observable { kind, value }).or_default().push(group.span);
            }
        }
        sql::upsert_sightings(tx.connection(), group.id, key.organisation, &kept).await
    }
}

/// Gives the group its verdict, and says whether it became a threat just now.
fn settle(group: &mut Group, facts: &GroupFacts, policy: &Policy) -> bool {
    let judgement = judge(facts, &policy.judging);
    let lowered = group.verdict == Verdict::Threat && judgement.verdict == Verdict::Normal;
    if !lowered
        && (group.reasons.is_empty() || judgement.score >= group.score || group.verdict != judgement.verdict)
    {
        group.score = judgement.score;
        group.reasons = judgement.reasons;
    }
    if !lowered || group.decision.is_some() {
        group.verdict = judgement.verdict;
    }
    let became_threat = group.verdict == Verdict::Threat && !group.raised;
    group.raised |= became_threat;
    became_threat
}

/// Each observable of these detections once, with when and how often it was seen.
fn tally(detections: &[&Detection]) -> Vec<Seen> {
    let mut places: HashMap<Observable, usize> = HashMap::new();
    let mut seen: Vec<Seen> = Vec::new();
    for detection in detections {
        let of_one: HashSet<&Observable> = detection.observables.iter().take(OBSERVABLES_MAX).collect();
        let mut of_one: Vec<&Observable> = of_one.into_iter().collect();
        of_one.sort();
        for observable in of_one {
            let observable = cleaned(observable);
            let time = detection.time;
            let place = *places.entry(observable.clone()).or_insert_with(|| {
                seen.push(Seen { observable, span: Span { first_at: time, last_at: time }, seen: 0 });
                seen.len() - 1
            });
            if let Some(one) = seen.get_mut(place) {
                one.seen += 1;
                one.span.first_at = one.span.first_at.min(time);
                one.span.last_at = one.span.last_at.max(time);
            }
        }
    }
    seen
}

/// Adds counts, most seen first; the rarest fall out beyond [`OBSERVABLES_MAX`].
fn add_observables(counted: &mut Vec<(Observable, u64)>, seen: &[Seen]) {
    let mut counts: HashMap<Observable, u64> = counted.drain(..).collect();
    for one in seen {
        *counts.entry(one.observable.clone()).or_default() += one.seen;
    }
    *counted = counts.into_iter().collect();
    counted.sort_by(|(one, one_count), (other, other_count)| (other_count, one).cmp(&(one_count, other)));
    counted.truncate(OBSERVABLES_MAX);
}

/// Keeps the first and the latest of these detections, and then of the whole threat.
async fn keep(
    tx: &mut Tx,
    key: &Key,
    group: &Group,
    fresh: &[&Detection],
    kept_before: usize,
) -> Result<(), Error> {
    let latest_begin = fresh.len().saturating_sub(DETECTIONS_KEPT_LATEST);
    let kept: Vec<_> = fresh
        .iter()
        .enumerate()
        .filter(|(place, _)| *place < DETECTIONS_KEPT_FIRST || *place >= latest_begin)
        .map(|(_, one)| (one.event.to_string(), one.time, Kept::of(one)))
        .collect();
    sql::insert_detections(tx.connection(), group.id, &key.rule, &kept).await?;
    if kept_before + kept.len() > DETECTIONS_KEPT_FIRST + DETECTIONS_KEPT_LATEST {
        sql::trim_detections(tx.connection(), group.id, DETECTIONS_KEPT_FIRST, DETECTIONS_KEPT_LATEST)
            .await?;
    }
    Ok(())
}

/// The days in Japan on which these happened.
fn days_of(detections: &[&Detection]) -> Vec<i64> {
    let mut days: Vec<_> = detections.iter().map(|one| japan_day_number(micros(one.time))).collect();
    days.dedup();
    days
}

/// Days in Japan since 1 January 1970.
pub(crate) fn japan_day_number(time_us: i64) -> i64 {
    time_us.saturating_add(JAPAN_US).div_euclid(DAY_US)
}

fn earlier_by(time: Timestamp, duration: SignedDuration) -> Timestamp {
    time.checked_sub(duration).unwrap_or(Timestamp::MIN)
}

fn later_by(time: Timestamp, duration: SignedDuration) -> Timestamp {
    time.checked_add(duration).unwrap_or(Timestamp::MAX)
}
