//! Throw-away databases, trees and mirrors for tests and the demo.
//!
//! Nothing here is part of the product: panics with one clear line are how a test is told that its
//! surroundings are not right.

pub mod aria2;
pub mod dnf;
pub mod fedora;
pub mod ftp;
pub mod librepo;
pub mod mirror;
pub mod mirrorlist_vectors;
pub mod nginx;
pub mod postgres;
pub mod programs;
pub mod random;
pub mod rng;
pub mod rpm_tree;
pub mod rsync;
pub mod stores;
mod superserver;
pub mod tls;
pub mod tree;
pub mod upstream;
pub mod xml;
