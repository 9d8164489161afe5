//! Writing what a crawl found out about one host's copy of one category (`spec/crawler.md` 6, 11.7).
//!
//! One short transaction after the last request: lock the host category, read its rows, compare them in
//! memory ([`plan()`]), and write only what differs. A repeat without news writes no row at all, which is
//! what keeps a table of millions of rows free of dead ones.

mod plan;

use std::collections::HashSet;

use chrono::{DateTime, NaiveDateTime, Utc};
use model::activity::CrawlScope;
use model::ids::{DirectoryId, HostCategoryId};
use sea_orm::{ConnectionTrait, Value};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::changes::{Change, Directories, Subject};
use crate::connect::{Engine, Store};
use crate::error::Result;
use crate::evidence::{self, Keep};
use crate::sql::{self, Sql};
use crate::tx::WriteTx;

pub use plan::{Counts, Plan, Row, plan};

/// What was proven about one directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// The directory.
    pub directory: DirectoryId,
    /// Its path in the crawler's form (`model::directory_name::stored_path`).
    pub path: String,
    /// Whether the mirror holds it as the master does.
    pub state: State,
}

/// A proven state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Every expected file is there.
    Current,
    /// Something is missing or different.
    Stale,
}

/// What happens to rows about which nothing was proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// They stay as they are: not everything was looked at.
    Keep,
    /// They become not up to date: everything was looked at (6.2).
    False,
}

/// The result of the last crawl of a host category, as it is kept and shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrawlResult {
    /// One word: how it ended.
    pub status: String,
    /// Why, in a sentence; the first bad file.
    pub reason: Option<String>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
    /// Directories proven up to date.
    pub current: u32,
    /// Directories proven not up to date.
    pub stale: u32,
    /// Directories about which nothing could be proven.
    pub unknown: u32,
    /// Requests sent.
    pub requests: u64,
    /// Bytes of bodies received.
    pub bytes: u64,
    /// Since when a repository that the copy carries has been an older version there, seconds since 1970.
    pub behind_since: Option<i64>,
    /// What was wrong, the most telling first.
    pub bad: Vec<Bad>,
}

/// Something that is wrong with a copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bad {
    /// Full name of the directory.
    pub directory: String,
    /// A file in it; `None`: the directory as a whole.
    pub file: Option<String>,
    /// What is wrong.
    pub reason: String,
}

/// Everything that one crawl wants to write about one host category.
#[derive(Debug, Clone)]
pub struct Verdicts<'a> {
    /// The host category.
    pub host_category: HostCategoryId,
    /// Which hosts may be written about: one that has become private meanwhile is left alone.
    pub scope: CrawlScope,
    /// Rows of the host that were up to date when its crawl began. One of them that is not any more was
    /// set false by somebody else, and stays so.
    pub true_at_start: &'a HashSet<i32>,
    /// What was proven.
    pub proven: &'a [Proven],
    /// What becomes of all else.
    pub rest: Rest,
    /// What is remembered of the crawl. Not stored on databases without our tables.
    pub result: &'a CrawlResult,
    /// What becomes of the stored evidence. Likewise.
    pub evidence: Keep<'a>,
}

