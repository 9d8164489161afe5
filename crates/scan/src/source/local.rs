//! A walk over a local copy of the tree, normally a mounted network file system.
//!
//! Several threads take directories from one stack, because on a network file system the time goes into
//! waiting. An unchanged directory costs one look at itself and one listing, its files none. Names are bytes;
//! links to directories are not followed, so that loops are harmless; nothing recurses.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use model::checksums;
use model::excludes::Excludes;
use model::file_name::FileName;
use model::files::{FileEntry, Files};

use super::disk::{Disk, Entry, Kind, Reading, Stat};
use super::{Content, Found, Inside, KnownTimes, Listing, SourceError, TreeSource};
use crate::problem::Problem;
use crate::progress::Progress;

/// How often a file that changes while it is read is read again.
const READ_ATTEMPTS: usize = 3;
/// Longest full name of a directory: PostgreSQL's unique index on names takes little more.
const MAX_NAME_BYTES: usize = 2_600;
/// Others may read and enter.
const OPEN: u32 = 0o005;

/// A tree on a disk.
pub struct LocalTree<D> {
    disk: D,
    root: PathBuf,
    topdir: String,
    excludes: Excludes,
    hidden: Hidden,
    threads: usize,
}

/// What becomes of files and directories whose names begin with a dot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Hidden {
    /// They are like others.
    #[default]
    Kept,
    /// They are not looked at.
    LeftOut,
}

impl<D: Disk> LocalTree<D> {
    /// The tree of a category whose topdir lies at `root`. Exclude patterns are tested against full names.
    pub fn new(disk: D, root: impl Into<PathBuf>, topdir: &str, excludes: Excludes, threads: usize) -> Self {
        Self {
            disk,
            root: root.into(),
            topdir: topdir.to_owned(),
            excludes,
            hidden: Hidden::Kept,
            threads: threads.clamp(1, 64),
        }
    }

    /// Says what becomes of hidden names.
    #[must_use]
    pub fn hidden(mut self, hidden: Hidden) -> Self {
        self.hidden = hidden;
        self
    }

    /// Where a file is.
    pub(crate) fn path(&self, directory: &str, file: &FileName) -> PathBuf {
        self.root.join(directory).join(OsStr::from_bytes(file.as_bytes()))
    }
}

/// A directory to be looked at.
struct Task {
    name: String,
    /// Whether all directories above are readable.
    open: bool,
}

/// What the threads share.
struct Walk {
    state: Mutex<State>,
    more: Condvar,
}

#[derive(Default)]
struct State {
    tasks: Vec<Task>,
    busy: usize,
}

impl Walk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next task; `None` when all is done.
    fn take(&self) -> Option<(Task, Busy<'_>)> {
        let mut state = self.state();
        loop {
            if let Some(task) = state.tasks.pop() {
                state.busy += 1;
                return Some((task, Busy(self)));
            }
            if state.busy == 0 {
                return None;
            }
            state = self.more.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn add(&self, found: Vec<Task>) {
        self.state().tasks.extend(found);
    }
}

/// One task being worked at. Dropped when it is done, or has panicked: the others must not wait for it.
struct Busy<'a>(&'a Walk);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.busy = state.busy.saturating_sub(1);
        drop(state);
        self.0.more.notify_all();
    }
}

