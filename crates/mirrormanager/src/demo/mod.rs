//! `demo`: the whole way of the data on one machine, without root, network or another service.
//!
//! A small master tree and six mirrors on loopback ([`world`]), a new SQLite database (`deployment`), and
//! then the very calls that `scan`, `crawl`, `cache build` and `serve` make. Nothing in it is canned: change
//! a file of a mirror, crawl again, and the table of verdicts ([`verdicts`]) changes.

pub mod ask;
mod deployment;
mod settings_file;
pub mod stage;
mod tour;
pub mod verdicts;
pub mod world;

pub use tour::{quieter, run};
