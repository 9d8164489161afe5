//! A scan that ends in the middle of its transaction, and one that waits for another.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use model::clock::{Clock as _, FixedClock};
use scan::{Outcome, Progress, Quiet, ScanOptions, ScanReport, Verdict};
use sea_orm::ConnectionTrait as _;
use store::Engine;
use store::master::{Holder, Lock, Master};
use testkit::stores::{self, TestStore, each};
use tokio::sync::oneshot;

use crate::memory::{MemoryDisk, ROOT};
use crate::setup::*;

const TOP: &str = "pub/epel";

/// Every table that a first scan writes to, in order.
const TABLES: [&str; 7] =
    ["directory", "category_directory", "version", "repository", "file_detail", "mm3_retry", "mm3_change"];

/// A tree that makes a first scan write to each of [`TABLES`].
fn tree() -> MemoryDisk {
    let disk = MemoryDisk::default();
    disk.at(1_000);
    disk.file(&format!("{TOP}/9/x86_64/repodata/repomd.xml"), repomd(&[5]));
    disk.file(&format!("{TOP}/9/aarch64/repodata/repomd.xml"), "<damaged");
    disk.file(&format!("{TOP}/9/x86_64/f.rpm"), "1");
    disk
}

async fn scan_at(store: &TestStore, disk: &MemoryDisk, now: i64) -> ScanReport {
    let (settings, options) = (settings(ROOT.as_ref()), ScanOptions::default());
    scan::run_on(disk.clone(), store, &settings, &options, &FixedClock::at(now), Arc::new(Quiet))
        .await
        .unwrap()
}

/// Runs a statement that is not in a transaction.
async fn statement(store: &TestStore, sql: &str) {
    let tx = store.begin_write().await.unwrap();
    tx.db().execute_unprepared(sql).await.unwrap();
    tx.commit().await.unwrap();
}

/// Makes the first insertion into a table fail with `how`, in the words of PostgreSQL, or each one on SQLite.
async fn fail_at(store: &TestStore, table: &str, how: &str) {
    let sql = match store.engine() {
        Engine::Postgres => format!(
            "CREATE SEQUENCE mm_test_once; CREATE FUNCTION mm_test_fail() RETURNS trigger AS $$ BEGIN \
             IF nextval('mm_test_once') = 1 THEN {how}; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; \
             CREATE TRIGGER mm_test_fail BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION mm_test_fail()"
        ),
        Engine::Sqlite => format!(
            "CREATE TRIGGER mm_test_fail BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'made to fail'); END"
        ),
    };
    statement(store, &sql).await;
}

async fn heal(store: &TestStore, table: &str) {
    let sql = match store.engine() {
        Engine::Postgres => format!(
            "DROP TRIGGER mm_test_fail ON {table}; DROP FUNCTION mm_test_fail(); DROP SEQUENCE mm_test_once"
        ),
        Engine::Sqlite => "DROP TRIGGER mm_test_fail".to_owned(),
    };
    statement(store, &sql).await;
}

/// What a scan of the tree leaves behind, without ids.
async fn stored(store: &TestStore) -> (Vec<String>, Vec<String>, Vec<String>, [i64; 3]) {
    let counts = [
        count(store, "category_directory").await,
        count(store, "mm3_retry").await,
        count(store, "version").await,
    ];
    (directories(store).await, repositories(store).await, details(store).await, counts)
}

#[tokio::test]
async fn a_scan_that_fails_at_any_statement_leaves_nothing() {
    each(|store| async move {
        category(&store, "Fedora EPEL", "EPEL", TOP).await;
        let disk = tree();
        for table in TABLES {
            let before = everything(&store).await;
            fail_at(&store, table, "RAISE EXCEPTION 'made to fail'").await;
            let report = scan_at(&store, &disk, 1_100).await;
            let Outcome::NotStored(why) = &report.categories[0].outcome else {
                panic!("{table}: {report:?}")
            };
            assert!(why.contains("made to fail"), "{table}: {why}");
            assert_eq!(everything(&store).await, before, "{table}");
            heal(&store, table).await;
        }
        assert_eq!(scan_at(&store, &disk, 1_200).await.verdict(), Verdict::Fine);
        let changes = "SELECT subject FROM mm3_change WHERE subject = 'category' AND directories <> '[]'";
        assert_eq!(
            texts(&store, changes).await.len(),
            1,
            "and what is written later is in the change log once"
        );

        let fresh = match store.engine() {
            Engine::Postgres => stores::postgres().await,
            Engine::Sqlite => stores::sqlite().await,
        };
        category(&fresh, "Fedora EPEL", "EPEL", TOP).await;
        scan_at(&fresh, &disk, 1_200).await;
        assert_eq!(stored(&store).await, stored(&fresh).await);
    })
    .await;
}