impl<D: Disk> TreeSource for LocalTree<D> {
    fn kind(&self) -> &'static str {
        "directory"
    }

    fn list(&self, known: &KnownTimes, progress: &dyn Progress) -> Result<Listing, SourceError> {
        let fail = |reason: String| SourceError::Root { root: self.root.display().to_string(), reason };
        let root = self.disk.stat(&self.root).map_err(|e| fail(e.to_string()))?;
        if root.kind != Kind::Directory {
            return Err(fail("not a directory".to_owned()));
        }
        self.disk.list(&self.root).map_err(|e| fail(e.to_string()))?;
        let first = Task { name: String::new(), open: true };
        let walk = Walk { state: Mutex::new(State { tasks: vec![first], busy: 0 }), more: Condvar::new() };
        let parts = std::thread::scope(|scope| {
            let work = || {
                let mut part = Listing::default();
                while let Some((task, _busy)) = walk.take() {
                    walk.add(self.visit(&task, known, &mut part, progress));
                }
                part
            };
            let threads: Vec<_> = (0..self.threads).map(|_| scope.spawn(work)).collect();
            threads.into_iter().map(std::thread::ScopedJoinHandle::join).collect::<Vec<_>>()
        });
        let mut all =
            Listing { complete: true, device: i64::try_from(root.device).ok(), ..Listing::default() };
        for part in parts {
            let part = part.map_err(|_| fail("the walk was interrupted by a defect".to_owned()))?;
            all.directories.extend(part.directories);
            all.problems.extend(part.problems);
            all.files += part.files;
            all.excluded += part.excluded;
        }
        all.directories.sort_by(|a, b| a.name.cmp(&b.name));
        all.problems.sort();
        Ok(all)
    }

    fn read(&self, directory: &str, file: &FileName, limit: u64) -> io::Result<Content> {
        let path = self.path(directory, file);
        for _ in 0..READ_ATTEMPTS {
            let Reading { before, bytes, after } = self.disk.read(&path, limit)?;
            // The file may have been replaced under its name meanwhile: the one that is there now counts.
            let now = self.disk.stat(&path)?;
            if same(&before, &after) && same(&after, &now) && bytes.len() as u64 == after.size {
                return Ok(Content { bytes, mtime: after.mtime });
            }
        }
        Err(io::Error::other("it changes while it is being read"))
    }

    fn entry(&self, directory: &str, file: &FileName) -> io::Result<Option<FileEntry>> {
        match self.disk.stat(&self.path(directory, file)) {
            Ok(stat) if stat.kind == Kind::Directory => Ok(None),
            Ok(stat) => Ok(Some(FileEntry::new(file.clone(), stat.size, stat.ctime))),
            Err(e) if is_gone(&e) => Ok(None),
            Err(e) => Err(e),
        }
    }
}

