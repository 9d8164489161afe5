//! `[cache]`: building the mirrorlist cache from the database.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What the cache builder writes and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cache {
    /// What is written: `proto` (`mirrorlist_cache.proto`, which the old mirrorlist-server reads, too),
    /// `snapshot` (the native form: smaller, ready at once, signed) or `both`.
    pub format: CacheFormat,
    /// The protobuf file, replaced whole.
    pub file: PathBuf,
    /// The native file, replaced whole.
    pub snapshot: PathBuf,
    /// File of an ed25519 private key (PEM) that signs the native file; `mirrormanager cache keygen` makes one.
    pub signing_key: Option<PathBuf>,
    /// A routing table (`global_netblocks.txt`) to put into the native file, so that servers need no other.
    pub netblocks: Option<PathBuf>,
    /// A country database (`.mmdb`) to put into the native file.
    pub countries: Option<PathBuf>,
    /// How many earlier files are kept beside a file, as `FILE.1` (the newest), `FILE.2` and so on, for
    /// `mirrormanager cache rollback`.
    pub keep: usize,
    /// What to do with host names given as networks of a mirror: `resolve` or `skip`.
    pub names: NetblockNames,
    /// Seconds to wait for the addresses of one name.
    pub resolve_timeout_seconds: u64,
    /// How many names are looked up at the same time.
    pub resolve_parallel: usize,
    /// `native`, or `upstream` for a cache as the old generate-mirrorlist-cache wrote it where readers
    /// may rely on that: networks and countries as typed, inactive hosts in the AS table.
    pub compatibility: CacheCompatibility,
    /// What `--watch` is known as in the database. Two that watch the same database need two names.
    pub reader: String,
    /// Milliseconds that `--watch` waits after a change for others that belong to it.
    pub settle_ms: u64,
    /// Seconds between two looks of `--watch` for changes that nobody announces: those of other programs, and
    /// on SQLite all.
    pub poll_seconds: u64,
    /// Seconds after which `--watch` writes the files even if nothing has changed, so that their age tells
    /// that it is alive.
    pub rewrite_seconds: u64,
    /// Seconds after which `--watch` reads the whole database even if nothing seems to make it necessary.
    pub reread_seconds: u64,
    /// Seconds that two kept files of `--watch` are apart at least, so that they are worth going back to.
    pub keep_apart_seconds: u64,
    /// Seconds after which `--watch` looks the addresses of a name up again.
    pub resolve_again_seconds: u64,
}

/// Formats of the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CacheFormat {
    /// The interchange format.
    Proto,
    /// The native one.
    Snapshot,
    /// One file of each.
    Both,
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
            format: CacheFormat::Proto,
            file: "/var/lib/mirrormanager/mirrorlist_cache.proto".into(),
            snapshot: "/var/lib/mirrormanager/mirrorlist_cache.snapshot".into(),
            signing_key: None,
            netblocks: None,
            countries: None,
            keep: 2,
            names: NetblockNames::Resolve,
            resolve_timeout_seconds: 5,
            resolve_parallel: 32,
            compatibility: CacheCompatibility::Native,
            reader: "cache".into(),
            settle_ms: 500,
            poll_seconds: 30,
            rewrite_seconds: 3600,
            reread_seconds: 86_400,
            keep_apart_seconds: 3600,
            resolve_again_seconds: 600,
        }
    }
}
