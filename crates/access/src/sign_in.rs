//! What somebody must show to sign in.
//!
//! A password opens a session, or, for whoever set up an authenticator app, a step of a few minutes in which a code
//! must follow. An unknown login, a wrong password and a disabled account take the same work and get the same answer.

use std::net::IpAddr;

use base::{Id, Timestamp};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use serde_json::json;

use crate::account::{Account, State, normal_login, note};
use crate::secret::{Purpose, digest, random};
use crate::session::{self, Method, Recognised, Session, themselves};
use crate::throttle::{Network, Whom};
use crate::{Access, Error, Secret, sql, totp};

/// How long the code may take after the password.
pub const STEP_VALID: SignedDuration = SignedDuration::from_mins(5);
/// Codes that may be tried after one password.
pub const TRIES_MAX: i64 = 5;
/// How long a device is known after it signed in.
pub const DEVICE_KNOWN: SignedDuration = SignedDuration::from_hours(180 * 24);

const SECOND: &str = "second";
const DEVICE_BYTES: usize = 16;

/// Where a request comes from.
#[derive(Clone, Debug)]
pub struct Client {
    /// From which address.
    pub address: IpAddr,
    /// What the browser says it is.
    pub user_agent: String,
    /// The mark that a device keeps which signed in before.
    pub device: Option<String>,
}

/// What came of a password that was right.
#[derive(Debug)]
pub enum Outcome {
    /// They are in.
    Opened(Opened),
    /// A code must follow, with this secret, within [`STEP_VALID`].
    Second(Secret),
}

/// A session that has begun.
#[derive(Debug)]
pub struct Opened {
    /// Whose.
    pub account: Id<base::Account>,
    /// Its name.
    pub session: Id<Session>,
    /// Its secret, for the browser to keep.
    pub token: Secret,
    /// The mark of the device, for the browser to keep for [`DEVICE_KNOWN`].
    pub device: String,
}

/// Signs in with a password.
pub async fn with_password(
    access: &Access,
    login: &str,
    password: &str,
    client: &Client,
    now: Timestamp,
) -> Result<Outcome, Error> {
    // What is no login is an unknown one, and costs the same.
    let login = normal_login(login);
    let known = login.as_deref().unwrap_or_default();
    let attempt = Attempt::begin(access, known, client, now)?;
    let mut read = access.store.read().await?;
    let account = match sql::account_of_login(read.connection(), known).await? {
        Some(id) => sql::account(read.connection(), id).await?,
        None => None,
    };
    let account = account.filter(|account| account.state == State::Active);
    let (mut hash, mut asks_code) = (None, false);
    if let Some(account) = &account {
        hash = sql::password(read.connection(), account.id).await?;
        asks_code =
            sql::totp(read.connection(), account.id).await?.is_some_and(|(_, confirmed, _)| confirmed);
    }
    drop(read);
    let right = attempt.verify(password, hash.as_deref()).await?;
    let Some(account) = account.filter(|_| right) else { return Err(Error::Refused) };

    let mut tx = access.store.write().await?;
    let outcome = if asks_code {
        ask_for_code(&mut tx, account.id, now).await?
    } else {
        Outcome::Opened(open(access, &mut tx, &account, Method::Password, client, now).await?)
    };
    tx.commit_unnoticed().await?;
    Ok(outcome)
}

/// Begins the step in which a code must follow.
pub(crate) async fn ask_for_code(
    tx: &mut store::Tx,
    id: Id<base::Account>,
    now: Timestamp,
) -> Result<Outcome, Error> {
    let step = Secret::new()?;
    let ends_at = now.checked_add(STEP_VALID).unwrap_or(Timestamp::MAX);
    sql::put_step(tx.connection(), &digest(Purpose::Step, step.text()), Some(id), SECOND, "", ends_at)
        .await?;
    Ok(Outcome::Second(step))
}

/// Goes on after a right password, with a code of the app or a recovery code.
pub async fn with_code(
    access: &Access,
    step: &str,
    code: &str,
    client: &Client,
    now: Timestamp,
) -> Result<Opened, Error> {
    let digest = digest(Purpose::Step, step);
    let mut tx = access.store.write().await?;
    let tried = sql::try_step(tx.connection(), &digest, SECOND, now).await?;
    let Some((Some(id), _, tries)) = tried else { return Err(Error::LinkGone) };
    let account = sql::account(tx.connection(), id).await?.filter(|account| account.state == State::Active);
    let Some(account) = account else { return Err(Error::LinkGone) };
    if tries > TRIES_MAX {
        return Err(Error::LinkGone);
    }
    let whom = [second_whom(access, &account, client)];
    let wait_s = access.throttle.wait_s(&whom, now);
    if wait_s > 0 {
        return Err(Error::Wait(wait_s));
    }
    let right = totp::use_code(access, &mut tx, id, code, now).await?
        || totp::use_recovery(access, &mut tx, id, code, now).await?;
    if !right {
        access.throttle.failed(&whom, now);
        // That it was tried is kept.
        tx.commit_unnoticed().await?;
        return Err(Error::Refused);
    }
    access.throttle.succeeded(whom[0]);
    sql::delete_step(tx.connection(), &digest).await?;
    let opened = open(access, &mut tx, &account, Method::Code, client, now).await?;
    tx.commit_unnoticed().await?;
    Ok(opened)
}

