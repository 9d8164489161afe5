//! What clients would notice between two caches of either format: `mirrormanager cache diff`.

mod directories;
mod files;
mod heads;

use chrono::{DateTime, Utc};
use serde::Serialize;
use snapshot::{HostNo, Snapshot};

use crate::inspect::built;

pub use directories::{MirrorsChange, UrlsChange};
pub use files::{FileChange, Version};
pub use heads::{Changed, PartChange};

/// All differences.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// When each of the two was built; no difference by itself.
    pub built: [Option<DateTime<Utc>>; 2],
    /// Repositories, redirects, networks, and what is known of hosts: parts that differ.
    pub parts: Vec<PartChange>,
    /// Directories that are only in the second one.
    pub directories_added: Vec<String>,
    /// Directories that are only in the first one.
    pub directories_removed: Vec<String>,
    /// Directories that other hosts carry, by what is different.
    pub mirrors: Vec<MirrorsChange>,
    /// Hosts with other URLs.
    pub urls: Vec<UrlsChange>,
    /// Files whose current version is another one.
    pub files: Vec<FileChange>,
}

impl Difference {
    /// Whether a client would notice nothing.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
            && self.directories_added.is_empty()
            && self.directories_removed.is_empty()
            && self.mirrors.is_empty()
            && self.urls.is_empty()
            && self.files.is_empty()
    }
}

/// Compares two caches. Hosts are the same when they have the same row in the database, directories and files
/// when they have the same name.
pub fn diff(first: &Snapshot, second: &Snapshot) -> Difference {
    let pair = Pair { first, second };
    let mut difference = Difference {
        built: [built(first), built(second)],
        parts: heads::compare(&pair),
        ..Difference::default()
    };
    directories::compare(&pair, &mut difference);
    difference
}

/// The two caches.
struct Pair<'a> {
    first: &'a Snapshot,
    second: &'a Snapshot,
}

impl Pair<'_> {
    /// A host in words: its name, where one of the two knows it, and its row.
    fn host(&self, id: i64) -> String {
        let name = |snapshot: &'_ Snapshot| {
            let number = numbers(snapshot).find(|number| id_of(snapshot, *number) == id)?;
            snapshot.host_name(number).map(str::to_owned)
        };
        match name(self.second).or_else(|| name(self.first)) {
            Some(name) => format!("{name} ({id})"),
            None => format!("host {id}"),
        }
    }

    fn hosts(&self, ids: &[i64]) -> Vec<String> {
        ids.iter().map(|id| self.host(*id)).collect()
    }
}

fn numbers(snapshot: &Snapshot) -> impl Iterator<Item = HostNo> {
    (0..).map(HostNo).take(snapshot.host_count())
}

fn id_of(snapshot: &Snapshot, number: HostNo) -> i64 {
    snapshot.host(number).map_or(0, |host| host.id)
}
