//! The scanner's statements: ageing against the pure rule, locks, deletion with null-laden rows.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::DateTime;
use model::ageing::{self, AgeLimits, DetailAge};
use model::ids::DirectoryId;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use sea_orm::{ConnectionTrait as _, Statement};
use store::master::{DetailRow, Holder, LOCK_STALE_AFTER, Master, NewDirectory, UpdatedDirectory};
use store::{Engine, Store};
use testkit::stores::{self, each};

const DAY: i64 = 86_400;
const NOW: i64 = 1_800_000_000;

async fn directory(store: &Store, name: &str) -> DirectoryId {
    let tx = Master::new(store).begin().await.unwrap();
    let new = NewDirectory { name: name.to_owned(), readable: true, ctime: 1, files: None };
    let added = tx.add_directories(&[new]).await.unwrap();
    tx.commit().await.unwrap();
    added[0].0
}

fn detail(directory: DirectoryId, filename: &str, timestamp: Option<i64>) -> DetailRow {
    DetailRow {
        directory,
        filename: filename.to_owned(),
        timestamp,
        size: Some(1),
        md5: None,
        sha1: None,
        sha256: None,
        sha512: None,
    }
}

/// The ids that each way removes: (the statement's, the rule's).
async fn both_ways(store: &Store, details: &[DetailRow], limits: AgeLimits) -> (Vec<i64>, Vec<i64>) {
    let master = Master::new(store);
    let tx = master.begin().await.unwrap();
    tx.add_details(details).await.unwrap();
    tx.commit().await.unwrap();
    let sql = "SELECT id, directory_id, filename, \"timestamp\" FROM file_detail";
    let rows =
        store.read().query_all_raw(Statement::from_string(store.engine().backend(), sql)).await.unwrap();
    let mut groups: BTreeMap<(i32, String), Vec<DetailAge>> = BTreeMap::new();
    for row in rows {
        let key = (row.try_get("", "directory_id").unwrap(), row.try_get("", "filename").unwrap());
        let id = row.try_get::<i32>("", "id").unwrap().into();
        groups
            .entry(key)
            .or_default()
            .push(DetailAge { id, timestamp: row.try_get("", "timestamp").unwrap() });
    }
    let mut by_rule: Vec<i64> = groups.values().flat_map(|states| ageing::aged(states, limits)).collect();
    by_rule.sort_unstable();
    let aged = master.aged(limits.stale, limits.propagation, None).await.unwrap();
    (aged.iter().map(|detail| i64::from(detail.id.0)).collect(), by_rule)
}

#[tokio::test]
async fn ageing_of_the_worked_examples() {
    // Ages in days, and what is left of them (`spec/umdl.md` 13).
    let examples: [(&[f64], &[f64]); 9] = [
        (&[10.0], &[10.0]),
        (&[1.0, 5.0], &[1.0, 5.0]),
        (&[3.5, 5.0], &[3.5]),
        (&[3.5, 3.9], &[3.5, 3.9]),
        (&[1.0, 5.0, 6.0, 7.0], &[1.0, 5.0]),
        (&[1.0, 2.0, 3.0, 5.0], &[1.0, 2.0, 3.0]),
        (&[3.5, 3.6, 4.5], &[3.5, 3.6]),
        (&[2.9, 5.0, 6.0], &[2.9, 5.0]),
        (&[10.0, 11.0, 12.0], &[10.0]),
    ];
    each(|store| async move {
        let time = |age: &f64| Some(NOW - (age * DAY as f64) as i64);
        let here = directory(&store, "pub").await;
        let mut details = Vec::new();
        for (number, (ages, _)) in examples.iter().enumerate() {
            details.extend(ages.iter().map(|age| detail(here, &number.to_string(), time(age))));
        }
        let limits = AgeLimits::umdl(NOW, 4);
        let (aged, by_rule) = both_ways(&store, &details, limits).await;
        assert_eq!(aged, by_rule);
        let master = Master::new(&store);
        let tx = master.begin().await.unwrap();
        tx.delete_details(&master.aged(limits.stale, limits.propagation, None).await.unwrap()).await.unwrap();
        tx.commit().await.unwrap();
        let left = master.details(&[here]).await.unwrap();
        for (number, (_, expected)) in examples.iter().enumerate() {
            let mut times: Vec<_> =
                left.iter().filter(|d| d.filename == number.to_string()).map(|d| d.timestamp).collect();
            times.sort_unstable_by(|a, b| b.cmp(a));
            assert_eq!(times, expected.iter().map(time).collect::<Vec<_>>(), "example {number}");
        }
        assert!(master.aged(limits.stale, limits.propagation, None).await.unwrap().is_empty());
    })
    .await;
}

fn equal_to_the_rule(cases: u32, open: impl AsyncFn() -> stores::TestStore) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let age =
        prop_oneof![1 => Just(None), 9 => (0..24i64).prop_map(|quarters| Some(NOW - quarters * DAY / 4))];
    let rows = proptest::collection::vec((0..2usize, 0..3u8, age), 0..40);
    let tested = runner.run(&rows, |rows| {
        let (aged, by_rule) = runtime.block_on(async {
            let store = open().await;
            let directories = [directory(&store, "a").await, directory(&store, "b").await];
            let details: Vec<DetailRow> = rows
                .iter()
                .map(|(d, file, time)| detail(directories[*d], &file.to_string(), *time))
                .collect();
            both_ways(&store, &details, AgeLimits::umdl(NOW, 4)).await
        });
        prop_assert_eq!(aged, by_rule);
        Ok(())
    });
    tested.unwrap();
}

