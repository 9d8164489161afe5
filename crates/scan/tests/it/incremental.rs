//! After any history of changes and scans the database says the same as after one scan of the last tree.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use model::clock::FixedClock;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use scan::source::disk::Kind;
use scan::{Deletion, Quiet, Reading, ScanOptions, Touched, Verdict};
use settings::Scan;
use settings::scan::{ScanSource, SourceType};
use store::Store;
use testkit::stores::{self, TestStore};

use crate::memory::{MemoryDisk, Node, ROOT};
use crate::setup::*;
use crate::sources::made::rsync_listing;

const TOP: &str = "pub/epel";

#[derive(Debug, Clone)]
enum Step {
    /// A file of this kind in a directory of the pool.
    File(usize, usize),
    /// A dozen packages.
    Packages(usize),
    Directory(usize),
    /// One of the directories that are there goes, with everything in it.
    RemoveDirectory(usize),
    RemoveFile(usize),
    Mode(usize, u32),
    /// Time goes on by so many seconds.
    Wait(u8),
    Scan,
}

const DIRECTORIES: [&str; 10] = [
    "9",
    "9/x86_64",
    "9/x86_64/repodata",
    "9/x86_64/a",
    "10/SRPMS/repodata",
    "a",
    "a/a",
    "a/a/b",
    "tree/objects",
    "tree",
];
const FILES: [&str; 6] = ["repomd.xml", "damaged", "summary", "f.iso", "g.iso", "CHECKSUM"];

fn step() -> impl Strategy<Value = Step> {
    let directory = 0..DIRECTORIES.len();
    prop_oneof![
        6 => (directory.clone(), 0..FILES.len()).prop_map(|(d, f)| Step::File(d, f)),
        1 => directory.clone().prop_map(Step::Packages),
        2 => directory.prop_map(Step::Directory),
        2 => (0..20usize).prop_map(Step::RemoveDirectory),
        2 => (0..20usize).prop_map(Step::RemoveFile),
        2 => (0..20usize, prop_oneof![Just(0o755), Just(0o750), Just(0o751)]).prop_map(|(d, m)| Step::Mode(d, m)),
        3 => (0..3u8).prop_map(Step::Wait),
        3 => Just(Step::Scan),
    ]
}

/// One change of the tree. `serial` never repeats, so neither does any content.
fn apply(disk: &MemoryDisk, step: &Step, serial: i64) {
    let within = |names: Vec<String>, number: usize| -> Option<String> {
        let below: Vec<String> =
            names.into_iter().filter(|n| n.starts_with("pub/epel/") && !n.contains("keep")).collect();
        (!below.is_empty()).then(|| below[number % below.len()].clone())
    };
    match step {
        Step::File(directory, file) => {
            let at = format!("{TOP}/{}", DIRECTORIES[*directory]);
            let hash = format!("{serial:064x}");
            match FILES[*file] {
                "repomd.xml" => disk.file(&format!("{at}/repomd.xml"), repomd(&[serial])),
                "damaged" => disk.file(&format!("{at}/repomd.xml"), format!("<repomd><data>{serial}")),
                "CHECKSUM" => {
                    disk.file(
                        &format!("{at}/CHECKSUM"),
                        format!("{hash}  f.iso\n{hash}  a/g.iso\n{hash} b/g.iso\n"),
                    );
                }
                name => disk.file(&format!("{at}/{name}"), serial.to_string()),
            }
        }
        Step::Packages(directory) => {
            for number in 0..12 {
                disk.file(&format!("{TOP}/{}/p{number}.rpm", DIRECTORIES[*directory]), serial.to_string());
            }
        }
        Step::Directory(directory) => disk.directory(&format!("{TOP}/{}", DIRECTORIES[*directory])),
        Step::RemoveDirectory(number) => {
            if let Some(name) = within(disk.names(Kind::Directory), *number) {
                disk.remove(&name);
            }
        }
        Step::RemoveFile(number) => {
            if let Some(name) = within(disk.names(Kind::File), *number) {
                disk.remove(&name);
            }
        }
        Step::Mode(number, mode) => {
            if let Some(name) = within(disk.names(Kind::Directory), *number) {
                disk.mode(&name, *mode);
            }
        }
        Step::Wait(_) | Step::Scan => {}
    }
}

/// How the tree is read.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    Walk,
    /// A walk of what was touched since the scan before.
    Touched,
    /// The list that lies in the tree.
    ListInTree,
    SavedList,
    ListOverHttp,
    Rsync,
    SavedRsync,
}

