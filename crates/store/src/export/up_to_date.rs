//! What every host category holds, as one set of directories each.
//!
//! At Fedora's size these are 17 million pairs. They stream from the database into bitmaps over the
//! directories' positions and never exist as rows: on PostgreSQL as a binary `COPY` on a second connection
//! that looks at the same snapshot, on SQLite row by row.

use std::collections::HashMap;

use futures_util::TryStreamExt;
use sea_orm::{ConnectionTrait, StreamTrait};
use sqlx::AssertSqlSafe;

use crate::connect::{Engine, Store};
use crate::error::{Result, StoreError};
use crate::sql::Sql;
use crate::tx::ReadTx;

use super::copy_rows::CopyRows;

/// A set of directories, by their position in [`super::Export::directories`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DirectorySet {
    words: Vec<u64>,
}

impl DirectorySet {
    /// Whether the directory at this position is in the set.
    pub fn contains(&self, position: usize) -> bool {
        self.words.get(position / 64).is_some_and(|word| word & (1 << (position % 64)) != 0)
    }

    /// How many directories are in the set.
    pub fn len(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether no directory is in the set.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn insert(&mut self, position: usize) {
        if self.words.len() <= position / 64 {
            self.words.resize(position / 64 + 1, 0);
        }
        if let Some(word) = self.words.get_mut(position / 64) {
            *word |= 1 << (position % 64);
        }
    }
}

/// The directories that each host category holds (`up2date = true`).
#[derive(Debug, Clone, Default)]
pub struct UpToDate {
    sets: HashMap<i32, DirectorySet>,
    without_directory: Vec<(i32, u64)>,
}

impl UpToDate {
    /// What one host category holds; `None` when nothing is recorded.
    pub fn of(&self, host_category: i32) -> Option<&DirectorySet> {
        self.sets.get(&host_category)
    }

    /// Host categories with rows whose directory is NULL or unknown, and how many such rows, by id.
    pub fn without_directory(&self) -> &[(i32, u64)] {
        &self.without_directory
    }

    /// How many (host category, directory) pairs there are.
    pub fn pairs(&self) -> u64 {
        self.sets.values().map(|set| set.len() as u64).sum()
    }
}

/// Collects pairs in any order.
#[derive(Debug)]
pub struct UpToDateBuilder {
    positions: Positions,
    ids: HashMap<i32, usize>,
    sets: Vec<DirectorySet>,
    last: Option<(i32, usize)>,
    without_directory: HashMap<i32, u64>,
}

impl UpToDateBuilder {
    /// For directories with these ids, in ascending order.
    pub fn new(directories: impl Iterator<Item = i32>) -> Self {
        Self {
            positions: Positions::new(directories.collect()),
            ids: HashMap::new(),
            sets: Vec::new(),
            last: None,
            without_directory: HashMap::new(),
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
                self.sets.push(DirectorySet::default());
                self.sets.len() - 1
            }),
        };
        self.last = Some((host_category, index));
        if let Some(set) = self.sets.get_mut(index) {
            set.insert(position);
        }
    }

    /// The finished sets.
    pub fn build(mut self) -> UpToDate {
        let sets = self
            .ids
            .into_iter()
            .filter_map(|(id, index)| Some((id, std::mem::take(self.sets.get_mut(index)?))))
            .collect();
        let mut without_directory: Vec<_> = self.without_directory.into_iter().collect();
        without_directory.sort_unstable();
        UpToDate { sets, without_directory }
    }
}

/// From a directory's id to its position: a flat table unless the ids are very sparse.
#[derive(Debug)]
enum Positions {
    Flat(Vec<u32>),
    Sorted(Vec<i32>),
}

const NOWHERE: u32 = u32::MAX;

