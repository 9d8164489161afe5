//! A PostgreSQL database in the shape of Fedora's, at any scale, and a night's changes to it.
//!
//! The server makes the rows by itself out of row numbers; a scale gives the same rows every time. The counts
//! at scale 1 are those that the promises about speed are made for (see `fedora/fill.sql`).

#![expect(clippy::unwrap_used, reason = "test support: a panic is the report")]

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};
use store::changes::{Change, Directories, Subject};
use store::{ConnectOptions, MigrateOptions, Store};

/// Migrates an empty PostgreSQL database and fills it. Statistics are up to date afterwards.
pub async fn create(url: &str, scale: f64) {
    let mut store = Store::connect(url, &ConnectOptions::default()).await.unwrap();
    store::migrate(&mut store, &MigrateOptions::default()).await.unwrap();
    store.close().await;
    fill(url, scale).await;
}

/// Fills a migrated PostgreSQL database that has no hosts and no directories.
pub async fn fill(url: &str, scale: f64) {
    let mut db = PgConnection::connect(url).await.unwrap();
    let text = format!(
        "BEGIN; SELECT set_config('fedora.scale', '{scale}', true); {} COMMIT; ANALYZE;",
        include_str!("fedora/fill.sql")
    );
    db.execute(AssertSqlSafe(text)).await.unwrap();
    db.close().await.unwrap();
}

/// What a night changes in one of `parts` repositories, at least one: a new generation of `repomd.xml`, and
/// hosts that have caught up or fallen behind. The change log says so, as it does after a scan and a crawl.
/// Each `step` changes other repositories. Tells how many directories are concerned.
pub async fn change(store: &Store, parts: u32, step: u32) -> usize {
    let mut tx = store.begin_write().await.unwrap();
    let parameters = format!(
        "SELECT set_config('fedora.parts', '{parts}', true), set_config('fedora.step', '{step}', true)"
    );
    for text in [parameters.as_str(), include_str!("fedora/change.sql")] {
        sea_orm::ConnectionTrait::execute_unprepared(tx.db(), text).await.unwrap();
    }
    let all =
        store::sql::Sql::same("SELECT subject, subject_id, directories FROM pg_temp.changed ORDER BY 1, 2");
    let mut concerned = 0;
    for row in tx.query(all, []).await.unwrap() {
        let subject: String = row.try_get_by_index(0).unwrap();
        let directories: Vec<i32> = row.try_get_by_index(2).unwrap();
        let subject = Subject::from_word(&subject);
        if subject == Subject::Category {
            concerned += directories.len();
        }
        let id = row.try_get_by_index(1).unwrap();
        tx.changed(Change { subject, id, directories: Directories::These(directories) });
    }
    tx.commit().await.unwrap();
    concerned
}
