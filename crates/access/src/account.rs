//! Who can sign in, and in which roles.
//!
//! Whoever keeps the accounts of an organisation gives and takes the roles of that organisation and its parts, no
//! more; the roles of the centre are given by those who keep all accounts. What concerns the account as a whole
//! (disabling, a new link, erasing) needs the right over everything the account holds.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use base::{Actor, Confidentiality, Id, Language, Organisation, Right, Role, Scope, Seat, Timestamp};
use registry::Registry;
use serde_json::json;
use store::{Line, Tx};
use unicode_normalization::UnicodeNormalization as _;

use crate::{Access, Error, Secret, invitation, session, sql};

/// Bytes of a login, as RFC 5321 bounds a mail address.
pub const LOGIN_BYTES_MAX: usize = 254;
/// Characters of a name.
pub const NAME_CHARACTERS_MAX: usize = 100;
/// Roles one account may hold.
pub const GRANTS_MAX: usize = 64;

/// Somebody who can sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Their name for ever, also in the audit trail.
    pub id: Id<base::Account>,
    /// What they type to sign in, as a mail address; in its normal form.
    pub login: String,
    /// What they are called.
    pub name: String,
    /// The language they read.
    pub language: Language,
    /// Whether they can sign in.
    pub state: State,
    /// Their roles.
    pub grants: Vec<Held>,
    /// When they were invited.
    pub created_at: Timestamp,
    /// When they last signed in.
    pub signed_in_at: Option<Timestamp>,
}

impl Account {
    /// Where it has a role, besides the centre.
    pub fn organisations(&self) -> BTreeSet<Id<Organisation>> {
        self.grants.iter().filter_map(|held| held.organisation).collect()
    }
}

/// A role somebody holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Which.
    pub role: Role,
    /// Where; `None` for a role of the centre.
    pub organisation: Option<Id<Organisation>>,
    /// Who says so.
    pub source: Source,
    /// Since when.
    pub given_at: Timestamp,
}

macro_rules! words {
    ($kind:ident, $what:literal, $($variant:ident = $word:literal),+) => {
        impl $kind {
            /// The word used in tables and URLs.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.word())
            }
        }

        impl FromStr for $kind {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(format!(concat!("{:?} is not ", $what), text)),
                }
            }
        }
    };
}

/// Whether somebody can sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not yet: the link was not used.
    Invited,
    /// Yes.
    Active,
    /// Not for now.
    Disabled,
    /// Never again: everything about the person is gone, and only the id is left.
    Erased,
}
words!(
    State,
    "a state of an account",
    Invited = "invited",
    Active = "active",
    Disabled = "disabled",
    Erased = "erased"
);

/// Who says that somebody holds a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A person who keeps accounts.
    Person,
    /// The provider of identities with which they signed in last.
    Provider,
}
words!(Source, "a source of roles", Person = "person", Provider = "provider");

/// A role to give or take, and where; `None` for a role of the centre.
pub type Place = (Role, Option<Id<Organisation>>);

/// Somebody new.
#[derive(Clone, Debug)]
pub struct Newcomer {
    /// What they will type to sign in.
    pub login: String,
    /// What they are called.
    pub name: String,
    /// The language they read.
    pub language: Language,
}

/// What to list. Every field narrows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only whose login or name contains this text.
    pub text: Option<String>,
    /// Only who holds a role at this organisation itself.
    pub organisation: Option<Id<Organisation>>,
    /// Only those whose login comes after this one: where the page before ended.
    pub after: Option<String>,
}

/// The accounts that may be kept under `scope`, by login, at most `limit`. Erased ones are not listed.
pub async fn list(
    access: &Access,
    scope: &Scope,
    filter: &Filter,
    limit: u32,
) -> Result<Vec<Account>, Error> {
    let mut read = access.store.read().await?;
    sql::accounts(read.connection(), scope.limit(Right::KeepAccounts), filter, limit).await
}

/// One account that may be kept under `scope`.
pub async fn find(access: &Access, scope: &Scope, id: Id<base::Account>) -> Result<Account, Error> {
    let account = sql::account(access.store.read().await?.connection(), id).await?;
    account.filter(|account| visible(scope, account)).ok_or(Error::NoSuchAccount(id))
}

/// Those of these accounts that may be kept under `scope`, erased ones too, which have no name any more: for telling who
/// somebody is.
pub async fn known(
    access: &Access,
    scope: &Scope,
    ids: &BTreeSet<Id<base::Account>>,
) -> Result<BTreeMap<Id<base::Account>, Account>, Error> {
    let mut read = access.store.read().await?;
    let mut known = BTreeMap::new();
    for &id in ids {
        let account = sql::account(read.connection(), id).await?;
        known.extend(account.filter(|account| visible(scope, account)).map(|account| (id, account)));
    }
    Ok(known)
}

