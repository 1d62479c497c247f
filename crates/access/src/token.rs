//! Keys for programs: short-lived, with fewer rights than their owner, shown once.
//!
//! A token acts as its owner in the session it was made in, narrowed to the rights it was made for; what the owner loses
//! the token loses too. Sensors
//! are accounts of their own that nobody signs in to: they have tokens only.

use std::sync::Arc;

use base::{Actor, Id, Language, Organisation, Right, Role, Seat, Timestamp};
use jiff::SignedDuration;
use registry::Registry;
use serde_json::json;
use store::Tx;

use crate::account::{
    Account, NAME_CHARACTERS_MAX, Newcomer, Source, State, check_place, create, give, kept_whole, note,
};
use crate::secret::{Purpose, digest};
use crate::session::{self, Recognised, themselves};
use crate::{Access, Error, Secret, sql};

/// What every token begins with, so that one that leaked is found.
pub const PREFIX: &str = "noroshi_";
/// The longest a token is valid.
pub const DAYS_MAX: u16 = 90;
/// Tokens one account may have at the same time.
pub const TOKENS_MAX: usize = 20;

/// A key for a program, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its name in lists; not the secret.
    pub id: Id<Self>,
    /// Whose.
    pub account: Id<base::Account>,
    /// What its owner calls it.
    pub name: String,
    /// What it may do, as far as its owner may.
    pub rights: Vec<Right>,
    /// Since when.
    pub created_at: Timestamp,
    /// Until when.
    pub ends_at: Timestamp,
    /// When it was last used, to the minute.
    pub used_at: Option<Timestamp>,
    /// Whether whoever made it had shown more than one thing. Otherwise no role of the centre counts in it, neither one
    /// its owner holds nor one they are given later.
    pub strong: bool,
}

impl base::Kind for Token {
    const PREFIX: &'static str = "token";
}

/// A token to make.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// What its owner calls it.
    pub name: String,
    /// What it may do.
    pub rights: Vec<Right>,
    /// For how long; at most [`DAYS_MAX`].
    pub valid_days: u16,
}

/// Makes a token for somebody who showed just now who they are, and gives its text, once.
///
/// It may have any right its owner has over anything, but not that of keeping accounts: people are let in by people.
pub async fn issue(
    access: &Access,
    who: &Recognised,
    wanted: &Wanted,
    now: Timestamp,
) -> Result<(Token, String), Error> {
    if !who.is_fresh(now) {
        return Err(Error::Refused);
    }
    for &right in &wanted.rights {
        if right == Right::KeepAccounts || !who.actor.scope().has(right) {
            return Err(Error::Denied(base::Denied { right }));
        }
    }
    let mut tx = access.store.write().await?;
    let strong = who.session.as_ref().is_some_and(|session| session.method.opens_centre());
    let made = put(&mut tx, who.account.id, wanted, strong, &themselves(who.account.id), now).await?;
    tx.commit_unnoticed().await?;
    Ok(made)
}

/// The tokens of somebody that have not ended, newest first.
pub async fn list(access: &Access, id: Id<base::Account>, now: Timestamp) -> Result<Vec<Token>, Error> {
    sql::tokens_of(access.store.read().await?.connection(), id, now).await
}

/// Ends one of somebody's own tokens.
pub async fn end(
    access: &Access,
    account: Id<base::Account>,
    token: Id<Token>,
    now: Timestamp,
) -> Result<(), Error> {
    let mut tx = access.store.write().await?;
    if !sql::delete_token(tx.connection(), account, token).await? {
        return Err(Error::NoSuchSession);
    }
    note(&mut tx, &themselves(account), "token.end", account, json!({ "token": token }), now).await?;
    tx.commit_unnoticed().await?;
    access.cache.forget();
    Ok(())
}

