//! How somebody is recognised from one request to the next.
//!
//! The only place that makes a [`base::Actor`] of a person: from a session's secret, the grants its account holds now,
//! and the tree as it is now. What was read is believed for [`BELIEVED_S`] seconds, and in this process at once no
//! longer when anything about accounts or sessions changes.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use base::{Actor, Grant, Id, Right, Seat, Timestamp};
use jiff::SignedDuration;
use registry::Registry;
use serde_json::json;
use store::{Connection, Tx, clean, micros};

use crate::account::{Account, Held, State, line, note};
use crate::secret::{Purpose, digest};
use crate::{Access, Error, Secret, Token, sql};

/// A session ends when nobody used it for so long.
pub const IDLE_MAX: SignedDuration = SignedDuration::from_hours(8);
/// A session ends so long after sign-in in any case.
pub const AGE_MAX: SignedDuration = SignedDuration::from_hours(7 * 24);
/// The same for whoever holds a role of the centre.
pub const AGE_CENTRE_MAX: SignedDuration = SignedDuration::from_hours(12);
/// For so long after showing who they are somebody may do what is delicate without showing it again.
pub const FRESH: SignedDuration = SignedDuration::from_mins(15);
/// Sessions of one account; a further sign-in ends the one unseen for longest.
pub const SESSIONS_MAX: usize = 50;
/// Seconds for which what was read of a session is believed; another process's changes count after at most that long.
pub const BELIEVED_S: i64 = 5;
/// How often at most it is written down that a session was used.
const SEEN_EVERY_S: i64 = 60;
/// Sessions remembered; when more are used at once, all are read again.
const REMEMBERED_MAX: usize = 20_000;
/// Characters kept of what a browser says it is.
const USER_AGENT_CHARACTERS_MAX: usize = 200;

/// One browser in which somebody signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its name in lists; not the secret.
    pub id: Id<Self>,
    /// Whose.
    pub account: Id<base::Account>,
    /// How they showed who they are.
    pub method: Method,
    /// Since when.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub seen_at: Timestamp,
    /// When they last showed who they are.
    pub fresh_at: Timestamp,
    /// What the browser said it is; foreign text.
    pub user_agent: String,
    /// From which address.
    pub address: String,
}

impl base::Kind for Session {
    const PREFIX: &'static str = "session";
}

/// How somebody showed who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// A password alone.
    Password,
    /// A password and a code.
    Code,
    /// A passkey, with the person verified by the device.
    Passkey,
    /// A provider of identities said so; whether more than a password was shown there, nobody knows.
    Provider,
    /// The same, and more than one thing was shown there.
    ProviderStrong,
    /// A link that the house itself gave out: the demonstration.
    Link,
}

impl Method {
    /// Every way.
    pub const ALL: [Self; 6] =
        [Self::Password, Self::Code, Self::Passkey, Self::Provider, Self::ProviderStrong, Self::Link];

    /// The word used in tables.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Code => "code",
            Self::Passkey => "passkey",
            Self::Provider => "provider",
            Self::ProviderStrong => "provider_strong",
            Self::Link => "link",
        }
    }

    /// Whether a role of the centre counts in a session that began so: who watches over everybody shows more than one
    /// thing. The link of a demonstration leads to invented data only.
    pub const fn opens_centre(self) -> bool {
        self.is_strong() || matches!(self, Self::Link)
    }

    /// Whether more than one thing was shown.
    pub const fn is_strong(self) -> bool {
        matches!(self, Self::Code | Self::Passkey | Self::ProviderStrong)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Method {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|method| method.word() == text)
            .ok_or_else(|| format!("{text:?} is not a way to sign in"))
    }
}

/// A session as it is stored, under the digest of its secret.
pub(crate) struct Stored {
    pub digest: String,
    pub session: Session,
}

