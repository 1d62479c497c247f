//! What somebody was sent to the provider for, kept in their own browser until they come back.
//!
//! Nothing is stored here for those who set out: the browser keeps the errand, sealed with the installation's key, so
//! that asking for errands costs nothing, nobody can bring back another browser's answer, and the verifier of the proof
//! key (RFC 7636) is known to nobody else. That an errand was done is written down, once.

use base::{Id, Timestamp};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use url::Url;

use super::settings::Settings;
use crate::{Access, Error, Secret, Session};

/// How long somebody may stay at the provider.
pub const ERRAND_VALID: SignedDuration = SignedDuration::from_mins(10);
/// How long ago somebody may have signed in at the provider: no longer than our own sessions of the centre last.
pub const PROVIDER_AGE_MAX: SignedDuration = crate::session::AGE_CENTRE_MAX;

const OWNER: &str = "errand at the provider";

/// What somebody goes there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To sign in.
    SignIn,
    /// To be recognised by it from now on: somebody who is signed in already.
    Link,
    /// To show once more that it is they: somebody who is signed in already.
    Confirm,
}

/// One way to the provider and back.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Errand {
    /// What it is for.
    pub purpose: Purpose,
    /// The session it was begun in, for those who are signed in.
    pub session: Option<String>,
    /// Where to go afterwards.
    pub next: String,
    /// Where the provider sends people back to.
    pub redirect: String,
    /// Comes back with the browser.
    pub state: String,
    /// Comes back in the token.
    pub nonce: String,
    /// What the proof key is the digest of.
    pub verifier: String,
    /// When it was begun, in seconds since 1970.
    pub began_s: i64,
}

impl Errand {
    /// A new one.
    pub fn new(
        purpose: Purpose,
        session: Option<Id<Session>>,
        redirect: &str,
        next: &str,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let random = || Secret::new().map(|secret| secret.text().to_owned());
        Ok(Self {
            purpose,
            session: session.map(|id| id.to_string()),
            next: next.to_owned(),
            redirect: redirect.to_owned(),
            state: random()?,
            nonce: random()?,
            verifier: random()?,
            began_s: now.as_second(),
        })
    }

    /// For the browser to keep.
    pub fn seal(&self, access: &Access) -> Result<String, Error> {
        let plain = serde_json::to_vec(self).map_err(|_| Error::Secret("it cannot be written"))?;
        access.key.seal(OWNER, &plain)
    }

    /// What the browser brings back, if it is an errand of ours, the one that `state` belongs to, and not too old.
    pub fn open(access: &Access, sealed: &str, state: &str, now: Timestamp) -> Option<Self> {
        let plain = access.key.unseal(OWNER, sealed).ok()?;
        let errand: Self = serde_json::from_slice(&plain).ok()?;
        let age_s = now.as_second().checked_sub(errand.began_s)?;
        // Neither over, nor from a time that has not come: the clock may have been set back.
        let alive = (0..ERRAND_VALID.as_secs()).contains(&age_s);
        (alive
            && !state.is_empty()
            && blake3::hash(state.as_bytes()) == blake3::hash(errand.state.as_bytes()))
        .then_some(errand)
    }

    /// Where to send the browser (OpenID Connect Core section 3.1.2.1).
    pub fn address(&self, endpoint: &Url, settings: &Settings) -> String {
        let mut url = endpoint.clone();
        let age_max_s = match self.purpose {
            Purpose::SignIn | Purpose::Link => PROVIDER_AGE_MAX.as_secs(),
            Purpose::Confirm => 0,
        };
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &settings.client)
            .append_pair("redirect_uri", &self.redirect)
            .append_pair("scope", &settings.scope())
            .append_pair("state", &self.state)
            .append_pair("nonce", &self.nonce)
            .append_pair("code_challenge", &proof_key(&self.verifier))
            .append_pair("code_challenge_method", "S256")
            .append_pair("max_age", &age_max_s.to_string());
        if self.purpose == Purpose::Confirm {
            url.query_pairs_mut().append_pair("prompt", "login");
        }
        url.into()
    }
}

/// The proof key of a verifier (RFC 7636 section 4.2).
fn proof_key(verifier: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, verifier.as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(digest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::tests::{now, settings};
    use crate::tests::{after, desk};

    const REDIRECT: &str = "https://noroshi.example/sign-in/provider/return";

    #[test]
    fn the_proof_key_is_that_of_the_standard() {
        // RFC 7636 appendix B.
        let key = proof_key("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(key, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn the_browser_is_sent_out_with_everything_but_the_verifier() {
        let endpoint = Url::parse("https://id.example/authorize?tenant=1").unwrap();
        let errand = Errand::new(Purpose::SignIn, None, REDIRECT, "/board", now()).unwrap();
        let address = Url::parse(&errand.address(&endpoint, &settings())).unwrap();
        let value = |name: &str| {
            let mut found = address.query_pairs().filter(|(known, _)| known == name);
            let value = found.next().map(|(_, value)| value.into_owned());
            assert!(found.next().is_none(), "{name} is there twice");
            value.unwrap_or_default()
        };
        assert_eq!(value("tenant"), "1");
        assert_eq!((value("response_type"), value("client_id")), ("code".into(), "noroshi".into()));
        assert_eq!((value("redirect_uri"), value("scope")), (REDIRECT.into(), settings().scope()));
        assert_eq!((value("state"), value("nonce")), (errand.state.clone(), errand.nonce.clone()));
        assert_eq!((value("code_challenge_method"), value("max_age")), ("S256".into(), "43200".into()));
        assert!(!address.as_str().contains(&errand.verifier));
        let confirm = Errand::new(Purpose::Confirm, None, REDIRECT, "/", now()).unwrap();
        let address = confirm.address(&endpoint, &settings());
        assert!(address.contains("max_age=0") && address.contains("prompt=login"), "{address}");
        assert!(confirm.state != errand.state && confirm.nonce != confirm.state);
    }

    #[tokio::test]
    async fn an_errand_is_done_in_its_own_browser_within_ten_minutes() {
        let (desk, other) = (desk().await, desk().await);
        let errand = Errand::new(Purpose::SignIn, None, REDIRECT, "/board", now()).unwrap();
        let sealed = errand.seal(&desk.access).unwrap();
        let open = |access, sealed: &str, state: &str, at| Errand::open(access, sealed, state, at);
        assert_eq!(open(&desk.access, &sealed, &errand.state, after(599)), Some(errand.clone()));
        assert_eq!(open(&desk.access, &sealed, &errand.state, after(600)), None);
        assert_eq!(open(&desk.access, &sealed, &errand.state, after(-1)), None);
        assert_eq!(open(&desk.access, &sealed, &errand.nonce, now()), None);
        assert_eq!(open(&desk.access, &sealed, "", now()), None);
        assert_eq!(open(&desk.access, &sealed[1..], &errand.state, now()), None);
        assert_eq!(open(&other.access, &sealed, &errand.state, now()), None);
    }
}
