//! What every host category holds, as one set of directories each.
//!
//! At Fedora's size these are 17 million pairs. They stream from the database into bitmaps over the
//! directories' positions and never exist as rows.

use std::collections::{BTreeMap, HashMap};

use super::positions::Positions;

/// A set of directories, by their position in [`super::Directories`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DirectorySet {
    words: Vec<u64>,
}

impl DirectorySet {
    /// An empty set with room for this many directories.
    fn with_room(directories: usize) -> Self {
        Self { words: vec![0; directories.div_ceil(64)] }
    }

    /// Whether the directory at this position is in the set.
    pub fn contains(&self, position: usize) -> bool {
        self.words.get(position / 64).is_some_and(|word| word & bit(position) != 0)
    }

    /// How many directories are in the set.
    pub fn len(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether no directory is in the set.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// 64 directories as bits, the one at position 64 × `block` the lowest.
    #[inline]
    pub fn block(&self, block: usize) -> u64 {
        self.words.get(block).copied().unwrap_or(0)
    }

    /// Positions in ascending order.
    fn positions(&self) -> impl Iterator<Item = usize> + '_ {
        self.words.iter().enumerate().flat_map(|(block, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let lowest = left.trailing_zeros() as usize;
                left &= left.wrapping_sub(1);
                (lowest < 64).then_some(block * 64 + lowest)
            })
        })
    }

    fn insert(&mut self, position: usize) {
        if let Some(word) = self.words.get_mut(position / 64) {
            *word |= bit(position);
        }
    }

    fn remove(&mut self, position: usize) {
        if let Some(word) = self.words.get_mut(position / 64) {
            *word &= !bit(position);
        }
    }
}

fn bit(position: usize) -> u64 {
    1 << (position % 64)
}

/// The directories that each host category holds (`up2date = true`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UpToDate {
    sets: HashMap<i32, DirectorySet>,
    without_directory: BTreeMap<i32, u64>,
}

impl UpToDate {
    /// What one host category holds; `None` when nothing is recorded.
    pub fn of(&self, host_category: i32) -> Option<&DirectorySet> {
        self.sets.get(&host_category)
    }

    /// Host categories with rows whose directory is NULL or unknown, and how many such rows, by id.
    pub fn without_directory(&self) -> impl Iterator<Item = (i32, u64)> {
        self.without_directory.iter().map(|(host_category, rows)| (*host_category, *rows))
    }

    /// How many (host category, directory) pairs there are.
    pub fn pairs(&self) -> u64 {
        self.sets.values().map(|set| set.len() as u64).sum()
    }

    /// Moves every directory from its position among the ids `old` to that among `new`; both ascend. One that
    /// is no longer there is in no set any more.
    pub(super) fn renumber(&mut self, old: &[i32], new: &[i32]) {
        if new.starts_with(old) {
            for set in self.sets.values_mut() {
                set.words.resize(new.len().div_ceil(64), 0);
            }
            return;
        }
        let positions = Positions::new(new);
        let moved: Vec<Option<usize>> = old.iter().map(|id| positions.of(*id)).collect();
        for set in self.sets.values_mut() {
            let mut renumbered = DirectorySet::with_room(new.len());
            for position in set.positions().filter_map(|old| moved.get(old).copied().flatten()) {
                renumbered.insert(position);
            }
            *set = renumbered;
        }
    }
}

/// Collects pairs in any order.
#[derive(Debug)]
pub struct UpToDateBuilder {
    positions: Positions,
    directories: usize,
    ids: HashMap<i32, usize>,
    sets: Vec<DirectorySet>,
    last: Option<(i32, usize)>,
    without_directory: BTreeMap<i32, u64>,
}

impl UpToDateBuilder {
    /// For directories with these ids, in ascending order.
    pub fn new(directories: &[i32]) -> Self {
        Self::resume(UpToDate::default(), directories)
    }

    /// Goes on with what was collected before.
    pub(super) fn resume(known: UpToDate, directories: &[i32]) -> Self {
        let (ids, sets): (Vec<_>, Vec<_>) = known.sets.into_iter().unzip();
        Self {
            positions: Positions::new(directories),
            directories: directories.len(),
            ids: ids.into_iter().zip(0..).collect(),
            sets,
            last: None,
            without_directory: known.without_directory,
        }
    }

