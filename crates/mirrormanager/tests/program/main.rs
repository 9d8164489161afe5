//! The real binary, run as an operator would.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

mod adopted;
mod cache_files;
mod cache_watch;
mod command_line;
mod crawl_cli;
mod demo;
mod explain;
mod help;
mod killed;
mod locked;
mod master;
mod old_cache_builder;
mod old_generator;
mod old_names;
mod old_scanner;
mod old_server;
mod probing;
mod program;
#[path = "../../../cache/tests/support/mod.rs"]
mod recorded;
mod resident;
mod scan_metrics;
mod scan_watch;
mod scanning;
mod server;
mod service;
mod sources;
mod whole_way;
