//! What a source may take for granted.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::{Found, Inside};
use crate::touched::Touched;

/// The recorded times of the directories, by name relative to the topdir. A directory that must be read
/// whatever its time is not in it. The names are shared with what else is known of the directories.
#[derive(Debug, Clone, Default)]
pub struct KnownTimes {
    times: HashMap<Arc<str>, i64>,
    /// Where the tree is watched; otherwise every directory has to be looked at.
    watched: Option<Watched>,
}

/// A watched tree.
#[derive(Debug, Clone)]
struct Watched {
    touched: Touched,
    /// Of the directories that are named, and all above them.
    route: HashSet<String>,
    /// Directories that are recorded as not readable.
    closed: HashSet<Arc<str>>,
}

impl KnownTimes {
    /// Nothing is known.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same of a tree of which only the named directories may be different. `closed`: those that are recorded
    /// as not readable. A source that gets the tree as a whole need not care.
    #[must_use]
    pub fn watched(self, touched: Touched, closed: HashSet<Arc<str>>) -> Self {
        let route = touched.route().into_iter().map(str::to_owned).collect();
        Self { watched: Some(Watched { touched, route, closed }), ..self }
    }

    /// The time of a directory, seconds.
    pub fn get(&self, directory: &str) -> Option<&i64> {
        match &self.watched {
            // What was written into a file does not change the time of its directory.
            Some(watched) if watched.touched.has(directory) => None,
            _ => self.times.get(directory),
        }
    }

    /// The directory as recorded, if it and everything below it is known to be so and nobody need look.
    pub(super) fn kept(&self, directory: &str) -> Option<Found> {
        let watched = self.watched.as_ref()?;
        let time = self.times.get(directory).filter(|_| !watched.route.contains(directory))?;
        Some(as_recorded(directory, *time))
    }

    /// All recorded directories below these.
    pub(super) fn below(&self, kept: &HashSet<String>) -> Vec<Found> {
        let is_below = |name: &str| {
            let mut ends = name.match_indices('/');
            ends.any(|(end, _)| name.get(..end).is_some_and(|above| kept.contains(above)))
        };
        if kept.is_empty() {
            return Vec::new();
        }
        self.times
            .iter()
            .filter(|(name, _)| is_below(name))
            .map(|(name, time)| as_recorded(name, *time))
            .collect()
    }

    /// Whether everything below a directory is to be read: it was touched as a tree, or it has become readable or
    /// has ceased to be, which counts for what is below it.
    pub(super) fn all_below(&self, directory: &str, readable: bool) -> bool {
        self.watched.as_ref().is_some_and(|watched| {
            watched.touched.has_tree(directory) || watched.closed.contains(directory) == readable
        })
    }
}

/// A directory at which nobody has looked.
fn as_recorded(name: &str, time: i64) -> Found {
    Found {
        name: name.to_owned(),
        ctime: time,
        readable: None,
        inside: Inside::Unchanged(Vec::new()),
        is_repository: false,
        is_atomic: false,
    }
}

impl<N: Into<Arc<str>>> FromIterator<(N, i64)> for KnownTimes {
    fn from_iter<I: IntoIterator<Item = (N, i64)>>(times: I) -> Self {
        let times = times.into_iter().map(|(name, time)| (name.into(), time)).collect();
        Self { times, watched: None }
    }
}

impl<N: Into<Arc<str>>, const COUNT: usize> From<[(N, i64); COUNT]> for KnownTimes {
    fn from(times: [(N, i64); COUNT]) -> Self {
        times.into_iter().collect()
    }
}
