//! How results are printed.

pub mod detection;
pub mod summary;
