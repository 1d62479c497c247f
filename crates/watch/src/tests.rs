//! What the watch keeps, over SQL.

mod board;
mod campaign;
mod correlation;
mod crash;
mod intake;
mod scale;
mod scope;
mod threat;
mod world;
