//! Passkeys: a key pair that a device keeps and uses only for us, after verifying its user.
//!
//! A challenge is nothing that is stored: it carries its end and our mark, and what has been answered once is written
//! down until that end, so that asking for challenges costs nothing and answering twice is refused.

mod cbor;
mod verify;

#[cfg(test)]
mod tests;

use base::{Id, Timestamp};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::Tx;

use crate::account::{NAME_CHARACTERS_MAX, State, note};
use crate::secret::{Purpose, digest, random};
use crate::session::{self, Method, Recognised, themselves};
use crate::sign_in::{Client, Opened, open};
use crate::throttle::{Network, Whom};
use crate::{Access, Error, sql};

/// How long a challenge may be answered.
pub const CHALLENGE_VALID: SignedDuration = SignedDuration::from_mins(10);
/// Passkeys of one account.
pub const PASSKEYS_MAX: usize = 20;

const CHALLENGE_BYTES: usize = 16;
const NEW: &str = "new passkey";
const SIGN_IN: &str = "sign in";
const ANSWERED: &str = "answered";

/// The site for which passkeys are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// Its host, as `noroshi.go.example`.
    pub id: String,
    /// Its origin, as `https://noroshi.go.example`.
    pub origin: String,
}

/// A passkey, without its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    /// The id that its authenticator gave it, in base64url.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// Since when.
    pub created_at: Timestamp,
    /// When it was last used.
    pub used_at: Option<Timestamp>,
}

/// What the browser needs to make a passkey (`PublicKeyCredentialCreationOptionsJSON`).
pub async fn options_for_new(
    access: &Access,
    who: &Recognised,
    party: &Party,
    now: Timestamp,
) -> Result<Value, Error> {
    let known = list(access, who.account.id).await?;
    let known: Vec<Value> =
        known.iter().map(|passkey| json!({ "type": "public-key", "id": passkey.id })).collect();
    let algorithms = verify::ALGORITHMS.map(|alg| json!({ "type": "public-key", "alg": alg }));
    Ok(json!({
        "challenge": challenge(access, &about_new(who.account.id), party, now)?,
        "rp": { "id": party.id, "name": "Noroshi" },
        "user": { "id": handle(who.account.id), "name": who.account.login, "displayName": who.account.name },
        "pubKeyCredParams": algorithms,
        "timeout": CHALLENGE_VALID.as_millis() as u64,
        "excludeCredentials": known,
        "authenticatorSelection": {
            "residentKey": "required", "requireResidentKey": true, "userVerification": "required",
        },
        "attestation": "none",
    }))
}

/// What the browser needs to use one (`PublicKeyCredentialRequestOptionsJSON`). It does not depend on who asks.
pub fn options_for_sign_in(access: &Access, party: &Party, now: Timestamp) -> Result<Value, Error> {
    Ok(json!({
        "challenge": challenge(access, SIGN_IN, party, now)?,
        "rpId": party.id,
        "timeout": CHALLENGE_VALID.as_millis() as u64,
        "userVerification": "required",
    }))
}

/// Keeps a new passkey of somebody who showed just now who they are; `given` is what the browser made of
/// [`options_for_new`].
pub async fn add(
    access: &Access,
    who: &Recognised,
    party: &Party,
    name: &str,
    given: &str,
    now: Timestamp,
) -> Result<(), Error> {
    if !who.is_fresh(now) {
        return Err(Error::Refused);
    }
    let id = who.account.id;
    let name = name.trim();
    let length = name.chars().count();
    if length == 0 || length > NAME_CHARACTERS_MAX || name.chars().any(char::is_control) {
        return Err(Error::Malformed(name.chars().take(64).collect(), "name"));
    }
    let given: verify::Registration = parsed(given)?;
    let about = about_new(id);
    let is_ours = |challenge: &str| is_challenge(access, challenge, &about, party, now);
    let (passkey, credential) = verify::registration(&given, party, is_ours)?;
    let mut tx = access.store.write().await?;
    session::check_proofs(&mut tx, who).await?;
    answer(&mut tx, &given.response.client_data_json, now).await?;
    if sql::passkeys_of(tx.connection(), id).await?.len() >= PASSKEYS_MAX {
        return Err(Error::TooMany("passkeys"));
    }
    if sql::passkey(tx.connection(), &passkey).await?.is_some() {
        return Err(Error::Passkey("it is known already"));
    }
    sql::insert_passkey(tx.connection(), &passkey, id, name, &text(&credential)?, now).await?;
    note(&mut tx, &themselves(id), "account.passkey", id, json!({ "added": passkey }), now).await?;
    session::strengthen(&mut tx, who, Method::Passkey).await?;
    tx.commit_unnoticed().await?;
    access.cache.forget();
    Ok(())
}

/// Signs in with a passkey; `given` is what the browser made of [`options_for_sign_in`].
pub async fn sign_in(
    access: &Access,
    party: &Party,
    given: &str,
    client: &Client,
    now: Timestamp,
) -> Result<Opened, Error> {
    let whom = [Whom::Network(Network::of(client.address))];
    let wait_s = access.throttle.wait_s(&whom, now);
    if wait_s > 0 {
        return Err(Error::Wait(wait_s));
    }
    let opened = try_sign_in(access, party, given, client, now).await;
    if matches!(opened, Err(Error::Passkey(_) | Error::Refused)) {
        access.throttle.failed(&whom, now);
    }
    opened
}