/// Makes the account of a sensor at an organisation; [`issue_for_machine`] gives it tokens.
pub async fn add_sensor(
    access: &Access,
    registry: &Registry,
    actor: &Actor,
    name: &str,
    organisation: Id<Organisation>,
    now: Timestamp,
) -> Result<Id<base::Account>, Error> {
    let place = (Role::Sensor, Some(organisation));
    check_place(registry, actor, place)?;
    let id = Id::new(now);
    // A login nobody can type by chance; there is no password to it.
    let newcomer =
        Newcomer { login: format!("{id}@sensor.invalid"), name: name.to_owned(), language: Language::Ja };
    let mut tx = access.store.write().await?;
    create(&mut tx, id, &newcomer.checked()?, State::Active, &[place], actor, now).await?;
    give(&mut tx, id, place, Source::Person, actor, now).await?;
    tx.commit().await?;
    Ok(id)
}

/// Makes a token for a machine's account. Who keeps the accounts of its organisation does this, for the machine cannot
/// ask for itself; a second one before the first ends lets it be changed without a gap.
pub async fn issue_for_machine(
    access: &Access,
    actor: &Actor,
    id: Id<base::Account>,
    valid_days: u16,
    now: Timestamp,
) -> Result<(Token, String), Error> {
    let mut tx = access.store.write().await?;
    let account = kept_whole(&mut tx, actor, id).await?;
    if !is_machine(&account) || account.state != State::Active {
        return Err(Error::WrongState(account.state));
    }
    let wanted = Wanted { name: account.name, rights: vec![Right::Deliver], valid_days };
    let made = put(&mut tx, id, &wanted, false, actor, now).await?;
    tx.commit_unnoticed().await?;
    Ok(made)
}

/// Whether an account is a machine's: it holds roles of machines and no others.
pub fn is_machine(account: &Account) -> bool {
    !account.grants.is_empty() && account.grants.iter().all(|held| held.role.seat() == Seat::Machine)
}

/// Who sends this text after `Authorization: Bearer`. `None` when it is nobody's, or has ended.
pub async fn recognise(
    access: &Access,
    registry: &Arc<Registry>,
    text: &str,
    now: Timestamp,
) -> Result<Option<Arc<Recognised>>, Error> {
    let Some(secret) = text.strip_prefix(PREFIX) else { return Ok(None) };
    session::recognise_token(access, registry, &digest(Purpose::Token, secret), now).await
}

async fn put(
    tx: &mut Tx,
    id: Id<base::Account>,
    wanted: &Wanted,
    strong: bool,
    actor: &Actor,
    now: Timestamp,
) -> Result<(Token, String), Error> {
    let name = wanted.name.trim();
    let length = name.chars().count();
    if length == 0 || length > NAME_CHARACTERS_MAX || name.chars().any(char::is_control) {
        return Err(Error::Malformed(name.chars().take(64).collect(), "name"));
    }
    if wanted.rights.is_empty() || !(1..=DAYS_MAX).contains(&wanted.valid_days) {
        return Err(Error::Malformed(wanted.valid_days.to_string(), "token"));
    }
    if sql::tokens_of(tx.connection(), id, now).await?.len() >= TOKENS_MAX {
        return Err(Error::TooMany("tokens"));
    }
    let mut rights = wanted.rights.clone();
    rights.sort_unstable();
    rights.dedup();
    let ends_at = now.checked_add(SignedDuration::from_hours(24 * i64::from(wanted.valid_days)));
    let token = Token {
        id: Id::new(now),
        account: id,
        name: name.to_owned(),
        rights,
        created_at: now,
        ends_at: ends_at.unwrap_or(Timestamp::MAX),
        used_at: None,
        strong,
    };
    let secret = Secret::new()?;
    sql::insert_token(tx.connection(), &digest(Purpose::Token, secret.text()), &token).await?;
    let rights: Vec<_> = token.rights.iter().map(|right| right.word()).collect();
    let detail = json!({ "token": token.id, "rights": rights, "days": wanted.valid_days });
    note(tx, actor, "token.issue", id, detail, now).await?;
    Ok((token, format!("{PREFIX}{}", secret.text())))
}