impl<D: Disk> LocalTree<D> {
    /// Looks at one directory; gives the ones in it.
    fn visit(
        &self,
        task: &Task,
        known: &KnownTimes,
        out: &mut Listing,
        progress: &dyn Progress,
    ) -> Vec<Task> {
        let path = if task.name.is_empty() { self.root.clone() } else { self.root.join(&task.name) };
        let looked = self.disk.stat(&path).and_then(|stat| Ok((stat, self.disk.list(&path)?)));
        let (stat, entries) = match looked {
            Ok(looked) => looked,
            // What is taken for gone may be deleted, so it must be gone, not only hard to list.
            Err(e) if is_gone(&e) && self.disk.stat(&path).is_err_and(|e| is_gone(&e)) => return Vec::new(),
            Err(e) => {
                let reason = e.to_string();
                out.problems.push(Problem::Unlisted { path: shown(&path), reason });
                out.directories.push(Found {
                    name: task.name.clone(),
                    ctime: 0,
                    readable: Some(false),
                    inside: Inside::Unlisted,
                    is_repository: false,
                    is_atomic: false,
                });
                return Vec::new();
            }
        };
        let open = task.open && stat.mode & OPEN == OPEN;
        let mut below = Vec::new();
        let mut files = Vec::with_capacity(entries.len());
        for entry in entries {
            if self.hidden == Hidden::LeftOut && entry.name.starts_with(b".") {
                continue;
            }
            if entry.kind != Kind::Directory {
                files.push(entry);
                continue;
            }
            match self.child(&task.name, &path, &entry.name, progress) {
                Child::Walk(name) => below.push(Task { name, open }),
                Child::Excluded => out.excluded += 1,
                Child::BadName(problem) => out.problems.push(problem),
            }
        }
        let last = |task: &Task, name: &str| model::directory_name::last_component(&task.name) == name;
        let mut has_repodata = below.iter().any(|t| last(t, "repodata"));
        let mut has_objects = below.iter().any(|t| last(t, "objects"));
        let mut has_summary = false;
        let unchanged = known.get(&task.name) == Some(&stat.ctime);
        let (mut listed, mut names, mut partly) = (Vec::new(), Vec::new(), false);
        let mut count = 0;
        for Entry { name, kind } in files {
            let marks = matches!(name.as_slice(), b"repodata" | b"objects" | b"summary");
            if unchanged && !(marks && kind == Kind::Symlink) {
                has_summary |= name == b"summary";
                count += u64::from(kind != Kind::Symlink);
                if checksums::kind(&name).is_some() {
                    names.push(FileName::from(name));
                }
                continue;
            }
            let file_path = path.join(OsStr::from_bytes(&name));
            match self.disk.stat(&file_path) {
                Ok(target) if target.kind == Kind::Directory => {
                    // A link to a directory: not walked, but it counts as one for these two names.
                    has_repodata |= name == b"repodata";
                    has_objects |= name == b"objects";
                }
                Ok(target) => {
                    has_summary |= name == b"summary";
                    count += u64::from(kind != Kind::Symlink);
                    listed.push(FileEntry::new(name, target.size, target.ctime));
                }
                Err(e) if is_gone(&e) => {}
                Err(e) => {
                    partly = true;
                    out.problems.push(Problem::File { path: shown(&file_path), reason: e.to_string() });
                }
            }
        }
        out.files += count;
        progress.directory(&task.name, count);
        let inside = if unchanged {
            Inside::Unchanged(names)
        } else if partly {
            Inside::Partly(Files::from_iter(listed))
        } else {
            Inside::Files(Files::from_iter(listed))
        };
        out.directories.push(Found {
            name: task.name.clone(),
            ctime: stat.ctime,
            readable: Some(open),
            inside,
            is_repository: has_repodata,
            is_atomic: has_summary && has_objects,
        });
        below
    }

    fn child(&self, parent: &str, path: &Path, name: &[u8], progress: &dyn Progress) -> Child {
        let Ok(text) = std::str::from_utf8(name) else {
            return Child::BadName(Problem::Name { path: percent(&path.join(OsStr::from_bytes(name))) });
        };
        let name = model::directory_name::join(parent, text);
        let full = model::directory_name::join(&self.topdir, &name);
        if let Some(pattern) = self.excludes.matching(&full) {
            tracing::debug!(pattern, "excluding {name}");
            progress.excluded(&full, pattern);
            return Child::Excluded;
        }
        if full.len() > MAX_NAME_BYTES {
            let path = full.chars().take(200).collect::<String>().escape_debug().to_string();
            return Child::BadName(Problem::LongName { path, bytes: full.len() });
        }
        Child::Walk(name)
    }
}

enum Child {
    Walk(String),
    Excluded,
    BadName(Problem),
}

fn same(a: &Stat, b: &Stat) -> bool {
    (a.device, a.inode, a.size, a.mtime, a.mtime_nsec) == (b.device, b.inode, b.size, b.mtime, b.mtime_nsec)
}

/// Not there (any more), or a link that leads nowhere or in a circle.
fn is_gone(e: &io::Error) -> bool {
    matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
        || e.raw_os_error() == Some(ELOOP)
}

/// Too many levels of symbolic links.
const ELOOP: i32 = 40;

/// A path for a message: nothing in it can harm a terminal.
pub(crate) fn shown(path: &Path) -> String {
    FileName::from(path.as_os_str().as_bytes()).to_string()
}

/// A path for a message with everything but plain characters percent-escaped.
fn percent(path: &Path) -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'_' | b'-' | b'+' | b'~' => {
                out.push(char::from(*byte));
            }
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}
