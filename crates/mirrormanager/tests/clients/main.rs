//! Real clients at the end of the whole way: packages of `rpmbuild`, mirrors behind nginx, our program, and dnf,
//! librepo or aria2.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a panic is the report of a failed test")]

mod aria2;
mod dnf;
mod librepo;
mod world;
