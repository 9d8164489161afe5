//! `[scan]`: the master tree and how it is read.

use std::path::PathBuf;

use model::policy::Policy;
use serde::{Deserialize, Serialize};

/// Reading the master tree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scan {
    /// What stands before the names of directories to make a path: with `/srv` the top directory
    /// `pub/epel` is read from `/srv/pub/epel`.
    pub content_root: PathBuf,
    /// Categories that are not simply below the content root, or have excludes of their own, e.g.
    /// `[{ category = "Fedora EPEL", path = "/srv/pub/epel", excludes = ["pub/epel/private"] }]`. A list that
    /// is not empty also says which categories are scanned, in this order; an empty one means all.
    pub sources: Vec<ScanSource>,
    /// Regular expressions for directories to leave out, tested against full names, for all categories.
    pub excludes: Vec<String>,
    /// Which of upstream's two scanners decides which files of a directory are recorded: `umdl` (the 3
    /// newest of a large directory) or `spm` (the 10 newest).
    pub policy: Policy,
    /// Threads that read directories. More help when the master tree is on a network file system.
    pub threads: usize,
    /// No repositories are made below directories whose full names begin with one of these.
    pub skip_paths_for_version: Vec<String>,
    /// Of directories that are repositories without a name for clients: make the `first` of each
    /// architecture (as upstream), `all`, or `none`.
    pub null_prefix_repositories: NullPrefix,
    /// Make a new version when a repository's path names one that is not there.
    pub auto_create_versions: bool,
    /// Days after which a state of a file that was superseded is forgotten.
    pub max_stale_days: u32,
    /// Days after which the newest state of a file is taken to be on all mirrors, so that the one before
    /// it may be forgotten, too.
    pub max_propagation_days: u32,
    /// Directories that are gone are not deleted when they are more than this share of the category, in
    /// percent, and more than `max_delete_directories`.
    pub max_delete_percent: u32,
    /// As many directories may always be deleted.
    pub max_delete_directories: usize,
    /// What becomes of the repository of a deleted directory: `keep` the row without a directory (as
    /// upstream) or `delete` it.
    pub orphan_repositories: OrphanRepositories,
}

/// One category of the master tree.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScanSource {
    /// The category's name.
    pub category: String,
    /// Where its top directory is; by default below the content root.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// Regular expressions for directories of this category to leave out, tested against full names.
    pub excludes: Vec<String>,
}

/// Which repositories without a prefix are made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NullPrefix {
    /// One for each architecture in the whole database.
    #[default]
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
            excludes: Vec::new(),
            policy: Policy::Umdl,
            threads: 8,
            skip_paths_for_version: vec!["pub/alt".to_owned()],
            null_prefix_repositories: NullPrefix::First,
            auto_create_versions: true,
            max_stale_days: 4,
            max_propagation_days: 3,
            max_delete_percent: 20,
            max_delete_directories: 50,
            orphan_repositories: OrphanRepositories::Keep,
        }
    }
}
