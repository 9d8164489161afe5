//! When the change log is not enough, everything is read.

use std::time::{Duration, Instant};

use store::changes::{self, Change, Subject};
use store::export::{Refreshed, Resident, Why};
use store::{ConnectOptions, Store, written};
use testkit::stores::{self, TestStore};
use testkit::upstream::Variant;

use crate::check;
use crate::world::{World, now, run};

/// Writes as a program that keeps no change log, and waits until the server has counted it.
async fn write_foreign(store: &TestStore, sql: &str) {
    let before = written::total(store).await.unwrap().unwrap();
    let foreign = Store::connect(store.url(), &ConnectOptions::default()).await.unwrap();
    run(&foreign, sql, None).await;
    foreign.close().await;
    let deadline = Instant::now() + Duration::from_secs(30);
    while written::total(store).await.unwrap().unwrap().since(&before) == Some(0) {
        assert!(Instant::now() < deadline, "the server has not counted {sql}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn started(store: &Store) -> (World, Resident) {
    let world = World::new(store).await;
    let (resident, why) = Resident::read(store, "test", now()).await.unwrap();
    assert_eq!(why, Why::First);
    (world, resident)
}

#[tokio::test]
async fn a_foreign_write_to_a_big_table_makes_it_read_everything_once() {
    stores::each_variant(|store| async move {
        let (mut world, mut resident) = started(&store).await;
        for sql in [
            "UPDATE host_category_dir SET up2date = NOT up2date",
            "INSERT INTO directory (id, name, readable) VALUES (5000, 'pub/linux/foreign', TRUE)",
            "INSERT INTO category_directory (category_id, directory_id) SELECT min(id), 5000 FROM category",
            "UPDATE file_detail SET size = 77",
            "DELETE FROM host_category_dir",
        ] {
            write_foreign(&store, sql).await;
            // Our own writes in between hide nothing.
            world.step(&store, 0, 1, 1).await;
            let refreshed = resident.refresh(&store, now()).await.unwrap();
            assert_eq!(refreshed, Refreshed::Whole(Why::Foreign), "{sql}");
            check(&store, &resident, sql).await;
            world.step(&store, 0, 1, 1).await;
            let refreshed = resident.refresh(&store, now()).await.unwrap();
            assert_eq!(refreshed, Refreshed::Changed { directories: 2, host_categories: 0 }, "after {sql}");
            check(&store, &resident, "our own write").await;
        }
    })
    .await;
}

#[tokio::test]
async fn what_a_newer_program_wrote_makes_it_read_everything() {
    stores::each(|store| async move {
        let (_world, mut resident) = started(&store).await;
        run(&store, "INSERT INTO mm3_change (subject, subject_id) VALUES ('moon', 1)", None).await;
        assert_eq!(resident.refresh(&store, now()).await.unwrap(), Refreshed::Whole(Why::Unknown));
        check(&store, &resident, "a row of a newer program").await;
    })
    .await;
}

#[tokio::test]
async fn a_reader_that_was_forgotten_reads_everything() {
    stores::each(|store| async move {
        let (_world, mut resident) = started(&store).await;
        changes::prune(&store, now() + chrono::TimeDelta::days(1)).await.unwrap();
        run(&store, "UPDATE host SET country = 'XX'", Some(Change::all(Subject::Host, 1))).await;
        // It notices as it tells where it stands, and makes up for it the next time.
        let first = resident.refresh(&store, now()).await.unwrap();
        assert!(matches!(first, Refreshed::Changed { .. }), "{first:?}");
        assert!(!resident.follows());
        assert_eq!(resident.refresh(&store, now()).await.unwrap(), Refreshed::Whole(Why::Lost));
        assert!(resident.follows());
    })
    .await;
}

#[tokio::test]
async fn without_a_log_everything_is_read_every_time() {
    let store = stores::upstream(Variant::Migrated, 6).await;
    let (mut resident, why) = Resident::read(&store, "test", now()).await.unwrap();
    assert!(matches!(&why, Why::NoLog(reason) if reason.contains("db migrate")), "{why}");
    for _ in 0..2 {
        let refreshed = resident.refresh(&store, now()).await.unwrap();
        assert!(matches!(refreshed, Refreshed::Whole(Why::NoLog(_))), "{refreshed:?}");
    }
}

#[tokio::test]
async fn a_role_that_may_only_read_reads_everything_every_time() {
    let store = stores::postgres().await;
    let mut world = World::new(&store).await;
    let role = format!("only_reads_{}", std::process::id());
    run(
        &store,
        &format!("CREATE ROLE {role} LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}"),
        None,
    )
    .await;
    let url = store.url().replace("user=mm", &format!("user={role}"));
    let reader = Store::connect(&url, &ConnectOptions::default()).await.unwrap();
    let (mut resident, why) = Resident::read(&reader, "test", now()).await.unwrap();
    assert!(matches!(&why, Why::NoLog(reason) if reason.contains("permission denied")), "{why}");
    world.step(&store, 0, 1, 1).await;
    assert!(matches!(resident.refresh(&reader, now()).await.unwrap(), Refreshed::Whole(Why::NoLog(_))));
    check(&store, &resident, "a write").await;
}
