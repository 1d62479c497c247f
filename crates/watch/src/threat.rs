//! The judged group of detections that is counted.

use base::{
    Campaign, EventId, Id, Observable, Organisation, Period, Severity, Threat as ThreatKind, Timestamp,
};

use crate::detect::Detection;
use crate::judge::{Reason, Verdict};

/// Detections of one rule at one organisation by one actor against one target within one window, judged.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Threat {
    /// Its name for ever: made from what it groups, so that judging twice gives one threat.
    pub id: Id<ThreatKind>,
    /// The number for people, as `2026-0415`: a label, never a key.
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

/// What an analyst decided, and why; it counts in later judgements of the same shape.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Decision {
    /// Threat or normal.
    pub verdict: Verdict,
    /// In the analyst's words; never empty.
    pub reason: String,
    /// Who decided.
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