/// Makes an account with these roles and gives the link with which its owner comes in.
///
/// A login is given once for the whole installation, so whoever invites learns that it is taken; not by whom.
pub async fn invite(
    access: &Access,
    registry: &Registry,
    actor: &Actor,
    newcomer: &Newcomer,
    places: &[Place],
    now: Timestamp,
) -> Result<(Id<base::Account>, Secret), Error> {
    let newcomer = newcomer.checked()?;
    for &place in places {
        check_place(registry, actor, place)?;
    }
    // Without a role nobody but the centre could see the account again.
    if places.is_empty() {
        actor.scope().require(Right::KeepAccounts, None)?;
    }
    let id = Id::new(now);
    let mut tx = access.store.write().await?;
    create(&mut tx, id, &newcomer, State::Invited, places, actor, now).await?;
    for &(role, organisation) in places {
        give(&mut tx, id, (role, organisation), Source::Person, actor, now).await?;
    }
    let link = invitation::issue(&mut tx, Some(id), actor, now).await?;
    tx.commit().await?;
    Ok((id, link))
}

/// Makes an account that is active at once and has nothing to show: only [`session::open_by_house`] opens a session for
/// it. Only the house itself may.
pub async fn admit(
    access: &Access,
    registry: &Registry,
    house: &Actor,
    newcomer: &Newcomer,
    place: Place,
    now: Timestamp,
) -> Result<Id<base::Account>, Error> {
    if house.account().is_some() {
        return Err(Error::Denied(base::Denied { right: Right::KeepAccounts }));
    }
    let newcomer = newcomer.checked()?;
    check_place(registry, house, place)?;
    let id = Id::new(now);
    let mut tx = access.store.write().await?;
    create(&mut tx, id, &newcomer, State::Active, &[place], house, now).await?;
    give(&mut tx, id, place, Source::Person, house, now).await?;
    tx.commit().await?;
    Ok(id)
}

/// Gives a role.
pub async fn grant(
    access: &Access,
    registry: &Registry,
    actor: &Actor,
    id: Id<base::Account>,
    place: Place,
    now: Timestamp,
) -> Result<(), Error> {
    check_place(registry, actor, place)?;
    let mut tx = access.store.write().await?;
    let account = kept(&mut tx, actor, id).await?;
    if account.state == State::Erased {
        return Err(Error::WrongState(account.state));
    }
    if account.grants.len() >= GRANTS_MAX {
        return Err(Error::TooMany("roles"));
    }
    give(&mut tx, id, place, Source::Person, actor, now).await?;
    tx.commit().await?;
    access.cache.forget();
    Ok(())
}

/// Takes a role, whoever gave it. Taking what is not there is done already.
pub async fn revoke(
    access: &Access,
    actor: &Actor,
    id: Id<base::Account>,
    (role, organisation): Place,
    now: Timestamp,
) -> Result<(), Error> {
    let mut tx = access.store.write().await?;
    let account = kept(&mut tx, actor, id).await?;
    require(actor.scope(), organisation)?;
    sql::delete_grant(tx.connection(), id, role, organisation).await?;
    keep_an_administrator(&mut tx, &account).await?;
    let detail = json!({ "role": role.word(), "organisation": organisation });
    tx.audit(&line(actor, "account.revoke", id, detail, now).of(organisation)).await?;
    tx.commit().await?;
    access.cache.forget();
    Ok(())
}

/// Keeps somebody from signing in, and ends their sessions and tokens.
pub async fn disable(
    access: &Access,
    actor: &Actor,
    id: Id<base::Account>,
    now: Timestamp,
) -> Result<(), Error> {
    let mut tx = access.store.write().await?;
    let account = kept_whole(&mut tx, actor, id).await?;
    sql::set_state(tx.connection(), id, State::Disabled).await?;
    keep_an_administrator(&mut tx, &account).await?;
    sql::end_all(tx.connection(), id).await?;
    note(&mut tx, actor, "account.disable", id, json!({}), now).await?;
    tx.commit().await?;
    access.cache.forget();
    Ok(())
}

/// Lets somebody sign in again with what they had; somebody who never had a password or passkey needs a new link.
pub async fn enable(
    access: &Access,
    actor: &Actor,
    id: Id<base::Account>,
    now: Timestamp,
) -> Result<(), Error> {
    let mut tx = access.store.write().await?;
    let account = kept_whole(&mut tx, actor, id).await?;
    if account.state != State::Disabled {
        return Err(Error::WrongState(account.state));
    }
    let has_proof = sql::has_proof(tx.connection(), id).await?;
    sql::set_state(tx.connection(), id, if has_proof { State::Active } else { State::Invited }).await?;
    note(&mut tx, actor, "account.enable", id, json!({}), now).await?;
    tx.commit().await?;
    Ok(())
}

