//! A local tree under the kernel's notifications (inotify).
//!
//! The walk itself sets the watches: through [`WatchedDisk`] every directory is watched before it is listed, so that
//! whatever changes afterwards is noticed, and new directories are watched as they are found. A notification only
//! says where to look. When some are lost (the queue overflows, the system lets us watch no more directories, the
//! root goes) that is noticed, too, and the whole tree has to be looked at.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};

use model::directory_name::join;
use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::io::Errno;
use tokio::sync::Notify;

use crate::source::disk::{Disk, Reading, Stat};
use crate::touched::Touched;

/// What is of interest about a directory.
const EVENTS: WatchFlags = WatchFlags::CREATE
    .union(WatchFlags::DELETE)
    .union(WatchFlags::MOVED_FROM)
    .union(WatchFlags::MOVED_TO)
    .union(WatchFlags::CLOSE_WRITE)
    .union(WatchFlags::ATTRIB)
    .union(WatchFlags::DELETE_SELF)
    .union(WatchFlags::MOVE_SELF)
    .union(WatchFlags::ONLYDIR);
/// Room for notifications that are read at a time.
const ROOM: usize = 64 << 10;
/// With more directories than this a look at all is cheaper.
const MANY: usize = 20_000;

/// What has been noticed since the last time that somebody asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Noticed {
    /// Nothing.
    #[default]
    Nothing,
    /// Changes in these directories.
    Touched(Touched),
    /// Changes anywhere, and why that is all that is known.
    Anywhere(&'static str),
}

/// A tree that is watched while this lives.
pub(super) struct WatchedTree {
    tree: Arc<Tree>,
    /// Tells the thread that reads notifications to end.
    end: Arc<OwnedFd>,
    reader: Option<JoinHandle<()>>,
}

impl Drop for WatchedTree {
    fn drop(&mut self) {
        // Only a full counter could be refused, and there it has been told already.
        let _ = rustix::io::write(&*self.end, &1_u64.to_ne_bytes());
        if let Some(reader) = self.reader.take() {
            // A panic there has nobody to be told to.
            let _ = reader.join();
        }
    }
}

impl WatchedTree {
    /// Gets ready to watch the tree at `root`; `bell` rings when something is noticed.
    pub(super) fn new(root: PathBuf, bell: Arc<Notify>) -> io::Result<Self> {
        let queue = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
        let end = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?);
        let tree = Arc::new(Tree { queue, root, state: Mutex::default() });
        let (reading, ended) = (Arc::clone(&tree), Arc::clone(&end));
        let read = move || {
            while is_next(&reading.queue, &ended) {
                reading.drain();
                bell.notify_one();
            }
        };
        let reader = Builder::new().name("scan-watch".to_owned()).spawn(read)?;
        Ok(Self { tree, end, reader: Some(reader) })
    }

    /// What has been noticed; from now on the next begins.
    pub(super) fn take(&self) -> Noticed {
        std::mem::take(&mut self.tree.state().noticed)
    }

    /// Before a walk of the whole tree: whether all of it can be watched is found out anew.
    pub(super) fn begin(&self) {
        self.tree.state().failed = None;
    }

    /// Whether changes anywhere in the tree are noticed. Otherwise why not.
    pub(super) fn covers(&self) -> Result<(), String> {
        let state = self.tree.state();
        match &state.failed {
            Some(why) => Err(why.clone()),
            None if !state.watches.contains_key("") => Err("its root is not watched".to_owned()),
            None => Ok(()),
        }
    }

    /// The machine's disk, whose directories are watched from the time they are opened.
    pub(super) fn disk<D: Disk>(&self, disk: D) -> WatchedDisk<D> {
        WatchedDisk { disk, tree: Some(Arc::clone(&self.tree)) }
    }
}

/// A disk that tells of changes, or simply a disk.
#[derive(Clone)]
pub(super) struct WatchedDisk<D> {
    disk: D,
    tree: Option<Arc<Tree>>,
}

impl<D> WatchedDisk<D> {
    /// One that tells nothing.
    pub(super) fn silent(disk: D) -> Self {
        Self { disk, tree: None }
    }
}

impl<D: Disk> Disk for WatchedDisk<D> {
    type Directory = D::Directory;

    fn open(&self, path: &Path) -> io::Result<D::Directory> {
        if let Some(tree) = &self.tree {
            tree.watch(path);
        }
        self.disk.open(path)
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        self.disk.stat(path)
    }

    fn read(&self, path: &Path, limit: u64) -> io::Result<Reading> {
        self.disk.read(path, limit)
    }
}

struct Tree {
    queue: OwnedFd,
    root: PathBuf,
    state: Mutex<State>,
}

