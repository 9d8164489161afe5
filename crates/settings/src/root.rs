//! The root of the tree.

use serde::{Deserialize, Serialize};

use crate::answer::Answer;
use crate::cache::Cache;
use crate::crawl::Crawl;
use crate::database::Database;
use crate::log::Log;
use crate::scan::Scan;
use crate::serve::Serve;

/// All settings.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where the truth is kept.
    pub database: Database,
    /// Messages to the operator.
    pub log: Log,
    /// The master tree and how it is read.
    pub scan: Scan,
    /// How mirrors are checked.
    pub crawl: Crawl,
    /// Building the mirrorlist cache from the database.
    pub cache: Cache,
    /// The mirrorlist server: sockets, files, limits.
    pub serve: Serve,
    /// What clients of the mirrorlist server are told.
    pub answer: Answer,
}
