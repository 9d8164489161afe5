//! The walk itself: several directories at once, names in order, nothing that is not asked for.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, SystemTime};

use model::excludes::Excludes;
use model::policy::Policy;
use scan::Quiet;
use scan::source::disk::{Directory, Disk, Entry, Links, OsDisk, Reading, Stat};
use scan::source::local::LocalTree;
use scan::source::{Inside, KnownTimes, TreeSource as _};

use crate::memory::{MemoryDirectory, MemoryDisk};

fn excludes() -> Excludes {
    Excludes::compile::<&str>(&[], Policy::Umdl).unwrap()
}

/// What is done before a path is opened, listed or looked at.
type Hook = Arc<dyn Fn(&Path) -> io::Result<()> + Send + Sync>;

/// A disk in memory with something done before each answer.
#[derive(Clone)]
struct Hooked {
    disk: MemoryDisk,
    open: Hook,
    list: Hook,
    look: Hook,
}

impl Hooked {
    fn new(disk: MemoryDisk) -> Self {
        let nothing: Hook = Arc::new(|_| Ok(()));
        Self { disk, open: Arc::clone(&nothing), list: Arc::clone(&nothing), look: nothing }
    }
}

impl Disk for Hooked {
    type Directory = HookedDirectory;

    fn open(&self, path: &Path) -> io::Result<HookedDirectory> {
        (self.open)(path)?;
        Ok(HookedDirectory { hooks: self.clone(), directory: self.disk.open(path)? })
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        self.disk.stat(path)
    }

    fn read(&self, path: &Path, limit: u64) -> io::Result<Reading> {
        self.disk.read(path, limit)
    }
}

struct HookedDirectory {
    hooks: Hooked,
    directory: MemoryDirectory,
}

impl Directory for HookedDirectory {
    fn stat(&self) -> io::Result<Stat> {
        self.directory.stat()
    }

    fn entries(&self, visit: &mut dyn FnMut(Entry<'_>)) -> io::Result<()> {
        (self.hooks.list)(&self.directory.path)?;
        self.directory.entries(visit)
    }

    fn look(&self, name: &[u8], links: Links) -> io::Result<Stat> {
        (self.hooks.look)(&self.directory.path.join(std::ffi::OsStr::from_bytes(name)))?;
        self.directory.look(name, links)
    }
}

/// Lets nobody pass alone: who comes waits for another one.
fn in_pairs(of: fn(&Path) -> bool) -> Hook {
    let waiting = Arc::new((Mutex::new(0_u32), Condvar::new()));
    Arc::new(move |path| {
        if !of(path) {
            return Ok(());
        }
        let (arrived, more) = &*waiting;
        let mut arrived = arrived.lock().unwrap();
        *arrived += 1;
        more.notify_all();
        let alone = |n: &mut u32| *n < 2;
        let (_guard, waited) = more.wait_timeout_while(arrived, Duration::from_secs(20), alone).unwrap();
        if waited.timed_out() {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "nobody else came"));
        }
        Ok(())
    })
}

#[test]
fn waiting_for_one_directory_does_not_keep_others_waiting() {
    let disk = MemoryDisk::default();
    disk.directory("top/a");
    disk.directory("top/b");
    let disk = Hooked { open: in_pairs(|path| path.components().count() == 4), ..Hooked::new(disk) };
    let tree = LocalTree::new(disk, "/srv/top", "top", excludes(), 2);
    let listing = tree.list(&KnownTimes::default(), &Quiet).unwrap();
    assert_eq!(listing.problems, []);
    let names: Vec<&str> = listing.directories.iter().map(|d| d.name.as_str()).collect();
    assert_eq!(names, ["", "a", "b"]);
}

#[test]
fn waiting_for_one_file_of_a_large_directory_does_not_keep_others_waiting() {
    let disk = MemoryDisk::default();
    for number in 0..1_000 {
        disk.file(&format!("top/large/{number:03}.iso"), "1");
    }
    // The first and the last one are in different batches whatever the order.
    let ends = |path: &Path| path.ends_with("000.iso") || path.ends_with("999.iso");
    let disk = Hooked { look: in_pairs(ends), ..Hooked::new(disk) };
    let tree = LocalTree::new(disk, "/srv/top", "top", excludes(), 2);
    let listing = tree.list(&KnownTimes::default(), &Quiet).unwrap();
    assert_eq!((listing.problems.len(), listing.files), (0, 1_000));
    let large = listing.directories.last().unwrap();
    assert!(matches!(&large.inside, Inside::Files(files) if files.len() == 1_000));
}