/// Takes away everything by which somebody proves who they are, ends their sessions and tokens, and gives a link to
/// begin anew: for who lost password, authenticator and codes. Whoever does this must be sure whom they hand it to.
pub async fn reset(
    access: &Access,
    actor: &Actor,
    id: Id<base::Account>,
    now: Timestamp,
) -> Result<Secret, Error> {
    let mut tx = access.store.write().await?;
    let account = kept_whole(&mut tx, actor, id).await?;
    if !matches!(account.state, State::Active | State::Invited) {
        return Err(Error::WrongState(account.state));
    }
    sql::set_state(tx.connection(), id, State::Invited).await?;
    keep_an_administrator(&mut tx, &account).await?;
    sql::delete_proofs(tx.connection(), id).await?;
    sql::end_all(tx.connection(), id).await?;
    let link = invitation::issue(&mut tx, Some(id), actor, now).await?;
    note(&mut tx, actor, "account.reset", id, json!({}), now).await?;
    tx.commit().await?;
    access.cache.forget();
    Ok(link)
}

/// Removes everything about the person, also from beside the audit trail, which goes on naming the id.
pub async fn erase(
    access: &Access,
    actor: &Actor,
    id: Id<base::Account>,
    now: Timestamp,
) -> Result<(), Error> {
    let mut tx = access.store.write().await?;
    let account = kept_whole(&mut tx, actor, id).await?;
    sql::erase(tx.connection(), id).await?;
    keep_an_administrator(&mut tx, &account).await?;
    sql::delete_proofs(tx.connection(), id).await?;
    sql::end_all(tx.connection(), id).await?;
    tx.forget(&id.to_string()).await?;
    tx.audit(&line(actor, "account.erase", id, json!({}), now).of(account.organisations())).await?;
    tx.commit().await?;
    access.cache.forget();
    Ok(())
}

/// Ends every session of somebody.
pub async fn end_sessions(
    access: &Access,
    actor: &Actor,
    id: Id<base::Account>,
    now: Timestamp,
) -> Result<(), Error> {
    let mut tx = access.store.write().await?;
    kept_whole(&mut tx, actor, id).await?;
    session::end_every(&mut tx, actor, id, now).await?;
    tx.commit().await?;
    access.cache.forget();
    Ok(())
}

/// The language somebody reads from now on.
pub async fn set_language(access: &Access, id: Id<base::Account>, language: Language) -> Result<(), Error> {
    let mut tx = access.store.write().await?;
    sql::set_language(tx.connection(), id, language).await?;
    tx.commit_unnoticed().await?;
    access.cache.forget();
    Ok(())
}

impl Newcomer {
    /// In the normal form, or what is wrong with it.
    pub(crate) fn checked(&self) -> Result<Self, Error> {
        let login = normal_login(&self.login)
            .ok_or_else(|| Error::Malformed(self.login.chars().take(64).collect(), "login"))?;
        let name: String = self.name.trim().nfc().collect();
        let fits = !name.is_empty()
            && name.chars().count() <= NAME_CHARACTERS_MAX
            && !name.chars().any(char::is_control);
        if !fits {
            return Err(Error::Malformed(name.chars().take(64).collect(), "name"));
        }
        Ok(Self { login, name, language: self.language })
    }
}

/// A login as it is compared: one form for what looks the same, in lower case. `None` when it is not of the form of a
/// mail address.
pub fn normal_login(text: &str) -> Option<String> {
    if text.len() > LOGIN_BYTES_MAX {
        return None;
    }
    let login = text.trim().nfkc().collect::<String>().to_lowercase();
    let (local, domain) = login.split_once('@')?;
    let fits = !local.is_empty()
        && !domain.is_empty()
        && login.len() <= LOGIN_BYTES_MAX
        && !domain.contains('@')
        && !login.chars().any(|character| character.is_control() || character.is_whitespace());
    fits.then_some(login)
}

/// Whether somebody who keeps accounts under `scope` may know of this one.
fn visible(scope: &Scope, account: &Account) -> bool {
    scope.everywhere(Right::KeepAccounts)
        || account
            .grants
            .iter()
            .any(|held| held.organisation.is_some() && scope.covers(Right::KeepAccounts, held.organisation))
}

fn require(scope: &Scope, organisation: Option<Id<Organisation>>) -> Result<(), Error> {
    match organisation {
        // Unknown and not-yours are the same.
        Some(id) if !scope.covers(Right::KeepAccounts, Some(id)) => Err(Error::NoSuchOrganisation(id)),
        Some(_) => Ok(()),
        None => Ok(scope.require(Right::KeepAccounts, None)?),
    }
}

