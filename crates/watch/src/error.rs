//! What can go wrong here that somebody can act on.

use base::{Campaign, Id, Threat};

/// Why the watch could not do it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Unknown, or outside the asker's scope: the two are not told apart.
    #[error("threat {0} does not exist")]
    NoSuchThreat(Id<Threat>),
    /// As above.
    #[error("campaign {0} does not exist")]
    NoSuchCampaign(Id<Campaign>),
    /// A decision must say why.
    #[error("a decision needs a reason")]
    NoReason,
    /// The database.
    #[error("the store is unavailable")]
    Store(#[from] store::Error),
    /// The lake.
    #[error(transparent)]
    Lake(#[from] crate::lake::LakeError),
}

/// What a caller can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// It is not there.
    NotFound,
    /// The request is wrong.
    Invalid,
    /// Try again later.
    Unavailable,
}

impl Error {
    /// What a caller can do about it.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NoSuchThreat(_) | Self::NoSuchCampaign(_) => ErrorKind::NotFound,
            Self::NoReason => ErrorKind::Invalid,
            Self::Store(_) | Self::Lake(_) => ErrorKind::Unavailable,
        }
    }
}
