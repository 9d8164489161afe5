//! Opening the database and choosing the engine.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseConnection, DbBackend, IsolationLevel, SqliteTransactionMode,
    SqlxPostgresConnector, SqlxSqliteConnector, TransactionOptions, TransactionTrait,
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _};

use crate::error::{Result, StoreError};
use crate::sql::Sql;
use crate::tx::{ReadTx, WriteTx};

/// A database URL with its passwords replaced by `***`.
pub use model::redact::database_url as redacted;

/// The oldest PostgreSQL that has what the change log needs (64-bit transaction ids).
const OLDEST_POSTGRES: u32 = 130_000;

/// The first PostgreSQL that flushes a session's statistics when it is asked to.
const FLUSHING_POSTGRES: u32 = 150_000;

/// Which database engine a store runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// PostgreSQL 13 or newer.
    Postgres,
    /// The embedded SQLite.
    Sqlite,
}

impl Engine {
    /// SeaORM's name of the engine.
    pub fn backend(self) -> DbBackend {
        match self {
            Self::Postgres => DbBackend::Postgres,
            Self::Sqlite => DbBackend::Sqlite,
        }
    }
}

/// How to open a store.
#[derive(Debug, Clone)]
pub struct ConnectOptions {
    /// Connections kept at most: all of PostgreSQL's, the reading ones of SQLite's.
    pub max_connections: u32,
    /// How long to wait for a connection.
    pub acquire_timeout: Duration,
    /// Create an SQLite file that does not exist yet.
    pub create: bool,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self { max_connections: 8, acquire_timeout: Duration::from_secs(30), create: false }
    }
}

/// An open database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    engine: Engine,
    read: DatabaseConnection,
    write: DatabaseConnection,
    own_tables: bool,
    accounts: bool,
    dates_scans: bool,
    outbox: bool,
    pushes: bool,
    flushes_statistics: bool,
    file: Option<PathBuf>,
}

