//! A scan that stays, on real disks under the kernel's notifications.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use scan::watch::{Event, Requests, Watch, WatchError, Why};
use scan::{Deletion, Metrics, Outcome, Quiet, Reading, ScanOptions, ScanReport};
use settings::scan::{ScanSource, ScanWatch};
use settings::{Scan, Secret};
use tempfile::TempDir;
use testkit::stores::{self, TestStore, each};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::incremental::state;
use crate::setup::*;

const CATEGORY: &str = "Fedora EPEL";
const TOP: &str = "pub/epel";

#[derive(Debug)]
enum Said {
    Begins(Option<SocketAddr>),
    Scanned(Why, ScanReport),
    Busy(String),
    Unknown(String),
}

/// A watch of one category.
struct Watching {
    said: UnboundedReceiver<Said>,
    requests: Requests,
    stop: CancellationToken,
    task: JoinHandle<Result<(), WatchError>>,
}

impl Watching {
    fn of(store: &TestStore, settings: Scan) -> Self {
        let (say, said) = unbounded_channel();
        let (store, stop, requests) = ((**store).clone(), CancellationToken::new(), Requests::default());
        let (stopped, asked) = (stop.clone(), requests.clone());
        let task = tokio::spawn(async move {
            let watch = Watch {
                store: &store,
                settings: &settings,
                options: &ScanOptions { deletion: Deletion::Forced, ..ScanOptions::default() },
                clock: &later(),
                progress: Arc::new(Quiet),
                requests: asked,
                metrics: Metrics::default(),
            };
            let told = watch.run(&stopped, |event| {
                let _ = say.send(match event {
                    Event::Begins(address) => Said::Begins(address),
                    Event::Scanned { why, report } => Said::Scanned(why, report.clone()),
                    Event::Busy { marker, .. } => Said::Busy(marker.to_owned()),
                    Event::Unknown { reason, .. } => Said::Unknown(reason.to_owned()),
                });
            });
            told.await
        });
        Self { said, requests, stop, task }
    }

    /// One that has begun: its control listener, and the first scan is done.
    async fn begun(store: &TestStore, settings: Scan) -> (Self, Option<SocketAddr>) {
        let mut watching = Self::of(store, settings);
        let Said::Begins(address) = watching.next().await else { panic!("it must begin") };
        let (why, report) = watching.scanned().await;
        assert_eq!((why, &report.categories[0].outcome), (Why::Begin, &Outcome::Done), "{report:?}");
        (watching, address)
    }

    async fn next(&mut self) -> Said {
        let next = tokio::time::timeout(Duration::from_secs(60), self.said.recv()).await;
        next.expect("something must happen").expect("the watch must go on")
    }

    async fn scanned(&mut self) -> (Why, ScanReport) {
        match self.next().await {
            Said::Scanned(why, report) => (why, report),
            other => panic!("{other:?}"),
        }
    }

    /// Waits until the recorded files of a directory name this one. What was changed before it is recorded then, too.
    async fn until(&mut self, store: &TestStore, directory: &str, file: &str) -> Vec<Why> {
        let mut reasons = Vec::new();
        loop {
            let (why, _) = self.scanned().await;
            reasons.push(why);
            let stored = files(store, directory).await.unwrap_or_default();
            if model::files::decode(&stored).unwrap().get(file.as_bytes()).is_some() {
                return reasons;
            }
        }
    }

    async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap().unwrap();
    }
}

/// Short times, so that only what is under test makes a scan.
fn watched(root: &Path, source: ScanSource) -> Scan {
    let watch = ScanWatch { settle_ms: 5, poll_seconds: 1, ..ScanWatch::default() };
    let source = ScanSource { category: CATEGORY.to_owned(), ..source };
    Scan { watch, sources: vec![source], ..settings(root) }
}

fn tree() -> (TempDir, PathBuf) {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "pub/epel/keep/f", "x");
    let top = root.path().join(TOP);
    (root, top)
}

#[tokio::test]
async fn what_changes_is_read_at_once_and_nothing_else() {
    each(|store| async move {
        category(&store, CATEGORY, "EPEL", TOP).await;
        let (root, top) = tree();
        write(root.path(), "pub/epel/other/f", "x");
        let (mut watching, _) = Watching::begun(&store, watched(root.path(), ScanSource::default())).await;

        write(&top, "9/x86_64/repodata/repomd.xml", repomd(&[5]));
        write(&top, "9/x86_64/new", "1");
        let why = watching.until(&store, "pub/epel/9/x86_64", "new").await;
        assert!(why.iter().all(|why| matches!(why, Why::Touched(_))), "{why:?}");
        assert_eq!(repositories(&store).await.len(), 1);
        assert_eq!(details(&store).await, ["pub/epel/9/x86_64/repodata/repomd.xml 5"]);

        // The new directories are watched as well, and a file that grows is read, which no time of a directory tells.
        let before = directories(&store).await;
        fs::OpenOptions::new().append(true).open(top.join("9/x86_64/new")).unwrap();
        fs::write(top.join("9/x86_64/new"), "12345").unwrap();
        let (why, report) = watching.scanned().await;
        assert_eq!(why, Why::Touched(1));
        assert_eq!(
            (report.categories[0].counts.changed, report.categories[0].counts.directories),
            (1, before.len())
        );
        let stored = model::files::decode(&files(&store, "pub/epel/9/x86_64").await.unwrap()).unwrap();
        assert_eq!(stored.get(b"new").unwrap().size, 5);

        // A directory takes the place of another one.
        write(&top, "9.new/x86_64/marker", "1");
        fs::rename(top.join("9"), top.join("9.old")).unwrap();
        fs::rename(top.join("9.new"), top.join("9")).unwrap();
        fs::remove_dir_all(top.join("9.old")).unwrap();
        write(&top, "keep/done", "1");
        watching.until(&store, "pub/epel/keep", "done").await;
        let expected = ["pub/epel", "pub/epel/9", "pub/epel/9/x86_64", "pub/epel/keep", "pub/epel/other"];
        assert_eq!(directories(&store).await, expected);
        // It is watched under its new name.
        write(&top, "9/x86_64/again", "1");
        watching.until(&store, "pub/epel/9/x86_64", "again").await;
        watching.stop().await;
    })
    .await;
}