pub(crate) fn check_place(
    registry: &Registry,
    actor: &Actor,
    (role, organisation): Place,
) -> Result<(), Error> {
    match (role.seat(), organisation) {
        (Seat::Centre, None) => {}
        (Seat::Organisation | Seat::Machine, Some(id)) if registry.organisation(id).is_none() => {
            return Err(Error::NoSuchOrganisation(id));
        }
        (Seat::Organisation | Seat::Machine, Some(_)) => {}
        _ => return Err(Error::WrongSeat(role)),
    }
    require(actor.scope(), organisation)
}

/// The account, if the actor may keep anything of it.
async fn kept(tx: &mut Tx, actor: &Actor, id: Id<base::Account>) -> Result<Account, Error> {
    let account = sql::account(tx.connection(), id).await?;
    account.filter(|account| visible(actor.scope(), account)).ok_or(Error::NoSuchAccount(id))
}

/// The account, if the actor may keep all of it.
pub(crate) async fn kept_whole(tx: &mut Tx, actor: &Actor, id: Id<base::Account>) -> Result<Account, Error> {
    let account = kept(tx, actor, id).await?;
    let places: BTreeSet<_> = account.grants.iter().map(|held| held.organisation).collect();
    for place in places {
        actor.scope().require(Right::KeepAccounts, place)?;
    }
    if account.state == State::Erased {
        return Err(Error::WrongState(account.state));
    }
    Ok(account)
}

/// Refuses what has just left nobody who keeps the accounts; `before` is the account as it was.
async fn keep_an_administrator(tx: &mut Tx, before: &Account) -> Result<(), Error> {
    let was_one =
        before.state == State::Active && before.grants.iter().any(|held| held.role == Role::Administrator);
    if was_one && sql::count_administrators(tx.connection()).await? == 0 {
        return Err(Error::LastAdministrator);
    }
    Ok(())
}

/// Writes a new account, to be given `places`, and its audit line; login and name stand beside the chain.
pub(crate) async fn create(
    tx: &mut Tx,
    id: Id<base::Account>,
    newcomer: &Newcomer,
    state: State,
    places: &[Place],
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Error> {
    create_by(tx, id, newcomer, state, places, &actor.label(), "account.invite", now).await
}

/// The same, under the name of whoever lets them in and what that is called.
pub(crate) async fn create_by(
    tx: &mut Tx,
    id: Id<base::Account>,
    newcomer: &Newcomer,
    state: State,
    places: &[Place],
    by: &str,
    action: &str,
    now: Timestamp,
) -> Result<(), Error> {
    if sql::account_of_login(tx.connection(), &newcomer.login).await?.is_some() {
        return Err(Error::LoginTaken(newcomer.login.clone()));
    }
    sql::insert_account(tx.connection(), id, newcomer, state, now).await?;
    let words = format!("{} <{}>", newcomer.name, newcomer.login);
    let line = line_by(by, action, id.to_string(), json!({}), now);
    let line = line.of(places.iter().filter_map(|place| place.1));
    tx.audit_about(&line, &id.to_string(), &words).await?;
    Ok(())
}

/// Writes a grant and its audit line.
pub(crate) async fn give(
    tx: &mut Tx,
    id: Id<base::Account>,
    (role, organisation): Place,
    source: Source,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Error> {
    let held = Held { role, organisation, source, given_at: now };
    sql::upsert_grant(tx.connection(), id, &held, &actor.label()).await?;
    let detail = json!({ "role": role.word(), "organisation": organisation, "source": source.word() });
    tx.audit(&line(actor, "account.grant", id, detail, now).of(organisation)).await?;
    Ok(())
}

pub(crate) fn line(
    actor: &Actor,
    action: &str,
    id: Id<base::Account>,
    detail: serde_json::Value,
    now: Timestamp,
) -> Line {
    line_by(&actor.label(), action, id.to_string(), detail, now)
}

/// The same, under the name of whoever is no actor.
pub(crate) fn line_by(
    by: &str,
    action: &str,
    object: String,
    detail: serde_json::Value,
    now: Timestamp,
) -> Line {
    let (actor, action) = (by.to_owned(), action.to_owned());
    Line { at: now, actor, action, object, detail, concerns: Vec::new(), degree: Confidentiality::One }
}

/// Writes a line about an account, for everybody who reads the trail of an organisation where it has a role.
pub(crate) async fn note(
    tx: &mut Tx,
    actor: &Actor,
    action: &str,
    id: Id<base::Account>,
    detail: serde_json::Value,
    now: Timestamp,
) -> Result<(), Error> {
    let organisations = sql::organisations_of(tx.connection(), id).await?;
    tx.audit(&line(actor, action, id, detail, now).of(organisations)).await?;
    Ok(())
}
