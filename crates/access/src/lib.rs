//! Who somebody is, and for how long we believe it.
//!
//! [`account`] holds who can sign in and in which roles, [`invitation`] how they come in for the first time, [`sign_in`]
//! what they must show, [`provider`] who may say it for them, [`session`] how they are recognised from then on. Only [`session`] makes a [`base::Actor`], and
//! every other room asks with the scope of that actor.
//!
//! Passwords are argon2id, run a few at a time ([`password`]); attempts are slowed down by where they come from and
//! never so that somebody else is locked out ([`throttle`]). Links, sessions and tokens are 256 random bits of which
//! only the digest is stored.

pub mod account;
mod error;
pub mod invitation;
mod key;
pub mod once;
pub mod passkey;
pub mod password;
pub mod provider;
mod secret;
pub mod session;
pub mod sign_in;
mod sql;
pub mod throttle;
pub mod token;
pub mod totp;

pub use account::Account;
pub use error::{Error, ErrorKind};
pub use key::Key;
pub use secret::Secret;
pub use session::{Recognised, Session};
use store::Store;
pub use token::Token;

/// The desk at which people are recognised: one for each process, shared by all requests.
#[derive(Debug)]
pub struct Access {
    store: Store,
    key: Key,
    hashing: password::Hashing,
    throttle: throttle::Throttle,
    cache: session::Cache,
}

impl Access {
    /// A desk over a store; `key` is the installation's own.
    pub fn new(store: Store, key: Key) -> Result<Self, Error> {
        Ok(Self {
            store,
            key,
            hashing: password::Hashing::new()?,
            throttle: throttle::Throttle::default(),
            cache: session::Cache::default(),
        })
    }
}

impl Access {
    /// A mark that only this installation can make, over something that is handed out and comes back.
    pub fn mark(&self, text: &str) -> String {
        self.key.mark("noroshi access returned text v1", text).to_hex().to_string()
    }

    /// Whether [`Access::mark`] made this mark over this text.
    pub fn is_marked(&self, text: &str, mark: &str) -> bool {
        let mark = blake3::Hash::from_hex(mark.as_bytes());
        mark.is_ok_and(|mark| mark == self.key.mark("noroshi access returned text v1", text))
    }
}

#[cfg(test)]
mod tests;
