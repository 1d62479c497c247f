//! Whether a contact is still right: asked from time to time, confirmed with a link that works once.

use std::fmt;
use std::str::FromStr;

use base::{Actor, Confidentiality, Id, Organisation, PointOfContact, Right, Scope, Signal, Timestamp};
use jiff::SignedDuration;
use store::{Line, Store, Tx};

use crate::{Error, Record, sql};

/// After so many days a contact is asked again whether it is still right.
pub const VERIFY_AFTER_DAYS: i64 = 180;
/// Who did not answer is asked again after so many days.
pub const ASK_AGAIN_AFTER_DAYS: i64 = 14;
/// So long a link works.
pub const LINK_DAYS: i64 = 30;
/// The most contacts one look finds.
const LOOK_MAX: u32 = 1000;
const TOKEN_BYTES: usize = 32;

/// What is known of whether a contact is right.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// When somebody last said so; `None` when nobody ever has, or when its channels changed since.
    pub last_verified_at: Option<Timestamp>,
    /// Who; empty when nobody.
    pub verified_by: String,
    /// When it was last asked for; `None` when it was not since.
    pub asked_at: Option<Timestamp>,
    /// Mails that came back since.
    pub bounces: u64,
}

/// How a contact stands at some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Somebody has confirmed it not long ago.
    Verified,
    /// It was verified, but too long ago.
    Overdue,
    /// Nobody has confirmed what stands there now.
    Never,
}

/// How a contact stands at `now`; exactly [`VERIFY_AFTER_DAYS`] later it is still verified.
pub fn standing(verification: &Verification, now: Timestamp) -> Standing {
    match verification.last_verified_at {
        None => Standing::Never,
        Some(at) if now.duration_since(at) > days(VERIFY_AFTER_DAYS) => Standing::Overdue,
        Some(_) => Standing::Verified,
    }
}

/// A link that was made for somebody to confirm with.
#[derive(Clone, PartialEq, Eq)]
pub struct Asked {
    /// The secret of the link, shown once and not kept.
    pub token: String,
    /// Until when it works.
    pub ends_at: Timestamp,
}

/// Contacts that are to be asked now: not verified, or too long ago, and not asked in the last
/// [`ASK_AGAIN_AFTER_DAYS`]. Those waiting longest come first.
pub async fn due(store: &Store, now: Timestamp) -> Result<Vec<Record>, Error> {
    let verified_before = now - days(VERIFY_AFTER_DAYS);
    let asked_before = now - days(ASK_AGAIN_AFTER_DAYS);
    let mut read = store.read().await?;
    sql::contact::due(read.connection(), verified_before, asked_before, base::japan_day(now), LOOK_MAX).await
}

/// The periodic look: says [`Signal::ContactVerificationDue`] for every contact that is due, and says it again only
/// after [`ASK_AGAIN_AFTER_DAYS`]. Gives how many.
pub async fn check(store: &Store, now: Timestamp) -> Result<u64, Error> {
    let found = due(store, now).await?;
    if found.is_empty() {
        return Ok(0);
    }
    let mut tx = store.write().await?;
    for record in &found {
        let contact = id(record)?;
        sql::contact::asked(tx.connection(), &record.id(), now).await?;
        let signal = Signal::ContactVerificationDue { contact, organisation: record.organisation };
        tx.signal(&signal, now).await?;
    }
    tx.commit().await?;
    Ok(found.len() as u64)
}

fn id(record: &Record) -> Result<Id<PointOfContact>, Error> {
    Ok(store::parse(&record.id(), "a contact's id")?)
}

/// Makes the link with which a contact confirms. An older link stops working. Needs the right to keep the registry
/// or to propose changes of it at that organisation.
pub async fn ask(
    store: &Store,
    actor: &Actor,
    contact: Id<PointOfContact>,
    now: Timestamp,
) -> Result<Asked, Error> {
    let mut tx = store.write().await?;
    let record = visible(&mut tx, actor.scope(), contact).await?;
    require_keeping(actor.scope(), record.organisation)?;
    let mut secret = [0; TOKEN_BYTES];
    getrandom::fill(&mut secret).map_err(|_| Error::NoRandomness)?;
    let token: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let ends_at = now + days(LINK_DAYS);
    let id = contact.to_string();
    sql::contact::replace_link(tx.connection(), &id, &digest(&token), &actor.label(), ends_at).await?;
    sql::contact::asked(tx.connection(), &id, now).await?;
    audit(&mut tx, &actor.label(), "contact.ask", &record, now).await?;
    tx.commit().await?;
    Ok(Asked { token, ends_at })
}

/// Marks the contact of a link as verified. Whoever has the link stands for the contact, so no scope is asked; a link
/// that was used, replaced or never made is [`Error::NotFound`].
pub async fn confirm(store: &Store, token: &str, now: Timestamp) -> Result<Record, Error> {
    let mut tx = store.write().await?;
    let contact =
        sql::contact::take_link(tx.connection(), &digest(token), now).await?.ok_or(Error::NotFound)?;
    let record = sql::contact::by_id(tx.connection(), &contact).await?.ok_or(Error::NotFound)?;
    sql::contact::verified(tx.connection(), &contact, "link", now).await?;
    audit(&mut tx, "link", "contact.confirm", &record, now).await?;
    tx.commit().await?;
    Ok(record)
}

/// Who a link belongs to, without using it up: for the page with the button.
pub async fn by_link(store: &Store, token: &str, now: Timestamp) -> Result<Record, Error> {
    let mut read = store.read().await?;
    let found = sql::contact::by_link(read.connection(), &digest(token), now).await?;
    found.ok_or(Error::NotFound)
}

