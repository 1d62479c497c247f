//! Worlds, golden files, real test data and temporary places for tests