#[test]
fn of_a_long_list_only_what_is_needed_later_is_kept() {
    let disk = MemoryDisk::default();
    for number in 0..1_000 {
        disk.at(2_000 - number);
        disk.file(&format!("top/large/{number:03}.rpm"), "1");
    }
    for name in ["repomd.xml", "a-CHECKSUM"] {
        disk.file(&format!("top/large/{name}"), "1");
    }
    let tree = LocalTree::new(disk, "/srv/top", "top", excludes(), 2);
    let listing = tree.list(&KnownTimes::default(), &Quiet).unwrap();
    assert_eq!(listing.files, 1_002);
    let Inside::Files(files) = &listing.directories.last().unwrap().inside else { panic!("{listing:?}") };
    assert!(files.len() < 30, "{}", files.len());
    for name in ["000.rpm", "001.rpm", "002.rpm", "repomd.xml", "a-CHECKSUM"] {
        assert!(files.get(name.as_bytes()).is_some(), "{name}");
    }
    let other = tree.entry("large", &"500.rpm".into()).unwrap().unwrap();
    assert_eq!(other.timestamp, 1_500);
}

#[test]
fn the_files_of_an_unchanged_directory_are_not_looked_at() {
    let disk = MemoryDisk::default();
    disk.at(5);
    for name in ["same/f", "same/CHECKSUM", "other/g", "ostree/summary", "ostree/objects/x"] {
        disk.file(&format!("top/{name}"), "1");
    }
    let looked: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&looked);
    let look: Hook = Arc::new(move |path| {
        log.lock().unwrap().push(path.display().to_string());
        Ok(())
    });
    let tree = LocalTree::new(Hooked { look, ..Hooked::new(disk) }, "/srv/top", "top", excludes(), 3);
    let known: KnownTimes = [("same", 5), ("other", 4), ("ostree", 5), ("ostree/objects", 5)]
        .map(|(name, time)| (name.to_owned(), time))
        .into();
    let listing = tree.list(&known, &Quiet).unwrap();
    assert_eq!(*looked.lock().unwrap(), ["/srv/top/other/g"]);
    assert_eq!(listing.files, 5, "they are counted nevertheless");
    let of = |name: &str| listing.directories.iter().find(|d| d.name == name).unwrap();
    assert_eq!(of("same").inside, Inside::Unchanged(vec!["CHECKSUM".into()]));
    assert!(matches!(&of("other").inside, Inside::Files(files) if files.len() == 1));
    assert!(of("ostree").is_atomic, "also without looking at its files");
}

#[test]
fn every_directory_is_listed_once() {
    let disk = MemoryDisk::default();
    disk.directory("top/a/b");
    let listed: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&listed);
    let list: Hook = Arc::new(move |path| {
        log.lock().unwrap().push(path.display().to_string());
        Ok(())
    });
    let tree = LocalTree::new(Hooked { list, ..Hooked::new(disk) }, "/srv/top", "top", excludes(), 2);
    tree.list(&KnownTimes::default(), &Quiet).unwrap();
    assert_eq!(*listed.lock().unwrap(), ["/srv/top", "/srv/top/a", "/srv/top/a/b"]);
}

