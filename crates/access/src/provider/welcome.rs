//! Whose account it is that the provider speaks of, and which roles they hold from now on.
//!
//! A mail address lets nobody into an account that was ever used: it only takes up an invitation that still waits.
//! Whoever has an account links the provider themselves, signed in with what they have.

use std::collections::BTreeSet;

use base::{Id, Role, Timestamp};
use registry::Registry;
use serde_json::json;
use store::{Line, Tx};

use super::id_token::{Fault, LEEWAY};
use super::said::Said;
use super::settings::{Changes, Settings, changes};
use super::{Caught, Provider, Refusal};
use crate::account::{
    Account, Held, NAME_CHARACTERS_MAX, Newcomer, Place, Source, State, create_by, line, line_by, note,
};
use crate::session::{FRESH, Method, Recognised, check_proofs, strengthen, themselves};
use crate::sign_in::{Outcome, ask_for_code, open};
use crate::{Access, Error, sql};

/// Under which name the audit trail holds what the provider decided.
const SPEAKER: &str = "provider";

/// Signs somebody in, with an account made for them where that is due.
pub(super) async fn sign_in(
    access: &Access,
    provider: &Provider,
    registry: &Registry,
    said: &Said,
    caught: &Caught<'_>,
    now: Timestamp,
) -> Result<Outcome, Error> {
    let settings = &provider.settings;
    let mut tx = access.store.write().await?;
    let account = match admit(&mut tx, settings, registry, said, caught, now).await {
        Ok(account) => account,
        Err(error) => {
            note_refusal(access, tx, settings, said, &error, now).await?;
            return Err(error);
        }
    };
    let method = method(settings, said);
    let kept = sql::totp(tx.connection(), account.id).await?;
    let asks_code = kept.is_some_and(|(_, confirmed, _)| confirmed);
    let outcome = if asks_code && !method.is_strong() {
        ask_for_code(&mut tx, account.id, now).await?
    } else {
        let opened = open(access, &mut tx, &account, method, caught.client, now).await?;
        sql::set_fresh(tx.connection(), opened.session, shown_at(said, now)).await?;
        Outcome::Opened(opened)
    };
    tx.commit().await?;
    access.cache.forget();
    Ok(outcome)
}

/// How somebody shows who they are who comes from there.
fn method(settings: &Settings, said: &Said) -> Method {
    let strong = settings.second_factor || said.several_factors;
    if strong { Method::ProviderStrong } else { Method::Provider }
}

/// When they showed who they are: at the provider, which may have been long ago, or nobody knows when.
fn shown_at(said: &Said, now: Timestamp) -> Timestamp {
    let long_ago = now.checked_sub(FRESH).unwrap_or(Timestamp::MIN);
    said.signed_in_at.map_or(long_ago, |at| at.min(now))
}

/// The account, with the roles it holds from now on.
async fn admit(
    tx: &mut Tx,
    settings: &Settings,
    registry: &Registry,
    said: &Said,
    caught: &Caught<'_>,
    now: Timestamp,
) -> Result<Account, Error> {
    let id = match sql::account_of_identity(tx.connection(), &settings.issuer, &said.subject).await? {
        Some(id) => id,
        None => receive_newcomer(tx, settings, registry, said, caught, now).await?,
    };
    let account = sql::account(tx.connection(), id).await?.ok_or(Error::NoSuchAccount(id))?;
    if account.state != State::Active {
        return Err(Error::WrongState(account.state));
    }
    let account = follow(tx, settings, registry, account, said, now).await?;
    if account.grants.is_empty() { Err(Refusal::NoRole.into()) } else { Ok(account) }
}

/// Takes up an invitation, or makes an account for somebody with a group of meaning.
async fn receive_newcomer(
    tx: &mut Tx,
    settings: &Settings,
    registry: &Registry,
    said: &Said,
    caught: &Caught<'_>,
    now: Timestamp,
) -> Result<Id<base::Account>, Error> {
    let known = match &said.address {
        Some(address) => sql::account_of_login(tx.connection(), address).await?,
        None => None,
    };
    if let Some(id) = known {
        take_up_invitation(tx, settings, id, said, now).await?;
        return Ok(id);
    }
    let places = places(settings, registry, said);
    if !settings.create_accounts || places.is_empty() {
        return Err(Refusal::NoRole.into());
    }
    let keeps = places.iter().any(|(role, _)| *role == Role::Administrator);
    if !keeps && !sql::any_account(tx.connection()).await? {
        return Err(Refusal::Early.into());
    }
    let id = Id::new(now);
    // Without an address that the provider stands for, a login that nobody can type by chance.
    let login = said.address.clone().unwrap_or_else(|| format!("{id}@provider.invalid"));
    let name = said.name.clone().unwrap_or_else(|| login.chars().take(NAME_CHARACTERS_MAX).collect());
    let newcomer = Newcomer { login, name, language: caught.language };
    let newcomer = newcomer.checked()?;
    create_by(tx, id, &newcomer, State::Active, &places, SPEAKER, "account.create", now).await?;
    remember(tx, settings, id, said, now).await?;
    Ok(id)
}