/// Somebody who was recognised.
#[derive(Clone, Debug)]
pub struct Recognised {
    /// Whom every other room asks.
    pub actor: Actor,
    /// Their account, with the language they read.
    pub account: Account,
    /// The session they were recognised by.
    pub session: Option<Session>,
    /// The token they were recognised by; one of the two is there.
    pub token: Option<Token>,
    /// Whether they hold a role of the centre that does not count in this session, until they show more than one thing.
    pub held_back: bool,
}

impl Recognised {
    /// Whether they showed who they are within [`FRESH`]. Never with a token.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        self.session.as_ref().is_some_and(|session| within(session.fresh_at, now, FRESH))
    }
}

impl Session {
    /// When it ends however much it is used, for whoever holds `grants`.
    pub fn ends_at(&self, grants: &[Held]) -> Timestamp {
        self.created_at.checked_add(age_max(grants)).unwrap_or(Timestamp::MAX)
    }

    fn is_alive(&self, grants: &[Held], now: Timestamp) -> bool {
        within(self.created_at, now, age_max(grants)) && within(self.seen_at, now, IDLE_MAX)
    }
}

fn age_max(grants: &[Held]) -> SignedDuration {
    let centre = grants.iter().any(|held| held.role.seat() == Seat::Centre);
    if centre { AGE_CENTRE_MAX } else { AGE_MAX }
}

/// Whether `now` is less than `span` after `begin`. A clock set back does not end anything, nor does it prolong it.
fn within(begin: Timestamp, now: Timestamp, span: SignedDuration) -> bool {
    now.duration_since(begin) < span
}

/// Who sends this secret. `None` when it is nobody's, or has ended.
pub async fn recognise(
    access: &Access,
    registry: &Arc<Registry>,
    token: &str,
    now: Timestamp,
) -> Result<Option<Arc<Recognised>>, Error> {
    let digest = digest(Purpose::Session, token);
    let recognised = match access.cache.get(&digest, registry, now) {
        Some(known) => known,
        None => match read(access, registry, &digest, now).await? {
            Some(read) => read,
            None => return Ok(None),
        },
    };
    let Some(session) = &recognised.session else { return Ok(None) };
    if !session.is_alive(&recognised.account.grants, now) {
        return Ok(None);
    }
    access.cache.note_seen(&digest, session.seen_at, now);
    Ok(Some(recognised))
}

/// Who sends the token with this digest.
pub(crate) async fn recognise_token(
    access: &Access,
    registry: &Arc<Registry>,
    digest: &str,
    now: Timestamp,
) -> Result<Option<Arc<Recognised>>, Error> {
    let recognised = match access.cache.get(digest, registry, now) {
        Some(known) => known,
        None => {
            let generation = access.cache.generation();
            let mut read = access.store.read().await?;
            let Some(token) = sql::token(read.connection(), digest).await? else { return Ok(None) };
            let Some(account) = sql::account(read.connection(), token.account).await? else {
                return Ok(None);
            };
            drop(read);
            if account.state != State::Active {
                return Ok(None);
            }
            let recognised = Arc::new(recognised(registry, account, None, Some(token)));
            access.cache.put(digest, registry, &recognised, generation, now);
            recognised
        }
    };
    let Some(token) = &recognised.token else { return Ok(None) };
    if now >= token.ends_at {
        return Ok(None);
    }
    access.cache.note_seen(digest, token.used_at.unwrap_or(Timestamp::MIN), now);
    Ok(Some(recognised))
}

async fn read(
    access: &Access,
    registry: &Arc<Registry>,
    digest: &str,
    now: Timestamp,
) -> Result<Option<Arc<Recognised>>, Error> {
    // What changes while it is read must make it be read again.
    let generation = access.cache.generation();
    let mut read = access.store.read().await?;
    let Some(mut session) = sql::session(read.connection(), digest).await? else { return Ok(None) };
    let Some(account) = sql::account(read.connection(), session.account).await? else { return Ok(None) };
    drop(read);
    if account.state != State::Active {
        return Ok(None);
    }
    if let Some(seen_at) = access.cache.seen_at(digest) {
        session.seen_at = session.seen_at.max(seen_at);
    }
    let recognised = Arc::new(recognised(registry, account, Some(session), None));
    access.cache.put(digest, registry, &recognised, generation, now);
    Ok(Some(recognised))
}