impl Tree {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn watch(&self, path: &Path) {
        let Some(name) = path.strip_prefix(&self.root).ok().and_then(Path::to_str) else { return };
        // Locked before it is watched, so that its first notification finds its name.
        let mut state = self.state();
        match inotify::add_watch(&self.queue, path, EVENTS) {
            Ok(watch) => {
                if let Some(old) = state.name(watch, name) {
                    // Another directory had this name before. It may be gone already.
                    let _ = inotify::remove_watch(&self.queue, old);
                }
            }
            // Whoever opens it finds out himself.
            Err(Errno::NOENT | Errno::NOTDIR) => {}
            Err(error) => state.failed = Some(refusal(error)),
        }
    }

    /// Reads all notifications that are there.
    fn drain(&self) {
        let mut room = Vec::with_capacity(ROOM);
        let mut queue = Reader::new(&self.queue, room.spare_capacity_mut());
        let mut state = self.state();
        loop {
            match queue.next() {
                Ok(event) => {
                    let name = event.file_name().map(|name| name.to_bytes());
                    for watch in state.note(event.wd(), event.events(), name) {
                        let _ = inotify::remove_watch(&self.queue, watch);
                    }
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return,
                Err(_) => return state.noticed = Noticed::Anywhere("notifications can not be read"),
            }
        }
    }
}

/// Waits for notifications, or `false` for the end.
fn is_next(queue: &OwnedFd, end: &OwnedFd) -> bool {
    loop {
        let mut both = [PollFd::new(queue, PollFlags::IN), PollFd::new(end, PollFlags::IN)];
        match poll(&mut both, None) {
            Err(Errno::INTR) => {}
            Err(_) => return false,
            Ok(_) => {
                let [_, end] = both;
                return end.revents().is_empty();
            }
        }
    }
}

fn refusal(error: Errno) -> String {
    match error {
        Errno::NOSPC => {
            "the system lets us watch no more directories; raise fs.inotify.max_user_watches".to_owned()
        }
        error => format!("a directory can not be watched: {error}"),
    }
}

/// Which directories are watched, and what has been noticed.
#[derive(Debug, Default)]
struct State {
    /// Relative names by watch.
    names: HashMap<i32, String>,
    /// The other way round.
    watches: BTreeMap<String, i32>,
    noticed: Noticed,
    /// Why not everything is watched.
    failed: Option<String>,
}

impl State {
    /// A watch is that of the directory with this name. The watch that the name had until now, if another.
    fn name(&mut self, watch: i32, name: &str) -> Option<i32> {
        // A directory that was renamed keeps its watch.
        if let Some(before) = self.names.insert(watch, name.to_owned())
            && before != name
            && self.watches.get(&before) == Some(&watch)
        {
            self.watches.remove(&before);
        }
        let old = self.watches.insert(name.to_owned(), watch).filter(|old| *old != watch)?;
        self.names.remove(&old);
        Some(old)
    }

    /// Takes one notification in. Watches that are no longer wanted.
    fn note(&mut self, watch: i32, flags: ReadFlags, file: Option<&[u8]>) -> Vec<i32> {
        if flags.contains(ReadFlags::QUEUE_OVERFLOW) {
            self.noticed = Noticed::Anywhere("there were more changes than the system could tell");
            return Vec::new();
        }
        let Some(name) = self.names.get(&watch).cloned() else { return Vec::new() };
        if flags.intersects(
            ReadFlags::UNMOUNT | ReadFlags::IGNORED | ReadFlags::DELETE_SELF | ReadFlags::MOVE_SELF,
        ) {
            if name.is_empty() {
                self.noticed = Noticed::Anywhere("the root of the tree was replaced");
                self.watches.remove("");
            }
            if flags.contains(ReadFlags::IGNORED) {
                self.names.remove(&watch);
                if self.watches.get(&name) == Some(&watch) {
                    self.watches.remove(&name);
                }
            }
            // Of any other directory the one above tells.
            return Vec::new();
        }
        let file = file.and_then(|file| std::str::from_utf8(file).ok());
        let child = file.filter(|_| flags.contains(ReadFlags::ISDIR)).map(|file| join(&name, file));
        self.touch(|touched| touched.directory(name));
        let Some(child) = child else { return Vec::new() };
        if flags.contains(ReadFlags::ATTRIB) {
            self.touch(|touched| touched.directory(child));
            return Vec::new();
        }
        let unwanted = match flags.intersects(ReadFlags::MOVED_FROM | ReadFlags::DELETE) {
            true => self.forget(&child),
            false => Vec::new(),
        };
        // It may have been another directory's name before, with the same names below it.
        self.touch(|touched| touched.tree(child));
        unwanted
    }

