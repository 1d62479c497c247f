//! What can go wrong here that somebody can act on.

use base::{Campaign, Id, Organisation, Threat};

/// Why the watch could not do it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Unknown, or outside the asker's scope: the two are not told apart.
    #[error("threat {0} does not exist")]
    NoSuchThreat(Id<Threat>),
    /// As above.
    #[error("campaign {0} does not exist")]
    NoSuchCampaign(Id<Campaign>),
    /// As above.
    #[error("organisation {0} does not exist")]
    NoSuchOrganisation(Id<Organisation>),
    /// The asker may see it, and may not do this with it.
    #[error(transparent)]
    Denied(#[from] base::Denied),
    /// A decision must say why.
    #[error("a decision needs a reason")]
    NoReason,
    /// A part of a file came before the one that goes before it.
    #[error("{file}: part {expected} must come next, part {got} came")]
    PartMissing {
        /// The file.
        file: String,
        /// What is missing.
        expected: u64,
        /// What came.
        got: u64,
    },
    /// The registry.
    #[error(transparent)]
    Registry(#[from] registry::Error),
    /// The database.
    #[error("the store is unavailable")]
    Store(#[from] store::Error),
    /// What correlations remember cannot be read or written.
    #[error("cannot keep what correlations remember in {folder}: {source}")]
    Memory {
        /// Where.
        folder: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The lake.
    #[error(transparent)]
    Lake(#[from] crate::lake::LakeError),
}

/// What a caller can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// It is not there.
    NotFound,
    /// The asker may not.
    Denied,
    /// The request is wrong.
    Invalid,
    /// Try again later.
    Unavailable,
}

impl Error {
    /// What a caller can do about it.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NoSuchThreat(_) | Self::NoSuchCampaign(_) | Self::NoSuchOrganisation(_) => {
                ErrorKind::NotFound
            }
            Self::Denied(_) => ErrorKind::Denied,
            Self::NoReason | Self::PartMissing { .. } => ErrorKind::Invalid,
            Self::Store(_) | Self::Registry(_) | Self::Memory { .. } | Self::Lake(_) => {
                ErrorKind::Unavailable
            }
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}
