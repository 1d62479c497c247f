//! Signing in through a provider of identities (OpenID Connect Core 1.0, the code flow with a proof key).
//!
//! [`settings`] say which provider there is and what its groups mean, [`discovery`] is what it says about itself,
//! [`errand`] what a browser is sent there for, [`id_token`] whether what it brings back is true, [`said`] what that
//! says about somebody; these are pure. [`begin`] sends somebody out, [`finish`] receives them: it asks the provider
//! ([`fetch`]) and then decides in one transaction whose account it is and which roles they hold from now on.

mod directory;
pub mod discovery;
pub mod errand;
pub mod fetch;
pub mod id_token;
pub mod jwk;
pub mod said;
pub mod settings;
mod welcome;

#[cfg(test)]
pub(crate) mod tests;

use std::sync::Arc;

use base::{Language, Timestamp};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use registry::Registry;
use serde_json::Value;
use url::form_urlencoded;

use self::discovery::{Discovery, Misfit, SecretIn};
pub use self::errand::Purpose;
use self::errand::{ERRAND_VALID, Errand, PROVIDER_AGE_MAX};
use self::fetch::{Answer, Call, Caller, Fetch, Trouble, json};
use self::id_token::{Claims, Expected, Fault};
use self::said::Said;
pub use self::settings::{ClientSecret, Mapping, Settings};
pub use self::welcome::{is_linked, unlink};
use crate::secret::digest;
use crate::session::Recognised;
use crate::sign_in::{Client, Outcome};
use crate::throttle::{Network, Whom};
use crate::{Access, Error, secret, session, sql};

/// Characters of what a provider calls its refusal.
const DECLINED_CHARACTERS_MAX: usize = 64;
const RETURNED: &str = "returned";

