//! Opening a database, and what it says when it can not.
#![expect(clippy::unwrap_used, reason = "test helpers")]

use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, Statement};
use store::connect::redacted;
use store::{ConnectOptions, Store};
use testkit::stores;

async fn refused(url: &str) -> String {
    let text = Store::connect(url, &ConnectOptions::default()).await.unwrap_err().to_string();
    assert!(!text.contains("hunter2"), "{text}");
    assert!(!text.contains('\n'), "{text}");
    text
}

#[test]
fn passwords_are_never_shown() {
    for (url, shown) in [
        ("postgresql://me:hunter2@db/mm", "postgresql://me:***@db/mm"),
        ("postgresql://me@db:5432/mm", "postgresql://me@db:5432/mm"),
        ("postgresql://me:hunter2:x@y@db/mm?sslmode=require", "postgresql://me:***@db/mm?sslmode=require"),
        ("postgresql://me:hunter2/x@db/mm", "postgresql://me:***@db/mm"),
        (
            "postgresql:///mm?host=/run&user=me&password=hunter2&x=1",
            "postgresql:///mm?host=/run&user=me&password=***&x=1",
        ),
        ("sqlite:/var/lib/mm.db", "sqlite:/var/lib/mm.db"),
        ("nonsense", "nonsense"),
    ] {
        assert_eq!(redacted(url), shown);
    }
}

#[tokio::test]
async fn what_can_not_be_opened_is_told_in_one_line() {
    let begun = Instant::now();
    let text = refused("postgresql://me:hunter2@127.0.0.1:1/mm").await;
    assert!(text.starts_with("cannot open database postgresql://me:***@127.0.0.1:1/mm: "), "{text}");
    assert!(text.contains("refused"), "{text}");
    assert!(begun.elapsed() < Duration::from_secs(10), "it waited {:?}", begun.elapsed());

    assert!(refused("postgresql://me:hunter2@db:notaport/mm").await.contains("is not usable"));
    assert!(refused("mysql://me:hunter2@db/mm").await.contains("expected postgresql://"));
    assert!(refused("sqlite:/no/such/folder/mm.db").await.contains("/no/such/folder"));
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("mm.db").display());
    assert!(refused(&url).await.contains("db migrate"));
    assert!(refused(&format!("sqlite:{}", folder.path().display())).await.starts_with("cannot open"));
    let text = folder.path().join("text");
    std::fs::write(&text, "this is not a database, but it is long enough to be read as the beginning of one")
        .unwrap();
    assert!(refused(&format!("sqlite:{}", text.display())).await.starts_with("cannot open"));
}

#[tokio::test]
async fn a_database_that_does_not_exist_is_named() {
    let store = stores::postgres().await;
    let url = store.url().replace("///test_", "///nothing_");
    assert!(refused(&url).await.contains("nothing_"));
}

async fn text(store: &Store, sql: &str) -> String {
    let statement = Statement::from_string(store.engine().backend(), sql);
    store.read().query_one_raw(statement).await.unwrap().unwrap().try_get_by_index(0).unwrap()
}

#[tokio::test]
async fn sessions_are_in_utc_wherever_the_server_is() {
    let store = stores::postgres().await;
    assert_eq!(text(&store, "SHOW timezone").await, "UTC");
    // The throw-away server itself is not.
    assert_eq!(
        text(&store, "SELECT reset_val FROM pg_settings WHERE name = 'TimeZone'").await,
        "UTC",
        "set as the session begins, so RESET keeps it"
    );
}

#[tokio::test]
async fn reading_connections_of_sqlite_can_not_write() {
    let store = stores::sqlite().await;
    let error = store.read().execute_unprepared("DELETE FROM arch").await.unwrap_err();
    assert!(error.to_string().contains("readonly"), "{error}");
    assert_eq!(text(&store, "PRAGMA journal_mode").await, "wal");
}

