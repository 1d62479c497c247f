//! What is shown once and recognised later: links, sessions, tokens.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use crate::Error;

/// Random bytes of one secret: 256 bits cannot be guessed, so their digest needs no salt.
const BYTES: usize = 32;
/// Longest text that is taken for one and looked up.
const TEXT_BYTES_MAX: usize = 128;

/// A random secret in its text form, which a URL can carry. Not shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// 256 random bits.
    pub(crate) fn new() -> Result<Self, Error> {
        Ok(Self(BASE64_URL_SAFE_NO_PAD.encode(random::<BYTES>()?)))
    }

    /// What to hand out, once.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// What a secret is for: the same text for another purpose has another digest.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    Invitation,
    Session,
    Step,
    Token,
}

/// What is stored of a secret.
pub(crate) fn digest(purpose: Purpose, text: &str) -> String {
    let context = match purpose {
        Purpose::Invitation => "noroshi access invitation v1",
        Purpose::Session => "noroshi access session v1",
        Purpose::Step => "noroshi access sign-in step v1",
        Purpose::Token => "noroshi access token v1",
    };
    // Longer text is none of ours; what is cut matches nothing.
    let text = text.as_bytes();
    let text = text.get(..TEXT_BYTES_MAX).unwrap_or(text);
    blake3::Hash::from_bytes(blake3::derive_key(context, text)).to_hex().to_string()
}

/// Bytes nobody can foresee.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| Error::Secret("the system gives no randomness"))?;
    Ok(bytes)
}
