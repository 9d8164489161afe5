//! `[cache]`: building the mirrorlist cache from the database.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What the cache builder writes and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cache {
    /// The file that is written, and replaced whole.
    pub file: PathBuf,
    /// What to do with host names given as networks of a mirror: `resolve` or `skip`.
    pub names: NetblockNames,
    /// Seconds to wait for the addresses of one name.
    pub resolve_timeout_seconds: u64,
    /// How many names are looked up at the same time.
    pub resolve_parallel: usize,
    /// `native`, or `upstream` for a cache as the old generate-mirrorlist-cache wrote it where readers
    /// may rely on that: networks and countries as typed, inactive hosts in the AS table.
    pub compatibility: CacheCompatibility,
}

/// Host names given as networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NetblockNames {
    /// Look their addresses up while building.
    Resolve,
    /// Leave them out.
    Skip,
}

/// Whose habits the cache follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CacheCompatibility {
    /// Ours.
    Native,
    /// The old program's.
    Upstream,
}

impl Default for Cache {
    fn default() -> Self {
        Self {
            file: "/var/lib/mirrormanager/mirrorlist_cache.proto".into(),
            names: NetblockNames::Resolve,
            resolve_timeout_seconds: 5,
            resolve_parallel: 32,
            compatibility: CacheCompatibility::Native,
        }
    }
}
