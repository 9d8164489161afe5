//! All directories, their names in one piece of text.

use std::collections::HashSet;

use super::record::{CategoryDirectory, Directory};

/// Directories by position: in the order of their ids. Positions change when a directory comes or goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Directories {
    ids: Vec<i32>,
    names: String,
    /// Where each name ends; it begins where the one before ends.
    ends: Vec<usize>,
    /// By directory, then category.
    categories: Vec<CategoryDirectory>,
}

impl Directories {
    /// Of rows in any order.
    pub fn new(rows: &mut [Directory], mut categories: Vec<CategoryDirectory>) -> Self {
        rows.sort_unstable_by_key(|row| row.id);
        categories.sort_unstable();
        let mut all = Self { categories, ..Self::default() };
        for row in rows {
            all.push(row.id, &row.name);
        }
        all.names.shrink_to_fit();
        all
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Ids in ascending order, so by position.
    pub fn ids(&self) -> &[i32] {
        &self.ids
    }

    /// Position of a directory.
    pub fn position(&self, id: i32) -> Option<usize> {
        self.ids.binary_search(&id).ok()
    }

    /// The name of the directory at a position, without leading or trailing `/`.
    pub fn name(&self, position: usize) -> Option<&str> {
        let begin = match position.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        self.names.get(begin..*self.ends.get(position)?)
    }

    /// The name of a directory.
    pub fn name_of(&self, id: i32) -> Option<&str> {
        self.name(self.position(id)?)
    }

    /// The categories of a directory, lowest id first.
    pub fn categories_of(&self, id: i32) -> &[CategoryDirectory] {
        run(&self.categories, |row| row.directory_id, id)
    }

    /// The directories of a category, by id.
    pub fn of_category(&self, category: i32) -> impl Iterator<Item = i32> {
        self.categories.iter().filter(move |row| row.category_id == category).map(|row| row.directory_id)
    }

    /// The same with some directories, and the categories of them, as they are now. Those of `concerned` that
    /// are not among `rows` are gone.
    pub(super) fn replaced(
        &self,
        concerned: &HashSet<i32>,
        rows: &mut [Directory],
        categories: &[CategoryDirectory],
    ) -> Self {
        rows.sort_unstable_by_key(|row| row.id);
        let kept = self.categories.iter().filter(|row| !concerned.contains(&row.directory_id));
        let mut all = Self { categories: kept.chain(categories).copied().collect(), ..Self::default() };
        all.categories.sort_unstable();
        all.names.reserve(self.names.len());
        let mut rows = rows.iter().peekable();
        for (position, id) in self.ids.iter().enumerate() {
            while let Some(row) = rows.next_if(|row| row.id <= *id) {
                all.push(row.id, &row.name);
            }
            if !concerned.contains(id) {
                all.push(*id, self.name(position).unwrap_or_default());
            }
        }
        for row in rows {
            all.push(row.id, &row.name);
        }
        all
    }

    fn push(&mut self, id: i32, name: &str) {
        self.ids.push(id);
        self.names.push_str(name);
        self.ends.push(self.names.len());
    }
}

/// The rows of one key out of rows that are sorted by it.
pub(super) fn run<T>(rows: &[T], key: impl Fn(&T) -> i32, wanted: i32) -> &[T] {
    let from = rows.partition_point(|row| key(row) < wanted);
    let tail = rows.get(from..).unwrap_or_default();
    let len = tail.partition_point(|row| key(row) == wanted);
    tail.get(..len).unwrap_or_default()
}