async fn try_sign_in(
    access: &Access,
    party: &Party,
    given: &str,
    client: &Client,
    now: Timestamp,
) -> Result<Opened, Error> {
    let given: verify::Assertion = parsed(given)?;
    let mut tx = access.store.write().await?;
    // An unknown passkey, and one whose owner may not sign in, are refused alike.
    let Some((id, stored)) = sql::passkey(tx.connection(), &given.id).await? else {
        return Err(Error::Refused);
    };
    let account = sql::account(tx.connection(), id).await?.filter(|account| account.state == State::Active);
    let account = account.ok_or(Error::Refused)?;
    if given.response.user_handle.as_deref() != Some(handle(id).as_str()) {
        return Err(Error::Passkey("it belongs to somebody else"));
    }
    let mut credential: verify::Credential =
        serde_json::from_str(&stored).map_err(|_| Error::Secret("the stored passkey is damaged"))?;
    let is_ours = |challenge: &str| is_challenge(access, challenge, SIGN_IN, party, now);
    credential.counter = verify::assertion(&given, &credential, party, is_ours)?;
    answer(&mut tx, &given.response.client_data_json, now).await?;
    sql::use_passkey(tx.connection(), &given.id, &text(&credential)?, now).await?;
    let opened = open(access, &mut tx, &account, Method::Passkey, client, now).await?;
    tx.commit_unnoticed().await?;
    Ok(opened)
}

/// Somebody's passkeys, oldest first.
pub async fn list(access: &Access, id: Id<base::Account>) -> Result<Vec<Passkey>, Error> {
    sql::passkeys_of(access.store.read().await?.connection(), id).await
}

/// Removes a passkey of somebody who showed just now who they are; not the last thing they can sign in with.
pub async fn remove(access: &Access, who: &Recognised, passkey: &str, now: Timestamp) -> Result<(), Error> {
    if !who.is_fresh(now) {
        return Err(Error::Refused);
    }
    let id = who.account.id;
    let mut tx = access.store.write().await?;
    session::check_proofs(&mut tx, who).await?;
    if !sql::delete_passkey(tx.connection(), id, passkey).await? {
        return Err(Error::NoSuchSession);
    }
    if !sql::has_proof(tx.connection(), id).await? {
        return Err(Error::WrongState(who.account.state));
    }
    note(&mut tx, &themselves(id), "account.passkey", id, json!({ "removed": passkey }), now).await?;
    Ok(tx.commit_unnoticed().await?)
}

fn about_new(id: Id<base::Account>) -> String {
    format!("{NEW} {id}")
}

/// The user handle: the account's bare id, which says nothing about the person (section 14.6.1).
fn handle(id: Id<base::Account>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(id.uuid().as_bytes())
}

fn parsed<T: serde::de::DeserializeOwned>(given: &str) -> Result<T, Error> {
    serde_json::from_str(given).map_err(|_| Error::Passkey("it cannot be read"))
}

fn text(credential: &verify::Credential) -> Result<String, Error> {
    serde_json::to_string(credential).map_err(|_| Error::Secret("the passkey cannot be kept"))
}

/// Random bytes, the second in which it ends, and our mark over both and what it is for.
fn challenge(access: &Access, about: &str, party: &Party, now: Timestamp) -> Result<String, Error> {
    let ends_s = now.as_second().saturating_add(CHALLENGE_VALID.as_secs());
    let free = [&random::<CHALLENGE_BYTES>()?[..], &ends_s.to_be_bytes()].concat();
    let mark = challenge_mark(access, &free, about, party);
    Ok(BASE64_URL_SAFE_NO_PAD.encode([&free[..], mark.as_bytes()].concat()))
}

fn is_challenge(access: &Access, text: &str, about: &str, party: &Party, now: Timestamp) -> bool {
    let Ok(bytes) = BASE64_URL_SAFE_NO_PAD.decode(text) else { return false };
    let Some((free, mark)) = bytes.split_last_chunk::<{ blake3::OUT_LEN }>() else { return false };
    let Some(ends_s) = free.last_chunk::<8>().map(|ends| i64::from_be_bytes(*ends)) else { return false };
    let ours = challenge_mark(access, free, about, party) == blake3::Hash::from_bytes(*mark);
    // Neither over, nor from a time that has not come: the clock may have been set back.
    ours && (1..=CHALLENGE_VALID.as_secs()).contains(&(ends_s - now.as_second()))
}

fn challenge_mark(access: &Access, free: &[u8], about: &str, party: &Party) -> blake3::Hash {
    let free = BASE64_URL_SAFE_NO_PAD.encode(free);
    access.key.mark("noroshi access passkey challenge v1", &format!("{free} {about} {}", party.id))
}

/// Notes that a challenge was answered; a second answer is refused.
async fn answer(tx: &mut Tx, client_data_json: &str, now: Timestamp) -> Result<(), Error> {
    let challenge = verify::challenge_of(client_data_json)?;
    let ends_at = now.checked_add(CHALLENGE_VALID).unwrap_or(Timestamp::MAX);
    let digest = digest(Purpose::Step, &challenge);
    if sql::note_answer(tx.connection(), &digest, ANSWERED, ends_at).await? {
        Ok(())
    } else {
        Err(Error::Passkey("its challenge was answered already"))
    }
}
