//! What a crawl is asked to do, and the world it does it in.

use std::sync::Arc;
use std::time::Duration;

use model::activity::CrawlScope;
use model::clock::Clock;
use probe::Resolver;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::fraction::Fraction;
use crate::progress::Progress;

/// What is looked at on each host.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// What may have changed, and some of all else; everything when that shows that something is wrong.
    #[default]
    Incremental,
    /// Everything.
    Full,
    /// Only directories named `repodata`.
    Repodata,
    /// Only whether the mirror answers.
    Canary,
}

impl Mode {
    /// Whether all directories have a verdict in the end.
    pub fn is_complete(self) -> bool {
        matches!(self, Self::Incremental | Self::Full)
    }
}

/// What a crawl is asked to do.
#[derive(Debug, Clone, Default)]
pub struct Job {
    /// Names of categories, exact; empty: all.
    pub categories: Vec<String>,
    /// Private and switched-off hosts, too.
    pub scope: CrawlScope,
    /// Lowest host id.
    pub start_id: i32,
    /// First host id that is not taken; 0: no limit.
    pub stop_id: i32,
    /// Which slice of the selected hosts.
    pub fraction: Fraction,
    /// What is looked at.
    pub mode: Mode,
    /// Instead of the setting `run_timeout_seconds`. Zero: already over (upstream's `--global-timeout 0`).
    pub run_limit: Option<Duration>,
    /// No event tells that a host has been switched off.
    pub silent: bool,
}

/// Everything that is not in the settings or the database.
#[derive(Clone)]
pub struct Surroundings {
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// Names to addresses.
    pub resolver: Arc<dyn Resolver>,
    /// The beginning of all randomness.
    pub seed: u64,
    /// Who watches.
    pub progress: Arc<dyn Progress>,
    /// When it is cancelled, no further host is taken, requests are dropped and what is known is written.
    pub cancel: CancellationToken,
}
