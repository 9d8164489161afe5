//! One scan of a category at a time.
//!
//! PostgreSQL: an advisory lock on a connection of its own, so it ends with the process, whatever happens; with
//! its machine it ends two minutes later.
//! SQLite: a row of `mm3_scan_state` that names the owner. It is taken over when the caller knows that the
//! owner has ended, or after [`LOCK_STALE_AFTER`] if nobody knows what became of it. An SQLite database without our tables has no such lock.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, Utc};
use model::ids::CategoryId;
use sea_orm::ConnectionTrait;
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;

use super::Master;
use crate::connect::{Engine, Store};
use crate::error::Result;
use crate::sql::Sql;

/// After this time a lock row is taken over even if nobody knows what became of its owner.
pub const LOCK_STALE_AFTER: Duration = Duration::from_secs(6 * 3600);

/// The first half of the advisory lock's key; the second is the category's id.
const LOCK_CLASS: i32 = 0x6d6d_3373;

/// A held lock. Call [`Lock::release`]. A lock that is only dropped, because its scan was cancelled, ends with
/// its connection on PostgreSQL and is given back in the background on SQLite.
#[derive(Debug)]
pub struct Lock(Option<Held>);

#[derive(Debug)]
enum Held {
    Connection { connection: Box<PgConnection>, category: CategoryId },
    Row { store: Store, category: CategoryId, owner: String },
}

/// What is known of the holder of a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// It is at work, however long that takes: a walk over a large tree takes hours.
    Running,
    /// It has ended without giving the lock back.
    Ended,
    /// Nobody here can know.
    Unknown,
}

/// Somebody else scans the category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locked {
    /// Who, when that is known.
    pub owner: Option<String>,
    /// For how long, when that is known.
    pub age: Option<Duration>,
}

impl fmt::Display for Locked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("another scan of it is running")?;
        let age = self.age.map(|age| {
            let minutes = age.as_secs() / 60;
            match minutes {
                0 => format!("for {} s", age.as_secs()),
                1..120 => format!("for {minutes} min"),
                _ => format!("for {} h", minutes / 60),
            }
        });
        match (&self.owner, age) {
            (None, None) => Ok(()),
            (Some(owner), None) => write!(f, " ({owner})"),
            (None, Some(age)) => write!(f, " ({age})"),
            (Some(owner), Some(age)) => write!(f, " ({owner}, {age})"),
        }
    }
}

const TAKE: Sql = Sql::same(
    "INSERT INTO mm3_scan_state (category_id, lock_owner, locked_at) VALUES ($1, $2, $3) \
     ON CONFLICT (category_id) DO UPDATE SET lock_owner = excluded.lock_owner, locked_at = excluded.locked_at \
     WHERE mm3_scan_state.lock_owner IS NULL OR mm3_scan_state.lock_owner = $4",
);
const HOLDER: Sql = Sql::same("SELECT lock_owner, locked_at FROM mm3_scan_state WHERE category_id = $1");
const FREE: Sql = Sql::same(
    "UPDATE mm3_scan_state SET lock_owner = NULL, locked_at = NULL WHERE category_id = $1 AND lock_owner = $2",
);

/// The session bears the owner's name, for those who find the category locked, and the server looks whether
/// its machine is still there.
const NAME_SESSION: &str = "SELECT set_config('application_name', $1, false), \
    set_config('tcp_keepalives_idle', '60', false), set_config('tcp_keepalives_interval', '15', false), \
    set_config('tcp_keepalives_count', '4', false)";

/// The session that holds an advisory lock, and since when: it has done nothing since. Its name and times are
/// hidden from other roles.
const SESSION: &str = "SELECT coalesce(nullif(a.application_name, ''), 'a session without a name'), l.pid, \
    extract(epoch FROM clock_timestamp() - a.state_change)::float8 \
    FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid \
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 \
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
      AND l.classid::bigint = $1 AND l.objid::bigint = $2 ORDER BY l.pid LIMIT 1";

impl Master {
    /// Takes the lock of a category, or tells who has it.
    ///
    /// `owner` names this scan and must be unlike every other one's; `state` tells what is
    /// known of another owner.
    ///
    /// # Errors
    /// When the database can not be asked.
    pub async fn lock(
        &self,
        category: CategoryId,
        owner: &str,
        now: DateTime<Utc>,
        state: impl Fn(&str) -> Holder,
    ) -> Result<std::result::Result<Lock, Locked>> {
        match self.store.engine() {
            Engine::Postgres => self.lock_connection(category, owner).await,
            Engine::Sqlite if self.has_memory() => self.lock_row(category, owner, now, state).await,
            Engine::Sqlite => Ok(Ok(Lock(None))),
        }
    }

