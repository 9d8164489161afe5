//! The one transaction in which a category's scan is written.

use std::sync::atomic::Ordering;

use model::ids::{ArchId, CategoryId, DirectoryId, ProductId, RepositoryId, VersionId};
use sea_orm::{QueryResult, Value};
use serde_json::json;

use super::{CHUNK, DetailRow, Master, ScanState, id};
use crate::changes::Change;
use crate::connect::Engine;
use crate::error::Result;
use crate::sql::{self, Sql};
use crate::tx::WriteTx;

/// A directory that is not in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDirectory {
    /// Full name.
    pub name: String,
    /// Whether everybody may read it.
    pub readable: bool,
    /// Its time, seconds.
    pub ctime: i64,
    /// The stored form of its files; `None` when it has none.
    pub files: Option<Vec<u8>>,
}

/// What becomes of a directory that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdatedDirectory {
    /// Its id.
    pub id: DirectoryId,
    /// Whether everybody may read it.
    pub readable: bool,
    /// Its time, seconds; `None` keeps the recorded one.
    pub ctime: Option<i64>,
    /// The stored form of its files; `None` keeps the recorded one.
    pub files: Option<Vec<u8>>,
}

/// A version to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewVersion {
    /// Its name.
    pub name: String,
    /// Whether it is a test release.
    pub is_test: bool,
    /// Whether pages show it.
    pub display: bool,
}

/// A repository to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRepository {
    /// Its name: that of its directory.
    pub name: String,
    /// What clients ask for.
    pub prefix: Option<String>,
    /// Its version.
    pub version: VersionId,
    /// Its architecture.
    pub arch: ArchId,
    /// Its directory.
    pub directory: DirectoryId,
}

/// A transaction of the scanner. Dropped without [`MasterTx::commit`] it leaves no trace.
#[derive(Debug)]
pub struct MasterTx {
    tx: WriteTx,
    changes: u64,
    master: Master,
}

impl Master {
    /// Begins the transaction.
    pub async fn begin(&self) -> Result<MasterTx> {
        Ok(MasterTx { tx: self.store.begin_write().await?, changes: 0, master: self.clone() })
    }
}

impl MasterTx {
    pub(super) fn engine(&self) -> Engine {
        self.tx.engine()
    }

    pub(super) async fn execute(&self, sql: Sql, values: impl IntoIterator<Item = Value>) -> Result<u64> {
        self.master.count.fetch_add(1, Ordering::Relaxed);
        Ok(self.tx.execute(sql, values).await?.rows_affected())
    }

