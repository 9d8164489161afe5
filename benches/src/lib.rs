//! Benchmarks: one line per promise about speed, printed by `make bench`.
//!
//! Every figure is measured beside its limit in the same run, in interleaved pairs, and only the ratio is
//! compared with the promise: absolute times of two runs tell nothing. What is measured runs as a child of the
//! benchmark ([`child`]), so that its CPU time and memory can be told from the benchmark's.
//!
//! To add a row: a module with a function that measures and reports [`figure::Figure`]s, and a line in
//! [`rows::ROWS`]. To measure a further form of the cache: [`inputs::Format`].

pub mod answering;
pub mod arrangement;
pub mod child;
pub mod constant;
pub mod database;
pub mod figure;
pub mod generation;
pub mod increment;
pub mod inputs;
pub mod latency;
pub mod load;
pub mod memory;
pub mod ours;
pub mod process;
pub mod questions;
pub mod rows;
pub mod saturation;
pub mod scanning;
pub mod start;
pub mod swap;
pub mod swaps;