#[test]
fn ageing_equals_the_rule_on_sqlite() {
    equal_to_the_rule(16, stores::sqlite);
}

#[test]
fn ageing_equals_the_rule_on_postgresql() {
    equal_to_the_rule(8, stores::postgres);
}

#[tokio::test]
async fn nulls_survive_the_way_into_the_database_and_back() {
    each(|store| async move {
        let master = Master::new(&store);
        let tx = master.begin().await.unwrap();
        let new = |name: &str, files: Option<&[u8]>| NewDirectory {
            name: name.to_owned(),
            readable: false,
            ctime: -5,
            files: files.map(<[u8]>::to_vec),
        };
        let list = br#"[{"name": "caf\udce9 \"\u00e9", "size": 1, "timestamp": 2}]"#;
        let three = [new("a", None), new("é \"x\" \\", Some(list)), new("c", Some(b"[]"))];
        let added = tx.add_directories(&three).await.unwrap();
        assert_eq!(added.len(), 3);
        assert!(
            tx.add_directories(&[new("a", Some(b"[]"))]).await.unwrap().is_empty(),
            "a known name is left out"
        );
        let id_of = |name: &str| added.iter().find(|(_, n)| n == name).unwrap().0;
        let keep = UpdatedDirectory { id: id_of("c"), readable: true, ctime: None, files: None };
        tx.update_directories(&[keep]).await.unwrap();
        let row = DetailRow { sha1: Some("s".into()), ..detail(id_of("a"), "f", None) };
        tx.add_details(&[row.clone(), detail(id_of("a"), "g", Some(7))]).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(master.details(&[id_of("a")]).await.unwrap(), [row, detail(id_of("a"), "g", Some(7))]);
        let files: BTreeMap<_, _> = master
            .files(&added.iter().map(|(id, _)| *id).collect::<Vec<_>>())
            .await
            .unwrap()
            .into_iter()
            .collect();
        assert_eq!(files[&id_of("a")], None);
        assert_eq!(files[&id_of("é \"x\" \\")].as_deref(), Some(&list[..]));
        assert_eq!(files[&id_of("c")].as_deref(), Some(&b"[]"[..]));
        let named = master.directories_named(&["c", "missing"]).await.unwrap();
        assert_eq!((named.len(), named[0].readable, named[0].ctime), (1, true, Some(-5)));
    })
    .await;
}

#[tokio::test]
async fn one_scan_of_a_category_at_a_time() {
    each(|store| async move {
        store::products::add(&store, "P").await.unwrap();
        store::categories::add(&store, "A", "P", "pub/a").await.unwrap();
        store::categories::add(&store, "B", "P", "pub/b").await.unwrap();
        let master = Master::new(&store);
        let ids: Vec<_> = master.categories().await.unwrap().iter().map(|c| c.id).collect();
        let now = DateTime::from_timestamp(NOW, 0).unwrap();
        let first = master.lock(ids[0], "one", now, |_| Holder::Unknown).await.unwrap().unwrap();
        assert!(master.lock(ids[0], "two", now, |_| Holder::Unknown).await.unwrap().is_err());
        let other = master.lock(ids[1], "two", now, |_| Holder::Unknown).await.unwrap().unwrap();
        other.release().await.unwrap();
        first.release().await.unwrap();
        let again = master.lock(ids[0], "two", now, |_| Holder::Unknown).await.unwrap().unwrap();
        if store.engine() == Engine::Sqlite {
            // The row outlives its owner; a connection does not.
            let late = now + LOCK_STALE_AFTER + Duration::from_secs(1);
            assert!(
                master
                    .lock(ids[0], "three", late - Duration::from_secs(2), |_| Holder::Unknown)
                    .await
                    .unwrap()
                    .is_err()
            );
            let running = master.lock(ids[0], "three", late, |_| Holder::Running).await.unwrap();
            assert!(running.is_err(), "a scan may take longer than that");
            let taken = master.lock(ids[0], "three", late, |_| Holder::Unknown).await.unwrap().unwrap();
            let gone = master.lock(ids[0], "four", now, |_| Holder::Ended).await.unwrap();
            assert!(gone.is_ok(), "its owner is known to have ended");
            taken.release().await.unwrap();
            assert!(
                master.lock(ids[0], "five", now, |_| Holder::Unknown).await.unwrap().is_err(),
                "not its lock any more"
            );
            gone.unwrap().release().await.unwrap();
        }
        again.release().await.unwrap();

        drop(master.lock(ids[0], "cancelled", now, |_| Holder::Unknown).await.unwrap().unwrap());
        let begun = std::time::Instant::now();
        let last = loop {
            match master.lock(ids[0], "six", now, |_| Holder::Unknown).await.unwrap() {
                Ok(lock) => break lock,
                Err(_) => assert!(begun.elapsed() < Duration::from_secs(20), "a dropped lock is given back"),
            }
            tokio::task::yield_now().await;
        };
        last.release().await.unwrap();
    })
    .await;
}
