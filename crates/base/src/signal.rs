//! "This happened": how one capability tells another.

use crate::{Campaign, Id, Organisation, Threat};

/// Written to the outbox in the transaction that caused it; `wiring.rs` maps each to the call that answers.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "signal", rename_all = "snake_case")]
pub enum Signal {
    /// Detections were grouped and judged not to be normal traffic.
    ThreatRaised {
        /// Which threat.
        threat: Id<Threat>,
        /// Whose it is; `None` when nobody owns the addresses.
        organisation: Option<Id<Organisation>>,
    },
    /// The same observable was seen in threats at two or more organisations.
    CampaignRaised {
        /// Which campaign.
        campaign: Id<Campaign>,
        /// Everybody hit so far.
        organisations: Vec<Id<Organisation>>,
    },
}
