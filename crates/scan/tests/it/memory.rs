//! A disk in memory, whose times, permissions and faults are set by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use scan::source::disk::{Directory, Disk, Entry, Kind, Links, Reading, Stat};

#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) mode: u32,
    pub(crate) ctime: i64,
    pub(crate) bytes: Vec<u8>,
    pub(crate) inode: u64,
}

#[derive(Debug, Default)]
struct State {
    nodes: BTreeMap<PathBuf, Node>,
    now: i64,
    inodes: u64,
    unlisted: BTreeSet<PathBuf>,
    unstatted: BTreeSet<PathBuf>,
    /// How many reads find the file replaced meanwhile.
    replaced: u32,
    reads: u32,
}

/// A disk. A clone is the same disk.
#[derive(Debug, Clone, Default)]
pub(crate) struct MemoryDisk(Arc<Mutex<State>>);

pub(crate) const ROOT: &str = "/srv";

impl MemoryDisk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub(crate) fn path(name: &str) -> PathBuf {
        Path::new(ROOT).join(name)
    }

    /// Sets the time of what happens next.
    pub(crate) fn at(&self, now: i64) {
        self.state().now = now;
    }

    pub(crate) fn directory(&self, name: &str) {
        let mut state = self.state();
        let mut at = PathBuf::from(ROOT);
        let mut paths = vec![at.clone()];
        for part in name.split('/').filter(|part| !part.is_empty()) {
            at.push(part);
            paths.push(at.clone());
        }
        for path in paths {
            if !state.nodes.contains_key(&path) {
                state.add(&path, Kind::Directory, Vec::new());
            }
        }
    }

    /// A file, written as publishers do it: its directory's time changes.
    pub(crate) fn file(&self, name: &str, bytes: impl Into<Vec<u8>>) {
        if let Some((parent, _)) = name.rsplit_once('/') {
            self.directory(parent);
        }
        self.state().add(&Self::path(name), Kind::File, bytes.into());
    }

    /// A file rewritten in place: nobody sees it from outside.
    pub(crate) fn rewrite(&self, name: &str, bytes: impl Into<Vec<u8>>) {
        self.state().nodes.get_mut(&Self::path(name)).unwrap().bytes = bytes.into();
    }

    pub(crate) fn remove(&self, name: &str) {
        let path = Self::path(name);
        let mut state = self.state();
        state.nodes.retain(|other, _| !other.starts_with(&path));
        state.touch_parent(&path);
    }

    pub(crate) fn mode(&self, name: &str, mode: u32) {
        let mut state = self.state();
        let now = state.now;
        let node = state.nodes.get_mut(&Self::path(name)).unwrap();
        (node.mode, node.ctime) = (mode, now);
    }

    /// This directory can not be listed (`fails`) or can again.
    pub(crate) fn unlisted(&self, name: &str, fails: bool) {
        let mut state = self.state();
        if fails {
            state.unlisted.insert(Self::path(name))
        } else {
            state.unlisted.remove(&Self::path(name))
        };
    }

    /// This file can not be looked at, or can again.
    pub(crate) fn unstatted(&self, name: &str, fails: bool) {
        let mut state = self.state();
        if fails {
            state.unstatted.insert(Self::path(name))
        } else {
            state.unstatted.remove(&Self::path(name))
        };
    }

    /// So many reads find the file replaced while they read.
    pub(crate) fn replaced_while_read(&self, times: u32) {
        self.state().replaced = times;
    }

    pub(crate) fn reads(&self) -> u32 {
        self.state().reads
    }

    /// Everything, by name.
    pub(crate) fn nodes(&self) -> Vec<(String, Node)> {
        let of = |(path, node): (&PathBuf, &Node)| {
            (path.strip_prefix(ROOT).unwrap().to_str().unwrap().to_owned(), node.clone())
        };
        self.state().nodes.iter().map(of).collect()
    }

    /// The names of all directories or files.
    pub(crate) fn names(&self, kind: Kind) -> Vec<String> {
        let of = |(path, node): (&PathBuf, &Node)| {
            (node.kind == kind).then(|| path.strip_prefix(ROOT).unwrap().to_str().unwrap().to_owned())
        };
        self.state().nodes.iter().filter_map(of).collect()
    }
}

impl State {
    fn add(&mut self, path: &Path, kind: Kind, bytes: Vec<u8>) {
        self.inodes += 1;
        let mode = if kind == Kind::Directory { 0o755 } else { 0o644 };
        let node = Node { kind, mode, ctime: self.now, bytes, inode: self.inodes };
        self.nodes.insert(path.to_owned(), node);
        self.touch_parent(path);
    }

    fn touch_parent(&mut self, path: &Path) {
        let now = self.now;
        if let Some(parent) = path.parent().and_then(|parent| self.nodes.get_mut(parent)) {
            parent.ctime = now;
        }
    }

    fn node(&self, path: &Path) -> io::Result<&Node> {
        if path.ancestors().skip(1).any(|above| self.unlisted.contains(above))
            || self.unstatted.contains(path)
        {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        self.nodes.get(path).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

fn stat(node: &Node) -> Stat {
    Stat {
        kind: node.kind,
        mode: node.mode,
        size: node.bytes.len() as u64,
        ctime: node.ctime,
        mtime: node.ctime,
        mtime_nsec: 0,
        device: 1,
        inode: node.inode,
    }
}

impl Disk for MemoryDisk {
    type Directory = MemoryDirectory;

    fn open(&self, path: &Path) -> io::Result<MemoryDirectory> {
        let state = self.state();
        if state.node(path)?.kind != Kind::Directory {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        if state.unlisted.contains(path) {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "permission denied"));
        }
        Ok(MemoryDirectory { disk: self.clone(), path: path.to_owned() })
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        self.state().node(path).map(stat)
    }

    fn read(&self, path: &Path, limit: u64) -> io::Result<Reading> {
        let mut state = self.state();
        state.reads += 1;
        let before = state.node(path)?.clone();
        if before.bytes.len() as u64 > limit {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        if state.replaced > 0 {
            state.replaced -= 1;
            state.add(path, Kind::File, before.bytes.clone());
        }
        Ok(Reading { before: stat(&before), bytes: before.bytes.clone(), after: stat(&before) })
    }
}

/// An open directory of a disk in memory.
pub(crate) struct MemoryDirectory {
    disk: MemoryDisk,
    pub(crate) path: PathBuf,
}

impl Directory for MemoryDirectory {
    fn stat(&self) -> io::Result<Stat> {
        self.disk.stat(&self.path)
    }

    fn entries(&self, visit: &mut dyn FnMut(Entry<'_>)) -> io::Result<()> {
        let state = self.disk.state();
        // The reverse of any sensible order: the scan must not depend on it.
        let below =
            state.nodes.range(self.path.clone()..).take_while(|(path, _)| path.starts_with(&self.path));
        let mut inside: Vec<_> = below.filter(|(path, _)| path.parent() == Some(&self.path)).collect();
        inside.reverse();
        for (path, node) in inside {
            visit(Entry { name: path.file_name().unwrap().as_bytes(), kind: node.kind });
        }
        Ok(())
    }

    fn look(&self, name: &[u8], _links: Links) -> io::Result<Stat> {
        self.disk.stat(&self.path.join(OsStr::from_bytes(name)))
    }
}