/// Opens the session of somebody who has just accepted an invitation, and so shown who they are.
pub async fn after_invitation(
    access: &Access,
    id: Id<base::Account>,
    client: &Client,
    now: Timestamp,
) -> Result<Opened, Error> {
    let mut tx = access.store.write().await?;
    let account = sql::account(tx.connection(), id).await?.filter(|account| account.state == State::Active);
    let account = account.ok_or(Error::LinkGone)?;
    let opened = open(access, &mut tx, &account, Method::Password, client, now).await?;
    tx.commit_unnoticed().await?;
    Ok(opened)
}

/// Shows once more who somebody is, with their password, for what is delicate.
pub async fn refresh(
    access: &Access,
    who: &Recognised,
    password: &str,
    client: &Client,
    now: Timestamp,
) -> Result<(), Error> {
    prove(access, &who.account, password, client, now).await?;
    let Some(session) = &who.session else { return Err(Error::NoSuchSession) };
    let mut tx = access.store.write().await?;
    sql::set_fresh(tx.connection(), session.id, now).await?;
    tx.commit_unnoticed().await?;
    access.cache.forget();
    Ok(())
}

/// Ends the session that somebody is in.
pub async fn sign_out(access: &Access, who: &Recognised, now: Timestamp) -> Result<(), Error> {
    match &who.session {
        Some(session) => session::end(access, who.account.id, session.id, now).await,
        None => Ok(()),
    }
}

/// Checks the password of somebody who is signed in, as slowly as at the door.
pub(crate) async fn prove(
    access: &Access,
    account: &Account,
    password: &str,
    client: &Client,
    now: Timestamp,
) -> Result<(), Error> {
    let attempt = Attempt::begin(access, &account.login, client, now)?;
    let hash = sql::password(access.store.read().await?.connection(), account.id).await?;
    if attempt.verify(password, hash.as_deref()).await? { Ok(()) } else { Err(Error::Refused) }
}

/// One attempt, counted as failed from its beginning: a thousand at the same time are a thousand failures.
struct Attempt<'a> {
    access: &'a Access,
    whom: [Whom; 2],
}

impl<'a> Attempt<'a> {
    fn begin(access: &'a Access, login: &str, client: &Client, now: Timestamp) -> Result<Self, Error> {
        let network = Network::of(client.address);
        let by_login = match device_of(access, login, client) {
            Some(device) => Whom::Device(device),
            None => Whom::Login(first_half(access.key.mark("noroshi access throttle v1", login)), network),
        };
        let whom = [by_login, Whom::Network(network)];
        let wait_s = access.throttle.wait_s(&whom, now);
        if wait_s > 0 {
            return Err(Error::Wait(wait_s));
        }
        access.throttle.failed(&whom, now);
        Ok(Self { access, whom })
    }

    /// Ends the attempt: a wrong password stays a failure, a right one wipes out those before it, and an attempt for
    /// which there was no room was none.
    async fn verify(self, password: &str, hash: Option<&str>) -> Result<bool, Error> {
        let verified = self.access.hashing.verify(password, hash).await;
        let throttle = &self.access.throttle;
        match verified {
            Ok(false) => {}
            Ok(true) => {
                throttle.succeeded(self.whom[0]);
                throttle.forgive(self.whom[1]);
            }
            Err(_) => self.whom.into_iter().for_each(|whom| throttle.forgive(whom)),
        }
        verified
    }
}

fn second_whom(access: &Access, account: &Account, client: &Client) -> Whom {
    let device = device_of(access, &account.login, client).map(|device| device.map(|byte| !byte));
    Whom::Second(device.unwrap_or_else(|| {
        first_half(access.key.mark("noroshi access throttle second v1", &account.id.to_string()))
    }))
}

/// The device's own number, if its mark is one that we gave for this login.
fn device_of(access: &Access, login: &str, client: &Client) -> Option<[u8; 16]> {
    let (number, mark) = client.device.as_deref()?.split_once('.')?;
    let right = device_mark(access, login, number);
    (right == blake3::Hash::from_hex(mark).ok()?).then(|| first_half(right))
}

fn device_mark(access: &Access, login: &str, number: &str) -> blake3::Hash {
    access.key.mark("noroshi access device v1", &format!("{number}:{login}"))
}

fn first_half(hash: blake3::Hash) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&hash.as_bytes()[..16]);
    half
}

/// Begins the session, and marks the device.
pub(crate) async fn open(
    access: &Access,
    tx: &mut store::Tx,
    account: &Account,
    method: Method,
    client: &Client,
    now: Timestamp,
) -> Result<Opened, Error> {
    let (token, session) =
        session::open(tx, account.id, method, client.address, &client.user_agent, now).await?;
    let device = match &client.device {
        Some(device) if device_of(access, &account.login, client).is_some() => device.clone(),
        _ => {
            let number = BASE64_URL_SAFE_NO_PAD.encode(random::<DEVICE_BYTES>()?);
            let mark = device_mark(access, &account.login, &number).to_hex();
            let detail = json!({ "session": session });
            note(tx, &themselves(account.id), "device.new", account.id, detail, now).await?;
            format!("{number}.{mark}")
        }
    };
    Ok(Opened { account: account.id, session, token, device })
}
