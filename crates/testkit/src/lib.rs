//! Worlds, golden files, real test data and temporary places for tests

mod actor;
mod database;
mod shared;

pub use actor::{actor, house, house_itself, member, officer};
pub use database::{Database, server_schema};
pub use shared::{files_below, shared_data};