/// What PostgreSQL does to a transaction through no fault of its own.
const PASSING: [&str; 3] = [
    "PERFORM pg_terminate_backend(pg_backend_pid())",
    "RAISE EXCEPTION USING ERRCODE = 'serialization_failure'",
    "RAISE EXCEPTION USING ERRCODE = 'deadlock_detected'",
];

#[tokio::test]
async fn what_passes_is_tried_once_more() {
    for how in PASSING {
        let store = stores::postgres().await;
        category(&store, "Fedora EPEL", "EPEL", TOP).await;
        fail_at(&store, "file_detail", how).await;
        let report = scan_at(&store, &tree(), 1_100).await;
        assert_eq!(report.verdict(), Verdict::Fine, "{how}: {report:?}");
        assert_eq!(details(&store).await.len(), 1, "{how}");
        let category = "SELECT subject FROM mm3_change WHERE subject = 'category' AND directories <> '[]'";
        assert_eq!(texts(&store, category).await.len(), 1, "{how}");
        store.close().await;
    }
}

/// Gives a lock back as soon as somebody waits for it.
struct Release(Mutex<Option<oneshot::Sender<String>>>);

impl Progress for Release {
    fn waiting(&self, who: &str) {
        if let Some(told) = self.0.lock().unwrap().take() {
            told.send(who.to_owned()).unwrap();
        }
    }
}

async fn lock(store: &TestStore, now: i64) -> Lock {
    let master = Master::new(store);
    let id = master.categories().await.unwrap()[0].id;
    let now = FixedClock::at(now).now();
    master.lock(id, "process 7 of elsewhere", now, |_| Holder::Unknown).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_scan_may_wait_for_another_one() {
    each(|store| async move {
        category(&store, "Fedora EPEL", "EPEL", TOP).await;
        let (settings, disk) = (settings(ROOT.as_ref()), tree());
        let held = lock(&store, 1_000).await;
        let options = ScanOptions { wait: Duration::from_secs(60), ..ScanOptions::default() };
        let (told, waits) = oneshot::channel();
        let progress = Arc::new(Release(Mutex::new(Some(told))));
        let clock = FixedClock::at(1_100);
        let scan = scan::run_on(disk, &store, &settings, &options, &clock, progress);
        let release = async {
            let who = waits.await.unwrap();
            held.release().await.unwrap();
            who
        };
        let (report, who) = tokio::join!(scan, release);
        assert_eq!(report.unwrap().verdict(), Verdict::Fine);
        assert!(who.starts_with("another scan of it is running (process 7 of elsewhere"), "{who}");
    })
    .await;
}

#[tokio::test]
async fn a_scan_waits_no_longer_than_it_is_told_and_says_who_has_the_category_for_how_long() {
    each(|store| async move {
        category(&store, "Fedora EPEL", "EPEL", TOP).await;
        let held = lock(&store, 1_000).await;
        let options = ScanOptions { wait: Duration::from_millis(1), ..ScanOptions::default() };
        let (settings, clock) = (settings(ROOT.as_ref()), FixedClock::at(1_000 + 3 * 3_600));
        let report =
            scan::run_on(tree(), &store, &settings, &options, &clock, Arc::new(Quiet)).await.unwrap();
        let Outcome::Locked(why) = &report.categories[0].outcome else { panic!("{report:?}") };
        // The server's own clock tells the age of a session.
        let age = if store.engine() == Engine::Sqlite { ", for 3 h)" } else { ", for 0 s)" };
        assert!(why.contains("process 7 of elsewhere") && why.ends_with(age), "{why}");
        held.release().await.unwrap();
    })
    .await;
}

/// Takes a scan's lock away as soon as the tree is being read.
struct Robber(TestStore);

impl Progress for Robber {
    fn reading(&self, _files: usize) {
        let store = self.0.clone();
        let rob = async move {
            match store.engine() {
                Engine::Sqlite => statement(&store, "UPDATE mm3_scan_state SET lock_owner = 'a thief'").await,
                Engine::Postgres => {
                    let sql =
                        "SELECT pg_terminate_backend(pid)::text FROM pg_locks WHERE locktype = 'advisory'";
                    assert_eq!(texts(&store, sql).await, ["true"]);
                }
            }
        };
        std::thread::scope(|scope| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            scope.spawn(move || runtime.block_on(rob));
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_that_has_lost_its_lock_writes_nothing() {
    each(|store| async move {
        category(&store, "Fedora EPEL", "EPEL", TOP).await;
        let before = everything(&store).await;
        let (settings, options) = (settings(ROOT.as_ref()), ScanOptions::default());
        let (clock, progress) = (FixedClock::at(1_100), Arc::new(Robber(store.clone())));
        let report = scan::run_on(tree(), &store, &settings, &options, &clock, progress).await.unwrap();
        let Outcome::Failed(why) = &report.categories[0].outcome else { panic!("{report:?}") };
        assert!(why.starts_with("its lock was lost"), "{why}");
        assert_eq!(everything(&store).await, before);
    })
    .await;
}
