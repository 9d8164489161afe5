//! Benchmarks: one per promise about speed, started by `make bench`.
