//! What was seen at an organisation and nobody owns: a queue for whoever keeps the registry.

use base::{Id, Observable, Organisation, Right, Scope, Timestamp};
use store::{Store, Tx};

use crate::{Error, Registry, sql};

/// The most entries the queue holds; beyond it only those already there are counted on, so that a flood of made-up
/// addresses fills no disk.
pub const ENTRIES_MAX: i64 = 100_000;

/// One entry of the queue.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Unowned {
    /// What nobody owns.
    pub observable: Observable,
    /// The organisation whose sensor or log it stood in.
    pub seen_at: Id<Organisation>,
    /// How often.
    pub seen: u64,
    /// First time.
    pub first_at: Timestamp,
    /// Last time.
    pub last_at: Timestamp,
}

/// Notes that nobody owned `observable`, seen `count` times at `seen_at`, `at` this time.
pub async fn note_unowned(
    tx: &mut Tx,
    observable: &Observable,
    seen_at: Id<Organisation>,
    at: Timestamp,
    count: u64,
) -> Result<(), Error> {
    let entry = Unowned { observable: observable.clone(), seen_at, seen: count, first_at: at, last_at: at };
    sql::upsert_unowned(tx.connection(), &entry, ENTRIES_MAX).await
}

/// The queue, last seen first. What belongs to nobody is the centre's: other scopes see an empty queue.
pub async fn list(store: &Store, scope: &Scope, limit: u32) -> Result<Vec<Unowned>, Error> {
    if !scope.covers(Right::KeepRegistry, None) {
        return Ok(Vec::new());
    }
    sql::unowned(store.read().await?.connection(), limit).await
}

/// How many entries the queue has; none outside the centre.
pub async fn count(store: &Store, scope: &Scope) -> Result<u64, Error> {
    if !scope.covers(Right::KeepRegistry, None) {
        return Ok(0);
    }
    sql::count_unowned(store.read().await?.connection()).await
}

/// Takes out of the queue what the registry now knows an owner for, and says how many that were.
pub async fn settle(tx: &mut Tx, registry: &Registry) -> Result<u64, Error> {
    let entries = sql::unowned(tx.connection(), u32::try_from(ENTRIES_MAX).unwrap_or(u32::MAX)).await?;
    let mut settled = 0;
    for entry in entries {
        let owner = registry.owner_of(&entry.observable, entry.last_at, entry.seen_at);
        if owner.organisation.is_some() {
            sql::delete_unowned(tx.connection(), &entry.observable, entry.seen_at).await?;
            settled += 1;
        }
    }
    Ok(settled)
}
