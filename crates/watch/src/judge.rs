//! Several angles decide threat or normal, and each leaves its reason. Pure rules.
//!
//! Every angle that knows something adds or takes away whole points; the sum, held between 0 and 100, is the score, and
//! [`Policy::threat_score_min`] makes it a threat. Two things stand above the sum: an allow-list makes a group normal
//! unless an indicator of high confidence matched, and an analyst's decision wins over everything.

use base::{Id, Observable, Organisation, Severity, Timestamp};
use registry::Criticality;

use crate::allow::Allow;

/// Threat or normal: what table 1-2 of the report counts, and what it does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// 脅威
    Threat,
    /// 正常
    Normal,
}

impl Verdict {
    /// The word used in files, URLs and tables.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Threat => "threat",
            Self::Normal => "normal",
        }
    }
}

impl std::str::FromStr for Verdict {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "threat" => Ok(Self::Threat),
            "normal" => Ok(Self::Normal),
            other => Err(format!("{other:?} is neither threat nor normal")),
        }
    }
}

/// The angles from which a group of detections is looked at, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Angle {
    /// The level the rule's author gave it.
    RuleLevel,
    /// An indicator matched.
    Indicator,
    /// Seen at several organisations.
    Spread,
    /// How often this organisation sees it.
    Rarity,
    /// How much the asset hit matters.
    Criticality,
    /// Somebody said that this is allowed.
    AllowList,
    /// What analysts decided about the same shape before.
    EarlierVerdicts,
}

/// What one angle said. An angle that knows nothing leaves no reason; one that knows something leaves it even when it
/// weighs 0, because the reader wants to know.
///
/// | angle | facts |
/// | --- | --- |
/// | rule level | `level` |
/// | indicator | `indicator`, `level` |
/// | spread | `organisations` (this one included), `hours` |
/// | rarity | `days_seen`, `days_watched` |
/// | criticality | `criticality`, `asset`, `system` |
/// | allow-list | `reason`, `by`, `until` (absent without end), `overruled_by` (`indicator`, when it did not count) |
/// | earlier verdicts | `threat`, `normal`: how many decisions each |
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Reason {
    /// Which angle.
    pub angle: Angle,
    /// How much it adds (or takes away), in points.
    pub weight: i32,
    /// The facts behind it as name and value, for a sentence in either language: `("organisations", "4")`.
    pub facts: Vec<(String, String)>,
}

/// What is known about a group of detections when it is judged.
#[derive(Clone, Debug)]
pub struct GroupFacts {
    /// Whose it is.
    pub organisation: Id<Organisation>,
    /// The rule's id, or `indicator`.
    pub rule_id: String,
    /// The highest level among the detections.
    pub level: Severity,
    /// Who did it; empty when unknown.
    pub actor: String,
    /// Whom it was done to; empty when unknown.
    pub target: String,
    /// The last event.
    pub at: Timestamp,
    /// An indicator that matched one of the events, and its level.
    pub indicator: Option<(Observable, Severity)>,
    /// Organisations, this one included, where the same actor met the same rule; `None` when the actor means nothing
    /// outside its own network.
    pub organisations: Option<u32>,
    /// Of the last days watched, on how many the rule fired here before; `None` while too few were watched.
    pub rarity: Option<Rarity>,
    /// The most critical asset that was hit, when it is registered.
    pub asset: Option<AssetFacts>,
    /// Analysts' decisions on the same shape.
    pub earlier: Earlier,
    /// The analyst's decision on this very group.
    pub decision: Option<Verdict>,
}

/// How often a rule fires at an organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rarity {
    /// Days on which it fired before today.
    pub days_seen: u32,
    /// Days looked at: at most [`Policy::rarity_days`].
    pub days_watched: u32,
}

/// What the registry says about the asset hit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssetFacts {
    /// How much it matters.
    pub criticality: Criticality,
    /// Its registered value.
    pub asset: String,
    /// The information system; empty when not said.
    pub system: String,
}

/// How analysts decided about the same shape, the latest [`Policy::earlier_max`] decisions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Earlier {
    /// That it was a threat.
    pub threat: u32,
    /// That it was normal.
    pub normal: u32,
}

/// What the angles say together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// Threat or normal.
    pub verdict: Verdict,
    /// 0 to 100.
    pub score: u32,
    /// What every angle said, in the order they were asked.
    pub reasons: Vec<Reason>,
}

