//! What a build did and what it left out.

use serde::Serialize;

/// The largest number of rows that a report names one by one.
const NAMED: usize = 10_000;

/// A row that did not make it into the cache as it is, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// The table.
    pub table: &'static str,
    /// The row: its id, and what it belongs to.
    pub row: String,
    /// What is wrong, what was done, and what to do about it.
    pub reason: String,
}

impl std::fmt::Display for Skipped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}: {}", self.table, self.row, self.reason)
    }
}

/// How many elements the cache has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Hosts of sites, active or not.
    pub hosts: usize,
    /// Hosts that may be listed.
    pub active_hosts: usize,
    /// Directories with a list of mirrors.
    pub directories: usize,
    /// Directories with file details.
    pub directories_with_files: usize,
    /// Public base URLs.
    pub urls: usize,
    /// (prefix, arch) pairs.
    pub repositories: usize,
    /// Networks of hosts.
    pub netblocks: usize,
    /// (directory, host) pairs with at least one URL.
    pub listings: u64,
}

/// What a build did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct BuildReport {
    /// How much there is.
    pub counts: Counts,
    /// The rows left out or corrected, at most 10,000 of them.
    pub skipped: Vec<Skipped>,
    /// How many rows were left out or corrected in all.
    pub skipped_total: usize,
}

impl BuildReport {
    /// Notes a row.
    pub(crate) fn skip(
        &mut self,
        table: &'static str,
        row: impl std::fmt::Display,
        reason: impl Into<String>,
    ) {
        self.skipped_total += 1;
        if self.skipped.len() < NAMED {
            self.skipped.push(Skipped { table, row: row.to_string(), reason: reason.into() });
        }
    }
}