/// The one place where an account becomes an actor.
#[allow(clippy::disallowed_methods, reason = "this is where people are recognised")]
fn recognised(
    registry: &Registry,
    account: Account,
    session: Option<Session>,
    token: Option<Token>,
) -> Recognised {
    let opens_centre = session.as_ref().is_some_and(|session| session.method.opens_centre())
        || token.as_ref().is_some_and(|token| token.strong);
    let held_back = |held: &Held| !opens_centre && held.role.seat() == Seat::Centre;
    let grants: Vec<Grant> = account
        .grants
        .iter()
        .filter(|held| !held_back(held))
        .filter_map(|held| {
            let subtree = match (held.role.seat(), held.organisation) {
                (Seat::Centre, None) => Vec::new(),
                (Seat::Organisation | Seat::Machine, Some(id)) => {
                    // An organisation that is gone gives no rights.
                    registry.organisation(id)?;
                    registry.subtree(id).into_iter().collect()
                }
                _ => return None,
            };
            Some(Grant { role: held.role, subtree })
        })
        .collect();
    let only = token.as_ref().map(|token| token.rights.as_slice());
    let actor = Actor::recognised(account.id, account.name.clone(), &grants, only);
    let held_back = account.grants.iter().any(held_back);
    Recognised { actor, account, session, token, held_back }
}

/// Notes in the session somebody is in that they have now shown more than it began with, and how.
pub(crate) async fn strengthen(tx: &mut Tx, who: &Recognised, method: Method) -> Result<(), Error> {
    match &who.session {
        Some(session) if !session.method.opens_centre() => {
            sql::set_method(tx.connection(), session.id, method).await
        }
        _ => Ok(()),
    }
}

/// Whether somebody may change how they prove who they are: whoever has shown no more than a password may not put their
/// own passkey beside one that is there, nor their own app, nor another provider. For who lost what they had, whoever
/// keeps the accounts makes a new beginning.
pub async fn may_change_proofs(access: &Access, who: &Recognised) -> Result<bool, Error> {
    let mut read = access.store.read().await?;
    shows_enough(read.connection(), who).await
}

/// The same within the transaction that changes something.
pub(crate) async fn check_proofs(tx: &mut Tx, who: &Recognised) -> Result<(), Error> {
    if shows_enough(tx.connection(), who).await? { Ok(()) } else { Err(Error::ShowMore) }
}

async fn shows_enough(connection: &mut Connection, who: &Recognised) -> Result<bool, Error> {
    let Some(session) = &who.session else { return Ok(false) };
    if session.method.opens_centre() {
        return Ok(true);
    }
    let (has_more, is_linked) = sql::strong_proofs(connection, who.account.id).await?;
    // Whoever keeps to a provider has shown it; a password beside it is the weaker way in.
    Ok(!has_more && (session.method == Method::Provider || !is_linked))
}

/// Somebody as the one who did something to their own account, with no right beyond that.
#[allow(clippy::disallowed_methods, reason = "this is where people are recognised")]
pub(crate) fn themselves(id: Id<base::Account>) -> Actor {
    Actor::recognised(id, String::new(), &[], None)
}

