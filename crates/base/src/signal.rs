//! "This happened": how one capability tells another.

use crate::{Campaign, Change, Finding, Id, Organisation, PointOfContact, Survey, Threat};

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
    /// Nobody has confirmed for long that a contact is still right.
    ContactVerificationDue {
        /// Which contact.
        contact: Id<PointOfContact>,
        /// Whose.
        organisation: Id<Organisation>,
    },
    /// An organisation asks for a change of the registry that the centre decides about.
    ChangeAsked {
        /// Which request.
        change: Id<Change>,
        /// Whose registry.
        organisation: Id<Organisation>,
    },
    /// The centre has decided about it.
    ChangeDecided {
        /// Which request.
        change: Id<Change>,
        /// Who asked.
        organisation: Id<Organisation>,
    },
    /// Something is to be fixed.
    FindingRaised {
        /// Which finding.
        finding: Id<Finding>,
        /// Whose it is to fix.
        organisation: Id<Organisation>,
    },
    /// A survey showed that duties are done too seldom at an organisation: those who failed them are to be taught.
    ItemsFailed {
        /// Which survey.
        survey: Id<Survey>,
        /// Where.
        organisation: Id<Organisation>,
        /// The items, by role and reference.
        items: Vec<(String, String)>,
    },
}
