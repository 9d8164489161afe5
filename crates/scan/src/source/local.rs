//! A local copy of the tree, normally a mounted network file system.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use model::excludes::Excludes;
use model::file_name::FileName;
use model::files::{FileEntry, Files};
use model::policy::Policy;
use model::short_list;

use super::disk::{Disk, Kind, Links, Reading, Stat};
use super::walk::{Task, Walk};
use super::{Content, Found, Inside, KnownTimes, Listing, SourceError, TreeSource, pool};
use crate::index;
use crate::problem::Problem;
use crate::progress::Progress;

/// How often a file that changes while it is read is read again.
const READ_ATTEMPTS: usize = 3;

/// A tree on a disk.
pub struct LocalTree<D> {
    pub(super) disk: D,
    pub(super) root: PathBuf,
    pub(super) topdir: String,
    pub(super) excludes: Excludes,
    threads: usize,
    policy: Policy,
}

impl<D: Disk> LocalTree<D> {
    /// The tree of a category whose topdir lies at `root`. Exclude patterns are tested against full names;
    /// as many as `threads` threads wait for the disk at the same time.
    pub fn new(disk: D, root: impl Into<PathBuf>, topdir: &str, excludes: Excludes, threads: usize) -> Self {
        let (root, topdir) = (root.into(), topdir.to_owned());
        Self { disk, root, topdir, excludes, threads: threads.max(1), policy: Policy::Umdl }
    }

    /// The same as one of upstream's scanners sees it: the second one takes modification times for change
    /// times, leaves out hidden names, and records links as they are (`spec/scan-primary-mirror.md` 4.3).
    #[must_use]
    pub fn with_policy(self, policy: Policy) -> Self {
        Self { policy, ..self }
    }

    /// The time of a file or directory that is recorded.
    pub(super) fn time(&self, stat: &Stat) -> i64 {
        match self.policy {
            Policy::Umdl => stat.ctime,
            Policy::Spm => stat.mtime,
        }
    }

    /// What is recorded of a symbolic link.
    pub(super) fn links(&self) -> Links {
        match self.policy {
            Policy::Umdl => Links::Follow,
            Policy::Spm => Links::Keep,
        }
    }

    /// Whether this name is left out, wherever it is.
    pub(super) fn hides(&self, name: &[u8]) -> bool {
        self.policy == Policy::Spm && name.starts_with(b".")
    }

    /// The files of a directory without those that nobody asks for later but by [`TreeSource::entry`].
    pub(super) fn prune(&self, files: Files) -> Files {
        short_list::prune(files, self.policy, index::is_index)
    }

    /// Where a file is.
    pub(crate) fn path(&self, directory: &str, file: &FileName) -> PathBuf {
        self.root.join(directory).join(OsStr::from_bytes(file.as_bytes()))
    }
}

impl<D: Disk> TreeSource for LocalTree<D> {
    fn kind(&self) -> &'static str {
        "directory"
    }

    fn is_asked(&self) -> bool {
        true
    }

    fn list(&self, known: &KnownTimes, progress: &dyn Progress) -> Result<Listing, SourceError> {
        let fail = |reason: String| SourceError::Root { root: self.root.display().to_string(), reason };
        let root = self.disk.stat(&self.root).map_err(|e| fail(e.to_string()))?;
        if root.kind != Kind::Directory {
            return Err(fail("not a directory".to_owned()));
        }
        let first = Task::Directory { name: String::new(), open: true, all: false };
        let walk = Walk { tree: self, known, progress };
        let parts =
            pool::work_off(first, self.threads, |task, part: &mut Listing, more| walk.work(task, part, more))
                .map_err(|_| fail("the walk was interrupted by a defect".to_owned()))?;
        let mut all =
            Listing { complete: true, device: i64::try_from(root.device).ok(), ..Listing::default() };
        for part in parts {
            all.directories.extend(part.directories);
            all.problems.extend(part.problems);
            all.files += part.files;
            all.excluded += part.excluded;
            all.kept += part.kept;
        }
        if all.kept > 0 {
            let of = all.directories.iter().filter(|d| d.readable.is_none());
            let below = known.below(&of.map(|d| d.name.clone()).collect());
            all.kept += below.len();
            all.directories.extend(below);
        }
        all.directories.sort_by(|a, b| a.name.cmp(&b.name));
        all.problems.sort();
        if let Some(Found { name, inside: Inside::Unlisted, .. }) = all.directories.first()
            && name.is_empty()
        {
            let reason = all.problems.into_iter().find_map(|problem| match problem {
                Problem::Unlisted { reason, .. } => Some(reason),
                _ => None,
            });
            return Err(fail(reason.unwrap_or_else(|| "it can not be listed".to_owned())));
        }
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
        if self.hides(file.as_bytes()) {
            return Ok(None);
        }
        match self.disk.stat(&self.path(directory, file)) {
            Ok(stat) if stat.kind == Kind::Directory => Ok(None),
            Ok(stat) => Ok(Some(FileEntry::new(file.clone(), stat.size, self.time(&stat)))),
            Err(e) if is_gone(&e) => Ok(None),
            Err(e) => Err(e),
        }
    }
}

fn same(a: &Stat, b: &Stat) -> bool {
    (a.device, a.inode, a.size, a.mtime, a.mtime_nsec) == (b.device, b.inode, b.size, b.mtime, b.mtime_nsec)
}

/// Not there (any more), or a link that leads nowhere or in a circle.
pub(super) fn is_gone(e: &io::Error) -> bool {
    matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
        || e.raw_os_error() == Some(ELOOP)
}

/// Too many levels of symbolic links.
const ELOOP: i32 = 40;
