//! Streams of every kind through `Blocks` and `Parser`, as a caller uses them.

mod hostile;
mod reader;
mod real;
mod shapes;
