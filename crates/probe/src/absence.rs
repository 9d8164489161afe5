//! Whole subtrees that a mirror does not have (`spec/crawler.md` 11.3.5).
//!
//! When files of two directories below the same parent are missing, the parent itself is asked about. It counts as
//! gone when its own URL is 404 as well and that of a directory above it is not: some servers say 404 for every
//! directory and serve its files all the same. Nothing below a directory that is gone is asked any more.

use std::collections::{BTreeSet, HashMap, HashSet};

use model::directory_name::parent;

/// What is known about the directories of one mirror, by their paths below its base.
#[derive(Debug, Default)]
pub(crate) struct Absences {
    /// Something below them is there.
    present: HashSet<String>,
    /// The first missing child of a parent; none any more once a second one has made it suspect.
    missed: HashMap<String, Option<String>>,
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
        if self.is_gone(path) {
            self.useless();
        }
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
        let first = self.missed.entry(parent.to_owned()).or_insert_with(|| Some(path.to_owned()));
        if first.as_deref().is_none_or(|first| first == path) {
            return None;
        }
        *first = None;
        Some(parent.to_owned())
    }

    /// The directory has no answer of its own: it is gone, and all below it, unless something below it was seen.
    pub(crate) fn gone(&mut self, path: String) {
        if self.present.contains(&path) {
            self.useless();
        } else if !self.is_useless {
            self.gone.insert(path);
        }
    }

    /// This server says 404 for directories that are there.
    pub(crate) fn useless(&mut self) {
        self.is_useless = true;
        self.gone.clear();
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
    fn the_same_child_twice_is_one() {
        let mut absences = Absences::default();
        assert_eq!(absences.missed("a/b/c"), None);
        assert_eq!(absences.missed("a/b/c"), None);
        assert_eq!(absences.missed("a/b/d"), Some("a/b".into()));
    }

    #[test]
    fn what_was_seen_is_not_gone_whenever_it_was_seen() {
        let mut before = Absences::default();
        before.saw("a/x/y");
        before.gone("a".into());
        assert!(
            !before.is_gone("a/b") && before.missed("a/b/c").is_none() && before.missed("a/b/d").is_none()
        );
        let mut after = Absences::default();
        after.gone("a".into());
        assert!(after.is_gone("a/b"));
        after.saw("a/x/y");
        assert!(!after.is_gone("a/b"));
        after.gone("a".into());
        assert!(!after.is_gone("a/b"), "the server's word is worth nothing any more");
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
