//! A builder that stays: it hears of changes, and bad times do not end it.

#![expect(clippy::unwrap_used, reason = "a panic is the report of a failed test")]

use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use cache::{Additions, Compatibility, Event, Format, Keep, NoResolver, Output, Watch, WatchError};
use chrono::{DateTime, TimeDelta, Utc};
use model::clock::Clock;
use sea_orm::ConnectionTrait as _;
use snapshot::Snapshot;
use store::export::{Refreshed, Why};
use store::hosts::NewHost;
use store::sites::NewSite;
use store::sql::Sql;
use testkit::stores::{self, TestStore};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_util::sync::CancellationToken;

/// What was told, in short.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    Built(Refreshed),
    Failed,
}

/// What is heard of a watch.
struct Heard(UnboundedReceiver<Told>);

impl Heard {
    async fn next(&mut self) -> Told {
        let next = tokio::time::timeout(Duration::from_secs(60), self.0.recv()).await;
        let Ok(told) = next else { panic!("nothing was told for a minute") };
        told.unwrap()
    }
}

/// A clock that is set by hand.
struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> DateTime<Utc> {
        at(self.0.load(Ordering::SeqCst))
    }
}

/// Watches a store and writes both files into a folder while `script` runs; asks the store after `poll` at the
/// latest. Ends when the script does.
async fn watching(
    store: &TestStore,
    folder: &Path,
    clock: &Hand,
    poll: Duration,
    script: impl AsyncFnOnce(&mut Heard),
) -> Result<(), WatchError> {
    let (sender, told) = unbounded_channel();
    let stop = CancellationToken::new();
    let files = [Format::Proto, Format::Snapshot].map(|format| (format, folder.join(format.to_string())));
    let watch = Watch {
        store,
        reader: "test",
        names: &NoResolver,
        mode: Compatibility::Native,
        clock,
        settle: Duration::ZERO,
        poll,
        rewrite: TimeDelta::hours(1),
        reread: TimeDelta::days(1),
        progress: &(),
    };
    let mut output =
        Output { files: files.to_vec(), key: None, additions: Additions::default(), keep: Keep::default() };
    let tell = move |event: Event<'_>| {
        let told = match event {
            Event::Built { refreshed, .. } => Told::Built(refreshed.clone()),
            Event::Failed(_) => Told::Failed,
        };
        let _ = sender.send(told);
    };
    let mut heard = Heard(told);
    let script = async {
        script(&mut heard).await;
        stop.cancel();
    };
    tokio::join!(watch.run(&mut output, &stop, tell), script).0
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
}

fn hosts(folder: &Path) -> [usize; 2] {
    ["proto", "snapshot"].map(|name| Snapshot::read(&folder.join(name)).unwrap().host_count())
}

async fn add_host(store: &TestStore, name: &str) {
    store::hosts::add(store, &NewHost::new("s", name, "de")).await.unwrap();
}

const CHANGED: Told = Told::Built(Refreshed::Changed { directories: 0, host_categories: 0 });

/// Far longer than a test may take: without hearing of a change, nothing would be built.
const NEVER: Duration = Duration::from_secs(3600);
const OFTEN: Duration = Duration::from_millis(20);

async fn add_site(store: &TestStore) {
    let new = NewSite { name: "s".into(), created_by: "me".into(), ..NewSite::default() };
    store::sites::add(store, &new, at(0)).await.unwrap();
}

/// Rows of the change log.
async fn logged(store: &TestStore) -> i64 {
    let count = Sql::same("SELECT count(*) FROM mm3_change").with(store.engine(), []);
    store.read().query_one_raw(count).await.unwrap().unwrap().try_get_by_index(0).unwrap()
}