/// Why somebody does not come in through the provider.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It does not answer, or too slowly, or too much.
    #[error(transparent)]
    Trouble(#[from] Trouble),
    /// It answered with something that is no answer.
    #[error("what it answered {0}")]
    Unreadable(&'static str),
    /// It refused one of our questions.
    #[error("it answered with the status {0}")]
    Status(u16),
    /// What it says about itself does not fit.
    #[error(transparent)]
    Misfit(#[from] Misfit),
    /// As many are on their way as may be.
    #[error("too many sign in through the provider at once")]
    Busy,
    /// Not begun in this browser, too long ago, or done already.
    #[error("this way to the provider was not begun here, is too old or was gone before")]
    Errand,
    /// It did not let them in, and calls this so.
    #[error("it refused: {0}")]
    Declined(String),
    /// What it says of somebody is not true for us.
    #[error("its token is refused: {0}")]
    Token(#[from] Fault),
    /// They hold no role here, and none of their groups has one.
    #[error("none of their groups has a role here")]
    NoRole,
    /// The first administrator has not come in yet; an account made before would end their link.
    #[error("nobody keeps the accounts here yet")]
    Early,
    /// Somebody has an account with this mail address, and it is not for the provider to say that it is theirs.
    #[error("an account with their mail address is there already")]
    AddressTaken,
    /// The provider's name for them belongs to another account, or the account has another name there.
    #[error("the identity belongs to another account")]
    IdentityTaken,
}

/// The provider there is, and what is known of it.
#[derive(Debug)]
pub struct Provider {
    /// What the operator said.
    pub settings: Settings,
    caller: Caller,
    directory: directory::Directory,
}

impl Provider {
    /// A provider that nobody has asked yet.
    pub fn new(settings: Settings, fetch: Arc<dyn Fetch>) -> Self {
        Self { settings, caller: Caller::new(fetch), directory: directory::Directory::default() }
    }

    /// Asks it for its discovery document and its keys; how many of these can be used.
    pub async fn look(&self, now: Timestamp) -> Result<usize, Refusal> {
        let discovery = self.directory.discovery(&self.caller, &self.settings.issuer, now).await?;
        Ok(self.directory.keys(&self.caller, &discovery, now).await?.len())
    }
}

/// Somebody being sent out.
#[derive(Debug)]
pub struct Begun {
    /// Where to send the browser.
    pub address: String,
    /// For the browser to keep until it comes back, at most [`ERRAND_VALID`].
    pub sealed: String,
}

/// Somebody coming back: what the browser kept, and what stands in the address.
#[derive(Clone, Copy, Debug, Default)]
pub struct Returned<'r> {
    /// What [`begin`] gave the browser.
    pub sealed: &'r str,
    /// Which errand it was.
    pub state: &'r str,
    /// What a token is given for.
    pub code: Option<&'r str>,
    /// What the provider calls its refusal.
    pub error: Option<&'r str>,
    /// Who says so (RFC 9207).
    pub issuer: Option<&'r str>,
}

/// What came of it.
#[derive(Debug)]
pub enum Finished {
    /// They signed in, or a code must follow; then they go there.
    SignedIn(Outcome, String),
    /// The provider is linked to their account, or has confirmed that it is they.
    Known,
}

/// Sends somebody to the provider. Whoever comes to link or to confirm must be signed in, and to link must have shown
/// just now who they are.
pub async fn begin(
    access: &Access,
    provider: &Provider,
    purpose: Purpose,
    who: Option<&Recognised>,
    (redirect, next): (&str, &str),
    now: Timestamp,
) -> Result<Begun, Error> {
    let session = match (purpose, who) {
        (Purpose::SignIn, _) => None,
        (Purpose::Link, Some(who)) if !who.is_fresh(now) => return Err(Error::Refused),
        (_, Some(who)) => Some(who.session.as_ref().ok_or(Error::NoSuchSession)?.id),
        (_, None) => return Err(Error::NoSuchSession),
    };
    if let (Purpose::Link, Some(who)) = (purpose, who)
        && !session::may_change_proofs(access, who).await?
    {
        return Err(Error::ShowMore);
    }
    let Provider { settings, caller, directory } = provider;
    let discovery = directory.discovery(caller, &settings.issuer, now).await?;
    let errand = Errand::new(purpose, session, redirect, next, now)?;
    let address = errand.address(&discovery.authorization_endpoint, settings);
    Ok(Begun { address, sealed: errand.seal(access)? })
}

/// Somebody on their way in: who asks, from where, and in which language they read.
#[derive(Clone, Copy, Debug)]
pub struct Caught<'c> {
    /// Where the request comes from.
    pub client: &'c Client,
    /// Who is signed in already.
    pub who: Option<&'c Recognised>,
    /// The language of a new account.
    pub language: Language,
}

/// Receives somebody from the provider. Each errand is received once, whatever comes of it.
pub async fn finish(
    access: &Access,
    provider: &Provider,
    registry: &Registry,
    returned: &Returned<'_>,
    caught: &Caught<'_>,
    now: Timestamp,
) -> Result<Finished, Error> {
    let whom = [Whom::Network(Network::of(caught.client.address))];
    let wait_s = access.throttle.wait_s(&whom, now);
    if wait_s > 0 {
        return Err(Error::Wait(wait_s));
    }
    let finished = receive(access, provider, registry, returned, caught, now).await;
    // What the provider fails at is not a guess.
    if matches!(&finished, Err(Error::Provider(refusal)) if !refusal.is_trouble()) {
        access.throttle.failed(&whom, now);
    }
    finished
}

impl Refusal {
    /// Whether it is the provider that does not do its part.
    pub fn is_trouble(&self) -> bool {
        matches!(
            self,
            Self::Trouble(_) | Self::Unreadable(_) | Self::Status(_) | Self::Misfit(_) | Self::Busy
        )
    }
}

async fn receive(
    access: &Access,
    provider: &Provider,
    registry: &Registry,
    returned: &Returned<'_>,
    caught: &Caught<'_>,
    now: Timestamp,
) -> Result<Finished, Error> {
    let errand = Errand::open(access, returned.sealed, returned.state, now).ok_or(Refusal::Errand)?;
    note_return(access, &errand, now).await?;
    let said = ask(provider, &errand, returned, now).await?;
    match errand.purpose {
        Purpose::SignIn => {
            let outcome = welcome::sign_in(access, provider, registry, &said, caught, now).await?;
            Ok(Finished::SignedIn(outcome, errand.next))
        }
        Purpose::Link => {
            let who = whose(&errand, caught)?;
            welcome::link(access, provider, registry, who, &said, now).await?;
            Ok(Finished::Known)
        }
        Purpose::Confirm => {
            let who = whose(&errand, caught)?;
            let began = Timestamp::from_second(errand.began_s).unwrap_or(now);
            welcome::confirm(access, provider, who, &said, began, now).await?;
            Ok(Finished::Known)
        }
    }
}

/// Writes down that an errand was done; a second time is refused before anybody is asked.
async fn note_return(access: &Access, errand: &Errand, now: Timestamp) -> Result<(), Error> {
    let ends_at = now.checked_add(ERRAND_VALID).unwrap_or(Timestamp::MAX);
    let digest = digest(secret::Purpose::Step, &errand.state);
    let mut tx = access.store.write().await?;
    if !sql::note_answer(tx.connection(), &digest, RETURNED, ends_at).await? {
        return Err(Refusal::Errand.into());
    }
    Ok(tx.commit_unnoticed().await?)
}

/// The one who is signed in, in the session the errand was begun in.
fn whose<'c>(errand: &Errand, caught: &Caught<'c>) -> Result<&'c Recognised, Error> {
    let who = caught.who.ok_or(Refusal::Errand)?;
    let session = who.session.as_ref().map(|session| session.id.to_string());
    if session.is_some() && session == errand.session { Ok(who) } else { Err(Refusal::Errand.into()) }
}