const LOCK: Sql = Sql {
    postgres: "SELECT h.private OR COALESCE(s.private, false) AS private FROM host_category hc \
               JOIN host h ON h.id = hc.host_id LEFT JOIN site s ON s.id = h.site_id \
               WHERE hc.id = $1 FOR UPDATE OF hc",
    sqlite: "SELECT h.private OR COALESCE(s.private, 0) AS private FROM host_category hc \
             JOIN host h ON h.id = hc.host_id LEFT JOIN site s ON s.id = h.site_id WHERE hc.id = ?1",
};
const ROWS: Sql = Sql::same(
    "SELECT r.id, r.path, r.directory_id, r.up2date, d.readable FROM host_category_dir r \
     LEFT JOIN directory d ON d.id = r.directory_id WHERE r.host_category_id = $1 ORDER BY r.id",
);
const DELETE: Sql = Sql {
    postgres: "DELETE FROM host_category_dir WHERE id = ANY($1)",
    sqlite: "DELETE FROM host_category_dir WHERE id IN (SELECT value FROM json_each(?1))",
};
const SET_TRUE: Sql = Sql {
    postgres: "UPDATE host_category_dir SET up2date = true WHERE id = ANY($1)",
    sqlite: "UPDATE host_category_dir SET up2date = 1 WHERE id IN (SELECT value FROM json_each(?1))",
};
const SET_FALSE: Sql = Sql {
    postgres: "UPDATE host_category_dir SET up2date = false WHERE id = ANY($1)",
    sqlite: "UPDATE host_category_dir SET up2date = 0 WHERE id IN (SELECT value FROM json_each(?1))",
};
const REPAIR: Sql = Sql {
    postgres: "UPDATE host_category_dir r SET path = n.path, directory_id = n.directory_id \
               FROM UNNEST($1, $2, $3) AS n(id, path, directory_id) \
               WHERE r.id = n.id AND EXISTS (SELECT 1 FROM directory d WHERE d.id = n.directory_id)",
    sqlite: "UPDATE host_category_dir SET path = n.path, directory_id = n.directory_id \
             FROM (SELECT value ->> 0 AS id, value ->> 1 AS path, value ->> 2 AS directory_id FROM json_each(?1)) n \
             WHERE host_category_dir.id = n.id AND EXISTS (SELECT 1 FROM directory d WHERE d.id = n.directory_id)",
};
const INSERT: Sql = Sql {
    postgres: "INSERT INTO host_category_dir (host_category_id, path, directory_id, up2date) \
               SELECT $1, n.path, d.id, true FROM UNNEST($2, $3) AS n(path, directory_id) \
               JOIN directory d ON d.id = n.directory_id \
               ON CONFLICT (host_category_id, path) \
               DO UPDATE SET up2date = true, directory_id = excluded.directory_id",
    sqlite: "INSERT INTO host_category_dir (host_category_id, path, directory_id, up2date) \
             SELECT ?1, n.value ->> 0, d.id, 1 FROM json_each(?2) n \
             JOIN directory d ON d.id = n.value ->> 1 WHERE true \
             ON CONFLICT (host_category_id, path) \
             DO UPDATE SET up2date = 1, directory_id = excluded.directory_id",
};
macro_rules! result {
    ($columns:literal, $values:literal, $updates:literal) => {
        Sql::same(concat!(
            "INSERT INTO mm3_crawl_result (host_category_id, status, reason, started_at, finished_at, current, stale, \
             unknown, requests, bytes",
            $columns,
            ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10",
            $values,
            ") ON CONFLICT (host_category_id) DO UPDATE SET status = excluded.status, reason = excluded.reason, \
             started_at = excluded.started_at, finished_at = excluded.finished_at, current = excluded.current, \
             stale = excluded.stale, unknown = excluded.unknown, requests = excluded.requests, bytes = excluded.bytes",
            $updates
        ))
    };
}

const RESULT: Sql = result!(
    ", behind_since, bad",
    ", $11, $12",
    ", behind_since = excluded.behind_since, bad = excluded.bad"
);
/// On a database that lacks the newest of our migrations.
const PLAIN_RESULT: Sql = result!("", "", "");

/// Writes the verdicts of one host category and tells what changed.
///
/// `None`: the host category is gone, or its host has become private; nothing was written.
pub async fn write(store: &Store, verdicts: &Verdicts<'_>) -> Result<Option<Counts>> {
    let mut tx = store.begin_write().await?;
    let id = verdicts.host_category.0;
    let Some(lock) = tx.query(LOCK, [id.into()]).await?.into_iter().next() else { return Ok(None) };
    if lock.try_get::<bool>("", "private")? && !verdicts.scope.private {
        return Ok(None);
    }
    let nothing = verdicts.proven.is_empty() && verdicts.rest == Rest::Keep;
    let plan = if nothing {
        Plan::default()
    } else {
        let rows = read(&tx, id).await?;
        plan(&rows, verdicts.proven, verdicts.rest, verdicts.true_at_start)
    };
    apply(&tx, id, &plan).await?;
    if store.has_own_tables() {
        remember(store, &tx, id, verdicts.result).await?;
        evidence::keep(&tx, id, verdicts.evidence, verdicts.result.finished_at).await?;
    }
    if !plan.is_empty() {
        let directories = Directories::These(plan.changed);
        tx.changed(Change { subject: Subject::HostCategory, id, directories });
    }
    tx.commit().await?;
    Ok(Some(plan.counts))
}

