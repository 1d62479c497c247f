//! Worlds, golden files, real test data and temporary places for tests

mod actor;
mod shared;

pub use actor::{actor, house, member, officer};
pub use shared::{files_below, shared_data};