#[tokio::test]
async fn when_it_can_not_be_told_where_the_changes_are_everything_is_looked_at() {
    each(|store| async move {
        category(&store, CATEGORY, "EPEL", TOP).await;
        let (root, top) = tree();
        let (mut watching, _) = Watching::begun(&store, watched(root.path(), ScanSource::default())).await;
        // Of the tree that takes the place of the one that is watched nothing was told.
        write(root.path(), "new/keep/f", "x");
        write(root.path(), "new/first/f", "1");
        fs::rename(&top, root.path().join("old")).unwrap();
        fs::rename(root.path().join("new"), &top).unwrap();
        let (why, report) = watching.scanned().await;
        assert!(matches!(why, Why::Anywhere(_)), "{why:?}");
        assert_eq!(report.categories[0].outcome, Outcome::Done);
        assert_eq!(directories(&store).await, [TOP, "pub/epel/first", "pub/epel/keep"]);
        write(&top, "first/again", "1");
        let why = watching.until(&store, "pub/epel/first", "again").await;
        assert!(matches!(why.last(), Some(Why::Touched(_))), "the new tree is watched: {why:?}");
        watching.stop().await;
    })
    .await;
}

#[tokio::test]
async fn while_a_marker_is_there_nothing_is_read_and_nothing_is_forgotten() {
    each(|store| async move {
        category(&store, CATEGORY, "EPEL", TOP).await;
        let (root, top) = tree();
        let marker = root.path().join("busy");
        let source = ScanSource { busy: vec![marker.display().to_string()], ..ScanSource::default() };
        let (mut watching, _) = Watching::begun(&store, watched(root.path(), source)).await;
        fs::write(&marker, "").unwrap();
        write(&top, "new/f", "1");
        let Said::Busy(said) = watching.next().await else { panic!("it must wait") };
        assert_eq!(said, marker.display().to_string());
        assert!(!directories(&store).await.contains(&"pub/epel/new".to_owned()));
        fs::remove_file(&marker).unwrap();
        assert_eq!(watching.until(&store, "pub/epel/new", "f").await.len(), 1);
        watching.stop().await;
    })
    .await;
}

