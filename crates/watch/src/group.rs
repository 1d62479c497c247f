//! Which detections belong together. Pure.
//!
//! A group is one rule (or indicator) at one organisation by one actor against one target. In time, a detection joins
//! the nearest group at most `gap_max` away whose span stays within `span_max`, and otherwise begins a new one. It
//! counts when the event happened, not when it came: a late event joins the group it belonged to, and may move that
//! group's beginning. Two groups that a late event would connect stay two, because both may already have been numbered
//! and notified; the event joins the earlier.

use std::collections::{BTreeMap, HashSet};
use std::net::IpAddr;

use base::{Id, Organisation, Threat, Timestamp};
use store::{clean, micros};

use crate::detect::Detection;
use crate::policy::Grouping;

/// Stands for the actor and the target of a group that holds many.
pub const MANY: &str = "*";

/// What detections of one group have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) organisation: Id<Organisation>,
    /// The rule's id, or `indicator:` and the indicator.
    pub(crate) rule: String,
    pub(crate) actor: String,
    pub(crate) target: String,
}

impl Key {
    pub(crate) fn of(detection: &Detection) -> Self {
        Self {
            organisation: detection.organisation,
            rule: rule_of(detection),
            actor: clean(&detection.actor).into_owned(),
            target: clean(&detection.target).into_owned(),
        }
    }

    /// The group for everybody who comes after `groups_per_rule_max`.
    pub(crate) fn overflow(&self) -> Self {
        Self { actor: MANY.to_owned(), target: MANY.to_owned(), ..self.clone() }
    }

    /// Whether it is the group of everybody.
    pub(crate) fn is_overflow(&self) -> bool {
        self.actor == MANY && self.target == MANY
    }

    /// The key in a column.
    pub(crate) fn digest(&self) -> String {
        let mut hasher = blake3::Hasher::new_derive_key("noroshi group key v1");
        self.write(&mut hasher);
        hex_half(&hasher)
    }

    /// The id of the group that this event opened. Nothing else can open a group of this key at the same instant,
    /// because it would join this one.
    pub(crate) fn threat_id(&self, opened_at: Timestamp) -> Id<Threat> {
        let mut hasher = blake3::Hasher::new_derive_key("noroshi threat id v1");
        self.write(&mut hasher);
        hasher.update(&micros(opened_at).to_be_bytes());
        Id::from_digest(half(&hasher))
    }

    /// What an analyst's decision is about and counts for later: rule, organisation and the actor's network.
    pub(crate) fn shape(&self) -> String {
        let mut hasher = blake3::Hasher::new_derive_key("noroshi shape v1");
        for part in [&self.organisation.to_string(), &self.rule, &actor_network(&self.actor)] {
            update(&mut hasher, part);
        }
        hex_half(&hasher)
    }

    fn write(&self, hasher: &mut blake3::Hasher) {
        for part in [&self.organisation.to_string(), &self.rule, &self.actor, &self.target] {
            update(hasher, part);
        }
    }
}

fn update(hasher: &mut blake3::Hasher, part: &str) {
    hasher.update(&(part.len() as u64).to_be_bytes());
    hasher.update(part.as_bytes());
}

pub(crate) fn half(hasher: &blake3::Hasher) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    half
}

fn hex_half(hasher: &blake3::Hasher) -> String {
    format!("{:032x}", u128::from_be_bytes(half(hasher)))
}

/// What tells detections on one event apart: the rule, or the indicator.
pub(crate) fn rule_of(detection: &Detection) -> String {
    match &detection.indicator {
        Some(indicator) => clean(&format!("{}:{indicator}", detection.rule_id)).into_owned(),
        None => clean(&detection.rule_id).into_owned(),
    }
}

/// The /24 or /56 of an address, an account or host as it is, in lower case.
pub(crate) fn actor_network(actor: &str) -> String {
    let network = match actor.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(address @ IpAddr::V4(_)) => ipnet::IpNet::new(address, 24),
        Ok(address @ IpAddr::V6(_)) => ipnet::IpNet::new(address, 56),
        Err(_) => return actor.to_lowercase(),
    };
    network.map_or_else(|_| actor.to_owned(), |network| network.trunc().to_string())
}

/// Detections by group, each group in order of time, the group that begins first coming first. A rule that matched
/// one event twice counts once.
pub(crate) fn gather(detections: &[Detection]) -> Vec<(Key, Vec<&Detection>)> {
    let mut seen = HashSet::new();
    let mut groups: BTreeMap<Key, Vec<&Detection>> = BTreeMap::new();
    for detection in detections {
        let key = Key::of(detection);
        if seen.insert((detection.event, key.rule.clone())) {
            groups.entry(key).or_default().push(detection);
        }
    }
    let mut ordered: Vec<_> = groups.into_iter().collect();
    for (_, members) in &mut ordered {
        members.sort_by_key(|detection| (detection.time, detection.event));
    }
    ordered.sort_by(|(one_key, one), (other_key, other)| {
        let begins = |members: &[&Detection]| members.first().map(|detection| detection.time);
        (begins(one), one_key).cmp(&(begins(other), other_key))
    });
    ordered
}

