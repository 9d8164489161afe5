//! One migration at a time.

use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::{ConnectOptions as _, Connection};

use crate::connect::{Engine, Store};
use crate::error::Result;

/// "mm3 " and "migr" as two 32-bit numbers: any fixed number that nobody else takes.
const KEY: i64 = 0x6d6d_3320_6d69_6772;

/// The right to migrate, held until released or dropped.
pub(super) enum Lock {
    /// An advisory lock of a session of its own.
    Postgres(PgConnection),
    /// SQLite's write lock does the work.
    Sqlite,
}

/// Waits until no other process migrates.
///
/// On PostgreSQL it asks again and again instead of waiting inside a statement: `CREATE INDEX
/// CONCURRENTLY` of the other process would wait for that statement, for ever.
pub(super) async fn take(store: &Store) -> Result<Lock> {
    if store.engine() == Engine::Sqlite {
        return Ok(Lock::Sqlite);
    }
    let options = store.raw_write().get_postgres_connection_pool().connect_options();
    let mut session = options.connect().await?;
    let mut said = false;
    loop {
        let free: bool =
            sqlx::query_scalar("SELECT pg_try_advisory_lock($1)").bind(KEY).fetch_one(&mut session).await?;
        if free {
            return Ok(Lock::Postgres(session));
        }
        if !said {
            tracing::info!("another process is migrating the database; waiting for it");
            said = true;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

impl Lock {
    /// Ends the session, and the lock with it.
    pub(super) async fn release(self) -> Result<()> {
        if let Self::Postgres(session) = self {
            session.close().await?;
        }
        Ok(())
    }
}