impl Store {
    /// Opens `postgresql://…`, `postgres://…` or `sqlite:PATH`.
    ///
    /// On PostgreSQL the session's time zone is UTC. On SQLite: WAL, foreign keys on, one writing
    /// connection (so writers queue up instead of failing) and several reading ones.
    ///
    /// # Errors
    /// [`StoreError::Url`] for a URL of another kind, [`StoreError::Connect`] when it can not be opened.
    pub async fn connect(url: &str, options: &ConnectOptions) -> Result<Self> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Self::connect_postgres(url, options).await
        } else if let Some(rest) = url.strip_prefix("sqlite:") {
            let path = rest.strip_prefix("//").unwrap_or(rest);
            Self::connect_sqlite(Path::new(path), options).await
        } else {
            Err(StoreError::Url { url: redacted(url), reason: "unknown scheme".into() })
        }
    }

    async fn connect_postgres(url: &str, options: &ConnectOptions) -> Result<Self> {
        let config = PgConnectOptions::from_str(url)
            .map_err(|e| StoreError::Url { url: redacted(url), reason: e.to_string() })?
            .application_name("mirrormanager")
            .options([("timezone", "UTC")]);
        // One connection outside of the pool first: the pool would try again until its time is up and
        // then not say why.
        let failed = |reason: String| StoreError::Connect { url: redacted(url), reason: one_line(&reason) };
        let first = tokio::time::timeout(options.acquire_timeout, config.connect())
            .await
            .map_err(|_| failed(format!("no answer within {} s", options.acquire_timeout.as_secs())))?
            .map_err(|e| failed(e.to_string()))?;
        let version = first.server_version_num();
        first.close().await?;
        if let Some(old) = version.filter(|v| *v < OLDEST_POSTGRES) {
            return Err(failed(format!("PostgreSQL {} is too old, 13 or newer is needed", old / 10_000)));
        }
        let pool = PgPoolOptions::new()
            .max_connections(options.max_connections)
            .acquire_timeout(options.acquire_timeout)
            .connect_lazy_with(config);
        let db = SqlxPostgresConnector::from_sqlx_postgres_pool(pool);
        let mut store = Self::new(Engine::Postgres, db.clone(), db, None).await?;
        store.flushes_statistics = version.is_some_and(|version| version >= FLUSHING_POSTGRES);
        Ok(store)
    }

    async fn connect_sqlite(path: &Path, options: &ConnectOptions) -> Result<Self> {
        if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty() && !p.is_dir()) {
            return Err(StoreError::NoFolder(folder.to_path_buf()));
        }
        let failed = |reason: &str| StoreError::Connect {
            url: format!("sqlite:{}", path.display()),
            reason: one_line(reason),
        };
        if !options.create && !path.exists() {
            return Err(failed("the file does not exist; `mirrormanager db migrate` makes it"));
        }
        let open = |e: sqlx::Error| failed(&e.to_string());
        let config = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(options.create)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(30))
            .pragma("case_sensitive_like", "ON");
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(options.acquire_timeout)
            .connect_with(config.clone())
            .await
            .map_err(open)?;
        let read = SqlitePoolOptions::new()
            .max_connections(options.max_connections)
            .acquire_timeout(options.acquire_timeout)
            .connect_with(config.create_if_missing(false).pragma("query_only", "ON"))
            .await
            .map_err(open)?;
        Self::new(
            Engine::Sqlite,
            SqlxSqliteConnector::from_sqlx_sqlite_pool(read),
            SqlxSqliteConnector::from_sqlx_sqlite_pool(write),
            Some(path.to_path_buf()),
        )
        .await
    }

    async fn new(
        engine: Engine,
        read: DatabaseConnection,
        write: DatabaseConnection,
        file: Option<PathBuf>,
    ) -> Result<Self> {
        let mut store = Self {
            engine,
            read,
            write,
            own_tables: false,
            accounts: false,
            dates_scans: false,
            outbox: false,
            pushes: false,
            flushes_statistics: false,
            file,
        };
        store.refresh().await?;
        Ok(store)
    }

    /// The engine this store runs on.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// The SQLite file, or `None` on PostgreSQL.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Whether our own `mm3_` tables were there when the store was opened. Without them (a database
    /// that only upstream's programs have prepared, or a reduced one) nothing is written to the change log.
    pub fn has_own_tables(&self) -> bool {
        self.own_tables
    }

    /// Whether the change log has a place for what its transactions have written, and the tables that came
    /// with it are there.
    pub fn accounts(&self) -> bool {
        self.accounts
    }

    /// Whether it can be kept when categories were scanned well.
    pub(crate) fn dates_scans(&self) -> bool {
        self.dates_scans
    }

    /// Whether events can wait for being sent, and the columns that came with their table are there.
    pub(crate) fn has_outbox(&self) -> bool {
        self.outbox
    }

    /// Whether it can be kept how fast new versions spread.
    pub(crate) fn has_pushes(&self) -> bool {
        self.pushes
    }

    /// Whether a transaction can have its statistics flushed as it ends (PostgreSQL 15).
    pub(crate) fn flushes_statistics(&self) -> bool {
        self.flushes_statistics
    }

    /// Looks again for our own tables, after a migration.
    pub async fn refresh(&mut self) -> Result<()> {
        self.own_tables = self.table_exists("mm3_change").await?;
        self.accounts = self.own_tables && self.table_exists("mm3_url_family").await?;
        self.dates_scans = self.accounts && self.table_exists("mm3_good_scan").await?;
        self.outbox = self.dates_scans && self.table_exists("mm3_outbox").await?;
        self.pushes = self.outbox && self.table_exists("mm3_push").await?;
        Ok(())
    }

    /// Closes all connections. Clones of this store can not be used after it.
    pub async fn close(&self) {
        match self.engine {
            Engine::Postgres => self.write.get_postgres_connection_pool().close().await,
            Engine::Sqlite => {
                self.read.get_sqlite_connection_pool().close().await;
                self.write.get_sqlite_connection_pool().close().await;
            }
        }
    }

    /// The connection for reading single statements.
    pub fn read(&self) -> &DatabaseConnection {
        &self.read
    }

    /// The connection that may write outside of a [`WriteTx`]: migrations only.
    pub(crate) fn raw_write(&self) -> &DatabaseConnection {
        &self.write
    }

    /// A read-only transaction that sees one state of the whole database (repeatable read).
    pub async fn begin_read(&self) -> Result<ReadTx> {
        let tx = self
            .read
            .begin_with_options(TransactionOptions {
                isolation_level: (self.engine == Engine::Postgres).then_some(IsolationLevel::RepeatableRead),
                access_mode: (self.engine == Engine::Postgres).then_some(AccessMode::ReadOnly),
                sqlite_transaction_mode: Some(SqliteTransactionMode::Deferred),
            })
            .await?;
        Ok(ReadTx::new(tx, self.engine))
    }

    /// A transaction that writes. Keep it short: no disk or network I/O while it is open.
    pub async fn begin_write(&self) -> Result<WriteTx> {
        let tx = self
            .write
            .begin_with_options(TransactionOptions {
                sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                ..TransactionOptions::default()
            })
            .await?;
        WriteTx::begin(self, tx).await
    }

    /// Whether a table of this name is visible.
    pub async fn table_exists(&self, name: &str) -> Result<bool> {
        const TABLE: Sql = Sql {
            postgres: "SELECT 1 AS one FROM pg_catalog.pg_class c WHERE c.relname = $1 AND c.relkind IN ('r','p') \
                       AND pg_catalog.pg_table_is_visible(c.oid)",
            sqlite: "SELECT 1 AS one FROM sqlite_master WHERE type = 'table' AND name = ?1",
        };
        let row = self.read.query_one_raw(TABLE.with(self.engine, [name.into()])).await?;
        Ok(row.is_some())
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