async fn read(tx: &WriteTx, id: i32) -> Result<Vec<Row>> {
    let rows = tx.query(ROWS, [id.into()]).await?;
    rows.iter()
        .map(|row| {
            Ok(Row {
                id: row.try_get("", "id")?,
                path: row.try_get("", "path")?,
                directory: row.try_get("", "directory_id")?,
                up2date: row.try_get("", "up2date")?,
                readable: row.try_get::<Option<bool>>("", "readable")?.unwrap_or(true),
            })
        })
        .collect()
}

async fn apply(tx: &WriteTx, id: i32, plan: &Plan) -> Result<()> {
    let engine = tx.engine();
    for (sql, ids) in [(DELETE, &plan.delete), (SET_TRUE, &plan.set_true), (SET_FALSE, &plan.set_false)] {
        if !ids.is_empty() {
            tx.execute(sql, [sql::id_list(engine, ids.iter().copied())]).await?;
        }
    }
    if !plan.repair.is_empty() {
        let values: Vec<Value> = match engine {
            Engine::Postgres => vec![
                sql::ints(plan.repair.iter().map(|r| r.0)),
                sql::texts(plan.repair.iter().map(|r| r.1.as_str())),
                sql::ints(plan.repair.iter().map(|r| r.2)),
            ],
            Engine::Sqlite => {
                vec![sql::rows(plan.repair.iter().map(|r| json!([r.0, r.1, r.2])))]
            }
        };
        tx.execute(REPAIR, values).await?;
    }
    if !plan.insert.is_empty() {
        let mut values: Vec<Value> = vec![id.into()];
        match engine {
            Engine::Postgres => {
                values.push(sql::texts(plan.insert.iter().map(|n| n.0.as_str())));
                values.push(sql::ints(plan.insert.iter().map(|n| n.1)));
            }
            Engine::Sqlite => {
                values.push(sql::rows(plan.insert.iter().map(|n| json!([n.0, n.1]))));
            }
        }
        tx.execute(INSERT, values).await?;
    }
    Ok(())
}

async fn remember(store: &Store, tx: &WriteTx, id: i32, result: &CrawlResult) -> Result<()> {
    let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let small = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
    let mut values: Vec<Value> = vec![
        id.into(),
        result.status.as_str().into(),
        result.reason.clone().into(),
        result.started_at.naive_utc().into(),
        result.finished_at.naive_utc().into(),
        small(result.current).into(),
        small(result.stale).into(),
        small(result.unknown).into(),
        count(result.requests).into(),
        count(result.bytes).into(),
    ];
    let mut sql = PLAIN_RESULT;
    if store.has_outbox() {
        let bad = (!result.bad.is_empty()).then(|| json!(result.bad).to_string());
        values.extend([result.behind_since.into(), bad.into()]);
        sql = RESULT;
    }
    tx.execute(sql, values).await?;
    Ok(())
}

const READ: Sql = Sql::same(
    "SELECT status, reason, started_at, finished_at, current, stale, unknown, requests, bytes, behind_since, bad \
     FROM mm3_crawl_result WHERE host_category_id = $1",
);

/// What the last crawl of a host category found out. `None`: it was never crawled, or the database has no place for it.
pub async fn result(store: &Store, id: HostCategoryId) -> Result<Option<CrawlResult>> {
    if !store.has_outbox() {
        return Ok(None);
    }
    let Some(row) = store.read().query_one_raw(READ.with(store.engine(), [id.0.into()])).await? else {
        return Ok(None);
    };
    let time = |name: &str| {
        row.try_get::<Option<NaiveDateTime>>("", name).map(|time| time.unwrap_or_default().and_utc())
    };
    let small = |name: &str| row.try_get::<i32>("", name).map(|n| u32::try_from(n).unwrap_or_default());
    let count = |name: &str| row.try_get::<i64>("", name).map(|n| u64::try_from(n).unwrap_or_default());
    let bad: Option<String> = row.try_get("", "bad")?;
    Ok(Some(CrawlResult {
        status: row.try_get("", "status")?,
        reason: row.try_get("", "reason")?,
        started_at: time("started_at")?,
        finished_at: time("finished_at")?,
        current: small("current")?,
        stale: small("stale")?,
        unknown: small("unknown")?,
        requests: count("requests")?,
        bytes: count("bytes")?,
        behind_since: row.try_get("", "behind_since")?,
        bad: bad.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default(),
    }))
}
