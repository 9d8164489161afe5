//! What the master tree holds, as the crawler compares mirrors with it (`spec/crawler.md` 11.1).

use std::collections::HashMap;

use model::ids::{CategoryId, DirectoryId};
use sea_orm::{ConnectionTrait, QueryResult};

use crate::connect::{Engine, Store};
use crate::error::Result;
use crate::sql::{self, Sql};

/// A category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryRow {
    /// Its id.
    pub id: CategoryId,
    /// Its name.
    pub name: String,
    /// The full name of its top directory; `None`: it can not be crawled.
    pub topdir: Option<String>,
}

/// A directory as mirrors should hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryRow {
    /// Its id.
    pub id: DirectoryId,
    /// Its full name.
    pub name: String,
    /// Its expected files as stored.
    pub files: Option<Vec<u8>>,
    /// When it changed on the master, seconds.
    pub ctime: Option<i64>,
}

/// The newest known `repomd.xml` of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepomdRow {
    /// Its SHA-256 in hexadecimal.
    pub sha256: Option<String>,
    /// Its size in bytes.
    pub size: Option<i64>,
}

/// All that is needed of the master for crawling some categories, of one moment.
#[derive(Debug, Clone, Default)]
pub struct MasterRows {
    /// Readable directories by category.
    pub directories: Vec<(CategoryId, Vec<DirectoryRow>)>,
    /// The newest `repomd.xml` by directory.
    pub repomds: HashMap<i32, RepomdRow>,
}

const CATEGORIES: Sql = Sql::same(
    "SELECT c.id, c.name, d.name AS topdir FROM category c LEFT JOIN directory d ON d.id = c.topdir_id ORDER BY c.id",
);
const DIRECTORIES: Sql = Sql {
    postgres: "SELECT cd.category_id, d.id, d.name, d.files, d.ctime FROM category_directory cd \
               JOIN directory d ON d.id = cd.directory_id WHERE cd.category_id = ANY($1) AND d.readable",
    sqlite: "SELECT cd.category_id, d.id, d.name, CAST(d.files AS BLOB) AS files, d.ctime \
             FROM category_directory cd JOIN directory d ON d.id = cd.directory_id \
             WHERE cd.category_id IN (SELECT value FROM json_each(?1)) AND d.readable",
};
/// Newest by time, then by id (decision 44), of every directory that has one.
const REPOMDS: Sql = Sql::same(
    "SELECT directory_id, sha256, size FROM (SELECT directory_id, sha256, size, ROW_NUMBER() OVER \
     (PARTITION BY directory_id ORDER BY \"timestamp\" DESC NULLS LAST, id DESC) AS age \
     FROM file_detail WHERE filename = 'repomd.xml') AS newest WHERE age = 1",
);
const CURRENT: Sql = Sql {
    postgres: "SELECT d.id, d.name, d.files, d.ctime FROM directory d WHERE d.id = ANY($1) AND d.readable",
    sqlite: "SELECT d.id, d.name, CAST(d.files AS BLOB) AS files, d.ctime FROM directory d \
             WHERE d.id IN (SELECT value FROM json_each(?1)) AND d.readable",
};
const CURRENT_REPOMDS: Sql = Sql {
    postgres: "SELECT directory_id, sha256, size FROM (SELECT directory_id, sha256, size, ROW_NUMBER() OVER \
               (PARTITION BY directory_id ORDER BY \"timestamp\" DESC NULLS LAST, id DESC) AS age \
               FROM file_detail WHERE filename = 'repomd.xml' AND directory_id = ANY($1)) AS newest WHERE age = 1",
    sqlite: "SELECT directory_id, sha256, size FROM (SELECT directory_id, sha256, size, ROW_NUMBER() OVER \
             (PARTITION BY directory_id ORDER BY \"timestamp\" DESC NULLS LAST, id DESC) AS age \
             FROM file_detail WHERE filename = 'repomd.xml' \
             AND directory_id IN (SELECT value FROM json_each(?1))) AS newest WHERE age = 1",
};

/// All categories, by id.
pub async fn categories(store: &Store) -> Result<Vec<CategoryRow>> {
    let rows = store.read().query_all_raw(CATEGORIES.with(store.engine(), [])).await?;
    rows.iter()
        .map(|row| {
            Ok(CategoryRow {
                id: CategoryId(row.try_get("", "id")?),
                name: row.try_get("", "name")?,
                topdir: row.try_get("", "topdir")?,
            })
        })
        .collect()
}

/// Reads the readable directories of these categories and all newest `repomd.xml`, of one moment.
pub async fn load(store: &Store, categories: &[CategoryId]) -> Result<MasterRows> {
    let tx = store.begin_read().await?;
    let mut rows = MasterRows::default();
    let mut by_category: HashMap<i32, Vec<DirectoryRow>> = HashMap::new();
    let list = sql::id_list(tx.engine(), categories.iter().copied());
    for row in tx.db().query_all_raw(DIRECTORIES.with(tx.engine(), [list])).await? {
        by_category.entry(row.try_get("", "category_id")?).or_default().push(directory(&row)?);
    }
    for row in tx.db().query_all_raw(REPOMDS.with(tx.engine(), [])).await? {
        rows.repomds.insert(row.try_get("", "directory_id")?, repomd(&row)?);
    }
    rows.directories =
        categories.iter().map(|id| (*id, by_category.remove(&id.0).unwrap_or_default())).collect();
    Ok(rows)
}

/// The same directories as they are now. One that is gone or not readable any more is missing.
pub async fn current(
    store: &Store,
    directories: &[DirectoryId],
) -> Result<(Vec<DirectoryRow>, HashMap<i32, RepomdRow>)> {
    let engine: Engine = store.engine();
    let ids = || sql::id_list(engine, directories.iter().copied());
    let rows = store.read().query_all_raw(CURRENT.with(engine, [ids()])).await?;
    let found = rows.iter().map(directory).collect::<Result<_>>()?;
    let mut repomds = HashMap::new();
    for row in store.read().query_all_raw(CURRENT_REPOMDS.with(engine, [ids()])).await? {
        repomds.insert(row.try_get("", "directory_id")?, repomd(&row)?);
    }
    Ok((found, repomds))
}

fn directory(row: &QueryResult) -> Result<DirectoryRow> {
    Ok(DirectoryRow {
        id: DirectoryId(row.try_get("", "id")?),
        name: row.try_get("", "name")?,
        files: row.try_get("", "files")?,
        ctime: row.try_get("", "ctime")?,
    })
}

fn repomd(row: &QueryResult) -> Result<RepomdRow> {
    Ok(RepomdRow { sha256: row.try_get("", "sha256")?, size: row.try_get("", "size")? })
}