    pub(super) async fn query(
        &self,
        sql: Sql,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<QueryResult>> {
        self.master.count.fetch_add(1, Ordering::Relaxed);
        self.tx.query(sql, values).await
    }

    /// Adds directories; gives the id of each name. A name that somebody else has added meanwhile is left out.
    pub async fn add_directories(&self, rows: &[NewDirectory]) -> Result<Vec<(DirectoryId, String)>> {
        const ADD: Sql = Sql {
            postgres: "INSERT INTO directory (name, readable, ctime, files) \
                       SELECT n.name, n.readable, n.ctime, convert_to(NULLIF(n.files, ''), 'UTF8') \
                       FROM UNNEST($1::text[], $2::boolean[], $3::bigint[], $4::text[]) WITH ORDINALITY \
                       AS n (name, readable, ctime, files, place) ORDER BY n.place \
                       ON CONFLICT (name) DO NOTHING RETURNING id, name",
            sqlite: "INSERT INTO directory (name, readable, ctime, files) \
                     SELECT value ->> 0, value ->> 1, value ->> 2, CAST(value ->> 3 AS BLOB) FROM json_each(?1) \
                     WHERE true ORDER BY key ON CONFLICT (name) DO NOTHING RETURNING id, name",
        };
        let mut out = Vec::with_capacity(rows.len());
        for rows in rows.chunks(CHUNK) {
            let values = match self.engine() {
                Engine::Postgres => vec![
                    sql::texts(rows.iter().map(|r| r.name.as_str())),
                    sql::bools(rows.iter().map(|r| r.readable)),
                    sql::bigints(rows.iter().map(|r| r.ctime)),
                    file_texts(rows.iter().map(|r| r.files.as_deref())),
                ],
                Engine::Sqlite => vec![sql::rows(
                    rows.iter().map(|r| json!([r.name, r.readable, r.ctime, r.files.as_deref().map(text)])),
                )],
            };
            for row in self.query(ADD, values).await? {
                out.push((id(&row, "id")?, row.try_get("", "name")?));
            }
        }
        Ok(out)
    }

    /// The ids of directories by name.
    pub async fn directory_ids(&self, names: &[&str]) -> Result<Vec<(DirectoryId, String)>> {
        const IDS: Sql = Sql {
            postgres: "SELECT id, name FROM directory WHERE name = ANY($1)",
            sqlite: "SELECT id, name FROM directory WHERE name IN (SELECT value FROM json_each(?1))",
        };
        let mut out = Vec::with_capacity(names.len());
        for names in names.chunks(CHUNK) {
            for row in self.query(IDS, [sql::text_list(self.engine(), names.iter().copied())]).await? {
                out.push((id(&row, "id")?, row.try_get("", "name")?));
            }
        }
        Ok(out)
    }

    /// Makes directories members of a category.
    pub async fn link(&self, category: CategoryId, ids: &[DirectoryId]) -> Result<()> {
        const LINK: Sql = Sql {
            postgres: "INSERT INTO category_directory (category_id, directory_id) \
                       SELECT $1, directory_id FROM UNNEST($2::integer[]) AS directory_id ON CONFLICT DO NOTHING",
            sqlite: "INSERT INTO category_directory (category_id, directory_id) \
                     SELECT ?1, value FROM json_each(?2) WHERE true ON CONFLICT DO NOTHING",
        };
        for ids in ids.chunks(CHUNK) {
            self.execute(LINK, [category.0.into(), sql::id_list(self.engine(), ids.iter().copied())]).await?;
        }
        Ok(())
    }

    /// Updates directories.
    pub async fn update_directories(&self, rows: &[UpdatedDirectory]) -> Result<()> {
        const UPDATE: Sql = Sql {
            postgres: "UPDATE directory SET readable = n.readable, ctime = COALESCE(NULLIF(n.ctime, -9223372036854775808), directory.ctime), \
                       files = COALESCE(convert_to(NULLIF(n.files, ''), 'UTF8'), directory.files) \
                       FROM UNNEST($1::integer[], $2::boolean[], $3::bigint[], $4::text[]) \
                       AS n (id, readable, ctime, files) WHERE directory.id = n.id",
            sqlite: "UPDATE directory SET readable = n.readable, ctime = COALESCE(n.ctime, directory.ctime), \
                     files = COALESCE(n.files, directory.files) \
                     FROM (SELECT value ->> 0 AS id, value ->> 1 AS readable, value ->> 2 AS ctime, \
                           CAST(value ->> 3 AS BLOB) AS files FROM json_each(?1)) AS n WHERE directory.id = n.id",
        };
        for rows in rows.chunks(CHUNK) {
            let values = match self.engine() {
                Engine::Postgres => vec![
                    sql::ints(rows.iter().map(|r| r.id.0)),
                    sql::bools(rows.iter().map(|r| r.readable)),
                    numbers(rows.iter().map(|r| r.ctime)),
                    file_texts(rows.iter().map(|r| r.files.as_deref())),
                ],
                Engine::Sqlite => vec![sql::rows(
                    rows.iter().map(|r| json!([r.id.0, r.readable, r.ctime, r.files.as_deref().map(text)])),
                )],
            };
            self.execute(UPDATE, values).await?;
        }
        Ok(())
    }

    /// Adds versions of a product; gives the id of each name, also of one that was there already.
    pub async fn add_versions(
        &self,
        product: ProductId,
        rows: &[NewVersion],
    ) -> Result<Vec<(VersionId, String)>> {
        const ADD: Sql = Sql {
            postgres: "INSERT INTO version (name, is_test, display, ordered_mirrorlist, sortorder, product_id) \
                       SELECT n.name, n.is_test, n.display, true, 0, $1 \
                       FROM UNNEST($2::text[], $3::boolean[], $4::boolean[]) WITH ORDINALITY \
                       AS n (name, is_test, display, place) ORDER BY n.place \
                       ON CONFLICT (name, product_id) DO UPDATE SET name = EXCLUDED.name RETURNING id, name",
            sqlite: "INSERT INTO version (name, is_test, display, ordered_mirrorlist, sortorder, product_id) \
                     SELECT value ->> 0, value ->> 1, value ->> 2, 1, 0, ?1 FROM json_each(?2) WHERE true ORDER BY key \
                     ON CONFLICT (name, product_id) DO UPDATE SET name = excluded.name RETURNING id, name",
        };
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let mut values = vec![product.0.into()];
        match self.engine() {
            Engine::Postgres => values.extend([
                sql::texts(rows.iter().map(|r| r.name.as_str())),
                sql::bools(rows.iter().map(|r| r.is_test)),
                sql::bools(rows.iter().map(|r| r.display)),
            ]),
            Engine::Sqlite => {
                values.push(sql::rows(rows.iter().map(|r| json!([r.name, r.is_test, r.display]))))
            }
        }
        let rows = self.query(ADD, values).await?;
        rows.iter().map(|row| Ok((id(row, "id")?, row.try_get("", "name")?))).collect()
    }

    /// Adds repositories of a category; gives how many. One whose name or (prefix, arch) somebody else has
    /// taken meanwhile is left out.
    pub async fn add_repositories(&self, category: CategoryId, rows: &[NewRepository]) -> Result<u64> {
        const ADD: Sql = Sql {
            postgres: "INSERT INTO repository (name, prefix, category_id, version_id, arch_id, directory_id, disabled) \
                       SELECT n.name, NULLIF(n.prefix, ''), $1, n.version, n.arch, n.directory, false \
                       FROM UNNEST($2::text[], $3::text[], $4::integer[], $5::integer[], $6::integer[]) WITH ORDINALITY \
                       AS n (name, prefix, version, arch, directory, place) ORDER BY n.place ON CONFLICT DO NOTHING",
            sqlite: "INSERT INTO repository (name, prefix, category_id, version_id, arch_id, directory_id, disabled) \
                     SELECT value ->> 0, value ->> 1, ?1, value ->> 2, value ->> 3, value ->> 4, 0 \
                     FROM json_each(?2) WHERE true ORDER BY key ON CONFLICT DO NOTHING",
        };
        let mut added = 0;
        for rows in rows.chunks(CHUNK) {
            let mut values = vec![category.0.into()];
            match self.engine() {
                Engine::Postgres => values.extend([
                    sql::texts(rows.iter().map(|r| r.name.as_str())),
                    words(rows.iter().map(|r| r.prefix.as_deref())),
                    sql::ints(rows.iter().map(|r| r.version.0)),
                    sql::ints(rows.iter().map(|r| r.arch.0)),
                    sql::ints(rows.iter().map(|r| r.directory.0)),
                ]),
                Engine::Sqlite => values.push(sql::rows(
                    rows.iter().map(|r| json!([r.name, r.prefix, r.version.0, r.arch.0, r.directory.0])),
                )),
            }
            added += self.execute(ADD, values).await?;
        }
        Ok(added)
    }

    /// Gives repositories without a directory one again: (repository, directory, its name).
    pub async fn attach_repositories(
        &self,
        category: CategoryId,
        rows: &[(RepositoryId, DirectoryId, String)],
    ) -> Result<()> {
        const ATTACH: Sql = Sql {
            postgres: "UPDATE repository SET category_id = $1, directory_id = n.directory, name = n.name \
                       FROM UNNEST($2::integer[], $3::integer[], $4::text[]) AS n (id, directory, name) \
                       WHERE repository.id = n.id",
            sqlite: "UPDATE repository SET category_id = ?1, directory_id = n.directory, name = n.name \
                     FROM (SELECT value ->> 0 AS id, value ->> 1 AS directory, value ->> 2 AS name \
                           FROM json_each(?2)) AS n WHERE repository.id = n.id",
        };
        for rows in rows.chunks(CHUNK) {
            let mut values = vec![category.0.into()];
            match self.engine() {
                Engine::Postgres => values.extend([
                    sql::ints(rows.iter().map(|r| r.0.0)),
                    sql::ints(rows.iter().map(|r| r.1.0)),
                    sql::texts(rows.iter().map(|r| r.2.as_str())),
                ]),
                Engine::Sqlite => values.push(sql::rows(rows.iter().map(|r| json!([r.0.0, r.1.0, r.2])))),
            }
            self.execute(ATTACH, values).await?;
        }
        Ok(())
    }

    /// Adds file details.
    pub async fn add_details(&self, rows: &[DetailRow]) -> Result<()> {
        const ADD: Sql = Sql {
            postgres: "INSERT INTO file_detail (directory_id, filename, \"timestamp\", size, md5, sha1, sha256, sha512) \
                       SELECT n.directory, n.filename, NULLIF(n.time, -9223372036854775808), \
                       NULLIF(n.size, -9223372036854775808), NULLIF(n.md5, ''), NULLIF(n.sha1, ''), \
                       NULLIF(n.sha256, ''), NULLIF(n.sha512, '') \
                       FROM UNNEST($1::integer[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], \
                       $6::text[], $7::text[], $8::text[]) WITH ORDINALITY \
                       AS n (directory, filename, time, size, md5, sha1, sha256, sha512, place) ORDER BY n.place",
            sqlite: "INSERT INTO file_detail (directory_id, filename, \"timestamp\", size, md5, sha1, sha256, sha512) \
                     SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, \
                     value ->> 6, value ->> 7 FROM json_each(?1) ORDER BY key",
        };
        for rows in rows.chunks(CHUNK) {
            let values = match self.engine() {
                Engine::Postgres => vec![
                    sql::ints(rows.iter().map(|r| r.directory.0)),
                    sql::texts(rows.iter().map(|r| r.filename.as_str())),
                    numbers(rows.iter().map(|r| r.timestamp)),
                    numbers(rows.iter().map(|r| r.size)),
                    words(rows.iter().map(|r| r.md5.as_deref())),
                    words(rows.iter().map(|r| r.sha1.as_deref())),
                    words(rows.iter().map(|r| r.sha256.as_deref())),
                    words(rows.iter().map(|r| r.sha512.as_deref())),
                ],
                Engine::Sqlite => vec![sql::rows(rows.iter().map(|r| {
                    json!([r.directory.0, r.filename, r.timestamp, r.size, r.md5, r.sha1, r.sha256, r.sha512])
                }))],
            };
            self.execute(ADD, values).await?;
        }
        Ok(())
    }

    /// Marks directories to be read again by the next scan, and takes the mark off others.
    pub async fn mark_retries(&self, set: &[(DirectoryId, &str)], clear: &[DirectoryId]) -> Result<()> {
        const SET: Sql = Sql {
            postgres: "INSERT INTO mm3_retry (directory_id, reason) SELECT * FROM UNNEST($1::integer[], $2::text[]) \
                       ON CONFLICT (directory_id) DO UPDATE SET reason = EXCLUDED.reason",
            sqlite: "INSERT INTO mm3_retry (directory_id, reason) SELECT value ->> 0, value ->> 1 FROM json_each(?1) \
                     WHERE true ON CONFLICT (directory_id) DO UPDATE SET reason = excluded.reason",
        };
        const CLEAR: Sql = Sql {
            postgres: "DELETE FROM mm3_retry WHERE directory_id = ANY($1)",
            sqlite: "DELETE FROM mm3_retry WHERE directory_id IN (SELECT value FROM json_each(?1))",
        };
        if !self.master.has_memory() {
            return Ok(());
        }
        for rows in set.chunks(CHUNK) {
            let values = match self.engine() {
                Engine::Postgres => {
                    vec![sql::ints(rows.iter().map(|r| r.0.0)), sql::texts(rows.iter().map(|r| r.1))]
                }
                Engine::Sqlite => vec![sql::rows(rows.iter().map(|r| json!([r.0.0, r.1])))],
            };
            self.execute(SET, values).await?;
        }
        for ids in clear.chunks(CHUNK) {
            self.execute(CLEAR, [sql::id_list(self.engine(), ids.iter().copied())]).await?;
        }
        Ok(())
    }

    /// Remembers what the scan of a category was made from.
    pub async fn save_state(&self, category: CategoryId, state: &ScanState) -> Result<()> {
        const SAVE: Sql = Sql::same(
            "INSERT INTO mm3_scan_state (category_id, source, device) VALUES ($1, $2, $3) \
             ON CONFLICT (category_id) DO UPDATE SET source = excluded.source, device = excluded.device",
        );
        if self.master.has_memory() {
            let values = [category.0.into(), state.source.clone().into(), state.device.into()];
            self.execute(SAVE, values).await?;
        }
        Ok(())
    }

    /// Notes for the change log what has changed; appended at commit.
    pub fn changed(&mut self, change: Change) {
        self.changes += 1;
        self.tx.changed(change);
    }

    /// Commits. The row of the change log and the notification count as statements, too.
    pub async fn commit(self) -> Result<()> {
        if self.master.has_memory() && self.changes > 0 {
            let notify = u64::from(self.engine() == Engine::Postgres);
            self.master.count.fetch_add(self.changes + notify, Ordering::Relaxed);
        }
        self.tx.commit().await
    }
}

/// `text[]` in which an empty text stands for NULL: the driver has no arrays with NULL in them.
fn words<'a>(values: impl Iterator<Item = Option<&'a str>>) -> Value {
    sql::texts(values.map(|value| value.unwrap_or_default()))
}

/// `bigint[]` in which the smallest number stands for NULL.
fn numbers(values: impl Iterator<Item = Option<i64>>) -> Value {
    sql::bigints(values.map(|value| value.unwrap_or(i64::MIN)))
}

/// Stored file lists as `text[]`, empty for NULL.
fn file_texts<'a>(lists: impl Iterator<Item = Option<&'a [u8]>>) -> Value {
    let lists: Vec<_> = lists.map(|list| list.map(text)).collect();
    words(lists.iter().map(|list| list.as_deref()))
}

/// A stored file list as text: it is JSON, so always UTF-8.
fn text(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}
