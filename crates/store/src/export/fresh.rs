//! Rows of the big tables that have to be read again: first all of them are read, then they take the place of
//! the old ones, so that a failure in between changes nothing.

use std::collections::{BTreeSet, HashSet};

use sea_orm::Value;

use super::directories::Directories;
use super::follow::Changed;
use super::head::Head;
use super::reader::rows;
use super::record::{CategoryDirectory, Directory, FileDetail, Holding, Record};
use super::up_to_date::UpToDateBuilder;
use super::{Export, held};
use crate::connect::Engine;
use crate::error::Result;
use crate::sql;
use crate::tx::ReadTx;

/// Ids that one statement asks for.
pub(super) const CHUNK: usize = 10_000;

/// What was read again.
#[derive(Debug)]
pub(super) struct Fresh {
    head: Head,
    /// All directories as they are now.
    directories: Directories,
    /// Directories whose rows were read.
    concerned: HashSet<i32>,
    details: Vec<FileDetail>,
    /// Host categories of which all rows were read.
    whole: BTreeSet<i32>,
    /// Host categories and directories whose rows were read.
    parts: Vec<(i32, i32)>,
    held: Vec<Holding>,
}

impl Fresh {
    /// Reads what has changed.
    pub(super) async fn read(tx: &ReadTx, export: &Export, head: Head, changed: &Changed) -> Result<Self> {
        let concerned = concerned(tx, export, changed).await?;
        let (mut directories, mut categories, mut details) = (Vec::new(), Vec::new(), Vec::new());
        let (own, of) = match tx.engine() {
            Engine::Postgres => ("id = ANY($1)", "directory_id = ANY($1)"),
            Engine::Sqlite => (
                "id IN (SELECT value FROM json_each(?1))",
                "directory_id IN (SELECT value FROM json_each(?1))",
            ),
        };
        let ids: Vec<i32> = concerned.iter().copied().collect();
        for ids in ids.chunks(CHUNK) {
            let list = || [sql::id_list(tx.engine(), ids.iter().copied())];
            part(tx, own, list(), |row: Directory| directories.push(row)).await?;
            part(tx, of, list(), |row: CategoryDirectory| categories.push(row)).await?;
            part(tx, of, list(), |row: FileDetail| details.push(row)).await?;
        }
        let directories = export.directories.replaced(&concerned, &mut directories, &categories);
        // Rows without a known directory are only counted, so all rows beside them have to be read.
        let is_odd = |id: &i32| export.up_to_date.without_directory().any(|(odd, _)| odd == *id);
        let mut whole = changed.host_categories.clone();
        whole.extend(changed.held.keys().filter(|id| is_odd(id)));
        if directories.ids() != export.directories.ids() {
            whole.extend(export.up_to_date.without_directory().map(|(odd, _)| odd));
        }
        let parts: Vec<(i32, i32)> = changed
            .held
            .iter()
            .filter(|(id, _)| !whole.contains(id))
            .flat_map(|(id, directories)| directories.iter().map(|directory| (*id, *directory)))
            .collect();
        let mut held = held::of_host_categories(tx, &whole).await?;
        held.extend(held::of_parts(tx, &parts, export).await?);
        Ok(Self { head, directories, concerned, details, whole, parts, held })
    }

    /// How many directories and host categories are concerned.
    pub(super) fn counts(&self) -> (usize, usize) {
        let parts: HashSet<i32> = self.parts.iter().map(|(id, _)| *id).collect();
        (self.concerned.len(), self.whole.len() + parts.len())
    }

    /// Takes the place of what is there.
    pub(super) fn apply(self, export: &mut Export) {
        if !self.concerned.is_empty() {
            export.files.remove(&self.concerned);
            self.details.iter().for_each(|detail| export.files.push(detail));
            export.files.sort();
        }
        let mut known = std::mem::take(&mut export.up_to_date);
        known.renumber(export.directories.ids(), self.directories.ids());
        let mut builder = UpToDateBuilder::resume(known, self.directories.ids());
        self.whole.iter().for_each(|id| builder.forget(*id));
        self.parts.iter().for_each(|(id, directory)| builder.forget_one(*id, *directory));
        for row in &self.held {
            builder.add(row.host_category_id, row.directory_id);
        }
        export.up_to_date = builder.build(|id| self.head.host_category(id).is_some());
        export.directories = self.directories;
        export.head = self.head;
    }
}

/// The directories that may have changed.
async fn concerned(tx: &ReadTx, export: &Export, changed: &Changed) -> Result<HashSet<i32>> {
    let mut all = changed.directories.clone();
    for category in &changed.categories {
        all.extend(export.directories.of_category(*category));
        let now = |row: CategoryDirectory| {
            all.insert(row.directory_id);
        };
        part(tx, "category_id = $1", [(*category).into()], now).await?;
    }
    Ok(all)
}

/// Gives the rows of a big table that meet a condition to `take`.
pub(super) async fn part<T: Record<N>, const N: usize>(
    tx: &ReadTx,
    condition: &str,
    values: impl IntoIterator<Item = Value>,
    take: impl FnMut(T),
) -> Result<()> {
    let glue = if T::SELECT.contains(" WHERE ") { "AND" } else { "WHERE" };
    rows(tx, format!("{} {glue} {condition}", T::SELECT), values, take).await
}