    /// Notes one row of `host_category_dir`.
    pub fn add(&mut self, host_category: i32, directory: Option<i32>) {
        let Some(position) = directory.and_then(|id| self.positions.of(id)) else {
            *self.without_directory.entry(host_category).or_default() += 1;
            return;
        };
        let index = match self.last {
            Some((id, index)) if id == host_category => index,
            _ => *self.ids.entry(host_category).or_insert_with(|| {
                self.sets.push(DirectorySet::with_room(self.directories));
                self.sets.len() - 1
            }),
        };
        self.last = Some((host_category, index));
        if let Some(set) = self.sets.get_mut(index) {
            set.insert(position);
        }
    }

    /// Forgets everything about a host category.
    pub(super) fn forget(&mut self, host_category: i32) {
        self.without_directory.remove(&host_category);
        if let Some(set) = self.set(host_category) {
            set.words.fill(0);
        }
    }

    /// Forgets one directory of a host category.
    pub(super) fn forget_one(&mut self, host_category: i32, directory: i32) {
        if let Some(position) = self.positions.of(directory)
            && let Some(set) = self.set(host_category)
        {
            set.remove(position);
        }
    }

    fn set(&mut self, host_category: i32) -> Option<&mut DirectorySet> {
        self.sets.get_mut(*self.ids.get(&host_category)?)
    }

    /// The finished sets of the host categories that `exists` knows. Sets without a member are left out.
    pub fn build(mut self, exists: impl Fn(i32) -> bool) -> UpToDate {
        self.without_directory.retain(|id, _| exists(*id));
        let mut sets = HashMap::with_capacity(self.ids.len());
        for (id, index) in self.ids {
            if let Some(set) = self.sets.get_mut(index).filter(|set| exists(id) && !set.is_empty()) {
                sets.insert(id, std::mem::take(set));
            }
        }
        UpToDate { sets, without_directory: self.without_directory }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rows_without_a_directory_are_counted_and_double_rows_are_one() {
        let mut builder = UpToDateBuilder::new(&[3, 4]);
        for (host_category, directory) in
            [(9, Some(4)), (9, Some(4)), (8, None), (9, Some(99)), (9, Some(3)), (7, Some(3)), (7, None)]
        {
            builder.add(host_category, directory);
        }
        let built = builder.build(|id| id != 7);
        assert_eq!(built.pairs(), 2);
        assert!(built.without_directory().eq([(8, 1), (9, 1)]));
        assert!(built.of(9).is_some_and(|set| set.contains(0) && set.contains(1) && !set.contains(2)));
        assert!(built.of(8).is_none() && built.of(7).is_none());
    }

    fn built(directories: &BTreeSet<i32>, pairs: &[(i32, i32)]) -> UpToDate {
        let ids: Vec<i32> = directories.iter().copied().collect();
        let mut builder = UpToDateBuilder::new(&ids);
        for (host_category, directory) in
            pairs.iter().filter(|(_, directory)| directories.contains(directory))
        {
            builder.add(*host_category, Some(*directory));
        }
        builder.build(|_| true)
    }

    proptest! {
        #[test]
        fn renumbering_is_as_building_anew(
            old in proptest::collection::btree_set(0..300_i32, 0..200),
            gone in proptest::collection::btree_set(0..300_i32, 0..5),
            new in proptest::collection::btree_set(0..400_i32, 0..5),
            pairs in proptest::collection::vec((1..4_i32, 0..400_i32), 0..200),
        ) {
            let after: BTreeSet<i32> = old.difference(&gone).chain(&new).copied().collect();
            let held: Vec<_> = pairs.into_iter().filter(|(_, directory)| old.contains(directory)).collect();
            let mut moved = built(&old, &held);
            let ids = |set: &BTreeSet<i32>| set.iter().copied().collect::<Vec<_>>();
            moved.renumber(&ids(&old), &ids(&after));
            let moved = UpToDateBuilder::resume(moved, &ids(&after)).build(|_| true);
            prop_assert_eq!(moved, built(&after, &held));
        }
    }
}