#[tokio::test]
async fn sqlite_checks_references_and_booleans() {
    let store = stores::sqlite().await;
    let tx = store.begin_write().await.unwrap();
    for wrong in [
        "INSERT INTO category_directory VALUES (99, 99)",
        "INSERT INTO product (name, publiclist) VALUES ('x', 2)",
    ] {
        assert!(tx.db().execute_unprepared(wrong).await.is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn ids_that_leave_the_database_are_not_used_twice() {
    stores::each(|store| async move {
        for (table, columns, values) in [
            ("directory", "name, readable", "'d', true"),
            ("host", "name, admin_active, user_active, country, private, internet2, internet2_clients, asn_clients, max_connections, crawl_failures", "'h', true, true, 'US', false, false, false, true, 1, 0"),
            ("host_category", "always_up2date", "false"),
            ("mm3_change", "subject, subject_id", "'host', 1"),
        ] {
            let insert = format!("INSERT INTO {table} ({columns}) VALUES ({values})");
            let mut ids = Vec::new();
            for _ in 0..2 {
                let tx = store.begin_write().await.unwrap();
                tx.db().execute_unprepared(&insert).await.unwrap();
                tx.commit().await.unwrap();
                ids.push(text(&store, &format!("SELECT CAST(max(id) AS text) FROM {table}")).await);
                let tx = store.begin_write().await.unwrap();
                tx.db().execute_unprepared(&format!("DELETE FROM {table}")).await.unwrap();
                tx.commit().await.unwrap();
            }
            assert_ne!(ids[0], ids[1], "{table}");
        }
    })
    .await;
}

/// Adds 20 products, one transaction each.
async fn add_products(store: Store, who: &str) {
    for n in 0..20 {
        store::products::add(&store, &format!("{who} {n}")).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_queue_instead_of_failing() {
    stores::each(|store| async move {
        // Two tasks of one process, and another process with connections of its own.
        let other = Store::connect(store.url(), &ConnectOptions::default()).await.unwrap();
        let writers = [
            tokio::spawn(add_products(store.store(), "a")),
            tokio::spawn(add_products(store.store(), "b")),
            tokio::spawn(add_products(other.clone(), "c")),
        ];
        for writer in writers {
            writer.await.unwrap();
        }
        assert_eq!(store::products::list(&store).await.unwrap().len(), 60);
        other.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_reader_sees_one_state_while_others_write() {
    stores::each(|store| async move {
        store::products::add(&store, "one").await.unwrap();
        let tx = store.begin_read().await.unwrap();
        let count = async || {
            let statement = Statement::from_string(store.engine().backend(), "SELECT count(*) FROM product");
            let row = tx.db().query_one_raw(statement).await.unwrap().unwrap();
            row.try_get_by_index::<i64>(0).unwrap()
        };
        assert_eq!(count().await, 1);
        store::products::add(&store, "two").await.unwrap();
        assert_eq!(count().await, 1);
        assert_eq!(store::products::list(&store).await.unwrap().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn times_have_six_digits_whoever_writes_them() {
    let store = stores::sqlite().await;
    for (written, stored) in [
        ("2026-01-02 03:04:05", "2026-01-02 03:04:05.000000"),
        ("2026-01-02 03:04:05.5", "2026-01-02 03:04:05.500000"),
        ("2026-01-02 03:04:05.123456", "2026-01-02 03:04:05.123456"),
        ("2026-01-02 03:04:05.123456789", "2026-01-02 03:04:05.123456"),
        ("2026-01-02T03:04:05Z", "2026-01-02 03:04:05.000000"),
        ("2026-01-02T03:04:05.25+00:00", "2026-01-02 03:04:05.250000"),
    ] {
        let tx = store.begin_write().await.unwrap();
        let sql = format!("INSERT INTO mm_group (group_name, created) VALUES ('{written}', '{written}')");
        tx.db().execute_unprepared(&sql).await.unwrap();
        tx.commit().await.unwrap();
        let newest = "SELECT created FROM mm_group ORDER BY id DESC LIMIT 1";
        assert_eq!(text(&store, newest).await, stored, "INSERT of {written}");
        let tx = store.begin_write().await.unwrap();
        tx.db().execute_unprepared(&format!("UPDATE mm_group SET created = '{written}'")).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(text(&store, newest).await, stored, "UPDATE to {written}");
    }
    // Every time column has its triggers, ours too.
    let columns: i64 = text(
        &store,
        "SELECT CAST(count(*) AS text) FROM sqlite_master WHERE type = 'trigger' AND name GLOB 'mm3_time_*'",
    )
    .await
    .parse()
    .unwrap();
    let times = stores::postgres().await;
    let expected: i64 = text(
        &times,
        "SELECT count(*)::text FROM information_schema.columns WHERE table_schema = 'public' \
         AND data_type = 'timestamp without time zone' AND table_name <> 'mm3_migration'",
    )
    .await
    .parse()
    .unwrap();
    assert_eq!(columns, expected * 2);
}
