//! Worlds, golden files, real test data and temporary places for tests

mod shared;

pub use shared::{files_below, shared_data};
