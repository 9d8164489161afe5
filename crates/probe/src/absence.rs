//! Whole subtrees that a mirror does not have (`spec/crawler.md` 11.3.5).
//!
//! When files of two directories below the same parent are missing, the parent itself is asked about. It counts as
//! gone when its own URL is 404 as well and that of a directory above it is not: some servers say 404 for every
//! directory and serve its files all the same. Nothing below a directory that is gone is asked any more.

use std::collections::{BTreeSet, HashMap, HashSet};

use model::directory_name::parent;

/// Missing children that make a parent suspect.
const SUSPECT: u32 = 2;

/// What is known about the directories of one mirror, by their paths below its base.
#[derive(Debug, Default)]
pub(crate) struct Absences {
    /// Something below them is there.
    present: HashSet<String>,
    missed: HashMap<String, u32>,
    gone: BTreeSet<String>,
    is_useless: bool,
}

impl Absences {
    /// Whether the directory, or one that it lies in, is gone.
    pub(crate) fn is_gone(&self, path: &str) -> bool {
        !self.gone.is_empty() && above(path).any(|one| self.gone.contains(one))
    }

    /// A file of this directory is there.
    pub(crate) fn saw(&mut self, path: &str) {
        for one in above(path) {
            if !self.present.insert(one.to_owned()) {
                break;
            }
        }
    }

    /// The first file of this directory is not there. The parent that should be asked about now.
    pub(crate) fn missed(&mut self, path: &str) -> Option<String> {
        let parent = parent(path)?;
        if self.is_useless || self.present.contains(path) || self.present.contains(parent) {
            return None;
        }
        let missed = self.missed.entry(parent.to_owned()).or_default();
        *missed += 1;
        (*missed == SUSPECT).then(|| parent.to_owned())
    }

    /// The directory is gone, and all below it.
    pub(crate) fn gone(&mut self, path: String) {
        self.gone.insert(path);
    }

    /// This server says 404 for directories that are there.
    pub(crate) fn useless(&mut self) {
        self.is_useless = true;
    }
}

/// A directory and those that it lies in, without the base itself.
fn above(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path).filter(|path| !path.is_empty()), |path| parent(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_missing_child_makes_the_parent_suspect_once() {
        let mut absences = Absences::default();
        assert_eq!(absences.missed("a/b/c"), None);
        assert_eq!(absences.missed("a/b/d"), Some("a/b".into()));
        assert_eq!(absences.missed("a/b/e"), None);
        assert_eq!(absences.missed("top"), None);
        absences.gone("a/b".into());
        assert!(absences.is_gone("a/b") && absences.is_gone("a/b/x/y"));
        assert!(!absences.is_gone("a") && !absences.is_gone("a/bc"));
    }

    #[test]
    fn a_parent_with_something_in_it_is_not_suspect() {
        let mut absences = Absences::default();
        absences.saw("a/b/c");
        assert_eq!(absences.missed("a/b/d"), None);
        assert_eq!(absences.missed("a/b/e"), None);
        absences.useless();
        assert_eq!(absences.missed("x/1"), None);
        assert_eq!(absences.missed("x/2"), None);
    }
}