async fn scan_at(store: &Store, disk: &MemoryDisk, now: i64, way: Way, reading: Reading) {
    let options = ScanOptions { deletion: Deletion::Forced, reading, ..ScanOptions::default() };
    let clock = FixedClock::at(now);
    let copy = tempfile::tempdir().unwrap();
    let root = copy.path();
    let server = testkit::mirror::Mirror::start(root).await.unwrap();
    let top = root.join(TOP);
    if !matches!(way, Way::Walk | Way::Touched) {
        written(disk, root);
    }
    let listed = |kind, url: String| {
        let source = ScanSource {
            category: "Fedora EPEL".to_owned(),
            kind: Some(kind),
            url: Some(url),
            checksum_base: Some(root.display().to_string()),
            ..ScanSource::default()
        };
        Scan { sources: vec![source], ..settings(root) }
    };
    let saved = root.join("list");
    let settings = match way {
        Way::Walk | Way::Touched => settings(ROOT.as_ref()),
        Way::ListInTree => {
            fs::rename(&saved, top.join("fullfiletimelist-epel")).unwrap();
            settings(root)
        }
        Way::SavedList => listed(SourceType::File, saved.display().to_string()),
        Way::ListOverHttp => listed(SourceType::File, format!("{}/list", server.url())),
        Way::Rsync => listed(SourceType::Rsync, top.display().to_string()),
        Way::SavedRsync => {
            fs::write(&saved, rsync_listing(&top)).unwrap();
            listed(SourceType::File, saved.display().to_string())
        }
    };
    let progress = Arc::new(Quiet);
    let report = match way {
        Way::ListInTree => scan::run(store, &settings, &options, &clock, progress).await,
        _ => scan::run_on(disk.clone(), store, &settings, &options, &clock, progress).await,
    };
    let report = report.unwrap();
    assert_eq!(report.verdict(), Verdict::Fine, "{report:?}");
}

/// What a watcher would have said of the way from one tree to another.
fn touched(before: &BTreeMap<String, Node>, after: &BTreeMap<String, Node>) -> Touched {
    let mut out = Touched::default();
    let relative = |name: &str| name.strip_prefix(TOP).unwrap().trim_start_matches('/').to_owned();
    for name in before.keys().chain(after.keys()).filter(|name| name.starts_with("pub/epel/")) {
        let (old, new) = (before.get(name), after.get(name));
        let same = |a: &Node, b: &Node| {
            (a.inode, a.ctime, a.mode) == (b.inode, b.ctime, b.mode) && a.bytes == b.bytes
        };
        if old.zip(new).is_some_and(|(old, new)| same(old, new)) {
            continue;
        }
        let is_directory = old.or(new).is_some_and(|node| node.kind == Kind::Directory);
        out.directory(relative(name.rsplit_once('/').unwrap().0));
        match is_directory {
            true if old.zip(new).is_some_and(|(old, new)| old.inode == new.inode) => {
                out.directory(relative(name))
            }
            true => out.tree(relative(name)),
            false => {}
        }
    }
    out
}

/// Writes the tree to a real disk, with its times as modification times, and its list beside it.
fn written(disk: &MemoryDisk, root: &Path) {
    let mut list = String::from("[Version]\n2\n[Files]\n");
    let nodes = disk.nodes();
    for (name, node) in &nodes {
        let path = root.join(name);
        let kind = match node.kind {
            Kind::Directory => {
                fs::create_dir_all(&path).unwrap();
                if node.mode & 0o005 == 0o005 { "d" } else { "d-" }
            }
            _ => {
                fs::write(&path, &node.bytes).unwrap();
                "f"
            }
        };
        if let Some(below) = name.strip_prefix("pub/epel/") {
            list.push_str(&format!("{}\t{kind}\t{}\t{below}\n", node.ctime, node.bytes.len()));
        }
    }
    // What is below comes first, so that it does not touch what is above.
    for (name, node) in nodes.iter().rev() {
        let path = root.join(name);
        fs::set_permissions(&path, fs::Permissions::from_mode(node.mode)).unwrap();
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(node.ctime.unsigned_abs());
        fs::File::open(&path).unwrap().set_modified(time).unwrap();
    }
    fs::write(root.join("list"), list + "[End]\n").unwrap();
}

pub(crate) type Files = BTreeMap<String, Option<model::files::Files>>;

/// What must not depend on history.
pub(crate) async fn state(store: &Store) -> (Vec<String>, Files, Vec<String>) {
    let directories = texts(
        store,
        "SELECT d.name || CASE WHEN d.readable THEN ' open ' ELSE ' closed ' END || d.ctime || ' ' || COUNT(cd.category_id) \
         FROM directory d LEFT JOIN category_directory cd ON cd.directory_id = d.id GROUP BY d.id ORDER BY d.id",
    );
    let mut directories = directories.await;
    directories.sort();
    let mut lists = Files::new();
    for row in rows(store, "SELECT name, files FROM directory").await {
        let stored: Option<Vec<u8>> = row.try_get_by_index(1).unwrap();
        let list = model::files::decode(&stored.unwrap_or_default()).unwrap();
        lists.insert(row.try_get_by_index(0).unwrap(), Some(list));
    }
    let newest = texts(
        store,
        "SELECT t FROM (SELECT d.name || '/' || f.filename || ' ' || f.timestamp || ' ' || f.size || ' ' || f.sha256 AS t, \
         row_number() OVER (PARTITION BY f.directory_id, f.filename ORDER BY f.timestamp DESC, f.id DESC) AS place \
         FROM file_detail f JOIN directory d ON d.id = f.directory_id) x WHERE place = 1 ORDER BY t",
    )
    .await;
    (directories, lists, newest)
}

