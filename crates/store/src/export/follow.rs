//! Following the change log: which rows have to be read again.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::changes::{Cursor, Directories, Seen, Subject};
use crate::written::Written;

/// What has changed since the tables were read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Changed {
    /// Categories of which any directory may have changed.
    pub(super) categories: BTreeSet<i32>,
    /// Directories whose rows, categories or file details may have changed.
    pub(super) directories: HashSet<i32>,
    /// Host categories of which anything may have changed.
    pub(super) host_categories: BTreeSet<i32>,
    /// Host categories of which some directories may have changed.
    pub(super) held: HashMap<i32, HashSet<i32>>,
    /// Nobody knows what has changed.
    pub(super) anything: bool,
}

impl Changed {
    fn add(&mut self, seen: &Seen) {
        let change = &seen.row.change;
        match (change.subject, &change.directories) {
            (Subject::Category, Directories::All) => {
                self.categories.insert(change.id);
            }
            (Subject::Category, Directories::These(ids)) => self.directories.extend(ids),
            (Subject::HostCategory, Directories::All) => {
                self.host_categories.insert(change.id);
            }
            (Subject::HostCategory, Directories::These(ids)) => {
                self.held.entry(change.id).or_default().extend(ids);
            }
            // All of this is in small tables. What hosts hold goes with their rows.
            (Subject::Host | Subject::Site | Subject::Repository | Subject::Reference, _) => {}
            (Subject::Other, _) => self.anything = true,
        }
    }
}

/// How far the log has been followed, and what its transactions have written.
#[derive(Debug)]
pub(super) struct Position {
    /// Rows before it are done with.
    pub(super) cursor: Cursor,
    /// Rows behind the cursor that are done with, too: it waits for transactions that are still open.
    done: HashSet<i64>,
    /// The count when the tables were read.
    base: Written,
    /// What transactions of the log have written since.
    accounted: i64,
}

impl Position {
    /// Of a reader that reads the tables in the transaction that sees these rows of the log.
    pub(super) fn start(cursor: Cursor, seen: &[Seen], base: Written) -> Self {
        let done = seen.iter().filter(|seen| !seen.settled).map(|seen| seen.row.id).collect();
        Self { cursor, done, base, accounted: 0 }
    }

    /// Takes in the rows since the cursor.
    pub(super) fn advance(&mut self, cursor: Cursor, seen: &[Seen]) -> Changed {
        let mut changed = Changed::default();
        for seen in seen.iter().filter(|seen| !self.done.contains(&seen.row.id)) {
            self.accounted = self.accounted.saturating_add(seen.written);
            changed.add(seen);
        }
        self.done = seen.iter().filter(|seen| !seen.settled).map(|seen| seen.row.id).collect();
        self.cursor = cursor;
        changed
    }

    /// Whether more has been written than the log accounts for. Less is only late.
    pub(super) fn has_foreign(&self, total: &Written) -> bool {
        total.since(&self.base).is_none_or(|written| written > self.accounted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::changes::{Change, Row};

    fn seen(id: i64, settled: bool, written: i64, change: Change) -> Seen {
        Seen { row: Row { id, created_at: Default::default(), change }, settled, written }
    }

    #[test]
    fn a_row_that_is_held_back_is_taken_once() {
        let some = |ids: &[i32]| Change {
            subject: Subject::Category,
            id: 1,
            directories: Directories::These(ids.to_vec()),
        };
        let before = seen(1, false, 100, some(&[1]));
        let mut position = Position::start(Cursor(5), std::slice::from_ref(&before), Written::default());
        let early = seen(2, false, 10, some(&[2, 3]));
        let changed = position.advance(Cursor(5), &[before.clone(), early.clone()]);
        assert_eq!(changed.directories, HashSet::from([2, 3]), "what was there at the start was read then");
        let late = seen(3, true, 1, Change::all(Subject::HostCategory, 4));
        let settled = Seen { settled: true, ..early };
        let changed = position.advance(Cursor(9), &[before, settled, late]);
        assert_eq!((changed.directories.len(), changed.host_categories), (0, BTreeSet::from([4])));
        assert_eq!((position.accounted, position.done.len(), position.cursor), (11, 1, Cursor(9)));
    }

    #[test]
    fn small_tables_need_no_rows_of_big_ones_and_the_unknown_needs_all() {
        let mut changed = Changed::default();
        for subject in [Subject::Host, Subject::Site, Subject::Repository, Subject::Reference] {
            changed.add(&seen(1, true, 0, Change::all(subject, 1)));
        }
        assert_eq!(changed, Changed::default());
        changed.add(&seen(1, true, 0, Change::all(Subject::Other, 1)));
        assert!(changed.anything);
    }
}
