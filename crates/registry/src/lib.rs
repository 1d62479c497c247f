//! Organisations and what they own; who owns this address at that time.
//!
//! [`Registry`] is a snapshot in memory, quick enough to be asked for every event. [`import`] brings rows from CSV or
//! YAML into the database and says what became of each. What nobody owns is a queue ([`unowned`]), not an error.

mod asset;
pub mod import;
mod organisation;
mod prefix;
mod snapshot;
mod sql;
pub mod unowned;

pub use asset::{Asset, AssetKind, Criticality, Validity, is_private};
pub use organisation::{Organisation, OrganisationKind};
pub use snapshot::{Ownership, Registry, Why, tree};
pub use unowned::{Unowned, note_unowned};

/// Why the registry could not do it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file is not CSV or YAML of the documented form, so that no row could be told from another.
    #[error("line {line}: {reason}")]
    Unreadable {
        /// Where reading stopped, from 1; 0 when nobody knows.
        line: u64,
        /// What was wrong.
        reason: String,
    },
    /// The file is larger than anybody's registry.
    #[error("the file has more than {limit} {unit}")]
    TooLarge {
        /// The limit.
        limit: usize,
        /// Of what.
        unit: &'static str,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}