/// The time a group covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) first_at: Timestamp,
    pub(crate) last_at: Timestamp,
}

/// Detections that go into one group: one that stands already, by its place, or a new one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) standing: Option<usize>,
    pub(crate) span: Span,
    /// Places in the times that were given.
    pub(crate) members: Vec<usize>,
}

/// Distributes times, in order, over the standing groups and new ones.
pub(crate) fn place(times: &[Timestamp], standing: &[Span], grouping: &Grouping) -> Vec<Placed> {
    let mut groups: Vec<Placed> = standing
        .iter()
        .enumerate()
        .map(|(place, &span)| Placed { standing: Some(place), span, members: Vec::new() })
        .collect();
    for (member, &time) in times.iter().enumerate() {
        let nearest = groups
            .iter_mut()
            .filter_map(|group| Some((distance(group.span, time, grouping)?, group)))
            .min_by_key(|(distance, group)| (*distance, group.span.first_at));
        match nearest {
            Some((_, group)) => {
                group.span.first_at = group.span.first_at.min(time);
                group.span.last_at = group.span.last_at.max(time);
                group.members.push(member);
            }
            None => {
                let span = Span { first_at: time, last_at: time };
                groups.push(Placed { standing: None, span, members: vec![member] });
            }
        }
    }
    groups.retain(|group| !group.members.is_empty());
    groups
}

/// How far a time is from a group, if it may join.
fn distance(span: Span, time: Timestamp, grouping: &Grouping) -> Option<jiff::SignedDuration> {
    let before = span.first_at.duration_since(time);
    let after = time.duration_since(span.last_at);
    let away = before.max(after).max(jiff::SignedDuration::ZERO);
    let covered = span.last_at.max(time).duration_since(span.first_at.min(time));
    (away <= grouping.gap_max && covered <= grouping.span_max).then_some(away)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_775_000_000 + minutes * 60).unwrap()
    }

    fn span(first: i64, last: i64) -> Span {
        Span { first_at: at(first), last_at: at(last) }
    }

    /// Minutes, standing groups, and what must come out: standing or new, first, last, how many.
    #[track_caller]
    fn check(minutes: &[i64], standing: &[Span], expected: &[(Option<usize>, i64, i64, usize)]) {
        let times: Vec<_> = minutes.iter().map(|&minute| at(minute)).collect();
        let placed = place(&times, standing, &Grouping::default());
        let shown: Vec<_> = placed.iter().map(|one| (one.standing, one.span, one.members.len())).collect();
        let expected: Vec<_> =
            expected.iter().map(|&(place, first, last, count)| (place, span(first, last), count)).collect();
        assert_eq!(shown, expected, "{minutes:?}");
    }

    #[test]
    fn a_group_lasts_while_no_gap_is_longer_than_an_hour() {
        check(&[0, 60, 120, 180], &[], &[(None, 0, 180, 4)]);
        check(&[0, 61], &[], &[(None, 0, 0, 1), (None, 61, 61, 1)]);
    }

    #[test]
    fn a_group_covers_at_most_a_day() {
        let every_half_hour: Vec<i64> = (0..=50).map(|step| step * 30).collect();
        check(&every_half_hour, &[], &[(None, 0, 1440, 49), (None, 1470, 1500, 2)]);
    }

    #[test]
    fn a_late_event_joins_the_group_it_belonged_to() {
        check(&[30], &[span(60, 120)], &[(Some(0), 30, 120, 1)]);
        check(&[90], &[span(60, 120)], &[(Some(0), 60, 120, 1)]);
        check(&[181], &[span(60, 120)], &[(None, 181, 181, 1)]);
        // It would make the group longer than a day.
        check(&[-30], &[span(0, 1440)], &[(None, -30, -30, 1)]);
    }

    #[test]
    fn a_late_event_between_two_groups_joins_the_nearer_and_merges_nothing() {
        check(&[45], &[span(0, 0), span(100, 100)], &[(Some(0), 0, 45, 1)]);
        check(&[55], &[span(0, 0), span(100, 100)], &[(Some(1), 55, 100, 1)]);
        check(&[50], &[span(0, 0), span(100, 100)], &[(Some(0), 0, 50, 1)]);
    }

    #[test]
    fn the_network_of_an_actor_is_what_an_analyst_would_call_the_same() {
        assert_eq!(actor_network("203.0.113.77"), "203.0.113.0/24");
        assert_eq!(actor_network("::ffff:203.0.113.77"), "203.0.113.0/24");
        assert_eq!(actor_network("2001:db8:1:2ff::9"), "2001:db8:1:200::/56");
        assert_eq!(actor_network("NAIBU\\Suzuki"), "naibu\\suzuki");
        assert_eq!(actor_network(""), "");
    }
}