/// Notes that a mail to the contact came back, as somebody says who may keep the registry there or propose changes of it.
pub async fn came_back(
    store: &Store,
    actor: &Actor,
    contact: Id<PointOfContact>,
    now: Timestamp,
) -> Result<Record, Error> {
    let mut tx = store.write().await?;
    let record = visible(&mut tx, actor.scope(), contact).await?;
    require_keeping(actor.scope(), record.organisation)?;
    bounced(&mut tx, contact).await?;
    audit(&mut tx, &actor.label(), "contact.bounce", &record, now).await?;
    tx.commit().await?;
    Ok(record)
}

/// Notes that a mail to the contact came back, for whoever handles such mail.
pub async fn bounced(tx: &mut Tx, contact: Id<PointOfContact>) -> Result<(), Error> {
    sql::contact::bounced(tx.connection(), &contact.to_string()).await
}

/// What is known of whether a contact is right.
pub async fn verification(
    store: &Store,
    scope: &Scope,
    contact: Id<PointOfContact>,
) -> Result<Verification, Error> {
    let mut read = store.read().await?;
    let record =
        sql::contact::by_id(read.connection(), &contact.to_string()).await?.ok_or(Error::NotFound)?;
    if !scope.covers(Right::ReadPeople, Some(record.organisation)) {
        return Err(Error::NotFound);
    }
    sql::contact::verification(read.connection(), &contact.to_string()).await
}

/// Where the list of overdue contacts goes on: after the one that stood there, whether it was confirmed since or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct After {
    /// When it was last confirmed; `None` when never.
    pub last_verified_at: Option<Timestamp>,
    /// Whose it is.
    pub organisation: Id<Organisation>,
    /// Its key there.
    pub key: String,
}

impl fmt::Display for After {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = self.last_verified_at.map_or(0, store::micros);
        write!(f, "{since}-{}-{}", self.organisation, self.key)
    }
}

impl FromStr for After {
    type Err = store::Error;

    fn from_str(text: &str) -> Result<Self, store::Error> {
        let expected = "a place in the list of overdue contacts";
        let mut parts = text.splitn(3, '-');
        let mut next = || parts.next().unwrap_or_default();
        let since = store::instant(store::parse(next(), expected)?)?;
        let last_verified_at = Some(since).filter(|since| *since != Timestamp::UNIX_EPOCH);
        Ok(Self { last_verified_at, organisation: store::parse(next(), expected)?, key: next().to_owned() })
    }
}

/// The contacts that nobody has confirmed in [`VERIFY_AFTER_DAYS`], never confirmed ones first, then by how long ago;
/// and how many there are altogether.
pub async fn overdue(
    store: &Store,
    scope: &Scope,
    now: Timestamp,
    limit: u32,
) -> Result<(Vec<(Record, Verification)>, u64), Error> {
    let before = now - days(VERIFY_AFTER_DAYS);
    let mut read = store.read().await?;
    let page = (None, limit);
    let found = sql::contact::overdue(read.connection(), scope, before, base::japan_day(now), page).await?;
    let count = sql::contact::count_overdue(read.connection(), scope, before, base::japan_day(now)).await?;
    Ok((found, count))
}

/// A page of the same list, going on after `after`; and where the next one begins, `None` when this is the last.
pub async fn overdue_page(
    store: &Store,
    scope: &Scope,
    now: Timestamp,
    after: Option<&After>,
    limit: u32,
) -> Result<(Vec<(Record, Verification)>, Option<After>), Error> {
    let before = now - days(VERIFY_AFTER_DAYS);
    let mut read = store.read().await?;
    let page = (after, limit.saturating_add(1));
    let mut found =
        sql::contact::overdue(read.connection(), scope, before, base::japan_day(now), page).await?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next = found.last().filter(|_| more).map(|(record, known)| After {
        last_verified_at: known.last_verified_at,
        organisation: record.organisation,
        key: record.key.clone(),
    });
    Ok((found, next))
}

async fn visible(tx: &mut Tx, scope: &Scope, contact: Id<PointOfContact>) -> Result<Record, Error> {
    let record = sql::contact::by_id(tx.connection(), &contact.to_string()).await?;
    record.filter(|record| scope.covers(Right::ReadPeople, Some(record.organisation))).ok_or(Error::NotFound)
}

fn require_keeping(scope: &Scope, organisation: Id<Organisation>) -> Result<(), Error> {
    if scope.covers(Right::KeepRegistry, Some(organisation)) {
        return Ok(());
    }
    Ok(scope.require(Right::ProposeRegistry, Some(organisation))?)
}

/// Only this is kept of a link, so that whoever reads the database cannot confirm for others.
fn digest(token: &str) -> String {
    blake3::Hasher::new_derive_key("noroshi contact confirmation v1")
        .update(token.as_bytes())
        .finalize()
        .to_hex()
        .to_string()
}

async fn audit(
    tx: &mut Tx,
    actor: &str,
    action: &str,
    contact: &Record,
    now: Timestamp,
) -> Result<(), Error> {
    let line = Line {
        at: now,
        actor: actor.to_owned(),
        action: action.to_owned(),
        object: contact.id(),
        detail: serde_json::json!({}),
        concerns: vec![contact.organisation],
        degree: Confidentiality::One,
    };
    tx.audit(&line).await?;
    Ok(())
}

fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(days * 24)
}
