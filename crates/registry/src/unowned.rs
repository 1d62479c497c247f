//! What was seen at an organisation and nobody owns: a queue for whoever keeps the registry.

use std::fmt;
use std::str::FromStr;

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

/// Where the queue goes on: after the entry that stood there, whether it still does or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct After {
    /// When the last entry seen was last noted.
    pub last_at: Timestamp,
    /// What it is.
    pub observable: Observable,
    /// The organisation it was seen at.
    pub seen_at: Id<Organisation>,
}

impl fmt::Display for After {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Observable { kind, value } = &self.observable;
        write!(f, "{}-{}-{}-{value}", store::micros(self.last_at), self.seen_at, kind.word())
    }
}

impl FromStr for After {
    type Err = store::Error;

    fn from_str(text: &str) -> Result<Self, store::Error> {
        let expected = "a place in the queue of what nobody owns";
        let mut parts = text.splitn(4, '-');
        let mut next = || parts.next().unwrap_or_default();
        Ok(Self {
            last_at: store::instant(store::parse(next(), expected)?)?,
            seen_at: store::parse(next(), expected)?,
            observable: Observable { kind: store::parse(next(), expected)?, value: next().to_owned() },
        })
    }
}

/// The first of the queue, last seen first. What belongs to nobody is the centre's: other scopes see an empty queue.
pub async fn list(store: &Store, scope: &Scope, limit: u32) -> Result<Vec<Unowned>, Error> {
    Ok(page(store, scope, None, limit).await?.0)
}

/// As [`list`], going on after `after`; and where the next page begins, `None` when this is the last.
pub async fn page(
    store: &Store,
    scope: &Scope,
    after: Option<&After>,
    limit: u32,
) -> Result<(Vec<Unowned>, Option<After>), Error> {
    if !scope.covers(Right::KeepRegistry, None) {
        return Ok((Vec::new(), None));
    }
    let mut read = store.read().await?;
    let mut found = sql::unowned(read.connection(), after, limit.saturating_add(1)).await?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next = found.last().filter(|_| more).map(|last| After {
        last_at: last.last_at,
        observable: last.observable.clone(),
        seen_at: last.seen_at,
    });
    Ok((found, next))
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
    let entries = sql::unowned(tx.connection(), None, u32::try_from(ENTRIES_MAX).unwrap_or(u32::MAX)).await?;
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
