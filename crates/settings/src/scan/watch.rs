//! `[scan.watch]`: a scan that stays (`scan --watch`).

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::secret::Secret;

/// When a scan that stays reads again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScanWatch {
    /// Milliseconds without a change after which changed directories are read, so that many changes are one. When
    /// changes never cease they are read after ten times as long.
    pub settle_ms: u64,
    /// Seconds between looks at stamps, lists and busy markers, and before a scan that failed is tried again.
    pub poll_seconds: u64,
    /// Seconds between scans of what nothing announces: a tree behind rsync, or one with more directories than the
    /// system lets us watch. A source may have its own `interval_seconds`.
    pub interval_seconds: u64,
    /// Seconds after which a category is scanned as a whole, whether or not anything has announced a change.
    pub full_seconds: u64,
    /// Address and port for `/health/live`, `/metrics` and `POST /api/scan/CATEGORY`. Not set: no such listener.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control: Option<SocketAddr>,
    /// What `POST /api/scan/CATEGORY` must bring as `Authorization: Bearer TOKEN`. Not set: nobody may ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<Secret>,
}

impl Default for ScanWatch {
    fn default() -> Self {
        Self {
            settle_ms: 1_000,
            poll_seconds: 10,
            interval_seconds: 900,
            full_seconds: 24 * 3600,
            control: None,
            token: None,
        }
    }
}
