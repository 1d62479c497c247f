//! How the watch groups, judges and joins: the numbers an operator may change, with their defaults.

use jiff::SignedDuration;

use crate::{campaign, judge};

/// Everything that can be tuned. `Policy::default()` is what decision 0009 in `docs/decisions` explains.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Which detections are one threat.
    pub grouping: Grouping,
    /// Threat or normal.
    pub judging: judge::Policy,
    /// What makes a campaign.
    pub campaigns: campaign::Policy,
}

/// Which detections are one threat.
#[derive(Clone, Copy, Debug)]
pub struct Grouping {
    /// A detection joins a group whose first or last event is at most this far away.
    pub gap_max: SignedDuration,
    /// A group covers at most this much time; what comes after begins a new one.
    pub span_max: SignedDuration,
    /// Groups of one rule at one organisation that may be open at a time. Beyond it, further actors and targets share
    /// one group with [`crate::group::MANY`] for both: a flood with invented addresses is one threat, not a million.
    pub groups_per_rule_max: usize,
}

impl Default for Grouping {
    fn default() -> Self {
        Self {
            gap_max: SignedDuration::from_hours(1),
            span_max: SignedDuration::from_hours(24),
            groups_per_rule_max: 200,
        }
    }
}
