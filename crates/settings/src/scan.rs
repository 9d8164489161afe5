//! `[scan]`: the master tree and how it is read.

use std::path::PathBuf;

use model::policy::Policy;
use model::rule_table::{AliasRule, MappingRule};
use model::version_guess::BranchedVersion;
use serde::{Deserialize, Serialize};

mod source;
mod watch;

pub use source::{ScanSource, SourceType, is_web};
pub use watch::ScanWatch;

/// Reading the master tree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scan {
    /// What stands before the names of directories to make a path: with `/srv` the top directory
    /// `pub/epel` is read from `/srv/pub/epel`.
    pub content_root: PathBuf,
    /// Categories that are not simply below the content root, or have excludes of their own, e.g.
    /// `[{ category = "Fedora EPEL", path = "/srv/pub/epel", excludes = ["pub/epel/private"] }]`, or that are
    /// listed by rsync (`type = "rsync"`, `url`, `options`, `checksum_base`) or in a saved or fetched listing
    /// (`type = "file"`, `url`). A list that is not empty also says which categories are scanned, in this order;
    /// an empty one means all.
    pub sources: Vec<ScanSource>,
    /// Never use a `fullfiletimelist-*` that lies in a directory to be scanned; always walk.
    pub skip_fullfiletimelist: bool,
    /// The rsync program, by name or path.
    pub rsync_program: PathBuf,
    /// Arguments for every run of rsync, before those of the source.
    pub rsync_options: Vec<String>,
    /// Seconds without a byte after which a listing is given up.
    pub listing_silence_seconds: u64,
    /// Seconds that a listing may take in all.
    pub listing_timeout_seconds: u64,
    /// The largest listing, bytes (uncompressed).
    pub listing_max_bytes: u64,
    /// The longest listing, lines.
    pub listing_max_lines: u64,
    /// Where lists fetched over HTTP are kept, so that one that has not changed is not fetched again. Without it
    /// they are fetched every time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list_folder: Option<PathBuf>,
    /// Regular expressions for directories to leave out, tested against full names, for all categories.
    pub excludes: Vec<String>,
    /// Which of upstream's two scanners is followed where they differ: `umdl`, or `spm`
    /// (scan-primary-mirror). It decides which files of a large directory are recorded (the 3 or the 10 newest),
    /// whether hidden files and directories are (`spm`: not), and the defaults of the rules below.
    pub policy: Policy,
    /// Threads that wait for the master tree at the same time, at most. There are only as many as processors
    /// while the tree is on a disk that answers at once, and more and more on a network file system.
    pub threads: usize,
    /// No repositories are made below directories whose full names begin with one of these. Without it
    /// those of the policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip_paths_for_version: Option<Vec<String>>,
    /// No repositories are made in directories whose relative names contain one of these. Without it those
    /// of the policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip_repository_paths: Option<Vec<String>>,
    /// A version is a test version when it is made for a path that contains one of these. Without it those
    /// of the policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_paths: Option<Vec<String>>,
    /// A version is not shown on pages when it is made for a path that contains one of these. Without it
    /// those of the policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub do_not_display_paths: Option<Vec<String>>,
    /// What clients ask for, by path: the first entry whose `regex` matches a repository's full name decides,
    /// e.g. `[{ regex = "^pub/epel/next/", prefix = "epel-next" }]`. Tried before the shipped rules.
    pub repository_mapping: Vec<MappingRule>,
    /// Exact replacements of what stands before the version, e.g. `[{ from = "a-", to = "b" }]`.
    pub repository_aliases: Vec<AliasRule>,
    /// Whether the shipped rules of the policy stand behind `repository_mapping`.
    pub builtin_prefix_rules: bool,
    /// What a version named `development` does to `development/<number>/...`: `development` (takes it, as
    /// upstream) or `number`.
    pub branched_version: BranchedVersion,
    /// Of directories that are repositories without a name for clients: make the `first` of each
    /// architecture, `all`, or `none`. Without it that of the policy: `first` for `umdl`, as upstream, `none`
    /// for `spm`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub null_prefix_repositories: Option<NullPrefix>,
    /// Make a new version when a repository's path names one that is not there.
    pub auto_create_versions: bool,
    /// Days after which a state of a file that was superseded is forgotten. Without it that of the policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_stale_days: Option<u32>,
    /// Days after which the newest state of a file is taken to be on all mirrors, so that the one before
    /// it may be forgotten, too. Without it, that of the policy, or one less than `max_stale_days`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_propagation_days: Option<u32>,
    /// Directories that are gone are not deleted when they are more than this share of the category, in
    /// percent, and more than `max_delete_directories`.
    pub max_delete_percent: u32,
    /// As many directories may always be deleted.
    pub max_delete_directories: usize,
    /// What becomes of the repository of a deleted directory: `keep` the row without a directory (as
    /// upstream) or `delete` it.
    pub orphan_repositories: OrphanRepositories,
    /// Where figures of each scan are written for Prometheus' node exporter (its directory for text files; the
    /// name must end in `.prom`). Scans of different categories at the same time need files of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics_file: Option<PathBuf>,
    /// A scan that stays.
    pub watch: ScanWatch,
}

/// Which repositories without a prefix are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NullPrefix {
    /// One for each architecture in the whole database.
    First,
    /// Each.
    All,
    /// None.
    None,
}

/// What becomes of the repository of a deleted directory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OrphanRepositories {
    /// The row stays, without a directory.
    #[default]
    Keep,
    /// The row is deleted.
    Delete,
}

impl Default for Scan {
    fn default() -> Self {
        Self {
            content_root: PathBuf::from("/srv"),
            sources: Vec::new(),
            skip_fullfiletimelist: false,
            rsync_program: PathBuf::from("rsync"),
            rsync_options: Vec::new(),
            listing_silence_seconds: 600,
            listing_timeout_seconds: 3600,
            listing_max_bytes: 4 << 30,
            listing_max_lines: 20_000_000,
            list_folder: None,
            excludes: Vec::new(),
            policy: Policy::Umdl,
            threads: 64,
            skip_paths_for_version: None,
            skip_repository_paths: None,
            test_paths: None,
            do_not_display_paths: None,
            repository_mapping: Vec::new(),
            repository_aliases: Vec::new(),
            builtin_prefix_rules: true,
            branched_version: BranchedVersion::Development,
            null_prefix_repositories: None,
            auto_create_versions: true,
            max_stale_days: None,
            max_propagation_days: None,
            max_delete_percent: 20,
            max_delete_directories: 50,
            orphan_repositories: OrphanRepositories::Keep,
            metrics_file: None,
            watch: ScanWatch::default(),
        }
    }
}
