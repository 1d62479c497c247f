//! Ingest, detect, judge: from events to threats and campaigns.
//!
//! [`detect`] is one pass over events, without a database; [`correlation`] remembers what counts together; [`judge`] is
//! pure rules; [`threat`] and [`campaign`] keep what was judged; [`lake`] is the trait behind which events rest.

pub mod allow;
pub mod board;
pub mod campaign;
pub mod correlation;
pub mod detect;
mod error;
pub mod group;
pub mod indicator;
mod ingest;
pub mod intake;
pub mod judge;
pub mod lake;
pub mod observe;
pub mod organisation;
pub mod policy;
mod sql;
#[cfg(test)]
mod tests;
pub mod threat;

pub use error::{Error, ErrorKind};
pub use policy::Policy;
