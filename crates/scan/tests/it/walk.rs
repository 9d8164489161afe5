//! The walk itself: several directories at once, names in order, nothing that is not asked for.

use std::io;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use model::excludes::Excludes;
use model::policy::Policy;
use scan::Quiet;
use scan::source::disk::{Disk, Entry, Kind, Reading, Stat};
use scan::source::local::LocalTree;
use scan::source::{Inside, KnownTimes, TreeSource as _};

use crate::memory::MemoryDisk;

fn excludes() -> Excludes {
    Excludes::compile::<&str>(&[], Policy::Umdl).unwrap()
}

/// A disk on which a directory of the second level is only listed while another one is.
#[derive(Clone)]
struct InPairs {
    disk: MemoryDisk,
    waiting: Arc<(Mutex<u32>, Condvar)>,
}

impl Disk for InPairs {
    fn stat(&self, path: &Path) -> io::Result<Stat> {
        self.disk.stat(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<Entry>> {
        if path.components().count() == 4 {
            let (arrived, more) = &*self.waiting;
            let mut arrived = arrived.lock().unwrap();
            *arrived += 1;
            more.notify_all();
            let alone = |n: &mut u32| *n < 2;
            let (_guard, waited) = more.wait_timeout_while(arrived, Duration::from_secs(20), alone).unwrap();
            if waited.timed_out() {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "nobody else came"));
            }
        }
        self.disk.list(path)
    }

    fn read(&self, path: &Path, limit: u64) -> io::Result<Reading> {
        self.disk.read(path, limit)
    }
}

#[test]
fn waiting_for_one_directory_does_not_keep_others_waiting() {
    let disk = MemoryDisk::default();
    disk.directory("top/a");
    disk.directory("top/b");
    let disk = InPairs { disk, waiting: Arc::default() };
    let tree = LocalTree::new(disk, "/srv/top", "top", excludes(), 2);
    let listing = tree.list(&KnownTimes::new(), &Quiet).unwrap();
    assert_eq!(listing.problems, []);
    let names: Vec<&str> = listing.directories.iter().map(|d| d.name.as_str()).collect();
    assert_eq!(names, ["", "a", "b"]);
}

/// A disk that counts how often single files are looked at.
#[derive(Clone)]
struct Counting {
    disk: MemoryDisk,
    files: Arc<Mutex<Vec<String>>>,
}

impl Disk for Counting {
    fn stat(&self, path: &Path) -> io::Result<Stat> {
        let stat = self.disk.stat(path)?;
        if stat.kind == Kind::File {
            self.files.lock().unwrap().push(path.display().to_string());
        }
        Ok(stat)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<Entry>> {
        self.disk.list(path)
    }

    fn read(&self, path: &Path, limit: u64) -> io::Result<Reading> {
        self.disk.read(path, limit)
    }
}

#[test]
fn the_files_of_an_unchanged_directory_are_not_looked_at() {
    let disk = MemoryDisk::default();
    disk.at(5);
    for name in ["same/f", "same/CHECKSUM", "other/g", "ostree/summary", "ostree/objects/x"] {
        disk.file(&format!("top/{name}"), "1");
    }
    let disk = Counting { disk, files: Arc::default() };
    let tree = LocalTree::new(disk.clone(), "/srv/top", "top", excludes(), 3);
    let known: KnownTimes = [("same", 5), ("other", 4), ("ostree", 5), ("ostree/objects", 5)]
        .map(|(name, time)| (name.to_owned(), time))
        .into();
    let listing = tree.list(&known, &Quiet).unwrap();
    assert_eq!(*disk.files.lock().unwrap(), ["/srv/top/other/g"]);
    assert_eq!(listing.files, 5, "they are counted nevertheless");
    let of = |name: &str| listing.directories.iter().find(|d| d.name == name).unwrap();
    assert_eq!(of("same").inside, Inside::Unchanged(vec!["CHECKSUM".into()]));
    assert!(matches!(&of("other").inside, Inside::Files(files) if files.len() == 1));
    assert!(of("ostree").is_atomic, "also without looking at its files");
}

#[test]
fn a_name_too_long_for_the_database_is_left_out_with_a_word() {
    let disk = MemoryDisk::default();
    let long = vec!["x".repeat(200); 14].join("/");
    disk.file(&format!("top/{long}/f"), "1");
    let tree = LocalTree::new(disk, "/srv/top", "top", excludes(), 2);
    let listing = tree.list(&KnownTimes::new(), &Quiet).unwrap();
    assert_eq!(listing.directories.len(), 13, "the root and what still fits");
    assert_eq!(listing.problems.len(), 1);
    assert!(listing.problems[0].to_string().contains("bytes"), "{}", listing.problems[0]);
}

/// A disk with a directory that is there, but whose listing fails in a given way.
#[derive(Clone)]
struct Failing {
    disk: MemoryDisk,
    how: fn() -> io::Result<Vec<Entry>>,
}

impl Disk for Failing {
    fn stat(&self, path: &Path) -> io::Result<Stat> {
        self.disk.stat(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<Entry>> {
        if path.ends_with("bad") { (self.how)() } else { self.disk.list(path) }
    }

    fn read(&self, path: &Path, limit: u64) -> io::Result<Reading> {
        self.disk.read(path, limit)
    }
}

#[test]
fn only_a_directory_that_is_gone_is_taken_for_gone() {
    // On some file systems the listing looks at every entry, and one that vanishes meanwhile fails it.
    let disk = MemoryDisk::default();
    disk.directory("top/bad/below");
    let disk = Failing { disk, how: || Err(io::ErrorKind::NotFound.into()) };
    let tree = LocalTree::new(disk, "/srv/top", "top", excludes(), 2);
    let listing = tree.list(&KnownTimes::new(), &Quiet).unwrap();
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
        let disk = Failing { disk, how: || panic!("a defect, made for this test") };
        let tree = LocalTree::new(disk, "/srv/top", "top", excludes(), 3);
        send.send(tree.list(&KnownTimes::new(), &Quiet).map(|_| ()).map_err(|e| e.to_string())).unwrap();
    });
    let result = receive.recv_timeout(Duration::from_secs(20)).expect("it does not wait for ever");
    assert!(result.unwrap_err().contains("interrupted by a defect"));
}