/// Everything that is asked of the provider about somebody who comes back from it.
async fn ask(
    provider: &Provider,
    errand: &Errand,
    returned: &Returned<'_>,
    now: Timestamp,
) -> Result<Said, Refusal> {
    let Provider { settings, caller, directory } = provider;
    let discovery = directory.discovery(caller, &settings.issuer, now).await?;
    let code = code_of(returned, &discovery, settings)?;
    let given = caller.ask(exchange(&discovery, settings, errand, code)).await?;
    if given.status != 200 {
        return Err(why_no_token(&given));
    }
    let given = json(&given.body)?;
    let text = |name: &str| given.get(name).and_then(Value::as_str);
    let token = text("id_token").ok_or(Refusal::Unreadable("holds no ID token"))?;
    let claims = claims_of(provider, &discovery, errand, token, now).await?;
    let said = said::read(&claims, &settings.groups_claim);
    match (&discovery.userinfo_endpoint, text("access_token")) {
        (Some(endpoint), Some(key)) if said.lacks() => {
            let more = more_about(caller, endpoint.to_string(), key, &said.subject).await?;
            Ok(said.or(said::read(&more, &settings.groups_claim)))
        }
        _ => Ok(said),
    }
}

fn code_of<'r>(
    returned: &Returned<'r>,
    discovery: &Discovery,
    settings: &Settings,
) -> Result<&'r str, Refusal> {
    match returned.issuer {
        Some(issuer) if issuer != settings.issuer => return Err(Fault::Issuer.into()),
        None if discovery.names_issuer => return Err(Fault::Issuer.into()),
        _ => {}
    }
    if let Some(error) = returned.error {
        let printable = error.chars().filter(char::is_ascii_graphic);
        return Err(Refusal::Declined(printable.take(DECLINED_CHARACTERS_MAX).collect()));
    }
    returned.code.ok_or(Refusal::Errand)
}

/// The question for a token (RFC 6749 section 4.1.3).
fn exchange(discovery: &Discovery, settings: &Settings, errand: &Errand, code: &str) -> Call {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "authorization_code")
        .append_pair("code", code)
        .append_pair("redirect_uri", &errand.redirect)
        .append_pair("code_verifier", &errand.verifier);
    let ClientSecret(secret) = &settings.secret;
    let authorization = match discovery.secret_in {
        SecretIn::Head => {
            // Each half is encoded as in a form before they are joined (section 2.3.1).
            let half = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            let both = format!("{}:{}", half(&settings.client), half(secret));
            Some(format!("Basic {}", BASE64_STANDARD.encode(both)))
        }
        SecretIn::Body => {
            form.append_pair("client_id", &settings.client).append_pair("client_secret", secret);
            None
        }
    };
    Call { url: discovery.token_endpoint.to_string(), authorization, form: Some(form.finish()) }
}

/// A code that is wrong, old or used is whoever brought it; everything else is between the provider and us (RFC 6749
/// section 5.2).
fn why_no_token(given: &Answer) -> Refusal {
    let error = json(&given.body).ok();
    match error.as_ref().and_then(|body| body.get("error")).and_then(Value::as_str) {
        Some(word @ "invalid_grant") => Refusal::Declined(word.into()),
        _ => Refusal::Status(given.status),
    }
}

/// Checks the token; when its key is not among those known, looks at the keys once more.
async fn claims_of(
    provider: &Provider,
    discovery: &Discovery,
    errand: &Errand,
    token: &str,
    now: Timestamp,
) -> Result<Claims, Refusal> {
    let Provider { settings, caller, directory } = provider;
    let expected = Expected {
        issuer: &settings.issuer,
        client: &settings.client,
        nonce: &errand.nonce,
        age_max: PROVIDER_AGE_MAX,
    };
    let keys = directory.keys(caller, discovery, now).await?;
    match id_token::check(token, &keys, &expected, now) {
        Err(Fault::UnknownKey) => {
            let keys = directory.keys_again(caller, discovery, now).await?;
            Ok(id_token::check(token, &keys, &expected, now)?)
        }
        checked => Ok(checked?),
    }
}

/// What the provider says beside the token, about the same person (section 5.3).
async fn more_about(caller: &Caller, url: String, key: &str, subject: &str) -> Result<Claims, Refusal> {
    let authorization = Some(format!("Bearer {key}"));
    let told = caller.ask(Call { url, authorization, form: None }).await?;
    if told.status != 200 {
        return Err(Refusal::Status(told.status));
    }
    let Value::Object(claims) = json(&told.body)? else {
        return Err(Refusal::Unreadable("says nothing about anybody"));
    };
    match claims.get("sub").and_then(Value::as_str) {
        Some(told) if told == subject => Ok(claims),
        _ => Err(Refusal::Unreadable("is about somebody else")),
    }
}
