//! Reading the change log without missing a row that commits late.
//!
//! On PostgreSQL a transaction may commit after one that began, and wrote its row, later. So a row is given
//! out only when every transaction that was older than it has ended, and the cursor is a transaction id, not
//! a row id. On SQLite there is one writer: row ids are in the order of the commits.

use chrono::{DateTime, NaiveDateTime, Utc};
use sea_orm::{ConnectionTrait, QueryResult};

use super::{Change, Directories, Subject};
use crate::connect::{Engine, Store};
use crate::error::{Result, StoreError};
use crate::sql::Sql;
use crate::tx::ReadTx;

/// How far a reader has come. Its number means something to the database only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor(pub i64);

impl Cursor {
    /// Before the first row.
    pub const START: Self = Self(0);
}

/// A row of the change log as a reader gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Row id.
    pub id: i64,
    /// When it was written (on PostgreSQL: when its transaction began).
    pub created_at: NaiveDateTime,
    /// What changed.
    pub change: Change,
}

const READ: Sql = Sql {
    postgres: "WITH bound AS (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS xmin) \
               SELECT b.xmin::text::bigint AS bound, c.id, c.created_at, c.subject, c.subject_id, c.directories \
               FROM bound b LEFT JOIN mm3_change c ON c.xid >= $1::text::xid8 AND c.xid < b.xmin \
               ORDER BY c.xid, c.id",
    sqlite: "WITH bound AS (SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'mm3_change'), 0) AS seq) \
             SELECT b.seq AS bound, c.id, c.created_at, c.subject, c.subject_id, c.directories \
             FROM bound b LEFT JOIN mm3_change c ON c.id > CAST(?1 AS INTEGER) AND c.id <= b.seq ORDER BY c.id",
};

/// The rows after a cursor, in an order in which they may be applied, and the cursor after them.
///
/// A row appears in exactly one of a chain of calls. On PostgreSQL it may appear a little after its commit:
/// not before every older transaction of the server has ended.
///
/// # Errors
/// [`StoreError::CursorLost`] when the database has never been as far as `cursor`.
pub async fn read_since(store: &Store, cursor: Cursor) -> Result<(Vec<Row>, Cursor)> {
    let mut bound = cursor.0;
    let mut rows = Vec::new();
    for row in store.read().query_all_raw(READ.with(store.engine(), [cursor.0.to_string().into()])).await? {
        bound = row.try_get("", "bound")?;
        let Some(id) = row.try_get::<Option<i64>>("", "id")? else { continue };
        rows.push(of(id, &row)?);
    }
    if bound < cursor.0 {
        return Err(StoreError::CursorLost(cursor.0));
    }
    Ok((rows, Cursor(bound)))
}

fn of(id: i64, row: &QueryResult) -> Result<Row> {
    let subject: String = row.try_get("", "subject")?;
    let directories: Option<String> = row.try_get("", "directories")?;
    let change = Change {
        subject: Subject::from_word(&subject),
        id: row.try_get("", "subject_id")?,
        directories: directories
            .and_then(|text| serde_json::from_str(&text).ok())
            .map_or(Directories::All, Directories::These),
    };
    Ok(Row { id, created_at: row.try_get("", "created_at")?, change })
}

/// A row whose effect can be seen in the tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The row.
    pub row: Row,
    /// Whether [`read_since`] would give it out: it does not come again behind the cursor.
    pub settled: bool,
    /// How many rows of the four big tables its transaction wrote.
    pub written: i64,
}

const VISIBLE: Sql = Sql {
    postgres: "WITH bound AS (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS xmin) \
               SELECT b.xmin::text::bigint AS bound, c.xid < b.xmin AS settled, c.written, \
               c.id, c.created_at, c.subject, c.subject_id, c.directories \
               FROM bound b LEFT JOIN mm3_change c ON c.xid >= $1::text::xid8 ORDER BY c.xid, c.id",
    sqlite: "WITH bound AS (SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'mm3_change'), 0) AS seq) \
             SELECT b.seq AS bound, true AS settled, c.written, \
             c.id, c.created_at, c.subject, c.subject_id, c.directories \
             FROM bound b LEFT JOIN mm3_change c ON c.id > CAST(?1 AS INTEGER) AND c.id <= b.seq ORDER BY c.id",
};

