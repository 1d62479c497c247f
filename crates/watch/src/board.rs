//! What the watch sees at a glance.

use base::{Id, Organisation, Period, Severity, Timestamp};

use crate::campaign::Campaign;
use crate::threat::Threat;

/// The board at one moment.
#[derive(Clone, Debug)]
pub struct Board {
    /// The moment.
    pub now: Timestamp,
    /// The hours counted: the last 24, whole hours, oldest first.
    pub period: Period,
    /// One row for each organisation in scope, in registry order, whether hit or not.
    pub organisations: Vec<OrganisationRow>,
    /// Threats standing now, highest score first, at most the limit asked for.
    pub threats: Vec<Threat>,
    /// How many there are in all.
    pub threats_total: u64,
    /// Campaigns still moving in the period, newest first.
    pub campaigns: Vec<Campaign>,
    /// How things differ from the shift before.
    pub shift: ShiftChange,
    /// What was read.
    pub intake: Intake,
}

/// One organisation's line on the board.
#[derive(Clone, Debug)]
pub struct OrganisationRow {
    /// Which.
    pub organisation: Id<Organisation>,
    /// Threats by hour of the period, oldest first (24 numbers), by last event.
    pub threats_by_hour: Vec<u64>,
    /// Threats by level, in the order of [`Severity::ALL`].
    pub threats_by_level: [u64; 5],
    /// The highest level among them.
    pub level_max: Option<Severity>,
    /// Events read in the period.
    pub events: u64,
    /// The last event read.
    pub last_event_at: Option<Timestamp>,
}

/// What changed since the last shift began. Shifts of the centre begin at 00:00, 08:00 and 16:00 Japan time.
#[derive(Clone, Debug)]
pub struct ShiftChange {
    /// When the present shift began.
    pub since: Timestamp,
    /// Threats raised since then, and in the same length of time before.
    pub threats: (u64, u64),
    /// Organisations hit since then that were not hit in the shift before.
    pub newly_hit: Vec<Id<Organisation>>,
    /// Rules that fired since then and not in the 24 hours before: rule id, title, threats.
    pub new_rules: Vec<(String, String, u64)>,
    /// Campaigns raised since then.
    pub campaigns: u64,
    /// Analysts' decisions since then.
    pub decisions: u64,
}

/// Counters of what was read.
#[derive(Clone, Debug, Default)]
pub struct Intake {
    /// Events read in the period.
    pub events: u64,
    /// Detections in the period.
    pub detections: u64,
    /// Records that could not be read in the period.
    pub unread: u64,
    /// Groups judged normal in the period.
    pub normal: u64,
}
