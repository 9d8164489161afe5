//! What the scanner reads and writes: directories, repositories, versions and file details of a category.
//!
//! The scanner reads a category once, works in memory and on the disk without any transaction, and writes
//! in one ([`MasterTx`]). Every statement is one bulk statement whatever the number of rows, and every one
//! is counted ([`Master::statements`]; not counted: BEGIN, COMMIT and locks).

mod ageing;
mod lock;
mod remove;
mod write;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::TryStreamExt as _;
use model::ids::{ArchId, CategoryId, DirectoryId, ProductId, RepositoryId, VersionId};
use sea_orm::{ConnectionTrait, QueryResult, StreamTrait, Value};

use crate::connect::Store;
use crate::error::Result;
use crate::sql::{self, Sql};

pub use ageing::AgedDetail;
pub use lock::{Holder, LOCK_STALE_AFTER, Lock, Locked};
pub use remove::Orphans;
pub use write::{MasterTx, NewDirectory, NewRepository, NewVersion, UpdatedDirectory};

/// Most rows that one statement carries; what is longer is sent in several.
pub(crate) const CHUNK: usize = 5_000;

/// A category as the scanner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryRow {
    /// Its id.
    pub id: CategoryId,
    /// Its name.
    pub name: String,
    /// Its product; without one it can not be scanned.
    pub product: Option<ProductId>,
    /// Its top directory: id and name; without one it can not be scanned.
    pub topdir: Option<(DirectoryId, String)>,
}

/// What the last good scan of a category left behind. All `None` on a database without our tables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScanState {
    /// The kind of tree source.
    pub source: Option<String>,
    /// The device number of the root.
    pub device: Option<i64>,
}

/// A directory of a category, without its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryRow {
    /// Its id.
    pub id: DirectoryId,
    /// Its full name.
    pub name: String,
    /// Whether everybody may read it.
    pub readable: bool,
    /// The recorded time, seconds.
    pub ctime: Option<i64>,
    /// Why it must be read again although its time has not changed.
    pub retry: Option<String>,
}

/// A repository with its places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryRow {
    /// Its id.
    pub id: RepositoryId,
    /// Its name: the name of its directory when it was made.
    pub name: String,
    /// What clients ask for.
    pub prefix: Option<String>,
    /// Its architecture.
    pub arch: Option<ArchId>,
    /// Its directory; `None` after that was deleted.
    pub directory: Option<DirectoryId>,
}

/// One known state of one file, without its row id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DetailRow {
    /// The directory that holds the file.
    pub directory: DirectoryId,
    /// Base name.
    pub filename: String,
    /// Seconds since 1970.
    pub timestamp: Option<i64>,
    /// Bytes.
    pub size: Option<i64>,
    /// Digests in lower-case hexadecimal; an empty text (the second scanner's) is read as none.
    pub md5: Option<String>,
    /// SHA-1.
    pub sha1: Option<String>,
    /// SHA-256.
    pub sha256: Option<String>,
    /// SHA-512.
    pub sha512: Option<String>,
}

/// The scanner's view of a store.
#[derive(Debug, Clone)]
pub struct Master {
    pub(crate) store: Store,
    pub(crate) count: Arc<AtomicU64>,
}

impl Master {
    /// A view with a count of its own.
    pub fn new(store: &Store) -> Self {
        Self { store: store.clone(), count: Arc::default() }
    }

