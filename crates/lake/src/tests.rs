//! The lake against a naive one in memory, and against everything that can happen to a disk.

mod damage;
mod duckdb;
mod durability;
mod model;
mod naive;
mod pruning;
mod scope;
mod world;
