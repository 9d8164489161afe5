//! The change log, and the count of rows written.
#![expect(clippy::unwrap_used, reason = "test helpers")]

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait;
use store::changes::{self, Change, Cursor, Directories, Row, Subject};
use store::written::{self, Written};
use store::{ConnectOptions, Store, StoreError};
use testkit::stores;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
}

fn host(id: i32) -> Change {
    Change::all(Subject::Host, id)
}

async fn write(store: &Store, changes: &[Change]) {
    let mut tx = store.begin_write().await.unwrap();
    for change in changes {
        tx.changed(change.clone());
    }
    tx.commit().await.unwrap();
}

/// Reads until `count` rows have come: other tests' open transactions on the same server hold rows back.
async fn read(store: &Store, mut cursor: Cursor, count: usize) -> (Vec<Row>, Cursor) {
    let deadline = Instant::now() + Duration::from_secs(30);
    let mut all = Vec::new();
    loop {
        let (rows, next) = changes::read_since(store, cursor).await.unwrap();
        all.extend(rows);
        cursor = next;
        if all.len() >= count {
            return (all, cursor);
        }
        assert!(Instant::now() < deadline, "{all:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn changes_of(rows: &[Row]) -> Vec<Change> {
    rows.iter().map(|row| row.change.clone()).collect()
}

#[tokio::test]
async fn a_reader_gets_each_row_once_and_in_order() {
    stores::each_variant(|store| async move {
        let some =
            Change { subject: Subject::Category, id: 7, directories: Directories::These(vec![3, 1, 2]) };
        write(&store, &[host(1), some.clone()]).await;
        let (rows, cursor) = read(&store, Cursor::START, 2).await;
        assert_eq!(changes_of(&rows), [host(1), some]);
        write(&store, &[host(2)]).await;
        write(&store, &[host(3)]).await;
        let (rows, cursor) = read(&store, cursor, 2).await;
        assert_eq!(changes_of(&rows), [host(2), host(3)]);
        assert_eq!(changes::read_since(&store, cursor).await.unwrap().0, []);
    })
    .await;
}

#[tokio::test]
async fn a_transaction_writes_one_row_a_subject() {
    stores::each(|store| async move {
        let these = |id, ids: &[i32]| Change {
            subject: Subject::Category,
            id,
            directories: Directories::These(ids.to_vec()),
        };
        write(&store, &[these(1, &[3, 1]), these(2, &[9]), these(1, &[2, 3]), host(1), host(1)]).await;
        let (rows, cursor) = read(&store, Cursor::START, 3).await;
        assert_eq!(changes_of(&rows), [these(1, &[1, 2, 3]), these(2, &[9]), host(1)]);
        write(&store, &[these(1, &[3]), Change::all(Subject::Category, 1), these(1, &[4])]).await;
        let (rows, _) = read(&store, cursor, 1).await;
        assert_eq!(changes_of(&rows), [Change::all(Subject::Category, 1)]);
    })
    .await;
}

#[tokio::test]
async fn a_transaction_that_rolls_back_leaves_no_row() {
    stores::each(|store| async move {
        let mut tx = store.begin_write().await.unwrap();
        tx.changed(host(1));
        drop(tx);
        write(&store, &[host(2)]).await;
        let (rows, _) = read(&store, Cursor::START, 1).await;
        assert_eq!(changes_of(&rows), [host(2)]);
    })
    .await;
}

#[tokio::test]
async fn every_subject_comes_back_as_it_was_written() {
    stores::each(|store| async move {
        use Subject::{Category, Host, HostCategory, Reference, Repository, Site};
        let all: Vec<Change> = [Category, HostCategory, Host, Site, Repository, Reference]
            .into_iter()
            .map(|subject| Change::all(subject, 5))
            .collect();
        write(&store, &all).await;
        assert_eq!(changes_of(&read(&store, Cursor::START, all.len()).await.0), all);
    })
    .await;
}

#[tokio::test]
async fn a_row_of_a_newer_program_concerns_everything() {
    stores::each(|store| async move {
        let tx = store.begin_write().await.unwrap();
        tx.db()
            .execute_unprepared("INSERT INTO mm3_change (subject, subject_id) VALUES ('moon', 3)")
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let (rows, _) = read(&store, Cursor::START, 1).await;
        assert_eq!(changes_of(&rows), [Change::all(Subject::Other, 3)]);
    })
    .await;
}

#[tokio::test]
async fn two_writers_that_commit_in_reverse_lose_nothing() {
    let store = stores::postgres().await;
    // The first to begin and to write a row ...
    let first = store.begin_write().await.unwrap();
    first
        .db()
        .execute_unprepared("INSERT INTO mm3_change (subject, subject_id) VALUES ('host', 1)")
        .await
        .unwrap();
    // ... is the last to commit.
    write(&store, &[host(2)]).await;
    let (rows, cursor) = changes::read_since(&store, Cursor::START).await.unwrap();
    assert_eq!(rows, [], "a row is held back until every older transaction has ended");
    first.commit().await.unwrap();
    let (rows, cursor) = read(&store, cursor, 2).await;
    assert_eq!(changes_of(&rows), [host(1), host(2)]);
    write(&store, &[host(3)]).await;
    assert_eq!(changes_of(&read(&store, cursor, 1).await.0), [host(3)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_writers_at_once_are_all_seen_exactly_once() {
    let store = stores::postgres().await;
    let mut writers = Vec::new();
    for writer in 0..4 {
        let store = store.store();
        writers.push(tokio::spawn(async move {
            for n in 0..50 {
                write(&store, &[host(writer * 100 + n)]).await;
            }
        }));
    }
    let (rows, _) = read(&store, Cursor::START, 200).await;
    for writer in writers {
        writer.await.unwrap();
    }
    let mut ids: Vec<i32> = rows.iter().map(|row| row.change.id).collect();
    ids.sort_unstable();
    let expected: Vec<i32> = (0..4).flat_map(|w| (0..50).map(move |n| w * 100 + n)).collect();
    assert_eq!(ids, expected);
}

async fn count(store: &Store) -> i64 {
    let statement =
        sea_orm::Statement::from_string(store.engine().backend(), "SELECT count(*) FROM mm3_change");
    store.read().query_one_raw(statement).await.unwrap().unwrap().try_get_by_index(0).unwrap()
}

/// Prunes until no more than `left` rows are there.
async fn prune(store: &Store, forget_before: DateTime<Utc>, left: i64) {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        changes::prune(store, forget_before).await.unwrap();
        if count(store).await <= left {
            return;
        }
        assert!(Instant::now() < deadline, "{} rows are left", count(store).await);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn rows_are_pruned_when_every_reader_has_passed() {
    stores::each(|store| async move {
        let slow = changes::register_reader(&store, "slow", at(0)).await.unwrap();
        let fast = changes::register_reader(&store, "fast", at(0)).await.unwrap();
        write(&store, &[host(1)]).await;
        write(&store, &[host(2)]).await;
        let (_, read_by_fast) = read(&store, fast, 2).await;
        changes::advance(&store, "fast", read_by_fast, at(1)).await.unwrap();
        changes::prune(&store, at(0)).await.unwrap();
        assert_eq!(count(&store).await, 2, "the slow one has not read them");
        // A reader keeps its place over a restart.
        assert_eq!(changes::register_reader(&store, "slow", at(2)).await.unwrap(), slow);
        let (rows, read_by_slow) = read(&store, slow, 2).await;
        assert_eq!(changes_of(&rows), [host(1), host(2)]);
        changes::advance(&store, "slow", read_by_slow, at(2)).await.unwrap();
        prune(&store, at(0), 0).await;
        // Pruning does not move a cursor back.
        write(&store, &[host(3)]).await;
        assert_eq!(changes_of(&read(&store, read_by_slow, 1).await.0), [host(3)]);
    })
    .await;
}

#[tokio::test]
async fn a_reader_that_is_gone_does_not_keep_the_log() {
    stores::each(|store| async move {
        changes::register_reader(&store, "gone", at(0)).await.unwrap();
        write(&store, &[host(1)]).await;
        prune(&store, at(10), 0).await;
        let error = changes::advance(&store, "gone", Cursor(1), at(11)).await.unwrap_err();
        assert!(matches!(error, StoreError::Missing { .. }), "{error}");
    })
    .await;
}

#[tokio::test]
async fn a_cursor_of_another_database_is_refused() {
    stores::each(|store| async move {
        let error = changes::read_since(&store, Cursor(i64::MAX - 1)).await.unwrap_err();
        assert!(matches!(error, StoreError::CursorLost(_)), "{error}");
    })
    .await;
}

#[tokio::test]
async fn without_our_tables_writing_works_and_logs_nothing() {
    let store = stores::upstream(testkit::upstream::Variant::Migrated, 6).await;
    store::products::add(&store, "Fedora").await.unwrap();
    assert_eq!(store::products::list(&store).await.unwrap().len(), 1);
}

async fn total(store: &Store) -> Written {
    written::total(store).await.unwrap().unwrap()
}

/// Rows that everybody has written since, when the statistics have arrived.
async fn written_since(store: &Store, before: &Written, wanted: i64) -> i64 {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let rows = total(store).await.since(before).unwrap();
        if rows >= wanted || Instant::now() > deadline {
            return rows;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn accounted(store: &Store) -> i64 {
    let statement = sea_orm::Statement::from_string(
        store.engine().backend(),
        "SELECT CAST(coalesce(sum(written), 0) AS bigint) FROM mm3_change",
    );
    store.read().query_one_raw(statement).await.unwrap().unwrap().try_get_by_index(0).unwrap()
}

#[tokio::test]
async fn what_our_transactions_write_is_accounted_for_at_once() {
    stores::each_variant(|store| async move {
        store::products::add(&store, "Fedora").await.unwrap();
        let before = (total(&store).await, accounted(&store).await);
        let since = async || (total(&store).await.since(&before.0), accounted(&store).await - before.1);
        assert_eq!(since().await, (Some(0), 0));
        // A directory and its category.
        store::categories::add(&store, "Fedora Linux", "Fedora", "pub/fedora").await.unwrap();
        assert_eq!(since().await, (Some(2), 2));
        // Written and rolled back: counted with the session's next transaction that is not, or as foreign.
        let tx = store.begin_write().await.unwrap();
        tx.db().execute_unprepared("UPDATE directory SET ctime = 7").await.unwrap();
        drop(tx);
        store::sites::list(&store).await.unwrap();
        let mut tx = store.begin_write().await.unwrap();
        tx.db().execute_unprepared("UPDATE directory SET ctime = 8").await.unwrap();
        tx.db().execute_unprepared("UPDATE category SET topdir_id = topdir_id").await.unwrap();
        tx.changed(host(1));
        tx.changed(host(2));
        tx.commit().await.unwrap();
        let (all, ours) = since().await;
        assert!(ours >= 3 && all.unwrap() >= ours, "{all:?} {ours}");
    })
    .await;
}

#[tokio::test]
async fn foreign_writes_are_counted_and_not_accounted_for() {
    stores::each_variant(|store| async move {
        let before = (total(&store).await, accounted(&store).await);
        let foreign = Store::connect(store.url(), &ConnectOptions::default()).await.unwrap();
        let tx = foreign.begin_write().await.unwrap();
        for sql in [
            "INSERT INTO directory (id, name, readable) VALUES (1, 'a', true), (2, 'b', true)",
            "UPDATE directory SET ctime = 6",
            "DELETE FROM directory WHERE id = 2",
        ] {
            tx.db().execute_unprepared(sql).await.unwrap();
        }
        tx.commit().await.unwrap();
        // The end of its session makes the server count at once.
        foreign.close().await;
        assert_eq!(written_since(&store, &before.0, 5).await, 5);
        assert_eq!(accounted(&store).await, before.1);
    })
    .await;
}

#[tokio::test]
async fn a_truncated_table_can_not_be_compared() {
    let store = stores::postgres().await;
    let before = total(&store).await;
    let tx = store.begin_write().await.unwrap();
    tx.db().execute_unprepared("TRUNCATE host_category_dir").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(total(&store).await.since(&before), None);
    let later = Written::default();
    assert_eq!(later.since(&before), None, "counting began again");
}

#[tokio::test]
async fn a_transaction_sees_the_rows_that_readers_have_to_wait_for() {
    let store = stores::postgres().await;
    let open = store.begin_write().await.unwrap();
    open.db().execute_unprepared("SELECT pg_current_xact_id()").await.unwrap();
    write(&store, &[host(2)]).await;
    assert_eq!(changes::read_since(&store, Cursor::START).await.unwrap().0, []);
    let tx = store.begin_read().await.unwrap();
    let (seen, cursor) = changes::visible(&tx, Cursor::START).await.unwrap();
    assert_eq!(
        seen.iter().map(|seen| (seen.row.change.clone(), seen.settled)).collect::<Vec<_>>(),
        [(host(2), false)]
    );
    open.commit().await.unwrap();
    drop(tx);
    let (rows, _) = read(&store, cursor, 1).await;
    assert_eq!(changes_of(&rows), [host(2)], "nothing behind the cursor is lost");
}
