//! What is known of the provider, kept for a while so that most sign-ins ask it one question.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base::Timestamp;

use super::Refusal;
use super::discovery::{self, Discovery};
use super::fetch::{Caller, json};
use super::jwk::{self, Jwk};

/// Seconds for which discovery and keys are kept.
pub const KEPT_S: i64 = 3_600;
/// Seconds between two looks at the keys because of a key that is not among them: tokens with invented names of keys
/// must not make us ask the provider again and again.
pub const KEYS_AGAIN_S: i64 = 60;

#[derive(Debug, Default)]
pub(crate) struct Directory {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    discovery: Option<(Arc<Discovery>, i64)>,
    keys: Option<(Arc<Vec<Jwk>>, i64)>,
}

fn fresh<T>(known: &Option<(Arc<T>, i64)>, kept_s: i64, now: Timestamp) -> Option<Arc<T>> {
    let (value, read_s) = known.as_ref()?;
    // A clock that was set back does not prolong anything.
    (0..kept_s).contains(&(now.as_second() - read_s)).then(|| Arc::clone(value))
}

impl Directory {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the provider does what.
    pub(crate) async fn discovery(
        &self,
        caller: &Caller,
        issuer: &str,
        now: Timestamp,
    ) -> Result<Arc<Discovery>, Refusal> {
        if let Some(discovery) = fresh(&self.known().discovery, KEPT_S, now) {
            return Ok(discovery);
        }
        let document = caller.document(discovery::address(issuer)).await?;
        let discovery = Arc::new(discovery::read(&document, issuer)?);
        self.known().discovery = Some((Arc::clone(&discovery), now.as_second()));
        Ok(discovery)
    }

    /// The provider's keys.
    pub(crate) async fn keys(
        &self,
        caller: &Caller,
        discovery: &Discovery,
        now: Timestamp,
    ) -> Result<Arc<Vec<Jwk>>, Refusal> {
        self.keys_kept_for(KEPT_S, caller, discovery, now).await
    }

    /// The keys once more, when one was missing among them; the same ones within [`KEYS_AGAIN_S`].
    pub(crate) async fn keys_again(
        &self,
        caller: &Caller,
        discovery: &Discovery,
        now: Timestamp,
    ) -> Result<Arc<Vec<Jwk>>, Refusal> {
        self.keys_kept_for(KEYS_AGAIN_S, caller, discovery, now).await
    }

    async fn keys_kept_for(
        &self,
        kept_s: i64,
        caller: &Caller,
        discovery: &Discovery,
        now: Timestamp,
    ) -> Result<Arc<Vec<Jwk>>, Refusal> {
        if let Some(keys) = fresh(&self.known().keys, kept_s, now) {
            return Ok(keys);
        }
        let document = json(&caller.document(discovery.jwks_uri.to_string()).await?)?;
        let keys = jwk::keys(&document).ok_or(Refusal::Unreadable("is no set of keys"))?;
        let keys = Arc::new(keys);
        self.known().keys = Some((Arc::clone(&keys), now.as_second()));
        Ok(keys)
    }
}
