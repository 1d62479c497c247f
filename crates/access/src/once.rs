//! A change that is asked for twice is made once: what was answered is kept under a key that the asker chose.
//!
//! A key belongs to one account. It is taken before the change and given its answer after it; whoever stops or fails in
//! between leaves it taken until its time is over, because nobody can then say whether the change was made. Answers may hold links and
//! tokens, so they are sealed with the installation's key.

use base::{Account, Id, Timestamp};
use jiff::SignedDuration;

use crate::{Access, Error, sql};

/// So long an answer is kept.
pub const KEPT: SignedDuration = SignedDuration::from_hours(24);
/// The most keys of one account that are kept at the same time.
pub const KEYS_MAX: u64 = 10_000;

/// An answer as it was given; of no meaning here.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Kept {
    /// Its status.
    pub status: u16,
    /// What stood in its head.
    pub head: String,
    /// Its text.
    pub body: String,
}

/// What is known of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// Nothing: it is the asker's from now on, and the change is to be made.
    First,
    /// It was answered.
    Kept(Kept),
    /// The change is under way, or nobody knows how it ended.
    UnderWay,
    /// It was used for something else.
    Other,
}

/// Takes a key, or says what is known of it. `fingerprint` tells one request from another.
pub async fn begin(
    access: &Access,
    account: Id<Account>,
    key: &str,
    fingerprint: &str,
    now: Timestamp,
) -> Result<Begun, Error> {
    let mut tx = access.store.write().await?;
    sql::delete_old_answers(tx.connection(), now).await?;
    let begun = match sql::answer(tx.connection(), account, key).await? {
        Some((known, _)) if known != fingerprint => Begun::Other,
        Some((_, sealed)) if sealed.is_empty() => Begun::UnderWay,
        Some((_, sealed)) => return open(access, account, &sealed).map(Begun::Kept),
        None => {
            if sql::count_answers(tx.connection(), account).await? >= KEYS_MAX {
                return Err(Error::TooMany("keys"));
            }
            let ends_at = now.checked_add(KEPT).unwrap_or(Timestamp::MAX);
            sql::insert_answer(tx.connection(), account, key, fingerprint, ends_at).await?;
            Begun::First
        }
    };
    tx.commit_unnoticed().await?;
    Ok(begun)
}

/// Keeps the answer of a key that was taken. A key that never gets one stays taken for [`KEPT`].
pub async fn finish(access: &Access, account: Id<Account>, key: &str, answer: &Kept) -> Result<(), Error> {
    let plain = serde_json::to_vec(answer).map_err(|_| Error::Secret("it cannot be written"))?;
    let sealed = access.key.seal(&owner(account), &plain)?;
    let mut tx = access.store.write().await?;
    sql::set_answer(tx.connection(), account, key, &sealed).await?;
    Ok(tx.commit_unnoticed().await?)
}

fn open(access: &Access, account: Id<Account>, sealed: &str) -> Result<Kept, Error> {
    let plain = access.key.unseal(&owner(account), sealed)?;
    serde_json::from_slice(&plain).map_err(|_| Error::Secret("it is no answer"))
}

fn owner(account: Id<Account>) -> String {
    format!("answer {account}")
}