/// Begins a session; gives its secret.
pub(crate) async fn open(
    tx: &mut Tx,
    id: Id<base::Account>,
    method: Method,
    address: IpAddr,
    user_agent: &str,
    now: Timestamp,
) -> Result<(Secret, Id<Session>), Error> {
    let secret = Secret::new()?;
    let session = Session {
        id: Id::new(now),
        account: id,
        method,
        created_at: now,
        seen_at: now,
        fresh_at: now,
        user_agent: clean(user_agent).chars().take(USER_AGENT_CHARACTERS_MAX).collect(),
        address: address.to_canonical().to_string(),
    };
    for stored in sql::sessions_of(tx.connection(), id).await?.iter().skip(SESSIONS_MAX - 1) {
        sql::drop_session(tx.connection(), &stored.digest).await?;
    }
    sql::insert_session(tx.connection(), &digest(Purpose::Session, secret.text()), &session).await?;
    sql::set_signed_in(tx.connection(), id, now).await?;
    let detail = json!({ "session": session.id, "method": method.word() });
    let organisations = sql::organisations_of(tx.connection(), id).await?;
    let line = line(&themselves(id), "session.open", id, detail, now).of(organisations);
    tx.audit_about(&line, &id.to_string(), &session.address).await?;
    Ok((secret, session.id))
}

/// A session without a proof, for a link that the house itself gives out: only the house may, never somebody signed in.
pub async fn open_by_house(
    access: &Access,
    house: &Actor,
    id: Id<base::Account>,
    client: &crate::sign_in::Client,
    now: Timestamp,
) -> Result<Secret, Error> {
    if house.account().is_some() || !house.scope().everywhere(Right::KeepAccounts) {
        return Err(Error::Denied(base::Denied { right: Right::KeepAccounts }));
    }
    let mut tx = access.store.write().await?;
    let account = sql::account(tx.connection(), id).await?.ok_or(Error::NoSuchAccount(id))?;
    if account.state != State::Active {
        return Err(Error::WrongState(account.state));
    }
    let (secret, _) = open(&mut tx, id, Method::Link, client.address, &client.user_agent, now).await?;
    tx.commit_unnoticed().await?;
    Ok(secret)
}

/// The sessions of somebody that have not ended, last seen first: for their own eyes.
pub async fn list(access: &Access, account: &Account, now: Timestamp) -> Result<Vec<Session>, Error> {
    let stored = sql::sessions_of(access.store.read().await?.connection(), account.id).await?;
    let alive = stored.into_iter().map(|stored| {
        let seen_at = access.cache.seen_at(&stored.digest).unwrap_or(stored.session.seen_at);
        Session { seen_at: seen_at.max(stored.session.seen_at), ..stored.session }
    });
    Ok(alive.filter(|session| session.is_alive(&account.grants, now)).collect())
}

/// Ends one of somebody's own sessions.
pub async fn end(
    access: &Access,
    account: Id<base::Account>,
    session: Id<Session>,
    now: Timestamp,
) -> Result<(), Error> {
    let mut tx = access.store.write().await?;
    if !sql::delete_session(tx.connection(), account, session).await? {
        return Err(Error::NoSuchSession);
    }
    let detail = json!({ "session": session });
    note(&mut tx, &themselves(account), "session.end", account, detail, now).await?;
    tx.commit_unnoticed().await?;
    access.cache.forget();
    Ok(())
}

/// Ends every session of somebody but the one they are in.
pub async fn end_others(access: &Access, who: &Recognised, now: Timestamp) -> Result<u64, Error> {
    let id = who.account.id;
    let mut tx = access.store.write().await?;
    let own = who.session.as_ref().map(|session| session.id);
    let ended = sql::delete_sessions_of(tx.connection(), id, own).await?;
    note(&mut tx, &themselves(id), "session.end", id, json!({ "sessions": ended }), now).await?;
    tx.commit_unnoticed().await?;
    access.cache.forget();
    Ok(ended)
}

/// Ends every session of somebody else.
pub(crate) async fn end_every(
    tx: &mut Tx,
    actor: &Actor,
    id: Id<base::Account>,
    now: Timestamp,
) -> Result<(), Error> {
    let ended = sql::delete_sessions_of(tx.connection(), id, None).await?;
    note(tx, actor, "session.end", id, json!({ "sessions": ended }), now).await?;
    Ok(())
}

