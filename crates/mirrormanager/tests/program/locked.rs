//! A category that another scan has.

use sqlx::{AssertSqlSafe, Connection as _, Executor as _};

use crate::master::fedora_linux;
use crate::program::{Deployment, Ran};

fn scan(deployment: &Deployment) -> Ran {
    let content_root = format!("scan.content_root={}", deployment.path("master").display());
    deployment.run(&["scan", "--json", "--set", &content_root])
}

/// Status 4, the holder's name, and nothing stored.
fn refused(deployment: &Deployment, holder: &str) {
    let ran = scan(deployment);
    assert_eq!(ran.status, 4, "{ran:?}");
    let summary: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(summary["categories"][0]["outcome"], "locked", "{ran:?}");
    let reason = summary["categories"][0]["reason"].as_str().unwrap();
    assert!(reason.starts_with("another scan of it is running (") && reason.contains(holder), "{reason}");
    assert_eq!(summary["unchanged"], true, "{ran:?}");
}

/// As soon as the lock is given back the scan runs.
fn stored(deployment: &Deployment) {
    let ran = scan(deployment);
    assert_eq!(ran.status, 0, "{ran:?}");
    let summary: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert!(summary["categories"][0]["new"].as_u64().unwrap() > 100, "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_the_row_tells_who_has_it() {
    let deployment = Deployment::sqlite();
    tokio::task::block_in_place(|| fedora_linux(&deployment));
    let url = format!("sqlite:{}", deployment.path("mm.db").display());
    let mut db = sqlx::SqliteConnection::connect(&url).await.unwrap();
    db.execute(
        "INSERT INTO mm3_scan_state (category_id, lock_owner, locked_at) \
         VALUES (1, 'process 4711 of another.example, scan 3', strftime('%Y-%m-%d %H:%M:%f000', 'now'))",
    )
    .await
    .unwrap();
    tokio::task::block_in_place(|| refused(&deployment, "process 4711 of another.example, scan 3"));
    db.execute("UPDATE mm3_scan_state SET lock_owner = NULL, locked_at = NULL").await.unwrap();
    tokio::task::block_in_place(|| stored(&deployment));
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgresql_the_session_tells_who_has_it() {
    let url = testkit::postgres::empty_database().await;
    let deployment = Deployment::on(&url);
    tokio::task::block_in_place(|| fedora_linux(&deployment));
    let mut holder = sqlx::PgConnection::connect(&url).await.unwrap();
    let name = "process 4711 of another.example, scan 3";
    holder.execute(AssertSqlSafe(format!("SET application_name = '{name}'"))).await.unwrap();
    // The key's first half, "mm3s", is what all our versions must agree on.
    holder.execute("SELECT pg_advisory_lock(1835873139, 1)").await.unwrap();
    tokio::task::block_in_place(|| refused(&deployment, name));
    holder.execute("SELECT pg_advisory_unlock(1835873139, 1)").await.unwrap();
    tokio::task::block_in_place(|| stored(&deployment));
}
