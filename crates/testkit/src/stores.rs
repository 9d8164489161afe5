//! Fresh stores for tests, on every engine.

#![expect(clippy::unwrap_used, reason = "test support: a panic is the report")]

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use store::{ConnectOptions, Engine, MigrateOptions, Store};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::postgres;
use crate::upstream::Variant;

/// A store of a test's own. It is a [`Store`] by dereference; its files live as long as it (or a clone).
#[derive(Debug, Clone)]
pub struct TestStore {
    store: Store,
    url: String,
    _folder: Option<Arc<TempDir>>,
}

impl TestStore {
    /// What `--database` or `Store::connect` takes to open the same database again.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The store itself, for callers that want to own one. Keep the [`TestStore`] alive.
    pub fn store(&self) -> Store {
        self.store.clone()
    }
}

impl Deref for TestStore {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

impl DerefMut for TestStore {
    fn deref_mut(&mut self) -> &mut Store {
        &mut self.store
    }
}

/// A migrated store on SQLite.
pub async fn sqlite() -> TestStore {
    let mut store = empty_sqlite().await;
    store::migrate(&mut store.store, &MigrateOptions::default()).await.unwrap();
    store
}

/// A store on an SQLite file without any table.
pub async fn empty_sqlite() -> TestStore {
    let folder = tempfile::Builder::new().prefix("mm-sqlite-").tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("mm.db").display());
    let options = ConnectOptions { create: true, ..ConnectOptions::default() };
    let store = Store::connect(&url, &options).await.unwrap();
    TestStore { store, url, _folder: Some(Arc::new(folder)) }
}

/// A migrated store on PostgreSQL.
pub async fn postgres() -> TestStore {
    open(postgres::migrated_database().await).await
}

/// A store on a PostgreSQL database without any table.
pub async fn empty_postgres() -> TestStore {
    open(postgres::empty_database().await).await
}

async fn open(url: String) -> TestStore {
    let store = Store::connect(&url, &ConnectOptions::default()).await.unwrap();
    TestStore { store, url, _folder: None }
}

/// Runs a test's body on a fresh store of each engine, SQLite first.
///
/// The engine is printed before each run, so that the output of a failed test names it.
pub async fn each<F, Fut>(body: F)
where
    F: Fn(TestStore) -> Fut,
    Fut: Future<Output = ()>,
{
    run("SQLite", sqlite().await, &body).await;
    run("PostgreSQL", postgres().await, &body).await;
}

/// As [`each`], and on the two kinds of PostgreSQL databases that upstream's programs made, adopted.
pub async fn each_variant<F, Fut>(body: F)
where
    F: Fn(TestStore) -> Fut,
    Fut: Future<Output = ()>,
{
    run("SQLite", sqlite().await, &body).await;
    run("PostgreSQL", postgres().await, &body).await;
    run("PostgreSQL, adopted from a fresh upstream database", adopted(Variant::Fresh).await, &body).await;
    run("PostgreSQL, adopted from a migrated upstream database", adopted(Variant::Migrated).await, &body)
        .await;
}

/// A store on a database of upstream's newest revision to which only ours was added. It has no reference
/// data: no arch, no country.
pub async fn adopted(variant: Variant) -> TestStore {
    static FRESH: OnceCell<String> = OnceCell::const_new();
    static MIGRATED: OnceCell<String> = OnceCell::const_new();
    let template = match variant {
        Variant::Fresh => &FRESH,
        Variant::Migrated => &MIGRATED,
    };
    let url = template.get_or_init(|| adopt(variant)).await;
    open(postgres::copy_of(url).await).await
}

/// Makes the database that [`adopted`] copies.
async fn adopt(variant: Variant) -> String {
    let mut store = upstream(variant, 6).await;
    store::migrate(&mut store.store, &MigrateOptions::default()).await.unwrap();
    store.store.close().await;
    store.url
}

/// A store on a database as upstream's programs left it at a revision (0 to 6), without anything of ours.
pub async fn upstream(variant: Variant, revision: usize) -> TestStore {
    let url = postgres::empty_database().await;
    crate::upstream::create(&url, variant, revision).await;
    open(url).await
}

async fn run<F, Fut>(name: &str, store: TestStore, body: &F)
where
    F: Fn(TestStore) -> Fut,
    Fut: Future<Output = ()>,
{
    #[expect(clippy::print_stderr, reason = "shown by the test harness when the test fails")]
    {
        eprintln!("on {name}: {}", store.url());
    }
    body(store.clone()).await;
    store.store.close().await;
    if store.engine() == Engine::Postgres {
        postgres::drop_database(store.url()).await;
    }
}
