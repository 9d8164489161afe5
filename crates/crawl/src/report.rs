//! What a crawl did, for people and for programs.

use chrono::{DateTime, Utc};
use model::ids::HostId;
use serde::Serialize;
use store::verdicts::Counts;

use crate::category_report::CategoryReport;
use crate::job::Mode;

/// How the crawl of a host ended (`spec/crawler.md` 4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum HostStatus {
    /// At least one category could be checked.
    Ok,
    /// No category could be checked.
    Failure,
    /// It took too long.
    Timeout,
    /// It must not be listed.
    Disable,
    /// Nothing can be said; the host is not to blame.
    Unknown,
}

impl HostStatus {
    /// The word in the results table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Failure => "FAILURE",
            Self::Timeout => "TIMEOUT",
            Self::Disable => "DISABLE",
            Self::Unknown => "UNKNOWN",
        }
    }
}

/// The counts of `spec/crawler.md` 6.3, over all categories of a host.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Statistics {
    /// Directories looked at.
    pub total_directories: u32,
    /// Rows that became up to date.
    pub up2date: u32,
    /// Rows that became not up to date by a verdict.
    pub not_up2date: u32,
    /// Rows that stayed.
    pub unchanged: u32,
    /// Rows of directories that nobody may read.
    pub unreadable: u32,
    /// Directories of which nothing could be proven, or that were proven stale and have no row.
    pub unknown: u32,
    /// Rows made.
    pub hcds_created: u32,
    /// Rows that became not up to date because nothing was proven about them.
    pub hcds_deleted: u32,
}

impl Statistics {
    /// Adds what writing the verdicts of one category did.
    pub(crate) fn add(&mut self, counts: &Counts) {
        self.up2date += counts.up2date;
        self.not_up2date += counts.not_up2date;
        self.unchanged += counts.unchanged;
        self.unreadable += counts.unreadable;
        self.unknown += counts.unknown;
        self.hcds_created += counts.created;
        self.hcds_deleted += counts.cleared;
    }
}

/// The crawl of one host.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HostReport {
    /// Its id.
    pub id: HostId,
    /// Its name.
    pub name: String,
    /// How it ended.
    pub status: HostStatus,
    /// Why, if there is something to say.
    pub details: Option<String>,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
    /// How long it took, without the wait before a second try.
    pub duration_seconds: f64,
    /// What was done to its rows.
    pub statistics: Statistics,
    /// Requests sent.
    pub requests: u64,
    /// Bytes of bodies received.
    pub bytes: u64,
    /// Its categories.
    pub categories: Vec<CategoryReport>,
    /// Failed crawls in a row, after a failed one.
    pub failures: i32,
    /// The reason, if this crawl switched the host off (an event for its owner).
    pub disabled: Option<String>,
    /// Whether this crawl switched on again what an earlier crawl had switched off.
    pub enabled: bool,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// All hosts were checked.
    Finished,
    /// The time was over.
    TimeLimit,
    /// It was told to stop.
    Cancelled,
}

/// So many hosts were unreachable that our own network is to blame (decision 8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct MassFailure {
    /// Unreachable hosts; all of them keep what they had.
    pub unreachable: usize,
    /// Hosts of the run.
    pub hosts: usize,
}

impl std::fmt::Display for MassFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { unreachable, hosts } = self;
        write!(
            f,
            "{unreachable} of {hosts} hosts could not be reached: they keep what they had, check our own network"
        )
    }
}

/// A whole run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CrawlReport {
    /// What was looked at.
    pub mode: Mode,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
    /// How long it took.
    pub duration_seconds: f64,
    /// How it ended.
    pub ending: Ending,
    /// Set when nothing was concluded from unreachable hosts.
    pub mass_failure: Option<MassFailure>,
    /// The hosts in the order in which they ended.
    pub hosts: Vec<HostReport>,
}