    fn touch(&mut self, add: impl FnOnce(&mut Touched)) {
        let mut touched = match std::mem::take(&mut self.noticed) {
            Noticed::Nothing => Touched::default(),
            Noticed::Touched(touched) => touched,
            anywhere @ Noticed::Anywhere(_) => return self.noticed = anywhere,
        };
        add(&mut touched);
        self.noticed = match touched.is_more_than(MANY) {
            true => Noticed::Anywhere("there were changes in very many directories"),
            false => Noticed::Touched(touched),
        };
    }

    /// Forgets a directory and all below it. Their watches; those that are still wanted somewhere are set again when
    /// they are found there.
    fn forget(&mut self, name: &str) -> Vec<i32> {
        let below = format!("{name}/");
        let names = self.watches.range(below.clone()..).map(|(name, _)| name);
        let mut names: Vec<String> = names.take_while(|name| name.starts_with(&below)).cloned().collect();
        names.push(name.to_owned());
        let watches: Vec<i32> = names.iter().filter_map(|name| self.watches.remove(name)).collect();
        for watch in &watches {
            self.names.remove(watch);
        }
        watches
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> State {
        let mut state = State::default();
        for (watch, name) in (1..).zip(["", "a", "a/b", "a-b"]) {
            assert_eq!(state.name(watch, name), None);
        }
        state
    }

    fn touched(directories: &[&str], trees: &[&str]) -> Noticed {
        let mut touched = Touched::default();
        directories.iter().for_each(|name| touched.directory(*name));
        trees.iter().for_each(|name| touched.tree(*name));
        Noticed::Touched(touched)
    }

    #[test]
    fn a_change_is_noticed_where_it_is() {
        let mut state = state();
        state.note(2, ReadFlags::CLOSE_WRITE, Some(b"f"));
        state.note(1, ReadFlags::ATTRIB | ReadFlags::ISDIR, Some(b"a-b"));
        state.note(3, ReadFlags::ATTRIB | ReadFlags::ISDIR, None);
        state.note(9, ReadFlags::CREATE, Some(b"of a watch that is gone"));
        state.note(1, ReadFlags::CREATE | ReadFlags::ISDIR, Some(b"\xff"));
        assert_eq!(state.noticed, touched(&["", "a", "a-b", "a/b"], &[]));
        state.note(2, ReadFlags::CREATE | ReadFlags::ISDIR, Some(b"new"));
        assert_eq!(state.noticed, touched(&["", "a", "a-b", "a/b"], &["a/new"]));
    }

    #[test]
    fn a_directory_that_moves_takes_the_names_below_it_along() {
        let mut state = state();
        let unwanted = state.note(1, ReadFlags::MOVED_FROM | ReadFlags::ISDIR, Some(b"a"));
        assert_eq!(unwanted, [3, 2], "not a-b");
        assert_eq!(state.noticed, touched(&[""], &["a"]));
        assert!(state.note(2, ReadFlags::IGNORED, None).is_empty());

        let mut state = self::state();
        // It is found under its new name before it is noticed that the old one is free.
        assert_eq!(state.name(2, "c"), None);
        assert_eq!(state.note(1, ReadFlags::MOVED_FROM | ReadFlags::ISDIR, Some(b"a")), [3]);
        state.noticed = Noticed::Nothing;
        state.note(2, ReadFlags::CREATE, Some(b"f"));
        assert_eq!(state.noticed, touched(&["c"], &[]));
        // Another one takes the place of a-b.
        assert_eq!(state.name(7, "a-b"), Some(4));
        assert!(state.note(4, ReadFlags::CREATE, Some(b"f")).is_empty());
        assert_eq!(state.noticed, touched(&["c"], &[]));
    }

    #[test]
    fn what_can_not_be_told_is_anywhere() {
        let mut lost = state();
        lost.note(-1, ReadFlags::QUEUE_OVERFLOW, None);
        lost.note(2, ReadFlags::CREATE, Some(b"f"));
        assert!(matches!(lost.noticed, Noticed::Anywhere(why) if why.contains("more changes")));
        for flag in [ReadFlags::MOVE_SELF, ReadFlags::DELETE_SELF, ReadFlags::UNMOUNT] {
            let mut state = state();
            state.note(3, flag, None);
            assert_eq!(state.noticed, Noticed::Nothing, "the directory above tells");
            state.note(1, flag, None);
            assert!(matches!(state.noticed, Noticed::Anywhere(why) if why.contains("root")));
            assert!(!state.watches.contains_key(""));
        }
        let mut many = state();
        for number in 0..=MANY {
            many.note(1, ReadFlags::CREATE | ReadFlags::ISDIR, Some(number.to_string().as_bytes()));
        }
        assert!(matches!(many.noticed, Noticed::Anywhere(why) if why.contains("very many")));
    }
}
