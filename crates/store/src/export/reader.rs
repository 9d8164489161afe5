//! One state of the database over as many connections as there are.
//!
//! At Fedora's size `host_category_dir` has 17 million rows that are wanted. On PostgreSQL the big tables
//! stream as binary `COPY` on further connections that look at the snapshot of the first; SQLite, and a pool
//! that is too small, give them row by row on the one connection.

use futures_util::TryStreamExt;
use sea_orm::{ConnectionTrait, FromQueryResult, Statement, StreamTrait, Value};
use sqlx::{AssertSqlSafe, PgPool, Postgres, Transaction};

use super::copy_rows::CopyRows;
use super::record::Record;
use crate::connect::{Engine, Store};
use crate::error::{Result, StoreError};
use crate::sql::Sql;
use crate::tx::ReadTx;

/// Connections that a reading over several of them needs: the small tables, and two lanes for the big ones.
const CONNECTIONS: u32 = 3;

/// A repeatable-read, read-only transaction, and what others need to see the same.
pub(super) struct Reader {
    tx: ReadTx,
    /// The pool and the name of the snapshot in it.
    shared: Option<(PgPool, String)>,
}

impl Reader {
    /// Begins the transaction; everything that is read is as of now.
    pub(super) async fn open(store: &Store) -> Result<Self> {
        let tx = store.begin_read().await?;
        let shared = match store.engine() {
            Engine::Postgres => share(store.read().get_postgres_connection_pool(), &tx).await?,
            Engine::Sqlite => None,
        };
        Ok(Self { tx, shared })
    }

    /// The transaction itself.
    pub(super) fn tx(&self) -> &ReadTx {
        &self.tx
    }

    /// A way to read big tables, one after another, beside others.
    pub(super) async fn lane(&self) -> Result<Lane<'_>> {
        let Some((pool, snapshot)) = &self.shared else { return Ok(Lane::Rows(&self.tx)) };
        let mut tx = pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        sqlx::query(AssertSqlSafe(format!("SET TRANSACTION SNAPSHOT '{snapshot}'")))
            .execute(&mut *tx)
            .await?;
        Ok(Lane::Copy(tx))
    }
}

async fn share(pool: &PgPool, tx: &ReadTx) -> Result<Option<(PgPool, String)>> {
    const EXPORT: Sql = Sql::same("SELECT pg_export_snapshot()");
    if pool.options().get_max_connections() < CONNECTIONS {
        return Ok(None);
    }
    let row = tx.db().query_one_raw(EXPORT.with(Engine::Postgres, [])).await?;
    let name: Option<String> = row.map(|row| row.try_get_by_index(0)).transpose()?;
    // It becomes part of a statement.
    let name = name.filter(|name| name.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-'));
    let name = name.ok_or_else(|| StoreError::Schema("the server did not export its snapshot".into()))?;
    Ok(Some((pool.clone(), name)))
}

/// One way to read big tables.
pub(super) enum Lane<'a> {
    /// Row by row in the first transaction.
    Rows(&'a ReadTx),
    /// By `COPY` on a connection of its own.
    Copy(Transaction<'static, Postgres>),
}

impl Lane<'_> {
    /// Gives every row of a table to `take`.
    pub(super) async fn each<T: Record<N>, const N: usize>(&mut self, mut take: impl FnMut(T)) -> Result<()> {
        match self {
            Self::Rows(tx) => rows(tx, T::SELECT, [], take).await,
            Self::Copy(tx) => {
                let statement = format!("COPY ({}) TO STDOUT (FORMAT binary)", T::SELECT);
                let mut parser = CopyRows::default();
                let mut chunks = tx.copy_out_raw(&statement).await?;
                while let Some(chunk) = chunks.try_next().await? {
                    parser.push(&chunk, |fields| {
                        take(T::copied(fields)?);
                        Ok(())
                    })?;
                }
                Ok(parser.finish()?)
            }
        }
    }
}

/// Gives every row of a statement that both engines understand to `take`.
pub(super) async fn rows<T: FromQueryResult>(
    tx: &ReadTx,
    text: impl Into<String>,
    values: impl IntoIterator<Item = Value>,
    mut take: impl FnMut(T),
) -> Result<()> {
    let statement = Statement::from_sql_and_values(tx.engine().backend(), text, values);
    // One by one: the engine's rows are several times as large as ours.
    let mut stream = tx.db().stream_raw(statement).await?;
    while let Some(row) = stream.try_next().await? {
        take(T::from_query_result(&row, "")?);
    }
    Ok(())
}

/// All rows of such a statement.
pub(super) async fn all<T: FromQueryResult>(tx: &ReadTx, text: impl Into<String>) -> Result<Vec<T>> {
    let mut found = Vec::new();
    rows(tx, text, [], |row| found.push(row)).await?;
    Ok(found)
}
