//! What is known of one directory while its tree is put together.

use model::checksums;
use model::files::{FileEntry, Files};

use crate::source::Inside;

/// Of an unchanged directory as many files are kept to be compared. One with an index file has fewer.
const KEPT: usize = 64;

#[derive(Default)]
pub(super) struct Node {
    /// Set by the directory's own line.
    pub(super) time: Option<i64>,
    /// Whether others may read and enter it, as far as it alone matters.
    pub(super) open: Option<bool>,
    pub(super) unchanged: bool,
    files: Vec<FileEntry>,
    pub(super) has_entries: bool,
    has_index: bool,
    pub(super) has_summary: bool,
    pub(super) has_repodata: bool,
    pub(super) has_objects: bool,
    /// Files have been dropped.
    reduced: bool,
    /// Two lines disagree about it.
    pub(super) disputed: bool,
}

impl Node {
    pub(super) fn add(&mut self, file: FileEntry) {
        let name = file.name.as_bytes();
        self.has_entries = true;
        self.has_summary |= name == b"summary";
        self.has_index |= matches!(name, b"summary" | b"repomd.xml");
        if self.unchanged && !self.reduced && !self.has_index && self.files.len() >= KEPT {
            self.files.retain(|entry| checksums::kind(entry.name.as_bytes()).is_some());
            self.reduced = true;
        }
        if !self.reduced || checksums::kind(name).is_some() {
            self.files.push(file);
        }
    }

    /// Lines of another directory follow. Most directories are whole by then and need no more room; the others
    /// are small enough to grow again.
    pub(super) fn pause(&mut self) {
        if self.files.len() <= KEPT {
            self.files.shrink_to_fit();
        }
    }

    /// The time of the newest file.
    pub(super) fn newest(&self) -> Option<i64> {
        self.files.iter().map(|file| file.timestamp).max()
    }

    /// What is said about its files. Those of an unchanged directory with an index go to `unproven`.
    pub(super) fn inside(
        mut self,
        partial: bool,
        derived: bool,
        name: &str,
        unproven: &mut Vec<(String, Files)>,
    ) -> Inside {
        let Some(_) = self.time else { return Inside::Unlisted };
        if self.unchanged && !self.disputed && !derived {
            let names = self.files.iter().map(|entry| &entry.name);
            let names = names.filter(|name| checksums::kind(name.as_bytes()).is_some()).cloned().collect();
            if self.has_index && !self.reduced && !partial {
                unproven.push((name.to_owned(), Files::from_iter(self.files)));
            }
            return Inside::Unchanged(names);
        }
        if partial && !self.has_entries {
            return Inside::Unlisted;
        }
        self.files.shrink_to_fit();
        let files = Files::from_iter(self.files);
        if partial || self.disputed { Inside::Partly(files) } else { Inside::Files(files) }
    }
}
