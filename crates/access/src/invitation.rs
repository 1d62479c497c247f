//! Links that let somebody in once: the first administrator, and everybody who is invited.

use base::{Actor, Id, Role, Timestamp};
use jiff::SignedDuration;
use serde_json::json;
use store::Tx;

use crate::account::{Account, Newcomer, Source, State, create, give, kept_whole, note};
use crate::secret::{Purpose, digest};
use crate::session::themselves;
use crate::{Access, Error, Secret, password, sql};

/// How long a link is valid.
pub const VALID: SignedDuration = SignedDuration::from_hours(72);

/// Gives the link for the first administrator while no account exists; the link given before it ends.
///
/// There is no default password: whoever starts the program on the machine is told this link.
pub async fn first_administrator(
    access: &Access,
    house: &Actor,
    now: Timestamp,
) -> Result<Option<Secret>, Error> {
    let mut tx = access.store.write().await?;
    if sql::any_account(tx.connection()).await? {
        return Ok(None);
    }
    let link = issue(&mut tx, None, house, now).await?;
    tx.commit().await?;
    Ok(Some(link))
}

/// A new link for somebody who has not used theirs; the old one ends.
pub async fn renew(
    access: &Access,
    actor: &Actor,
    id: Id<base::Account>,
    now: Timestamp,
) -> Result<Secret, Error> {
    let mut tx = access.store.write().await?;
    let account = kept_whole(&mut tx, actor, id).await?;
    if account.state != State::Invited {
        return Err(Error::WrongState(account.state));
    }
    let link = issue(&mut tx, Some(id), actor, now).await?;
    note(&mut tx, actor, "account.link", id, json!({}), now).await?;
    tx.commit().await?;
    Ok(link)
}

/// Whom a link lets in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guest {
    /// The first administrator, who still has to say their name.
    First,
    /// Somebody who was invited.
    Invited(Account),
}

/// Looks at a link without using it.
pub async fn look(access: &Access, link: &str, now: Timestamp) -> Result<Guest, Error> {
    let mut read = access.store.read().await?;
    let whose = sql::invitation(read.connection(), &digest(Purpose::Invitation, link), now).await?;
    match whose.ok_or(Error::LinkGone)? {
        None if sql::any_account(read.connection()).await? => Err(Error::LinkGone),
        None => Ok(Guest::First),
        Some(id) => match sql::account(read.connection(), id).await? {
            Some(account) if account.state == State::Invited => Ok(Guest::Invited(account)),
            _ => Err(Error::LinkGone),
        },
    }
}

/// Uses a link: sets the password, and the account can sign in. The first administrator's link makes the account of
/// `newcomer`; for everybody else it is of no meaning.
pub async fn accept(
    access: &Access,
    link: &str,
    newcomer: Option<&Newcomer>,
    password: &str,
    now: Timestamp,
) -> Result<Id<base::Account>, Error> {
    // Everything slow or refusable comes before the transaction; inside it the link is looked at again.
    let guest = look(access, link, now).await?;
    let first = match (&guest, newcomer) {
        (Guest::First, Some(newcomer)) => Some(newcomer.checked()?),
        (Guest::First, None) => return Err(Error::Malformed(String::new(), "login")),
        (Guest::Invited(_), _) => None,
    };
    let (login, name) = match (&guest, &first) {
        (Guest::Invited(account), _) => (account.login.as_str(), account.name.as_str()),
        (Guest::First, Some(newcomer)) => (newcomer.login.as_str(), newcomer.name.as_str()),
        (Guest::First, None) => ("", ""),
    };
    password::check(password, &[login, name])?;
    let hash = access.hashing.hash(password).await?;

    let mut tx = access.store.write().await?;
    let id = take(&mut tx, link, first.as_ref(), now).await?;
    sql::put_password(tx.connection(), id, &hash, now).await?;
    tx.commit().await?;
    access.cache.forget();
    Ok(id)
}

/// Uses up a link inside a transaction and makes the account active.
pub(crate) async fn take(
    tx: &mut Tx,
    link: &str,
    first: Option<&Newcomer>,
    now: Timestamp,
) -> Result<Id<base::Account>, Error> {
    let digest = digest(Purpose::Invitation, link);
    let whose = sql::invitation(tx.connection(), &digest, now).await?.ok_or(Error::LinkGone)?;
    sql::delete_invitation(tx.connection(), &digest).await?;
    match (whose, first) {
        (Some(id), _) => {
            let account = sql::account(tx.connection(), id).await?.ok_or(Error::LinkGone)?;
            if account.state != State::Invited {
                return Err(Error::LinkGone);
            }
            sql::set_state(tx.connection(), id, State::Active).await?;
            note(tx, &themselves(id), "account.accept", id, json!({}), now).await?;
            Ok(id)
        }
        (None, Some(newcomer)) => {
            if sql::any_account(tx.connection()).await? {
                return Err(Error::LinkGone);
            }
            let id = Id::new(now);
            let actor = themselves(id);
            create(tx, id, newcomer, State::Active, &[], &actor, now).await?;
            give(tx, id, (Role::Administrator, None), Source::Person, &actor, now).await?;
            note(tx, &actor, "account.accept", id, json!({ "first": true }), now).await?;
            Ok(id)
        }
        (None, None) => Err(Error::LinkGone),
    }
}

/// Writes a new link; an older one for the same account ends.
pub(crate) async fn issue(
    tx: &mut Tx,
    account: Option<Id<base::Account>>,
    actor: &Actor,
    now: Timestamp,
) -> Result<Secret, Error> {
    let link = Secret::new()?;
    let digest = digest(Purpose::Invitation, link.text());
    sql::put_invitation(tx.connection(), &digest, account, &actor.label(), now, now + VALID).await?;
    Ok(link)
}
