//! `[crawl]`: how mirrors are checked.
//!
//! Every limit that stands between us and a slow, broken or hostile mirror is a key here, so that
//! tests can make them small instead of waiting.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// How mirrors are checked, and how patient and how polite the crawler is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Crawl {
    /// Hosts checked at one time.
    pub hosts_in_parallel: usize,
    /// Seconds from the beginning of one crawl to that of the next with `crawl --continuous`.
    pub interval_seconds: u64,
    /// Requests on their way to one mirror, or to one address, at one time. 1 to 16. It begins with 2; a mirror
    /// that slows down gets fewer, one that speaks HTTP/1.1 only never more than 4.
    pub requests_per_mirror: usize,
    /// Requests a second to one mirror, or to one address. 0: no limit.
    pub requests_per_second: u32,
    /// Seconds that a mirror may ask us to wait (`Retry-After`). One that asks for more is left for the end.
    pub longest_pause_seconds: u64,
    /// Seconds for the whole run. Hosts not finished by then end as UNKNOWN. 0: no limit.
    pub run_timeout_seconds: u64,
    /// Seconds for one host. A slower one ends as TIMEOUT and loses all its directories. 0: no limit.
    pub host_timeout_seconds: u64,
    /// A host is switched off after this many failed crawls in a row. 0: never.
    pub auto_disable_failures: u32,
    /// How often one request is tried before its result counts.
    pub attempts: u32,
    /// Milliseconds up to which a random wait may last before the second attempt; it doubles with each.
    pub retry_wait_ms: u64,
    /// Milliseconds up to which a random wait may last at most.
    pub retry_wait_max_ms: u64,
    /// What happens to the directories of a category that can not be reached: `false-after-recheck`
    /// (tried again at the end of the run, then taken off the lists) or `keep`, as upstream.
    pub unreachable_category: UnreachableCategory,
    /// Seconds that must have passed before an unreachable category is tried again.
    pub recheck_after_seconds: u64,
    /// From this number of hosts on, a run guards against a failure of our own network.
    pub mass_failure_hosts: usize,
    /// When more than this share of a run's hosts is unreachable, they keep what they had.
    pub mass_failure_percent: u32,
    /// The verdict of a repository's top directory: `repodata` (that of its `repodata`) or `files`, as
    /// upstream (its own files only, so it is current when it has none).
    pub repository_top: RepositoryTop,
    /// Days within which every directory that counts as current is proven once more, a part of them in each crawl.
    pub reverify_days: u32,
    /// Likewise for `repodata`. Their `repomd.xml` is read in every crawl.
    pub reverify_repodata_days: u32,
    /// Hours after which what was proven counts for nothing if the host was not crawled: all of it is asked.
    pub evidence_hours: u32,
    /// Releases whose spreading is watched, `Fedora 42`. Empty: the current ones of `releases_url`.
    pub releases: Vec<String>,
    /// The Bodhi server that knows the current releases.
    pub releases_url: String,
    /// Days after which an older version of a repository counts as unknown.
    pub max_stale_days: u32,
    /// The folder of the host logs, `<folder>/<host id>.log`. Not set: no host logs.
    pub log_folder: Option<PathBuf>,
    /// A page about this crawler, told to mirrors behind `mirrormanager-crawler/<version>`. Not set: none.
    pub project_url: Option<String>,
    /// Networks that may be connected to although they are private or reserved, `10.0.0.0/8`.
    pub allowed_networks: Vec<String>,
    /// Further addresses or networks that are never connected to, such as our own public ones.
    pub denied_networks: Vec<String>,
    /// Milliseconds for resolving a name and connecting to it.
    pub connect_timeout_ms: u64,
    /// Milliseconds from sending a request to the first byte of its answer.
    pub first_byte_timeout_ms: u64,
    /// Milliseconds for a HEAD request in all, with its redirects.
    pub head_timeout_ms: u64,
    /// Milliseconds for a GET request in all, with its redirects and body.
    pub get_timeout_ms: u64,
    /// Redirects followed for one request.
    pub max_redirects: u32,
    /// Bytes of the headers of one answer. At least 8192.
    pub max_header_bytes: usize,
    /// Headers of one answer.
    pub max_headers: usize,
    /// Bytes of a body that are read at most, whatever was expected.
    pub max_body_bytes: u64,
    /// Bytes a second that a body must bring on average.
    pub min_bytes_per_second: u64,
    /// Milliseconds before `min_bytes_per_second` counts.
    pub min_rate_after_ms: u64,
}

impl Default for Crawl {
    fn default() -> Self {
        Self {
            hosts_in_parallel: 40,
            interval_seconds: 600,
            requests_per_mirror: 16,
            requests_per_second: 50,
            longest_pause_seconds: 600,
            run_timeout_seconds: 360 * 60,
            host_timeout_seconds: 60 * 60,
            auto_disable_failures: 4,
            attempts: 3,
            retry_wait_ms: 1_000,
            retry_wait_max_ms: 10_000,
            unreachable_category: UnreachableCategory::FalseAfterRecheck,
            recheck_after_seconds: 300,
            mass_failure_hosts: 20,
            mass_failure_percent: 20,
            repository_top: RepositoryTop::Repodata,
            reverify_days: 7,
            reverify_repodata_days: 1,
            evidence_hours: 48,
            releases: Vec::new(),
            releases_url: "https://bodhi.fedoraproject.org".into(),
            max_stale_days: 4,
            log_folder: None,
            project_url: None,
            allowed_networks: Vec::new(),
            denied_networks: Vec::new(),
            connect_timeout_ms: 10_000,
            first_byte_timeout_ms: 10_000,
            head_timeout_ms: 20_000,
            get_timeout_ms: 60_000,
            max_redirects: 3,
            max_header_bytes: 32 * 1024,
            max_headers: 100,
            max_body_bytes: 32 * 1024 * 1024,
            min_bytes_per_second: 1024,
            min_rate_after_ms: 10_000,
        }
    }
}

/// What happens to a category that can not be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnreachableCategory {
    /// Tried again at the end of the run; still unreachable: its directories are not up to date.
    FalseAfterRecheck,
    /// Its directories stay as they were.
    Keep,
}

/// The verdict of a repository's top directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RepositoryTop {
    /// That of its `repodata`, and of its own files.
    Repodata,
    /// That of its own files.
    Files,
}
