//! Organisations and what they own; who owns this address at that time.
//!
//! [`Registry`] is a snapshot in memory, quick enough to be asked for every event. People, contacts, systems and what
//! belongs to them are [`Record`]s. Everything comes in as rows: many at once through [`import`], which says what
//! became of each, or one at a time through [`change`]; [`export`] gives them back. What nobody owns is a queue
//! ([`unowned`]), not an error.

mod asset;
pub mod change;
pub mod contact;
pub mod entry;
pub mod export;
pub mod guard;
mod identifier;
pub mod import;
mod noun;
mod organisation;
mod person;
mod prefix;
mod read;
mod reason;
mod record;
pub mod server_count;
mod snapshot;
mod sql;
mod system;
pub mod unowned;

pub use asset::{Asset, AssetKind, Criticality, Validity, is_private};
pub use contact::{Channel, ChannelKind, Contact, ContactKind};
pub(crate) use entry::hide_systems;
pub use noun::Noun;
pub use organisation::{Organisation, OrganisationKind};
pub use person::Person;
pub use reason::{Reason, What};
pub use record::{Kept, Record, id_of};
pub use snapshot::{Ownership, Registry, Why};
pub use system::{
    BusinessFunction, Place, Purpose, RTO_MINUTES_MAX, Server, ServerCount, ServerKind, Software, System,
};
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
    /// The actor's roles do not give the right.
    #[error(transparent)]
    Denied(#[from] base::Denied),
    /// It is not there, or not for the asker to know of.
    #[error("there is no such thing in the registry")]
    NotFound,
    /// What was to be changed is no longer what the asker saw.
    #[error("it was changed meanwhile; look again")]
    Conflict,
    /// Somebody has decided about the change already.
    #[error("the change is decided already")]
    Decided,
    /// A value cannot go in.
    #[error("{column}: {reason}")]
    Wrong {
        /// Which column.
        column: &'static str,
        /// What is wrong with it.
        reason: Reason,
    },
    /// The machine gives no random numbers, so that no link can be made that nobody guesses.
    #[error("the machine gives no random numbers")]
    NoRandomness,
    /// The file that is exported cannot be written.
    #[error("cannot write the file: {0}")]
    Output(#[from] std::io::Error),
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

#[cfg(test)]
mod tests;
