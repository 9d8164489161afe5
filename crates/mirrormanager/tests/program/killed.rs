//! A scan that is killed while it writes.

use std::process::Child;
use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _, SqliteConnection};

use crate::master::fedora_linux;
use crate::program::Deployment;

/// The tables that a first scan writes to, in order. It is stopped at each of them.
const TABLES: [&str; 6] =
    ["directory", "category_directory", "version", "repository", "file_detail", "mm3_change"];

/// What a scan writes, by name.
const STATE: [&str; 5] = [
    "SELECT name FROM directory",
    "SELECT d.name FROM category_directory c JOIN directory d ON d.id = c.directory_id",
    "SELECT name FROM repository",
    "SELECT d.name || '/' || f.filename FROM file_detail f JOIN directory d ON d.id = f.directory_id",
    "SELECT subject || CASE WHEN directories IS NULL THEN ' all' WHEN directories = '[]' THEN ' none' ELSE '' END \
     FROM mm3_change WHERE subject = 'category' AND directories <> '[]'",
];

fn scan(deployment: &Deployment) -> Child {
    let content_root = format!("scan.content_root={}", deployment.path("master").display());
    deployment.command(&["scan", "--set", &content_root]).spawn().unwrap()
}

fn kill(mut scan: Child) {
    assert!(scan.try_wait().unwrap().is_none(), "it is still at work");
    scan.kill().unwrap();
    scan.wait().unwrap();
}

/// Whether it is time to give up.
fn waited(begun: Instant) -> bool {
    begun.elapsed() > Duration::from_secs(60)
}

async fn state_of<'c, E>(db: &'c mut E) -> Vec<String>
where
    E: sqlx::Connection,
    for<'e> &'e mut E: sqlx::Executor<'e, Database = E::Database>,
    String: sqlx::Type<E::Database> + for<'r> sqlx::Decode<'r, E::Database>,
    usize: sqlx::ColumnIndex<<E::Database as sqlx::Database>::Row>,
{
    let mut out = Vec::new();
    for sql in STATE {
        let mut rows: Vec<String> =
            (&mut *db).fetch_all(sql).await.unwrap().iter().map(|row| row.get::<String, _>(0)).collect();
        rows.sort();
        out.extend(rows);
    }
    out
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgresql_nothing_is_stored_and_the_next_scan_stores_everything() {
    let url = testkit::postgres::empty_database().await;
    let deployment = Deployment::on(&url);
    tokio::task::block_in_place(|| fedora_linux(&deployment));
    let mut db = PgConnection::connect(&url).await.unwrap();
    let before = state_of(&mut db).await;
    for table in TABLES {
        // Reading goes on, writing waits.
        db.execute("BEGIN").await.unwrap();
        db.execute(AssertSqlSafe(format!("LOCK TABLE {table} IN SHARE MODE"))).await.unwrap();
        let scan = scan(&deployment);
        let begun = Instant::now();
        let waiting =
            format!("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = '{table}'::regclass");
        while db.fetch_one(AssertSqlSafe(waiting.clone())).await.unwrap().get::<i64, _>(0) == 0 {
            assert!(!waited(begun), "{table}");
        }
        kill(scan);
        db.execute("ROLLBACK").await.unwrap();
        let others = "SELECT count(*) FROM pg_stat_activity \
                      WHERE datname = current_database() AND pid <> pg_backend_pid()";
        while db.fetch_one(others).await.unwrap().get::<i64, _>(0) > 0 {
            assert!(!waited(begun), "{table}: the server notices that it is gone");
        }
        assert_eq!(state_of(&mut db).await, before, "{table}");
    }
    assert!(tokio::task::block_in_place(|| scan(&deployment).wait().unwrap()).success());
    complete(&before, &state_of(&mut db).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_nothing_is_stored_and_the_next_scan_stores_everything() {
    let deployment = Deployment::sqlite();
    tokio::task::block_in_place(|| fedora_linux(&deployment));
    let url = format!("sqlite:{}", deployment.path("mm.db").display());
    let mut db = SqliteConnection::connect(&url).await.unwrap();
    let before = state_of(&mut db).await;
    // A statement that takes for ever.
    db.execute(
        "CREATE VIEW for_ever AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n",
    )
    .await
    .unwrap();
    db.execute("PRAGMA busy_timeout = 0").await.unwrap();
    for table in TABLES {
        let hang =
            format!("CREATE TRIGGER hang BEFORE INSERT ON {table} BEGIN SELECT max(x) FROM for_ever; END");
        db.execute(AssertSqlSafe(hang)).await.unwrap();
        let scan = scan(&deployment);
        let begun = Instant::now();
        // Once it has the lock of the category it opens one transaction, which does not end.
        let locked = "SELECT count(*) FROM mm3_scan_state WHERE lock_owner LIKE ?1";
        let owner = format!("process {} of %", scan.id());
        while sqlx::query(locked).bind(&owner).fetch_one(&mut db).await.unwrap().get::<i64, _>(0) == 0 {
            assert!(!waited(begun), "{table}");
        }
        while db.execute("BEGIN IMMEDIATE").await.is_ok() {
            db.execute("ROLLBACK").await.unwrap();
            assert!(!waited(begun), "{table}");
        }
        kill(scan);
        db.execute("DROP TRIGGER hang").await.unwrap();
        assert_eq!(state_of(&mut db).await, before, "{table}");
    }
    // The category's lock is the killed one's still.
    assert!(tokio::task::block_in_place(|| scan(&deployment).wait().unwrap()).success());
    complete(&before, &state_of(&mut db).await);
}

/// Everything of the tree is stored, and in the change log once.
fn complete(before: &[String], after: &[String]) {
    let of = |state: &[String], text: &str| state.iter().filter(|row| row.contains(text)).count();
    assert_eq!(of(before, "pub/fedora/linux/"), 0);
    assert!(of(after, "/repodata/repomd.xml") > 10, "{after:?}");
    assert_eq!(after.iter().filter(|row| *row == "category").count(), 1, "{after:?}");
    assert!(of(after, "category all") == 0, "{after:?}");
}
