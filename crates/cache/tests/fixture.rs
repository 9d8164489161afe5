//! The recorded database and the cache made of it (`data/generate-cache/README.md`), on both engines.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is the report of a failed test")]

mod support;

use cache::Compatibility::{Native, Upstream};
use cache::{Build, Compatibility, NoResolver};
use chrono::DateTime;
use sea_orm::ConnectionTrait as _;
use serde_json::{Value, json};
use snapshot::proto::{self, MirrorList};
use store::{Engine, Store, export};
use testkit::stores;
use testkit::upstream::Variant;

use support::as_recorded;
use support::rules;

const FIXTURE: &str = include_str!("data/generate-cache/fixture.sql");
const EXPECTED: &str = include_str!("data/generate-cache/expected.json");

/// The only statement of the fixture that SQLite does not understand, and the same rows in its words.
const POSTGRES_ONLY: &str = " SELECT hc, d::text, NOT (hc = 107 AND d = 4), d \
    FROM generate_series(100,109) hc, unnest(ARRAY[2,3,4,5,6,7,9,12]) d;";
const SQLITE_INSTEAD: &str = " SELECT hc.value, CAST(d.value AS TEXT), NOT (hc.value = 107 AND d.value = 4), d.value \
    FROM json_each('[100,101,102,103,104,105,106,107,108,109]') hc, json_each('[2,3,4,5,6,7,9,12]') d;";

/// Loads the fixture. A new database has arches already; the fixture brings its own.
async fn load(store: &Store) {
    let script = match store.engine() {
        Engine::Postgres => FIXTURE.to_owned(),
        Engine::Sqlite => {
            assert_eq!(FIXTURE.matches(POSTGRES_ONLY).count(), 1);
            FIXTURE.replace(POSTGRES_ONLY, SQLITE_INSTEAD)
        }
    };
    let tx = store.begin_write().await.unwrap();
    tx.db().execute_unprepared("DELETE FROM arch").await.unwrap();
    tx.db().execute_unprepared(&script).await.unwrap();
    tx.commit().await.unwrap();
}

async fn built(store: &Store, mode: Compatibility) -> MirrorList {
    let reads = export::read(store).await.unwrap();
    let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    let build = Build::prepare(&reads, &NoResolver, now, mode, &()).await;
    let mut bytes = Vec::new();
    build.encode_proto(&mut bytes, &()).unwrap();
    let (cache, report) = (proto::decode(&bytes).unwrap(), build.into_report());
    assert_eq!(cache.time, 1_700_000_000);
    assert_eq!(report.counts.directories, cache.mirror_list_cache.len());
    cache
}

fn expected(mode: Compatibility) -> Value {
    let mut expected: Value = serde_json::from_str(EXPECTED).unwrap();
    for rule in rules::BOTH {
        rule(&mut expected);
    }
    match mode {
        Native => rules::NATIVE.iter().for_each(|rule| rule(&mut expected)),
        Upstream => rules::UPSTREAM.iter().for_each(|rule| rule(&mut expected)),
    }
    expected
}

#[tokio::test]
async fn the_recorded_database_gives_the_recorded_cache_but_for_the_named_rules() {
    stores::each_variant(|store| async move {
        load(&store).await;
        for mode in [Native, Upstream] {
            let ours = as_recorded(&built(&store, mode).await);
            let expected = expected(mode);
            for (part, value) in expected.as_object().unwrap() {
                assert_eq!(&ours[part], value, "{part} in {mode:?}");
            }
            assert_eq!(ours, expected, "{mode:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_database_that_only_the_old_programs_have_seen_needs_no_table_of_ours() {
    for variant in [Variant::Fresh, Variant::Migrated] {
        // Before revision 2 there was no `category.admin_only`, which the fixture fills (and nobody reads).
        for revision in 2..=6 {
            let store = stores::upstream(variant, revision).await;
            assert!(!store.has_own_tables());
            load(&store).await;
            assert_eq!(as_recorded(&built(&store, Native).await), expected(Native), "{variant:?} {revision}");
        }
    }
}

/// A rule that changes nothing would hide that the fixture no longer has its case.
#[test]
fn every_rule_changes_the_recorded_cache() {
    let recorded: Value = serde_json::from_str(EXPECTED).unwrap();
    for (number, rule) in rules::BOTH.iter().chain(rules::NATIVE).chain(rules::UPSTREAM).enumerate() {
        let mut changed = recorded.clone();
        rule(&mut changed);
        assert_ne!(changed, recorded, "rule {number}");
    }
}

#[tokio::test]
async fn equal_content_and_time_give_equal_bytes_wherever_the_rows_lie() {
    let mut all = Vec::new();
    for store in [stores::sqlite().await, stores::postgres().await] {
        load(&store).await;
        let first = proto::encode(&built(&store, Native).await);
        let tx = store.begin_write().await.unwrap();
        // On PostgreSQL an updated row moves to the end of its table.
        for touch in [
            "UPDATE host_category_url SET url = url WHERE id < 1006",
            "UPDATE host SET name = name WHERE id < 15",
            "UPDATE directory SET name = name WHERE id < 4",
            "UPDATE host_category SET always_up2date = always_up2date WHERE id < 105",
            "UPDATE host_category_dir SET up2date = up2date WHERE host_category_id < 105",
            "UPDATE host_netblock SET netblock = netblock WHERE id < 4",
            "UPDATE category_directory SET directory_id = directory_id WHERE directory_id < 5",
            "UPDATE file_detail SET filename = filename WHERE id < 3",
            "UPDATE repository SET name = name WHERE id < 3",
            "UPDATE netblock_country SET country = country WHERE id < 2",
        ] {
            tx.db().execute_unprepared(touch).await.unwrap();
        }
        tx.commit().await.unwrap();
        assert!(first == proto::encode(&built(&store, Native).await), "the rows' places show");
        all.push(first);
    }
    assert!(all.windows(2).all(|pair| pair[0] == pair[1]), "the engines differ");
}

#[tokio::test]
async fn what_was_left_out_is_named() {
    stores::each(|store| async move {
        load(&store).await;
        let reads = export::read(&store).await.unwrap();
        let build = Build::prepare(&reads, &NoResolver, DateTime::UNIX_EPOCH, Native, &()).await;
        let report = build.report();
        let lines: Vec<String> = report.skipped.iter().map(ToString::to_string).collect();
        for named in [
            "host_category 109: its host 19 belongs to no site",
            "host_category 114: no host or no category",
            "host_netblock 10 (host 10): ",
            "directory 5 (pub/fedora/linuxfoo): not below the top directory",
            "directory 10 (pub/two): not below the top directory",
            "repository 1: disabled too, because repository 2 of the same prefix \"fedora-40\" is",
        ] {
            assert!(lines.iter().any(|line| line.contains(named)), "{named} in\n{}", lines.join("\n"));
        }
        assert_eq!(report.skipped_total, lines.len());
    })
    .await;
}

#[test]
fn the_copies_are_as_recorded() {
    use sha2::{Digest as _, Sha256};
    let sums = include_str!("data/generate-cache/SHA256SUMS");
    for (name, content) in [("fixture.sql", FIXTURE), ("expected.json", EXPECTED)] {
        let digest: String =
            Sha256::digest(content.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(sums.lines().any(|line| line == format!("{digest}  {name}")), "{name} was edited: {digest}");
    }
    assert_eq!(json!(sums.lines().count()), json!(2));
}
