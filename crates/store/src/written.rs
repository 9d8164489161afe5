//! How many rows of the four big tables have been written, by whomever, to notice writers that keep no change
//! log.
//!
//! Upstream's programs may write to the same database. Looking for their traces in 18 million rows would cost
//! more than an increment saves, so rows are counted when they are written. On PostgreSQL the server does so
//! for its statistics, and tells a transaction how many it has written itself; on SQLite, whose schema is
//! ours alone, triggers do. Every transaction of ours that is in the change log says there how many it wrote:
//! what is counted beyond that was written by somebody else.
//!
//! PostgreSQL counts aborted writes as well, which looks like somebody else's and costs a full read. Its
//! statistics arrive when the writing session is idle, up to a minute late (and on PostgreSQL before 15
//! perhaps only with that session's next statement), so foreign writes are noticed that much later. Ours are
//! flushed when they are committed, where the server can. A session that a pooler gives to several programs in
//! turn counts for all of them: what one wrote just before can be taken for ours.

use sea_orm::{ConnectionTrait, DatabaseTransaction};

use crate::connect::Store;
use crate::error::Result;
use crate::sql::Sql;

/// What has been counted at one time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// Rows written since counting began.
    rows: i64,
    /// On PostgreSQL the files of the tables: another one after a TRUNCATE, which writes no rows.
    files: String,
}

impl Written {
    /// Rows written between an earlier count and this one; `None` when the two can not be compared, because
    /// counting began again or a table was replaced.
    pub fn since(&self, earlier: &Self) -> Option<i64> {
        (self.files == earlier.files && self.rows >= earlier.rows).then(|| self.rows - earlier.rows)
    }
}

/// The four tables, as an array of `regclass`.
macro_rules! tables {
    () => {
        "unnest(ARRAY['directory', 'category_directory', 'file_detail', 'host_category_dir']::regclass[]) AS t(id)"
    };
}

const TOTAL: Sql = Sql {
    postgres: concat!(
        "SELECT sum(pg_stat_get_tuples_inserted(t.id) + pg_stat_get_tuples_updated(t.id) \
         + pg_stat_get_tuples_deleted(t.id))::bigint, \
         string_agg(pg_relation_filenode(t.id)::text, ' ' ORDER BY t.id), \
         current_setting('track_counts') = 'on' FROM ",
        tables!()
    ),
    sqlite: "SELECT rows, '', true FROM mm3_written",
};

/// What has been counted by now. Ask before the transaction begins whose state it is compared with: statistics
/// know nothing of a transaction's snapshot. What is committed in between then seems to be counted late, which
/// happens anyway. `None` when the server is set not to count.
pub async fn total(store: &Store) -> Result<Option<Written>> {
    let engine = store.engine();
    let Some(row) = store.read().query_one_raw(TOTAL.with(engine, [])).await? else { return Ok(None) };
    let counts: bool = row.try_get_by_index(2)?;
    let written = Written {
        rows: row.try_get_by_index(0)?,
        files: row.try_get_by_index::<Option<String>>(1)?.unwrap_or_default(),
    };
    Ok(counts.then_some(written))
}

/// How the rows that a transaction of ours writes get into the change log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accounting {
    /// Not at all: the change log has no place for it.
    Off,
    /// The server's own count, which is flushed with the commit and so begins at 0.
    Flushed,
    /// The difference to this count, with which the transaction began.
    From(i64),
}

/// What this session's transaction has written, and on PostgreSQL what the session wrote before and has not
/// flushed yet.
macro_rules! own {
    () => {
        concat!(
            "SELECT coalesce(sum(pg_stat_get_xact_tuples_inserted(t.id) + pg_stat_get_xact_tuples_updated(t.id) \
             + pg_stat_get_xact_tuples_deleted(t.id)), 0)::bigint AS rows FROM ",
            tables!()
        )
    };
}

const OWN: Sql = Sql { postgres: own!(), sqlite: "SELECT rows FROM mm3_written" };

impl Accounting {
    /// At the beginning of a transaction.
    pub(crate) async fn begin(store: &Store, tx: &DatabaseTransaction) -> Result<Self> {
        if !store.accounts() {
            return Ok(Self::Off);
        }
        if store.flushes_statistics() {
            return Ok(Self::Flushed);
        }
        let row = tx.query_one_raw(OWN.with(store.engine(), [])).await?;
        Ok(Self::From(row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or(0)))
    }
}

/// The first row of a transaction in the change log: subject, its id, directories, and the count of
/// [`Accounting`].
pub(crate) const APPEND: Sql = Sql {
    postgres: concat!(
        "INSERT INTO mm3_change (subject, subject_id, directories, written) SELECT $1, $2, $3, rows - $4 FROM (",
        own!(),
        ") AS own"
    ),
    sqlite: "INSERT INTO mm3_change (subject, subject_id, directories, written) \
             SELECT ?1, ?2, ?3, rows - ?4 FROM mm3_written",
};