/// Lets somebody use the invitation that waits at their own, verified address.
async fn take_up_invitation(
    tx: &mut Tx,
    settings: &Settings,
    id: Id<base::Account>,
    said: &Said,
    now: Timestamp,
) -> Result<(), Error> {
    let account = sql::account(tx.connection(), id).await?;
    let unused = account
        .is_some_and(|account| account.state == State::Invited && account.signed_in_at.is_none())
        && !sql::has_proof(tx.connection(), id).await?
        && sql::is_invited(tx.connection(), id, now).await?;
    if !unused {
        return Err(Refusal::AddressTaken.into());
    }
    sql::delete_invitations_of(tx.connection(), id).await?;
    sql::set_state(tx.connection(), id, State::Active).await?;
    let detail = json!({ "provider": settings.issuer });
    note(tx, &themselves(id), "account.accept", id, detail, now).await?;
    remember(tx, settings, id, said, now).await
}

/// Keeps by which name the provider knows an account. The name itself stands beside the chain, where it can be erased.
async fn remember(
    tx: &mut Tx,
    settings: &Settings,
    id: Id<base::Account>,
    said: &Said,
    now: Timestamp,
) -> Result<(), Error> {
    sql::insert_identity(tx.connection(), &settings.issuer, &said.subject, id).await?;
    let line = line(&themselves(id), "account.identity", id, json!({ "added": settings.issuer }), now);
    let line = line.of(sql::organisations_of(tx.connection(), id).await?);
    tx.audit_about(&line, &id.to_string(), &said.subject).await?;
    Ok(())
}

/// The roles that its groups have here. A provider that says nothing about groups vouches for none: what it gave before
/// is taken back, as when it names none.
fn places(settings: &Settings, registry: &Registry, said: &Said) -> Vec<Place> {
    settings.places(said.groups.as_deref().unwrap_or_default(), registry)
}

/// Gives and takes roles until they are what the provider says, beside those that people gave; the account as it then
/// is.
async fn follow(
    tx: &mut Tx,
    settings: &Settings,
    registry: &Registry,
    account: Account,
    said: &Said,
    now: Timestamp,
) -> Result<Account, Error> {
    let changes = changes(&account.grants, &places(settings, registry, said));
    apply(tx, &account, changes, now).await?;
    sql::account(tx.connection(), account.id).await?.ok_or(Error::NoSuchAccount(account.id))
}

async fn apply(tx: &mut Tx, account: &Account, changes: Changes, now: Timestamp) -> Result<(), Error> {
    for place in changes.take {
        // A provider whose groups went missing must not leave an installation that nobody can put right.
        if place.0 == Role::Administrator && sql::count_administrators(tx.connection()).await? <= 1 {
            continue;
        }
        sql::delete_grant(tx.connection(), account.id, place.0, place.1).await?;
        tx.audit(&spoken("account.revoke", account.id, place, now)).await?;
    }
    for place in changes.give {
        let held = Held { role: place.0, organisation: place.1, source: Source::Provider, given_at: now };
        sql::upsert_grant(tx.connection(), account.id, &held, SPEAKER).await?;
        tx.audit(&spoken("account.grant", account.id, place, now)).await?;
    }
    Ok(())
}

fn spoken(action: &str, id: Id<base::Account>, (role, organisation): Place, now: Timestamp) -> Line {
    let source = Source::Provider.word();
    let detail = json!({ "role": role.word(), "organisation": organisation, "source": source });
    line_by(SPEAKER, action, id.to_string(), detail, now).of(organisation)
}

