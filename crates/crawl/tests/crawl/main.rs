//! Crawls of scripted mirrors on both engines: the golden states of `spec/crawler.md` 11.11 and the
//! decisions about crawling.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]
#![allow(unreachable_pub, dead_code, reason = "a module shared by test programs")]

mod books;
mod directories;
mod families;
mod incremental;
mod propagation;
#[path = "../scene/mod.rs"]
mod scene;
mod selection;
mod stopping;
mod unreachable;
