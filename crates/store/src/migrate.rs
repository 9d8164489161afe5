//! `db migrate`: makes a new database, or adds what is ours to one that upstream's programs made.
//!
//! What is there is found by looking at tables, columns and indexes, never at names of constraints and
//! never only at the recorded revision, because deployed databases differ (spec database.md 1.4). Nothing
//! of upstream's is tightened, renamed, retyped or dropped.

mod adopt;
pub mod catalogue;
mod indexes;
mod lock;
mod ours;

use std::time::Duration;

use sea_orm::{
    ConnectionTrait, DatabaseTransaction, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};

use crate::connect::{Engine, Store};
use crate::error::{Result, StoreError};
use crate::reference;
use crate::sql::Sql;

pub use indexes::{INDEXES, OurIndex};
pub use ours::{Pending, our_tables, pending};

pub(crate) use adopt::revision;

/// The revision of upstream's schema that this program knows as the newest.
pub const HEAD: &str = "3264c6353b51";

/// All of upstream's revisions, oldest first.
pub const REVISIONS: [&str; 6] =
    ["24681dabe5fa", "920e847c8c36", "8d2832628792", "b1f02d039900", "e67aacbf9f4f", HEAD];

/// Upstream's tables at [`HEAD`].
pub const UPSTREAM: Sql = Sql {
    postgres: include_str!("../migrations/postgres/upstream.sql"),
    sqlite: include_str!("../migrations/sqlite/upstream.sql"),
};

/// What to do with a database whose upstream revision is not one of [`REVISIONS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UnknownRevision {
    /// Change nothing and say so.
    #[default]
    Refuse,
    /// Add what is missing and leave the recorded revision alone.
    Accept,
}

/// How to migrate.
#[derive(Debug, Clone, Default)]
pub struct MigrateOptions {
    /// What to do with a revision newer than this program.
    pub unknown_revision: UnknownRevision,
}

/// What kind of database a migration found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// No tables: all of them were created.
    Nothing,
    /// Upstream's tables without ours; the revision it recorded, if any.
    Upstream(Option<String>),
    /// A database that this program has migrated before.
    Ours,
}

/// What a migration did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrateReport {
    /// What was there.
    pub found: Found,
    /// Tables, columns, indexes and the revision of upstream's that were missing and have been added.
    pub adopted: Vec<String>,
    /// Our migrations that ran.
    pub applied: Vec<&'static str>,
    /// Our indexes that were created on upstream's tables.
    pub indexes: Vec<&'static str>,
    /// Rows of reference data (arches, countries) that were inserted.
    pub seeded: u64,
}

impl MigrateReport {
    /// Whether the database was up to date already.
    pub fn is_empty(&self) -> bool {
        self.adopted.is_empty() && self.applied.is_empty() && self.indexes.is_empty() && self.seeded == 0
    }
}

/// Brings a database to the newest schema. Running it again does nothing.
///
/// Safe to run from several processes at once, and while old and new programs work on the database: on
/// PostgreSQL one migrates at a time (an advisory lock), and indexes on existing tables are built
/// without blocking their writers; on SQLite it holds the write lock.
///
/// # Errors
/// [`StoreError::Schema`] for an unknown revision, a reduced copy of the schema, or a role that may not
/// create tables; nothing has changed then.
pub async fn migrate(store: &mut Store, options: &MigrateOptions) -> Result<MigrateReport> {
    migrate_waiting(store, options, LOCK_TIMEOUT).await
}

/// How long [`migrate`] waits for a table that another program has locked.
pub const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// As [`migrate`], with a limit of one's own for a PostgreSQL table that another program has locked.
///
/// There must be one: a schema change that waits lets everybody else wait behind it, and upstream's scanner
/// keeps rows locked for hours.
///
/// # Errors
/// As [`migrate`], and [`StoreError::Schema`] when the limit is reached; nothing has changed then.
pub async fn migrate_waiting(
    store: &mut Store,
    options: &MigrateOptions,
    lock_timeout: Duration,
) -> Result<MigrateReport> {
    let lock = lock::take(store).await?;
    let report = migrate_locked(store, options, lock_timeout).await;
    let released = lock.release().await;
    let report = report?;
    released?;
    store.refresh().await?;
    Ok(report)
}

async fn migrate_locked(
    store: &Store,
    options: &MigrateOptions,
    lock_timeout: Duration,
) -> Result<MigrateReport> {
    let tx = begin(store).await?;
    if store.engine() == Engine::Postgres {
        let limit = format!("SET LOCAL lock_timeout = {}", lock_timeout.as_millis().max(1));
        tx.execute_unprepared(&limit).await?;
    }
    let mut report = migrate_tables(&tx, store.engine(), options).await.map_err(explain)?;
    if report.found == Found::Nothing || store.engine() == Engine::Sqlite {
        report.indexes = indexes::create(&tx, store.engine()).await?;
    }
    tx.commit().await?;
    if report.found != Found::Nothing && store.engine() == Engine::Postgres {
        report.indexes = indexes::create_concurrently(store.raw_write()).await.map_err(explain)?;
    }
    Ok(report)
}

/// Names of those of [`INDEXES`] that the database lacks.
pub async fn missing_indexes(store: &Store) -> Result<Vec<&'static str>> {
    let missing = indexes::missing(store.read(), store.engine()).await?;
    let tables = catalogue::tables(store.read(), store.engine()).await?;
    Ok(missing.into_iter().filter(|i| tables.contains(i.table)).map(|i| i.name).collect())
}

async fn begin(store: &Store) -> Result<DatabaseTransaction> {
    Ok(store
        .raw_write()
        .begin_with_options(TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        })
        .await?)
}

async fn migrate_tables(
    tx: &DatabaseTransaction,
    engine: Engine,
    options: &MigrateOptions,
) -> Result<MigrateReport> {
    let tables = catalogue::tables(tx, engine).await?;
    let found = if tables.contains("mm3_migration") {
        Found::Ours
    } else if tables.contains("alembic_version") || adopt::BASE_TABLES.iter().any(|t| tables.contains(*t)) {
        Found::Upstream(adopt::revision(tx, engine, &tables).await?)
    } else {
        Found::Nothing
    };
    let mut report = MigrateReport { found, adopted: vec![], applied: vec![], indexes: vec![], seeded: 0 };
    let origin = if report.found == Found::Nothing {
        tx.execute_unprepared(UPSTREAM.text(engine)).await?;
        "created"
    } else {
        report.adopted = adopt::adopt(tx, engine, &tables, options.unknown_revision).await?;
        "adopted"
    };
    report.applied = ours::apply(tx, engine, origin).await?;
    if report.found == Found::Nothing {
        report.seeded = reference::seed_in(tx, engine).await?;
    }
    Ok(report)
}

/// Turns "permission denied" and "read-only" of PostgreSQL into what to do about it.
fn explain(error: StoreError) -> StoreError {
    let text = error.to_string();
    if text.contains("permission denied") || text.contains("must be owner") {
        StoreError::Schema(format!(
            "this database role may not change the schema; run `mirrormanager db migrate` as the owner of the tables ({text})"
        ))
    } else if text.contains("read-only transaction") || text.contains("readonly database") {
        StoreError::Schema(format!(
            "the database is read-only; run `mirrormanager db migrate` where it can be written ({text})"
        ))
    } else if text.contains("lock timeout") {
        StoreError::Schema(format!(
            "another program keeps a table locked (a scan or a crawl of MirrorManager 2?); nothing has changed, \
             run `mirrormanager db migrate` again when it has ended ({text})"
        ))
    } else {
        error
    }
}
