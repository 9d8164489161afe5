//! Our own migrations and the table that records them.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, DatabaseTransaction};

use super::catalogue;
use crate::connect::{Engine, Store};
use crate::error::Result;
use crate::sql::Sql;

/// One step, never changed after a release.
struct Migration {
    version: i32,
    name: &'static str,
    sql: Sql,
}

const MIGRATIONS: [Migration; 5] = [
    Migration {
        version: 1,
        name: "0001_ours",
        sql: Sql {
            postgres: include_str!("../../migrations/postgres/0001_ours.sql"),
            sqlite: include_str!("../../migrations/sqlite/0001_ours.sql"),
        },
    },
    Migration {
        version: 2,
        name: "0002_answers",
        sql: Sql {
            postgres: include_str!("../../migrations/postgres/0002_answers.sql"),
            sqlite: include_str!("../../migrations/sqlite/0002_answers.sql"),
        },
    },
    Migration {
        version: 3,
        name: "0003_good_scan",
        sql: Sql {
            postgres: include_str!("../../migrations/postgres/0003_good_scan.sql"),
            sqlite: include_str!("../../migrations/sqlite/0003_good_scan.sql"),
        },
    },
    Migration {
        version: 4,
        name: "0004_crawl",
        sql: Sql {
            postgres: include_str!("../../migrations/postgres/0004_crawl.sql"),
            sqlite: include_str!("../../migrations/sqlite/0004_crawl.sql"),
        },
    },
    Migration {
        version: 5,
        name: "0005_push",
        sql: Sql {
            postgres: include_str!("../../migrations/postgres/0005_push.sql"),
            sqlite: include_str!("../../migrations/sqlite/0005_push.sql"),
        },
    },
];

/// The tables that our migrations have made so far, on both engines.
const OUR_TABLES: [&str; 12] = [
    "mm3_change",
    "mm3_crawl_result",
    "mm3_evidence",
    "mm3_exclusive_netblock",
    "mm3_good_scan",
    "mm3_migration",
    "mm3_outbox",
    "mm3_push",
    "mm3_reader",
    "mm3_retry",
    "mm3_scan_state",
    "mm3_url_family",
];

/// The table that only SQLite needs.
const WRITTEN: &str = "mm3_written";

/// The tables that our migrations make.
pub fn our_tables(engine: Engine) -> impl Iterator<Item = &'static str> {
    OUR_TABLES.into_iter().chain((engine == Engine::Sqlite).then_some(WRITTEN))
}

/// `origin`: "created" if this program made the database, "adopted" if upstream's programs did.
const VERSION_TABLE: Sql = Sql {
    postgres: "CREATE TABLE mm3_migration (\
               version integer PRIMARY KEY, \
               name text NOT NULL, \
               origin text NOT NULL, \
               applied_at timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'))",
    sqlite: "CREATE TABLE mm3_migration (\
             version INTEGER PRIMARY KEY NOT NULL, \
             name TEXT NOT NULL, \
             origin TEXT NOT NULL, \
             applied_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now') || '000'))",
};

const APPLIED: Sql = Sql::same("SELECT version FROM mm3_migration");
const RECORD: Sql = Sql {
    postgres: "INSERT INTO mm3_migration (version, name, origin) VALUES ($1, $2, $3)",
    sqlite: "INSERT INTO mm3_migration (version, name, origin) VALUES (?1, ?2, ?3)",
};

async fn applied(db: &impl ConnectionTrait, engine: Engine) -> Result<BTreeSet<i32>> {
    let rows = db.query_all_raw(APPLIED.with(engine, [])).await?;
    rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
}

/// Runs the migrations that have not run yet and names them.
pub(super) async fn apply(
    tx: &DatabaseTransaction,
    engine: Engine,
    origin: &'static str,
) -> Result<Vec<&'static str>> {
    // Not IF NOT EXISTS, which needs the right to create tables even when there is nothing to do.
    if !catalogue::tables(tx, engine).await?.contains("mm3_migration") {
        tx.execute_unprepared(VERSION_TABLE.text(engine)).await?;
    }
    let done = applied(tx, engine).await?;
    let mut names = Vec::new();
    for step in MIGRATIONS.iter().filter(|m| !done.contains(&m.version)) {
        tx.execute_unprepared(step.sql.text(engine)).await?;
        tx.execute_raw(RECORD.with(engine, [step.version.into(), step.name.into(), origin.into()])).await?;
        names.push(step.name);
    }
    Ok(names)
}

/// Which of our migrations a database lacks, and whether it has some that this program does not know.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pending {
    /// Migrations of this program that have not run.
    pub missing: Vec<&'static str>,
    /// Versions recorded by a newer program.
    pub newer: Vec<i32>,
}

/// Compares the recorded migrations with those of this program.
pub async fn pending(store: &Store) -> Result<Pending> {
    let engine = store.engine();
    let tables = catalogue::tables(store.read(), engine).await?;
    let done =
        if tables.contains("mm3_migration") { applied(store.read(), engine).await? } else { BTreeSet::new() };
    Ok(Pending {
        missing: MIGRATIONS.iter().filter(|m| !done.contains(&m.version)).map(|m| m.name).collect(),
        newer: done.into_iter().filter(|v| MIGRATIONS.iter().all(|m| m.version != *v)).collect(),
    })
}