async fn history(old: &TestStore, fresh: &TestStore, steps: &[Step], way: Way) -> Result<(), TestCaseError> {
    let mut last = None;
    // Of the watched tree only what was touched, but for the first time.
    let mut next = |disk: &MemoryDisk| {
        let nodes: BTreeMap<String, Node> = disk.nodes().into_iter().collect();
        let before = last.replace(nodes.clone()).filter(|_| way == Way::Touched);
        before.map_or(Reading::Changed, |before| Reading::Touched(Arc::new(touched(&before, &nodes))))
    };
    for store in [old, fresh] {
        category(store, "Fedora EPEL", "EPEL", TOP).await;
    }
    let disk = MemoryDisk::default();
    let mut now = 1_000;
    disk.at(now);
    disk.file(&format!("{TOP}/keep/f"), "x");
    for (serial, step) in (2_000_000_000..).zip(steps) {
        match step {
            Step::Wait(seconds) => {
                now += i64::from(*seconds);
                disk.at(now);
            }
            Step::Scan => scan_at(old, &disk, now, way, next(&disk)).await,
            // Nothing says where a saved listing of rsync ends, so on its word nothing is deleted.
            Step::RemoveDirectory(_) if way == Way::SavedRsync => {}
            change => apply(&disk, change, serial),
        }
    }
    now += 100;
    scan_at(old, &disk, now, way, next(&disk)).await;
    scan_at(fresh, &disk, now, way, Reading::Changed).await;
    let (old_directories, old_files, old_details) = state(old).await;
    let (directories, files, details) = state(fresh).await;
    prop_assert_eq!(old_directories, directories);
    prop_assert_eq!(old_files, files);
    for detail in details {
        prop_assert!(old_details.contains(&detail), "{} is not among {:?}", detail, old_details);
    }
    let before = everything(old).await;
    scan_at(old, &disk, now + 100, way, Reading::Changed).await;
    prop_assert_eq!(everything(old).await, before, "and then nothing more is written");
    Ok(())
}

fn histories(cases: u32, way: Way, open: impl AsyncFn() -> TestStore) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let steps = proptest::collection::vec(step(), 1..40);
    let tested = runner.run(&steps, |steps| {
        runtime.block_on(async {
            let (old, fresh) = (open().await, open().await);
            history(&old, &fresh, &steps, way).await
        })
    });
    tested.unwrap();
}

#[test]
fn incremental_equals_fresh_by_walk_on_sqlite() {
    histories(24, Way::Walk, stores::sqlite);
}

#[test]
fn incremental_equals_fresh_by_walk_on_postgresql() {
    histories(12, Way::Walk, stores::postgres);
}

#[test]
fn incremental_equals_fresh_by_what_was_touched_on_sqlite() {
    histories(24, Way::Touched, stores::sqlite);
}

#[test]
fn incremental_equals_fresh_by_what_was_touched_on_postgresql() {
    histories(12, Way::Touched, stores::postgres);
}

#[test]
fn incremental_equals_fresh_by_list_in_tree_on_sqlite() {
    histories(8, Way::ListInTree, stores::sqlite);
}

#[test]
fn incremental_equals_fresh_by_list_in_tree_on_postgresql() {
    histories(4, Way::ListInTree, stores::postgres);
}

#[test]
fn incremental_equals_fresh_by_saved_list_on_sqlite() {
    histories(12, Way::SavedList, stores::sqlite);
}

#[test]
fn incremental_equals_fresh_by_saved_list_on_postgresql() {
    histories(6, Way::SavedList, stores::postgres);
}

#[test]
fn incremental_equals_fresh_by_list_over_http_on_sqlite() {
    histories(8, Way::ListOverHttp, stores::sqlite);
}

#[test]
fn incremental_equals_fresh_by_list_over_http_on_postgresql() {
    histories(4, Way::ListOverHttp, stores::postgres);
}

#[test]
fn incremental_equals_fresh_by_rsync_on_sqlite() {
    histories(12, Way::Rsync, stores::sqlite);
}

#[test]
fn incremental_equals_fresh_by_rsync_on_postgresql() {
    histories(6, Way::Rsync, stores::postgres);
}

#[test]
fn incremental_equals_fresh_by_saved_rsync_on_sqlite() {
    histories(8, Way::SavedRsync, stores::sqlite);
}

#[test]
fn incremental_equals_fresh_by_saved_rsync_on_postgresql() {
    histories(4, Way::SavedRsync, stores::postgres);
}