    /// How many statements have been run through this view and its transactions.
    pub fn statements(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Whether retry markers and scan states can be kept.
    pub fn has_memory(&self) -> bool {
        self.store.has_own_tables()
    }

    pub(crate) async fn rows(
        &self,
        sql: Sql,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<QueryResult>> {
        self.count.fetch_add(1, Ordering::Relaxed);
        Ok(self.store.read().query_all_raw(sql.with(self.store.engine(), values)).await?)
    }

    /// All categories, by id.
    pub async fn categories(&self) -> Result<Vec<CategoryRow>> {
        const CATEGORIES: Sql = Sql::same(
            "SELECT c.id, c.name, c.product_id, c.topdir_id, d.name AS topdir \
             FROM category c LEFT JOIN directory d ON d.id = c.topdir_id ORDER BY c.id",
        );
        self.rows(CATEGORIES, []).await?.iter().map(category).collect()
    }

    /// What the last good scan of a category left behind.
    pub async fn state(&self, category: CategoryId) -> Result<ScanState> {
        const STATE: Sql = Sql::same("SELECT source, device FROM mm3_scan_state WHERE category_id = $1");
        if !self.has_memory() {
            return Ok(ScanState::default());
        }
        let rows = self.rows(STATE, [category.0.into()]).await?;
        let Some(row) = rows.first() else { return Ok(ScanState::default()) };
        Ok(ScanState { source: row.try_get("", "source")?, device: row.try_get("", "device")? })
    }

    /// When the categories were scanned well for the last time, seconds since 1970, by name.
    pub async fn good_scans(&self) -> Result<BTreeMap<String, i64>> {
        const GOOD: Sql =
            Sql::same("SELECT c.name, g.at FROM mm3_good_scan g JOIN category c ON c.id = g.category_id");
        if !self.store.dates_scans() {
            return Ok(BTreeMap::new());
        }
        let rows = self.rows(GOOD, []).await?;
        rows.iter().map(|row| Ok((row.try_get("", "name")?, row.try_get("", "at")?))).collect()
    }

    /// A category was scanned well at this time. Changes nothing that is served, so it is not in the change log.
    pub async fn good_scan(&self, category: CategoryId, at: i64) -> Result<()> {
        const SAVE: Sql = Sql::same(
            "INSERT INTO mm3_good_scan (category_id, at) VALUES ($1, $2) \
             ON CONFLICT (category_id) DO UPDATE SET at = excluded.at",
        );
        if self.store.dates_scans() {
            self.count.fetch_add(1, Ordering::Relaxed);
            let statement = SAVE.with(self.store.engine(), [category.0.into(), at.into()]);
            self.store.raw_write().execute_raw(statement).await?;
        }
        Ok(())
    }

    /// Gives all directories of a category to `each`, in no order; they are never in memory all at once.
    pub async fn directories(&self, category: CategoryId, mut each: impl FnMut(DirectoryRow)) -> Result<()> {
        const WITH_RETRY: Sql = Sql::same(
            "SELECT d.id, d.name, d.readable, d.ctime, r.reason AS retry \
             FROM category_directory cd JOIN directory d ON d.id = cd.directory_id \
             LEFT JOIN mm3_retry r ON r.directory_id = d.id WHERE cd.category_id = $1",
        );
        const PLAIN: Sql = Sql::same(
            "SELECT d.id, d.name, d.readable, d.ctime, CAST(NULL AS text) AS retry \
             FROM category_directory cd JOIN directory d ON d.id = cd.directory_id WHERE cd.category_id = $1",
        );
        let sql = if self.has_memory() { WITH_RETRY } else { PLAIN };
        self.count.fetch_add(1, Ordering::Relaxed);
        let statement = sql.with(self.store.engine(), [category.0.into()]);
        let mut rows = self.store.read().stream_raw(statement).await?;
        while let Some(row) = rows.try_next().await? {
            each(directory(&row)?);
        }
        Ok(())
    }

    /// The rows of these names, whatever category they belong to.
    pub async fn directories_named(&self, names: &[&str]) -> Result<Vec<DirectoryRow>> {
        const NAMED: Sql = Sql {
            postgres: "SELECT id, name, readable, ctime, CAST(NULL AS text) AS retry FROM directory \
                       WHERE name = ANY($1)",
            sqlite: "SELECT id, name, readable, ctime, NULL AS retry FROM directory \
                     WHERE name IN (SELECT value FROM json_each(?1))",
        };
        let mut out = Vec::new();
        for names in names.chunks(CHUNK) {
            let list = sql::text_list(self.store.engine(), names.iter().copied());
            for row in self.rows(NAMED, [list]).await? {
                out.push(directory(&row)?);
            }
        }
        Ok(out)
    }

    /// The stored file lists of these directories.
    pub async fn files(&self, ids: &[DirectoryId]) -> Result<Vec<(DirectoryId, Option<Vec<u8>>)>> {
        const FILES: Sql = Sql {
            postgres: "SELECT id, files FROM directory WHERE id = ANY($1)",
            sqlite: "SELECT id, CAST(files AS BLOB) AS files FROM directory \
                     WHERE id IN (SELECT value FROM json_each(?1))",
        };
        let mut out = Vec::with_capacity(ids.len());
        for ids in ids.chunks(CHUNK) {
            for row in self.rows(FILES, [sql::id_list(self.store.engine(), ids.iter().copied())]).await? {
                out.push((id(&row, "id")?, row.try_get("", "files")?));
            }
        }
        Ok(out)
    }

    /// The file details of these directories.
    pub async fn details(&self, ids: &[DirectoryId]) -> Result<Vec<DetailRow>> {
        const DETAILS: Sql = Sql {
            postgres: "SELECT directory_id, filename, \"timestamp\", size, md5, sha1, sha256, sha512 \
                       FROM file_detail WHERE directory_id = ANY($1)",
            sqlite: "SELECT directory_id, filename, \"timestamp\", size, md5, sha1, sha256, sha512 \
                     FROM file_detail WHERE directory_id IN (SELECT value FROM json_each(?1))",
        };
        let mut out = Vec::new();
        for ids in ids.chunks(CHUNK) {
            for row in self.rows(DETAILS, [sql::id_list(self.store.engine(), ids.iter().copied())]).await? {
                let digest = |column| -> Result<Option<String>> {
                    Ok(row.try_get::<Option<String>>("", column)?.filter(|digest| !digest.is_empty()))
                };
                out.push(DetailRow {
                    directory: id(&row, "directory_id")?,
                    filename: row.try_get("", "filename")?,
                    timestamp: row.try_get("", "timestamp")?,
                    size: row.try_get("", "size")?,
                    md5: digest("md5")?,
                    sha1: digest("sha1")?,
                    sha256: digest("sha256")?,
                    sha512: digest("sha512")?,
                });
            }
        }
        Ok(out)
    }

    /// All repositories of all categories, by id: prefixes and names are unique across them.
    pub async fn repositories(&self) -> Result<Vec<RepositoryRow>> {
        const REPOSITORIES: Sql =
            Sql::same("SELECT id, name, prefix, arch_id, directory_id FROM repository ORDER BY id");
        let row = |row: &QueryResult| -> Result<RepositoryRow> {
            Ok(RepositoryRow {
                id: id(row, "id")?,
                name: row.try_get("", "name")?,
                prefix: row.try_get("", "prefix")?,
                arch: optional_id(row, "arch_id")?,
                directory: optional_id(row, "directory_id")?,
            })
        };
        self.rows(REPOSITORIES, []).await?.iter().map(row).collect()
    }

    /// The versions of a product by id, so the oldest first; nameless ones are left out.
    pub async fn versions(&self, product: ProductId) -> Result<Vec<(VersionId, String)>> {
        const VERSIONS: Sql =
            Sql::same("SELECT id, name FROM version WHERE product_id = $1 AND name IS NOT NULL ORDER BY id");
        let rows = self.rows(VERSIONS, [product.0.into()]).await?;
        rows.iter().map(|row| Ok((id(row, "id")?, row.try_get("", "name")?))).collect()
    }

    /// All architectures by id.
    pub async fn arches(&self) -> Result<Vec<(ArchId, String)>> {
        const ARCHES: Sql = Sql::same("SELECT id, name FROM arch ORDER BY id");
        let rows = self.rows(ARCHES, []).await?;
        rows.iter().map(|row| Ok((id(row, "id")?, row.try_get("", "name")?))).collect()
    }

    /// Which of these directories may not be deleted, because another category has them as well or one
    /// has it as its topdir.
    pub async fn shared(&self, category: CategoryId, ids: &[DirectoryId]) -> Result<Vec<DirectoryId>> {
        let mut out = Vec::new();
        for ids in ids.chunks(CHUNK) {
            let list = sql::id_list(self.store.engine(), ids.iter().copied());
            for row in self.rows(remove::SHARED, [list, category.0.into()]).await? {
                out.push(id(&row, "directory_id")?);
            }
        }
        Ok(out)
    }
}

fn category(row: &QueryResult) -> Result<CategoryRow> {
    let topdir: Option<String> = row.try_get("", "topdir")?;
    Ok(CategoryRow {
        id: id(row, "id")?,
        name: row.try_get("", "name")?,
        product: optional_id(row, "product_id")?,
        topdir: optional_id(row, "topdir_id")?.zip(topdir),
    })
}

fn directory(row: &QueryResult) -> Result<DirectoryRow> {
    Ok(DirectoryRow {
        id: id(row, "id")?,
        name: row.try_get("", "name")?,
        readable: row.try_get("", "readable")?,
        ctime: row.try_get("", "ctime")?,
        retry: row.try_get("", "retry")?,
    })
}

pub(crate) fn id<T: From<i32>>(row: &QueryResult, column: &str) -> Result<T> {
    Ok(T::from(row.try_get::<i32>("", column)?))
}

fn optional_id<T: From<i32>>(row: &QueryResult, column: &str) -> Result<Option<T>> {
    Ok(row.try_get::<Option<i32>>("", column)?.map(T::from))
}
