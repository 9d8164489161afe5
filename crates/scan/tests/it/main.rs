//! The scanner on real and on invented disks, on both engines.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod acceptance;
mod bad_indexes;
mod choices;
mod crashes;
mod deletion;
mod faults;
mod history;
mod incremental;
mod memory;
mod reattached;
mod setup;
mod sources;
mod spm;
mod walk;
mod watching;
