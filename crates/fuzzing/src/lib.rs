//! What each fuzz target does with its input, and inputs to begin with.
//!
//! Every parser of foreign input has a target: a function of any bytes that panics when a promise is broken. It is
//! here, so that the fuzzer (`fuzz/`) and the ordinary tests run the same. What a target promises is written in
//! its function as assertions.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a broken promise is reported"
)]

mod cache;
mod entered;
mod evidence;
mod geography;
mod listings;
mod master;
mod mirrors;
mod operator;
mod question;
mod releases;
mod snapshot;

/// A fuzz target.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name, also that of its file in `fuzz/fuzz_targets`.
    pub name: &'static str,
    /// Takes any bytes; panics when a promise is broken.
    pub run: fn(&[u8]),
    /// Inputs to begin with: some of every kind that leads somewhere.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All of them.
pub const TARGETS: [Target; 22] = [
    Target { name: "bodhi_page", run: releases::bodhi_page, seeds: releases::bodhi_seeds },
    Target { name: "cache_file", run: cache::file, seeds: cache::seeds },
    Target { name: "checksums", run: master::checksums, seeds: master::checksum_seeds },
    Target { name: "continents_file", run: geography::continents, seeds: geography::continent_seeds },
    Target { name: "copy_rows", run: operator::copy_rows, seeds: operator::copy_seeds },
    Target { name: "country_database", run: geography::countries, seeds: geography::country_seeds },
    Target { name: "directory_files", run: master::directory_files, seeds: master::file_seeds },
    Target { name: "entered_text", run: entered::text, seeds: entered::text_seeds },
    Target { name: "evidence", run: evidence::packed, seeds: evidence::packed_seeds },
    Target { name: "ftp_listing", run: mirrors::ftp_listing, seeds: mirrors::ftp_seeds },
    Target { name: "full_file_time_list", run: listings::full_file_time_list, seeds: listings::list_seeds },
    Target { name: "index_page", run: mirrors::index_page, seeds: mirrors::index_seeds },
    Target { name: "netblock", run: entered::netblock, seeds: entered::netblock_seeds },
    Target { name: "netblocks_file", run: geography::netblocks, seeds: geography::netblock_seeds },
    Target { name: "old_config", run: operator::old_config, seeds: operator::old_config_seeds },
    Target { name: "question", run: question::ask, seeds: question::seeds },
    Target { name: "repomd", run: master::repomd, seeds: master::repomd_seeds },
    Target { name: "rsync_listing", run: listings::rsync_listing, seeds: listings::printed_seeds },
    Target { name: "saved_listing", run: listings::saved_listing, seeds: listings::saved_seeds },
    Target { name: "settings_file", run: operator::settings, seeds: operator::settings_seeds },
    Target { name: "snapshot_file", run: snapshot::file, seeds: snapshot::seeds },
    Target { name: "spm_config", run: operator::spm_config, seeds: operator::spm_config_seeds },
];

/// Runs the target of this name. For the fuzzer, whose targets are programs of their own.
///
/// # Panics
/// When there is no such target, or when one of its promises is broken.
pub fn run(name: &str, input: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name);
    let target = target.unwrap_or_else(|| panic!("no target {name}"));
    (target.run)(input);
}

/// Texts as inputs.
fn texts(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}