/// The weights, in points, and their limits. `docs/decisions/0009-threats-are-judged-by-adding-points.md` says why.
#[derive(Clone, Debug)]
pub struct Policy {
    /// At this score or above a group is a threat.
    pub threat_score_min: i32,
    /// By level of the rule, informational first.
    pub level: [i32; 5],
    /// By level of the indicator, informational first.
    pub indicator: [i32; 5],
    /// An indicator of this level or above overrules an allow-list.
    pub indicator_certain: Severity,
    /// For each further organisation, and at most.
    pub spread_each: i32,
    /// As above.
    pub spread_max: i32,
    /// How far back the spread looks.
    pub spread_hours: i64,
    /// Below this level spread says nothing: who probes one organisation probes them all, every day.
    pub spread_level_min: Severity,
    /// Never seen here before.
    pub rarity_first: i32,
    /// Seen on at least half of the days watched.
    pub rarity_everyday: i32,
    /// How many days rarity looks back.
    pub rarity_days: u32,
    /// Rarity says nothing until this many days were watched.
    pub rarity_days_min: u32,
    /// By criticality: low, medium, high.
    pub criticality: [i32; 3],
    /// An allow-list that counts.
    pub allowed: i32,
    /// For each earlier decision, added for threat, taken away for normal.
    pub earlier_each: i32,
    /// How many of the latest decisions count.
    pub earlier_max: u32,
    /// What is allowed.
    pub allow: Vec<Allow>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            threat_score_min: 50,
            level: [5, 20, 45, 70, 90],
            indicator: [5, 10, 25, 40, 50],
            indicator_certain: Severity::High,
            spread_each: 10,
            spread_max: 30,
            spread_hours: 24,
            spread_level_min: Severity::Medium,
            rarity_first: 10,
            rarity_everyday: -15,
            rarity_days: 30,
            rarity_days_min: 7,
            criticality: [-5, 0, 15],
            allowed: -100,
            earlier_each: 25,
            earlier_max: 5,
            allow: Vec::new(),
        }
    }
}

/// Asks every angle and weighs what they say.
pub fn judge(group: &GroupFacts, policy: &Policy) -> Judgement {
    let allow = policy.allow.iter().find(|allow| allow.covers(group));
    let certain = matches!(&group.indicator, Some((_, level)) if *level >= policy.indicator_certain);
    let reasons: Vec<Reason> = [
        Some(rule_level(group, policy)),
        indicator(group, policy),
        spread(group, policy),
        rarity(group, policy),
        criticality(group, policy),
        allow.map(|allow| allow_list(allow, certain, policy)),
        earlier(group, policy),
    ]
    .into_iter()
    .flatten()
    .collect();
    let sum: i32 = reasons.iter().map(|reason| reason.weight).sum();
    let allowed = allow.is_some() && !certain;
    let machine = if sum >= policy.threat_score_min && !allowed { Verdict::Threat } else { Verdict::Normal };
    Judgement {
        verdict: group.decision.unwrap_or(machine),
        score: u32::try_from(sum.clamp(0, 100)).unwrap_or(0),
        reasons,
    }
}

fn rule_level(group: &GroupFacts, policy: &Policy) -> Reason {
    let weight = policy.level[group.level as usize];
    reason(Angle::RuleLevel, weight, [("level", group.level.to_string())])
}

fn indicator(group: &GroupFacts, policy: &Policy) -> Option<Reason> {
    let (indicator, level) = group.indicator.as_ref()?;
    let facts = [("indicator", indicator.to_string()), ("level", level.to_string())];
    Some(reason(Angle::Indicator, policy.indicator[*level as usize], facts))
}

fn spread(group: &GroupFacts, policy: &Policy) -> Option<Reason> {
    let organisations = group.organisations.filter(|organisations| *organisations > 1)?;
    if group.level < policy.spread_level_min {
        return None;
    }
    let further = i32::try_from(organisations - 1).unwrap_or(i32::MAX);
    let weight = policy.spread_each.saturating_mul(further).min(policy.spread_max);
    let facts = [("organisations", organisations.to_string()), ("hours", policy.spread_hours.to_string())];
    Some(reason(Angle::Spread, weight, facts))
}

fn rarity(group: &GroupFacts, policy: &Policy) -> Option<Reason> {
    let Rarity { days_seen, days_watched } = group.rarity?;
    if days_watched < policy.rarity_days_min {
        return None;
    }
    let weight = match days_seen {
        0 => policy.rarity_first,
        seen if seen.saturating_mul(2) >= days_watched => policy.rarity_everyday,
        _ => 0,
    };
    let facts = [("days_seen", days_seen.to_string()), ("days_watched", days_watched.to_string())];
    Some(reason(Angle::Rarity, weight, facts))
}

fn criticality(group: &GroupFacts, policy: &Policy) -> Option<Reason> {
    let hit = group.asset.as_ref()?;
    let facts = [
        ("criticality", hit.criticality.to_string()),
        ("asset", hit.asset.clone()),
        ("system", hit.system.clone()),
    ];
    Some(reason(Angle::Criticality, policy.criticality[hit.criticality as usize], facts))
}

fn allow_list(allow: &Allow, certain: bool, policy: &Policy) -> Reason {
    let mut facts = vec![("reason", allow.reason.clone()), ("by", allow.by.clone())];
    facts.extend(allow.until.map(|until| ("until", until.to_string())));
    if certain {
        facts.push(("overruled_by", "indicator".to_owned()));
    }
    reason(Angle::AllowList, if certain { 0 } else { policy.allowed }, facts)
}

fn earlier(group: &GroupFacts, policy: &Policy) -> Option<Reason> {
    let Earlier { threat, normal } = group.earlier;
    if threat + normal == 0 {
        return None;
    }
    let balance = i32::try_from(threat).unwrap_or(0) - i32::try_from(normal).unwrap_or(0);
    let facts = [("threat", threat.to_string()), ("normal", normal.to_string())];
    Some(reason(Angle::EarlierVerdicts, balance * policy.earlier_each, facts))
}

fn reason(angle: Angle, weight: i32, facts: impl IntoIterator<Item = (&'static str, String)>) -> Reason {
    let facts = facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Reason { angle, weight, facts }
}

#[cfg(test)]
mod tests;