async fn post(address: SocketAddr, head: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request =
        format!("{head} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer secret\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

#[tokio::test]
async fn who_has_the_token_may_ask_for_a_scan() {
    each(|store| async move {
        category(&store, CATEGORY, "EPEL", TOP).await;
        let (root, _top) = tree();
        let mut settings = watched(root.path(), ScanSource::default());
        settings.watch.control = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
        settings.watch.token = Some(Secret::new("secret"));
        let (mut watching, address) = Watching::begun(&store, settings).await;
        let address = address.unwrap();
        let answer = post(address, "POST /api/scan/Fedora%20EPEL").await.unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 202") && answer.ends_with("Fedora EPEL will be scanned\n"),
            "{answer}"
        );
        let (why, report) = watching.scanned().await;
        assert_eq!((why, report.is_unchanged()), (Why::Asked, true));
        let figures = post(address, "GET /metrics").await.unwrap();
        assert!(figures.contains("mirrormanager_scan_directories{category=\"Fedora EPEL\"} 2"), "{figures}");
        watching.requests.ask_all();
        assert_eq!(watching.scanned().await.0, Why::Asked);
        watching.stop().await;
        assert!(post(address, "GET /metrics").await.is_err(), "nobody listens any more");
    })
    .await;
}

#[tokio::test]
async fn a_list_or_stamp_that_is_new_announces_a_change() {
    each(|store| async move {
        category(&store, CATEGORY, "EPEL", TOP).await;
        let (root, top) = tree();
        let list = |more: &str| format!("[Version]\n2\n[Files]\n5\td\t1\ta\n{more}[End]\n");
        publish(&top, "fullfiletimelist-epel", list(""));
        let stamp = root.path().join("stamp");
        let source = ScanSource { stamps: vec![stamp.display().to_string()], ..ScanSource::default() };
        let mut watching = Watching::of(&store, watched(root.path(), source));
        assert!(matches!(watching.next().await, Said::Begins(None)));
        let Said::Unknown(why) = watching.next().await else { panic!("without its stamp nothing is read") };
        assert!(why.starts_with(&format!("stamp {}: ", stamp.display())), "{why}");
        fs::write(&stamp, "1").unwrap();
        assert_eq!(watching.scanned().await.0, Why::Begin);
        assert_eq!(directories(&store).await, [TOP, "pub/epel/a"], "what the list says, not the tree");
        publish(&top, "fullfiletimelist-epel", list("5\td\t1\tb\n"));
        assert_eq!(watching.scanned().await.0, Why::Stamp);
        assert_eq!(directories(&store).await, [TOP, "pub/epel/a", "pub/epel/b"]);
        fs::write(&stamp, "22").unwrap();
        assert_eq!(watching.scanned().await.0, Why::Stamp);
        watching.stop().await;
    })
    .await;
}

#[tokio::test]
async fn what_nothing_announces_is_scanned_at_an_interval_and_a_failure_is_tried_again() {
    each(|store| async move {
        category(&store, CATEGORY, "EPEL", TOP).await;
        let (root, top) = tree();
        let source = ScanSource {
            kind: Some(settings::scan::SourceType::Rsync),
            url: Some(top.display().to_string()),
            interval_seconds: Some(1),
            ..ScanSource::default()
        };
        let (mut watching, _) = Watching::begun(&store, watched(root.path(), source)).await;
        write(&top, "new/f", "1");
        let why = watching.until(&store, "pub/epel/new", "f").await;
        assert!(why.iter().all(|why| *why == Why::Interval), "{why:?}");
        fs::rename(&top, root.path().join("elsewhere")).unwrap();
        while watching.scanned().await.1.categories[0].outcome == Outcome::Done {}
        fs::rename(root.path().join("elsewhere"), &top).unwrap();
        while watching.scanned().await.1.categories[0].outcome != Outcome::Done {}
        watching.stop().await;
    })
    .await;
}

/// One change: what, where, and a choice.
type Step = (u8, u8, u8);

const PLACES: [&str; 6] = ["a", "a/b", "a/b/repodata", "c", "c/b", "d"];

/// Does it. `serial` never repeats, so neither does any content.
fn apply(top: &Path, (what, place, choice): Step, serial: i64) -> io::Result<()> {
    let at = |number: u8| top.join(PLACES[usize::from(number) % PLACES.len()]);
    let (place, other) = (at(place), at(choice));
    match what % 6 {
        0 | 1 => {
            fs::create_dir_all(&place)?;
            let name = ["f", "g", "repomd.xml", "CHECKSUM"][usize::from(choice) % 4];
            fs::write(place.join(name), repomd(&[serial]))
        }
        2 => fs::create_dir_all(&place),
        3 => fs::remove_dir_all(&place),
        4 => fs::rename(&place, &other),
        _ => fs::set_permissions(&place, fs::Permissions::from_mode([0o755, 0o750][usize::from(choice) % 2])),
    }
}

async fn history(old: &TestStore, fresh: &TestStore, steps: &[Vec<Step>]) -> Result<(), TestCaseError> {
    for store in [old, fresh] {
        category(store, CATEGORY, "EPEL", TOP).await;
    }
    let (root, top) = tree();
    let settings = watched(root.path(), ScanSource::default());
    let (mut watching, _) = Watching::begun(old, settings.clone()).await;
    let mut serials = 2_000_000_000..;
    for (number, steps) in steps.iter().enumerate() {
        for (step, serial) in steps.iter().zip(&mut serials) {
            // Much of it is not possible, which is as good.
            let _ = apply(&top, *step, serial);
            tokio::task::yield_now().await;
        }
        let done = format!("done{number}");
        write(&top, &format!("keep/{done}"), "");
        watching.until(old, "pub/epel/keep", &done).await;
    }
    let options = ScanOptions { reading: Reading::Changed, ..ScanOptions::default() };
    scan_with(fresh, &settings, &options).await;
    let (old_directories, old_files, old_details) = state(old).await;
    let (directories, files, details) = state(fresh).await;
    prop_assert_eq!(old_directories, directories);
    prop_assert_eq!(old_files, files);
    for detail in details {
        prop_assert!(old_details.contains(&detail), "{} is not among {:?}", detail, old_details);
    }
    watching.stop().await;
    Ok(())
}

fn histories(cases: u32, open: impl AsyncFn() -> TestStore) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let config = Config { cases, max_shrink_iters: 16, failure_persistence: None, ..Config::default() };
    let steps = proptest::collection::vec(any::<Step>(), 1..20);
    let tested = TestRunner::new(config).run(&proptest::collection::vec(steps, 1..4), |steps| {
        runtime.block_on(async {
            let (old, fresh) = (open().await, open().await);
            history(&old, &fresh, &steps).await
        })
    });
    tested.unwrap();
}

#[test]
fn watched_equals_fresh_on_sqlite() {
    histories(16, stores::sqlite);
}

#[test]
fn watched_equals_fresh_on_postgresql() {
    histories(6, stores::postgres);
}
