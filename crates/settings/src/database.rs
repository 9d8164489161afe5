//! `[database]`: where the truth is kept.

use serde::{Deserialize, Serialize};

use crate::secret::DatabaseUrl;

/// The database and how to talk to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// `sqlite:PATH` or `postgresql://user:password@host/name`. Use `${file:/path}` to keep the
    /// password, or the whole URL, in a file of its own.
    pub url: DatabaseUrl,
    /// Connections kept open at most.
    pub max_connections: u32,
    /// Seconds to wait for a connection before giving up.
    pub acquire_timeout_seconds: u64,
}

impl Default for Database {
    fn default() -> Self {
        Self {
            url: DatabaseUrl::new("sqlite:/var/lib/mirrormanager/mirrormanager.db"),
            max_connections: 8,
            acquire_timeout_seconds: 30,
        }
    }
}