    async fn lock_connection(
        &self,
        category: CategoryId,
        owner: &str,
    ) -> Result<std::result::Result<Lock, Locked>> {
        let pool = self.store.read().get_postgres_connection_pool();
        // Detached, so that a dropped lock closes its session instead of going back to the pool with it.
        let mut connection = pool.acquire().await?.detach();
        let taken: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1, $2)")
            .bind(LOCK_CLASS)
            .bind(category.0)
            .fetch_one(&mut connection)
            .await?;
        if taken {
            sqlx::query(NAME_SESSION).bind(owner).execute(&mut connection).await?;
            return Ok(Ok(Lock(Some(Held::Connection { connection: Box::new(connection), category }))));
        }
        let holder = sqlx::query_as::<_, (String, i32, Option<f64>)>(SESSION)
            .bind(i64::from(LOCK_CLASS))
            .bind(i64::from(category.0))
            .fetch_optional(&mut connection)
            .await?;
        connection.close().await?;
        Ok(Err(match holder {
            Some((name, session, seconds)) => Locked {
                owner: Some(format!("{name}, database session {session}")),
                age: seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
            },
            None => Locked { owner: None, age: None },
        }))
    }

    async fn lock_row(
        &self,
        category: CategoryId,
        owner: &str,
        now: DateTime<Utc>,
        state: impl Fn(&str) -> Holder,
    ) -> Result<std::result::Result<Lock, Locked>> {
        let db = self.store.raw_write();
        let take = |instead: Option<String>| {
            let values = [category.0.into(), owner.into(), now.naive_utc().into(), instead.into()];
            TAKE.with(Engine::Sqlite, values)
        };
        let held = || Lock(Some(Held::Row { store: self.store.clone(), category, owner: owner.to_owned() }));
        if db.execute_raw(take(None)).await?.rows_affected() > 0 {
            return Ok(Ok(held()));
        }
        let row = db.query_one_raw(HOLDER.with(Engine::Sqlite, [category.0.into()])).await?;
        let Some(row) = row else { return Ok(Err(Locked { owner: None, age: None })) };
        let holder: Option<String> = row.try_get("", "lock_owner")?;
        let since: Option<NaiveDateTime> = row.try_get("", "locked_at")?;
        let age = since.and_then(|since| now.naive_utc().signed_duration_since(since).to_std().ok());
        let old = since.is_none() || age.is_some_and(|age| age > LOCK_STALE_AFTER);
        let free = holder.as_deref().is_none_or(|holder| match state(holder) {
            Holder::Running => false,
            Holder::Ended => true,
            Holder::Unknown => old,
        });
        // The holder's name is a condition, so that of two who take over only one succeeds.
        if free && db.execute_raw(take(holder.clone())).await?.rows_affected() > 0 {
            return Ok(Ok(held()));
        }
        Ok(Err(Locked { owner: holder, age }))
    }
}

impl Lock {
    /// Whether this scan still has the lock: a server that was started anew, or somebody who took the lock for
    /// left behind, may have taken it away.
    ///
    /// # Errors
    /// When the database can not be asked.
    pub async fn is_held(&mut self) -> Result<bool> {
        match &mut self.0 {
            None => Ok(true),
            Some(Held::Connection { connection, .. }) => Ok(connection.ping().await.is_ok()),
            Some(Held::Row { store, category, owner }) => {
                let row =
                    store.read().query_one_raw(HOLDER.with(Engine::Sqlite, [category.0.into()])).await?;
                let holder: Option<String> =
                    row.map(|row| row.try_get("", "lock_owner")).transpose()?.flatten();
                Ok(holder.as_ref() == Some(owner))
            }
        }
    }

    /// Gives the lock back.
    ///
    /// # Errors
    /// When the database can not be told. A PostgreSQL lock is gone even then.
    pub async fn release(mut self) -> Result<()> {
        match self.0.take() {
            Some(held) => held.release().await,
            None => Ok(()),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Some(held @ Held::Row { .. }) = self.0.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(async move {
                if let Err(e) = held.release().await {
                    tracing::warn!(error = %e, "the lock of a cancelled scan could not be given back");
                }
            });
        }
    }
}

impl Held {
    async fn release(self) -> Result<()> {
        match self {
            Self::Connection { mut connection, category } => {
                // By word, not by hanging up: the server would take its time to notice.
                sqlx::query("SELECT pg_advisory_unlock($1, $2)")
                    .bind(LOCK_CLASS)
                    .bind(category.0)
                    .execute(&mut *connection)
                    .await?;
                connection.close().await?;
            }
            Self::Row { store, category, owner } => {
                let values = [category.0.into(), owner.into()];
                store.raw_write().execute_raw(FREE.with(Engine::Sqlite, values)).await?;
            }
        }
        Ok(())
    }
}
