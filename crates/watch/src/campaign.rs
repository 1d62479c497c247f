//! The same observable at two or more organisations within a window.

use base::{Campaign as CampaignKind, Id, Observable, Organisation, Severity, Timestamp};

use crate::threat::Threat;

/// One observable, several organisations.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Campaign {
    /// Its name for ever.
    pub id: Id<CampaignKind>,
    /// The number for people: `C2026-0012`.
    pub number: String,
    /// What was seen at all of them.
    pub observable: Observable,
    /// The highest level among its threats.
    pub level: Severity,
    /// Everybody hit (inside the asker's scope), in the order they were hit.
    pub members: Vec<Member>,
    /// Organisations hit in all, also outside the asker's scope.
    pub organisations_total: u64,
    /// First event.
    pub first_at: Timestamp,
    /// Last event so far.
    pub last_at: Timestamp,
    /// When the second organisation made it a campaign.
    pub raised_at: Timestamp,
}

/// One organisation in a campaign.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Member {
    /// Which.
    pub organisation: Id<Organisation>,
    /// Its first event with the observable.
    pub first_at: Timestamp,
    /// Its last.
    pub last_at: Timestamp,
    /// How many threats.
    pub threats: u64,
    /// How many detections.
    pub detections: u64,
}

/// Everything the page of one campaign shows.
#[derive(Clone, Debug)]
pub struct Page {
    /// The campaign itself.
    pub campaign: Campaign,
    /// Its threats inside the scope, newest first.
    pub threats: Vec<Threat>,
}