#[test]
fn each_policy_sees_hidden_names_links_and_times_its_way() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    for directory in [".git/objects", "sub/.hidden", "elsewhere/repodata", "sub/objects"] {
        fs::create_dir_all(root.join(directory)).unwrap();
    }
    fs::write(root.join("sub/file"), "four").unwrap();
    fs::write(root.join("sub/.file"), "1").unwrap();
    symlink("file", root.join("sub/link")).unwrap();
    symlink("nowhere", root.join("sub/dangling")).unwrap();
    symlink("../elsewhere/repodata", root.join("sub/repodata")).unwrap();
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
    for name in ["sub/file", "sub"] {
        fs::File::open(root.join(name)).unwrap().set_modified(old).unwrap();
    }
    let listing = |policy| {
        let tree = LocalTree::new(OsDisk, root, "top", excludes(), 2).with_policy(policy);
        tree.list(&KnownTimes::default(), &Quiet).unwrap()
    };
    let names = |listing: &scan::source::Listing| -> Vec<String> {
        listing.directories.iter().map(|d| d.name.clone()).collect()
    };
    let files = |listing: &scan::source::Listing| -> Vec<(String, u64, bool)> {
        let sub = listing.directories.iter().find(|d| d.name == "sub").unwrap();
        let Inside::Files(files) = &sub.inside else { panic!("{sub:?}") };
        files.iter().map(|f| (f.name.to_string(), f.size, f.timestamp == 1_000)).collect()
    };
    let umdl = listing(Policy::Umdl);
    let all =
        ["", ".git", ".git/objects", "elsewhere", "elsewhere/repodata", "sub", "sub/.hidden", "sub/objects"];
    assert_eq!(names(&umdl), all);
    let expected = [(".file", 1), ("file", 4), ("link", 4)].map(|(n, size)| (n.to_owned(), size, false));
    assert_eq!(files(&umdl), expected, "links are what they lead to, times are change times");
    assert!(umdl.directories[5].is_repository && umdl.directories[5].ctime > 1_000);

    let spm = listing(Policy::Spm);
    assert_eq!(names(&spm), ["", "elsewhere", "elsewhere/repodata", "sub", "sub/objects"]);
    let expected = [("dangling", 7, false), ("file", 4, true), ("link", 4, false), ("repodata", 21, false)];
    assert_eq!(files(&spm), expected.map(|(n, size, old)| (n.to_owned(), size, old)));
    assert!(!spm.directories[3].is_repository && spm.directories[3].ctime == 1_000);
}

#[test]
fn a_name_too_long_for_the_database_is_left_out_with_a_word() {
    let disk = MemoryDisk::default();
    let long = vec!["x".repeat(200); 14].join("/");
    disk.file(&format!("top/{long}/f"), "1");
    let tree = LocalTree::new(disk, "/srv/top", "top", excludes(), 2);
    let listing = tree.list(&KnownTimes::default(), &Quiet).unwrap();
    assert_eq!(listing.directories.len(), 13, "the root and what still fits");
    assert_eq!(listing.problems.len(), 1);
    assert!(listing.problems[0].to_string().contains("bytes"), "{}", listing.problems[0]);
}

/// A disk with a directory that is there, but whose listing fails in a given way.
fn failing(disk: MemoryDisk, how: fn() -> io::Result<()>) -> Hooked {
    let list: Hook = Arc::new(move |path| if path.ends_with("bad") { how() } else { Ok(()) });
    Hooked { list, ..Hooked::new(disk) }
}

#[test]
fn only_a_directory_that_is_gone_is_taken_for_gone() {
    // On some file systems the listing looks at every entry, and one that vanishes meanwhile fails it.
    let disk = MemoryDisk::default();
    disk.directory("top/bad/below");
    let disk = failing(disk, || Err(io::ErrorKind::NotFound.into()));
    let tree = LocalTree::new(disk, "/srv/top", "top", excludes(), 2);
    let listing = tree.list(&KnownTimes::default(), &Quiet).unwrap();
    let found: Vec<(&str, bool)> =
        listing.directories.iter().map(|d| (d.name.as_str(), d.inside == Inside::Unlisted)).collect();
    assert_eq!(found, [("", false), ("bad", true)], "so nothing below it is deleted");
    assert_eq!(listing.problems.len(), 1);
}

#[test]
fn a_defect_in_one_thread_ends_the_walk() {
    let (send, receive) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let disk = MemoryDisk::default();
        for name in ["top/bad", "top/good/a", "top/good/b"] {
            disk.directory(name);
        }
        let disk = failing(disk, || panic!("a defect, made for this test"));
        let tree = LocalTree::new(disk, "/srv/top", "top", excludes(), 3);
        send.send(tree.list(&KnownTimes::default(), &Quiet).map(|_| ()).map_err(|e| e.to_string())).unwrap();
    });
    let result = receive.recv_timeout(Duration::from_secs(20)).expect("it does not wait for ever");
    assert!(result.unwrap_err().contains("interrupted by a defect"));
}
