//! Directories that were touched since they were read.

use std::collections::{BTreeSet, HashSet};

use model::directory_name::parent;

/// What a watcher has noticed of a tree; names are relative to the topdir.
///
/// It may name too much, also what is not there: everything named is looked at, and decided from what is found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Touched {
    /// Directories in which something is different.
    directories: BTreeSet<String>,
    /// Directories of which nothing below is known to be what it was.
    trees: BTreeSet<String>,
}

impl Touched {
    /// Something in this directory is different.
    pub fn directory(&mut self, name: impl Into<String>) {
        self.directories.insert(name.into());
    }

    /// It, and everything below it, may be different.
    pub fn tree(&mut self, name: impl Into<String>) {
        self.trees.insert(name.into());
    }

    /// Takes what another one knows.
    pub fn merge(&mut self, other: Self) {
        self.directories.extend(other.directories);
        self.trees.extend(other.trees);
    }

    /// Whether nothing is named.
    pub fn is_empty(&self) -> bool {
        self.directories.is_empty() && self.trees.is_empty()
    }

    /// How many directories are named.
    pub fn len(&self) -> usize {
        self.directories.union(&self.trees).count()
    }

    /// Whether it may be that so many are named.
    pub(crate) fn is_more_than(&self, limit: usize) -> bool {
        self.directories.len() + self.trees.len() > limit
    }

    /// Whether the directory itself is named.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.directories.contains(name) || self.has_tree(name)
    }

    /// Whether the directory is named with all below it.
    pub(crate) fn has_tree(&self, name: &str) -> bool {
        self.trees.contains(name)
    }

    /// All directories that are named and all above them: where a walk has to go.
    pub(crate) fn route(&self) -> HashSet<&str> {
        let mut route = HashSet::from([""]);
        for name in self.directories.iter().chain(&self.trees) {
            let mut at = Some(name.as_str());
            while let Some(name) = at {
                if !route.insert(name) && !name.is_empty() {
                    break;
                }
                at = parent(name);
            }
        }
        route
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_what_was_touched_goes_through_all_above_it() {
        let mut touched = Touched::default();
        assert_eq!(touched.route(), HashSet::from([""]), "the root is always looked at");
        touched.directory("a/b");
        touched.directory("a/b/c");
        touched.tree("a-/d");
        assert_eq!(touched.route(), HashSet::from(["", "a", "a/b", "a/b/c", "a-", "a-/d"]));
        assert!(touched.has("a/b") && touched.has("a-/d") && !touched.has("a"));
        assert!(touched.has_tree("a-/d") && !touched.has_tree("a/b"));
        let mut other = Touched::default();
        other.tree("a/b");
        touched.merge(other);
        assert_eq!(touched.len(), 3);
    }
}