/// Writes down which sessions were used, and removes what ended. Call it every few seconds; it writes when there is
/// something to write, and no open page hears of it.
pub async fn tidy(access: &Access, now: Timestamp) -> Result<(), Error> {
    let (seen, sweep) = access.cache.take_work(now);
    if seen.is_empty() && !sweep {
        return Ok(());
    }
    let mut tx = access.store.write().await?;
    for (digest, seen_us) in &seen {
        sql::set_seen(tx.connection(), digest, *seen_us).await?;
    }
    if sweep {
        let before = |span: SignedDuration| now.checked_sub(span).unwrap_or(Timestamp::MIN);
        sql::delete_ended(tx.connection(), before(IDLE_MAX), before(AGE_MAX), now).await?;
    }
    Ok(tx.commit_unnoticed().await?)
}

/// What was read lately, so that a page costs no question to the database.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    /// Moves with every change to accounts and sessions in this process.
    generation: AtomicU64,
    state: Mutex<Remembered>,
}

#[derive(Debug, Default)]
struct Remembered {
    entries: HashMap<String, Entry>,
    /// Microseconds of uses that are not written yet, by digest.
    unwritten: HashMap<String, i64>,
    swept_s: i64,
}

#[derive(Debug)]
struct Entry {
    recognised: Arc<Recognised>,
    registry: Weak<Registry>,
    generation: u64,
    read_s: i64,
}

/// How often what ended is removed.
const SWEEP_EVERY_S: i64 = 600;

impl Cache {
    /// Nothing that was read is believed any more.
    pub(crate) fn forget(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    fn state(&self) -> MutexGuard<'_, Remembered> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, digest: &str, registry: &Arc<Registry>, now: Timestamp) -> Option<Arc<Recognised>> {
        let generation = self.generation();
        let mut state = self.state();
        let entry = state.entries.get_mut(digest)?;
        let age_s = now.as_second().saturating_sub(entry.read_s);
        if entry.generation != generation || !(0..BELIEVED_S).contains(&age_s) {
            return None;
        }
        if !std::ptr::eq(entry.registry.as_ptr(), Arc::as_ptr(registry)) {
            // The tree has changed; the account has not.
            let Recognised { account, session, token, .. } = entry.recognised.as_ref().clone();
            entry.recognised = Arc::new(recognised(registry, account, session, token));
            entry.registry = Arc::downgrade(registry);
        }
        Some(Arc::clone(&entry.recognised))
    }

    fn put(
        &self,
        digest: &str,
        registry: &Arc<Registry>,
        recognised: &Arc<Recognised>,
        generation: u64,
        now: Timestamp,
    ) {
        let mut state = self.state();
        if state.entries.len() >= REMEMBERED_MAX {
            state.entries.clear();
        }
        let entry = Entry {
            recognised: Arc::clone(recognised),
            registry: Arc::downgrade(registry),
            generation,
            read_s: now.as_second(),
        };
        state.entries.insert(digest.to_owned(), entry);
    }

    fn note_seen(&self, digest: &str, seen_at: Timestamp, now: Timestamp) {
        let mut state = self.state();
        let before_s = state.unwritten.get(digest).map_or(seen_at.as_second(), |us| us / 1_000_000);
        if now.as_second().saturating_sub(before_s) >= SEEN_EVERY_S {
            state.unwritten.insert(digest.to_owned(), micros(now));
        }
    }

    fn seen_at(&self, digest: &str) -> Option<Timestamp> {
        self.state().unwritten.get(digest).and_then(|&us| Timestamp::from_microsecond(us).ok())
    }

    /// The uses to write, and whether it is time to sweep.
    fn take_work(&self, now: Timestamp) -> (Vec<(String, i64)>, bool) {
        let mut state = self.state();
        let seen = std::mem::take(&mut state.unwritten).into_iter().collect();
        let sweep = (now.as_second() - state.swept_s).abs() >= SWEEP_EVERY_S;
        if sweep {
            state.swept_s = now.as_second();
            // What was remembered of sessions nobody uses any more.
            state.entries.clear();
        }
        (seen, sweep)
    }
}
