//! Streams of every kind through `Blocks` and `Parser`, as a caller uses them.

#![allow(clippy::print_stdout)] // The tables of what was read are for people.

mod headers;
mod hostile;
mod reader;
mod real;
mod shapes;
mod windows;
