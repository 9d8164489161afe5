//! Benchmarks: one line per promise about speed, printed by `make bench`.
//!
//! Every figure is measured beside its limit in the same run, in interleaved pairs, and only the ratio is
//! compared with the promise: absolute times of two runs tell nothing. Servers run as child processes of
//! the benchmark ([`child`]), so that their CPU time can be told from the clients'.
//!
//! To add a figure: write a function that returns a [`figure::Figure`] beside [`answering`] and call it in
//! `benches/promises.rs`.

pub mod answering;
pub mod child;
pub mod constant;
pub mod figure;
pub mod inputs;
pub mod load;