/// Writes down that somebody was turned away, with what changed for them before that. Whom the provider speaks of is a
/// keyed digest: the same person is recognised, and nobody is named.
async fn note_refusal(
    access: &Access,
    mut tx: Tx,
    settings: &Settings,
    said: &Said,
    error: &Error,
    now: Timestamp,
) -> Result<(), Error> {
    let reason = match error {
        Error::Provider(Refusal::NoRole) => "no role",
        Error::Provider(Refusal::Early) => "no administrator yet",
        Error::Provider(Refusal::AddressTaken) => "address taken",
        Error::WrongState(state) => state.word(),
        _ => return Ok(()),
    };
    let known = sql::account_of_identity(tx.connection(), &settings.issuer, &said.subject).await?;
    let whom = format!("{} {}", settings.issuer, said.subject);
    let whom = access.key.mark("noroshi access identity v1", &whom).to_hex();
    let object = known.map_or_else(|| settings.issuer.clone(), |id| id.to_string());
    let detail = json!({ "reason": reason, "identity": whom.as_str() });
    let organisations = match known {
        Some(id) => sql::organisations_of(tx.connection(), id).await?,
        None => BTreeSet::new(),
    };
    tx.audit(&line_by(SPEAKER, "session.refuse", object, detail, now).of(organisations)).await?;
    tx.commit().await?;
    access.cache.forget();
    Ok(())
}

/// Lets the provider open the account of somebody who is signed in.
pub(super) async fn link(
    access: &Access,
    provider: &Provider,
    registry: &Registry,
    who: &Recognised,
    said: &Said,
    now: Timestamp,
) -> Result<(), Error> {
    let (settings, id) = (&provider.settings, who.account.id);
    let mut tx = access.store.write().await?;
    check_proofs(&mut tx, who).await?;
    let account = sql::account(tx.connection(), id).await?.ok_or(Error::NoSuchAccount(id))?;
    let known = sql::account_of_identity(tx.connection(), &settings.issuer, &said.subject).await?;
    let own = sql::identity_of(tx.connection(), id, &settings.issuer).await?;
    match (known, own) {
        (None, None) => remember(&mut tx, settings, id, said, now).await?,
        (Some(known), _) if known == id => {}
        _ => return Err(Refusal::IdentityTaken.into()),
    }
    follow(&mut tx, settings, registry, account, said, now).await?;
    strengthen(&mut tx, who, method(settings, said)).await?;
    tx.commit().await?;
    access.cache.forget();
    Ok(())
}

/// Takes the provider's word, given just now, that it is still they.
pub(super) async fn confirm(
    access: &Access,
    provider: &Provider,
    who: &Recognised,
    said: &Said,
    began: Timestamp,
    now: Timestamp,
) -> Result<(), Error> {
    let session = who.session.as_ref().ok_or(Error::NoSuchSession)?;
    let shown_at = said.signed_in_at.filter(|at| began.duration_since(*at) <= LEEWAY);
    let shown_at = shown_at.ok_or(Refusal::Token(Fault::Age))?;
    let mut tx = access.store.write().await?;
    let issuer = &provider.settings.issuer;
    if sql::account_of_identity(tx.connection(), issuer, &said.subject).await? != Some(who.account.id) {
        return Err(Refusal::IdentityTaken.into());
    }
    sql::set_fresh(tx.connection(), session.id, shown_at.min(now)).await?;
    strengthen(&mut tx, who, method(&provider.settings, said)).await?;
    tx.commit_unnoticed().await?;
    access.cache.forget();
    Ok(())
}

/// Whether the provider opens this account.
pub async fn is_linked(access: &Access, provider: &Provider, id: Id<base::Account>) -> Result<bool, Error> {
    let mut read = access.store.read().await?;
    Ok(sql::identity_of(read.connection(), id, &provider.settings.issuer).await?.is_some())
}

/// Takes the provider's word no longer for somebody who showed just now who they are, and with it the roles it gave; not
/// the last thing they can sign in with.
pub async fn unlink(
    access: &Access,
    provider: &Provider,
    who: &Recognised,
    now: Timestamp,
) -> Result<(), Error> {
    if !who.is_fresh(now) {
        return Err(Error::Refused);
    }
    let id = who.account.id;
    let mut tx = access.store.write().await?;
    check_proofs(&mut tx, who).await?;
    let account = sql::account(tx.connection(), id).await?.ok_or(Error::NoSuchAccount(id))?;
    if !sql::delete_identity(tx.connection(), id, &provider.settings.issuer).await? {
        return Err(Error::NoSuchSession);
    }
    if !sql::has_proof(tx.connection(), id).await? {
        return Err(Error::WrongState(account.state));
    }
    apply(&mut tx, &account, changes(&account.grants, &[]), now).await?;
    let detail = json!({ "removed": provider.settings.issuer });
    note(&mut tx, &themselves(id), "account.identity", id, detail, now).await?;
    tx.commit().await?;
    access.cache.forget();
    Ok(())
}
