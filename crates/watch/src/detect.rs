//! One pass over events: Sigma rules and indicators together.

use base::{EventId, Id, Observable, Organisation, Severity, Timestamp};

/// One rule or indicator that matched one event: the unit that is grouped into threats.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Detection {
    /// The event that matched.
    pub event: EventId,
    /// The organisation whose sensor or log it was.
    pub organisation: Id<Organisation>,
    /// When the event happened (or was read, when it does not say).
    pub time: Timestamp,
    /// The Sigma rule's id, or `indicator` for an indicator match.
    pub rule_id: String,
    /// The rule's title, or the indicator's value and description.
    pub rule_title: String,
    /// The rule's level, or the indicator's.
    pub level: Severity,
    /// ATT&CK technique ids of the rule: `T1059.001`.
    pub techniques: Vec<String>,
    /// `product/service/category` of the event.
    pub route: String,
    /// The fields that made it match: the source's own name, and the value.
    pub fields: Vec<(String, String)>,
    /// Who did it: source address, or user, or host, in this order; empty when the event does not say.
    pub actor: String,
    /// Whom it was done to: destination address, or host; empty when the event does not say.
    pub target: String,
    /// Everything in the event that could be seen elsewhere too.
    pub observables: Vec<Observable>,
    /// The indicator that matched, when it was one.
    pub indicator: Option<Observable>,
}