#[tokio::test]
async fn every_change_is_heard_of() {
    stores::each(|store| async move {
        let folder = tempfile::tempdir().unwrap();
        add_site(&store).await;
        let script = async |heard: &mut Heard| {
            assert_eq!(heard.next().await, Told::Built(Refreshed::Whole(Why::First)));
            assert_eq!(hosts(folder.path()), [0, 0]);
            for (name, count) in [("a", 1), ("b", 2)] {
                add_host(&store, name).await;
                assert_eq!(heard.next().await, CHANGED);
                assert_eq!(hosts(folder.path()), [count; 2]);
            }
        };
        watching(&store, folder.path(), &Hand(0.into()), NEVER, script).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn what_nobody_announces_is_found_by_asking_and_time_makes_files_new() {
    let store = stores::postgres().await;
    let folder = tempfile::tempdir().unwrap();
    add_site(&store).await;
    add_host(&store, "a").await;
    let clock = Hand(0.into());
    let script = async |heard: &mut Heard| {
        assert_eq!(heard.next().await, Told::Built(Refreshed::Whole(Why::First)));
        let foreign = store.begin_write().await.unwrap();
        foreign.execute(Sql::same("UPDATE host SET bandwidth_int = 7"), []).await.unwrap();
        foreign.commit().await.unwrap();
        assert_eq!(heard.next().await, CHANGED);
        assert!(logged(&store).await > 0);
        clock.0.store(3600, Ordering::SeqCst);
        assert_eq!(heard.next().await, Told::Built(Refreshed::Unchanged));
        // Rows that it has read are pruned; those of transactions beside still open ones wait.
        let deadline = std::time::Instant::now() + Duration::from_secs(60);
        for hour in 2..10 {
            clock.0.store(3600 * hour, Ordering::SeqCst);
            assert_eq!(heard.next().await, Told::Built(Refreshed::Unchanged));
            if logged(&store).await == 0 {
                break;
            }
            assert!(std::time::Instant::now() < deadline, "nothing is pruned");
        }
        assert!(Snapshot::read(&folder.path().join("proto")).unwrap().created() > 1_700_003_600);
        clock.0.store(100_000, Ordering::SeqCst);
        assert_eq!(heard.next().await, Told::Built(Refreshed::Whole(Why::Due)));
    };
    watching(&store, folder.path(), &clock, OFTEN, script).await.unwrap();
}

#[tokio::test]
async fn a_build_that_fails_is_tried_again() {
    let store = stores::sqlite().await;
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("inside");
    std::fs::create_dir(&inside).unwrap();
    add_site(&store).await;
    let script = async |heard: &mut Heard| {
        assert_eq!(heard.next().await, Told::Built(Refreshed::Whole(Why::First)));
        std::fs::remove_dir_all(&inside).unwrap();
        add_host(&store, "a").await;
        assert_eq!(heard.next().await, Told::Failed);
        std::fs::create_dir(&inside).unwrap();
        let mut last = heard.next().await;
        while last == Told::Failed {
            last = heard.next().await;
        }
        assert!(matches!(last, Told::Built(_)), "{last:?}");
        assert_eq!(hosts(&inside), [1, 1]);
    };
    watching(&store, &inside, &Hand(0.into()), OFTEN, script).await.unwrap();
}

#[tokio::test]
async fn without_a_log_nothing_is_read_before_it_is_due() {
    let store = stores::upstream(testkit::upstream::Variant::Fresh, 6).await;
    let folder = tempfile::tempdir().unwrap();
    let clock = Hand(0.into());
    let script = async |heard: &mut Heard| {
        assert!(matches!(heard.next().await, Told::Built(Refreshed::Whole(Why::NoLog(_)))));
        let early = tokio::time::timeout(OFTEN * 10, heard.0.recv()).await;
        assert!(early.is_err(), "{early:?}");
        clock.0.store(3600, Ordering::SeqCst);
        assert!(matches!(heard.next().await, Told::Built(Refreshed::Whole(Why::NoLog(_)))));
    };
    watching(&store, folder.path(), &clock, OFTEN, script).await.unwrap();
}

#[tokio::test]
async fn a_database_that_is_not_there_is_an_error_at_once() {
    let store = stores::empty_sqlite().await;
    let folder = tempfile::tempdir().unwrap();
    let script = async |heard: &mut Heard| assert!(heard.0.recv().await.is_none());
    let ended = watching(&store, folder.path(), &Hand(0.into()), NEVER, script).await;
    assert!(matches!(ended, Err(WatchError::Store(_))), "{ended:?}");
}
