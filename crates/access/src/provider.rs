//! Signing in through a provider of identities (OpenID Connect Core 1.0, the code flow with a proof key).
//!
//! [`settings`] say which provider there is and what its groups mean, [`discovery`] is what it says about itself,
//! [`errand`] what a browser is sent there for, [`id_token`] whether what it brings back is true, [`said`] what that
//! says about somebody. All of these are pure: whoever fetches is handed in.

pub mod discovery;
pub mod errand;
pub mod id_token;
pub mod jwk;
pub mod said;
pub mod settings;

#[cfg(test)]
pub(crate) mod tests;

pub use settings::{ClientSecret, Mapping, Settings};