/// All rows from a cursor on that a transaction sees, also those that [`read_since`] holds back, and the cursor
/// behind which nothing is held back. For those who read the tables in the same transaction: what they see
/// there is in these rows.
///
/// # Errors
/// As [`read_since`].
pub async fn visible(tx: &ReadTx, cursor: Cursor) -> Result<(Vec<Seen>, Cursor)> {
    let mut bound = cursor.0;
    let mut rows = Vec::new();
    for row in tx.db().query_all_raw(VISIBLE.with(tx.engine(), [cursor.0.to_string().into()])).await? {
        bound = row.try_get("", "bound")?;
        let Some(id) = row.try_get::<Option<i64>>("", "id")? else { continue };
        rows.push(Seen {
            row: of(id, &row)?,
            settled: row.try_get("", "settled")?,
            written: row.try_get("", "written")?,
        });
    }
    if bound < cursor.0 {
        return Err(StoreError::CursorLost(cursor.0));
    }
    Ok((rows, Cursor(bound)))
}

const POSITION: Sql = Sql {
    postgres: "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint",
    sqlite: "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'mm3_change'), 0)",
};

/// Where a reader stands who takes this moment's state of the tables as read.
///
/// Ask for it before reading the tables: then what changes meanwhile is read again, and nothing is missed.
pub async fn position(store: &Store) -> Result<Cursor> {
    position_of(store.read(), store.engine()).await
}

/// Where a reader stands who takes a transaction's state of the tables as read.
pub async fn position_in(tx: &ReadTx) -> Result<Cursor> {
    position_of(tx.db(), tx.engine()).await
}

async fn position_of(db: &impl ConnectionTrait, engine: Engine) -> Result<Cursor> {
    let row = db.query_one_raw(POSITION.with(engine, [])).await?;
    let row = row.ok_or_else(|| StoreError::Schema("the change log has no position".into()))?;
    Ok(Cursor(row.try_get_by_index(0)?))
}

const REGISTER: Sql = Sql::same(
    "INSERT INTO mm3_reader (name, position, seen_at) VALUES ($1, $2, $3) \
     ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at",
);
const READER: Sql = Sql::same("SELECT position FROM mm3_reader WHERE name = $1");

/// Where a named reader stands. A new one stands at [`position`], with a full read before it.
pub async fn register_reader(store: &Store, name: &str, now: DateTime<Utc>) -> Result<Cursor> {
    let start = position(store).await?;
    let tx = store.begin_write().await?;
    tx.execute(REGISTER, [name.into(), start.0.into(), now.naive_utc().into()]).await?;
    let rows = tx.query(READER, [name.into()]).await?;
    let row = rows.first().ok_or_else(|| StoreError::missing("reader of the change log", name))?;
    let cursor = Cursor(row.try_get_by_index(0)?);
    tx.commit().await?;
    Ok(cursor)
}

const ADVANCE: Sql = Sql::same("UPDATE mm3_reader SET position = $2, seen_at = $3 WHERE name = $1");

/// Notes that a reader has dealt with everything before a cursor.
///
/// # Errors
/// [`StoreError::Missing`] when it is not registered, or was forgotten by [`prune`]: it starts over.
pub async fn advance(store: &Store, name: &str, cursor: Cursor, now: DateTime<Utc>) -> Result<()> {
    let tx = store.begin_write().await?;
    let done = tx.execute(ADVANCE, [name.into(), cursor.0.into(), now.naive_utc().into()]).await?;
    if done.rows_affected() == 0 {
        return Err(StoreError::missing("reader of the change log", name));
    }
    tx.commit().await
}

const FORGET: Sql = Sql::same("DELETE FROM mm3_reader WHERE seen_at < $1");
const PRUNE: Sql = Sql {
    postgres: "DELETE FROM mm3_change WHERE xid < least(pg_snapshot_xmin(pg_current_snapshot()), \
               (SELECT min(position)::text::xid8 FROM mm3_reader))",
    sqlite: "DELETE FROM mm3_change WHERE NOT EXISTS (SELECT 1 FROM mm3_reader WHERE position < mm3_change.id)",
};

/// Deletes the rows that every reader has passed and tells how many. Readers that were not seen since
/// `forget_before` are dropped first, so that one that is gone for good does not keep the log for ever.
pub async fn prune(store: &Store, forget_before: DateTime<Utc>) -> Result<u64> {
    let tx = store.begin_write().await?;
    tx.execute(FORGET, [forget_before.naive_utc().into()]).await?;
    let pruned = tx.execute(PRUNE, []).await?.rows_affected();
    tx.commit().await?;
    Ok(pruned)
}