impl Positions {
    fn new(ids: Vec<i32>) -> Self {
        let size =
            ids.iter().copied().max().and_then(|max| usize::try_from(max).ok()).map_or(0, |max| max + 1);
        if size > 16 * ids.len() + 65_536 || ids.iter().any(|id| *id < 0) {
            return Self::Sorted(ids);
        }
        let mut table = vec![NOWHERE; size];
        for (position, id) in (0_u32..).zip(ids) {
            if let Some(slot) = usize::try_from(id).ok().and_then(|id| table.get_mut(id)) {
                *slot = position;
            }
        }
        Self::Flat(table)
    }

    fn of(&self, id: i32) -> Option<usize> {
        match self {
            Self::Flat(table) => {
                let position = *table.get(usize::try_from(id).ok()?)?;
                (position != NOWHERE).then_some(position as usize)
            }
            Self::Sorted(ids) => ids.binary_search(&id).ok(),
        }
    }
}

const PAIRS: &str = "SELECT host_category_id, directory_id FROM host_category_dir WHERE up2date = true";
const COPY: &str = "COPY (SELECT host_category_id, directory_id FROM host_category_dir WHERE up2date = true) \
                    TO STDOUT (FORMAT binary)";

/// Row by row inside the transaction. Both engines can.
pub(super) async fn stream(tx: &ReadTx, mut builder: UpToDateBuilder) -> Result<UpToDate> {
    let mut rows = tx.db().stream_raw(Sql::same(PAIRS).with(tx.engine(), [])).await?;
    while let Some(row) = rows.try_next().await? {
        builder.add(row.try_get_by_index(0)?, row.try_get_by_index(1)?);
    }
    Ok(builder.build())
}

/// PostgreSQL: on a second connection that sees what `tx` sees. With a pool of one connection it streams.
pub(super) async fn copy(store: &Store, tx: &ReadTx, mut builder: UpToDateBuilder) -> Result<UpToDate> {
    let pool = store.read().get_postgres_connection_pool();
    if pool.options().get_max_connections() < 2 {
        return stream(tx, builder).await;
    }
    let exported = tx
        .db()
        .query_one_raw(Sql::same("SELECT pg_export_snapshot()").with(Engine::Postgres, []))
        .await?
        .map(|row| row.try_get_by_index::<String>(0))
        .transpose()?
        .filter(|id| id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-'))
        .ok_or_else(|| StoreError::Schema("the server did not export its snapshot".into()))?;
    let mut second = pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    sqlx::query(AssertSqlSafe(format!("SET TRANSACTION SNAPSHOT '{exported}'")))
        .execute(&mut *second)
        .await?;
    let mut parser = CopyRows::default();
    {
        let mut chunks = second.copy_out_raw(COPY).await?;
        while let Some(chunk) = chunks.try_next().await? {
            parser.push(&chunk, |host_category, directory| builder.add(host_category, directory))?;
        }
    }
    parser.finish()?;
    second.rollback().await?;
    Ok(builder.build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sparse_and_negative_ids_have_positions_too() {
        for ids in [vec![1, 5, 9], vec![-3, 0, 2_000_000_000], vec![]] {
            let positions = Positions::new(ids.clone());
            for (position, id) in ids.iter().enumerate() {
                assert_eq!(positions.of(*id), Some(position));
            }
            assert_eq!(positions.of(7), None);
        }
    }

    #[test]
    fn rows_without_a_directory_are_counted_and_double_rows_are_one() {
        let mut builder = UpToDateBuilder::new([3, 4].into_iter());
        for (host_category, directory) in [(9, Some(4)), (9, Some(4)), (8, None), (9, Some(99)), (9, Some(3))]
        {
            builder.add(host_category, directory);
        }
        let built = builder.build();
        assert_eq!(built.pairs(), 2);
        assert_eq!(built.without_directory(), [(8, 1), (9, 1)]);
        assert!(built.of(9).is_some_and(|set| set.contains(0) && set.contains(1) && !set.contains(2)));
        assert!(built.of(8).is_none());
    }
}
