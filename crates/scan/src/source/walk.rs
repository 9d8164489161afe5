//! The walk over a tree on a disk.
//!
//! An unchanged directory costs one look at itself and one listing, its files none. The files of a large one
//! are looked at by several threads, because on a network file system the time goes into waiting. Names are
//! bytes; links to directories are not followed, so that loops are harmless; nothing recurses.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use model::checksums;
use model::directory_name::join;
use model::file_name::FileName;
use model::files::{FileEntry, Files};

use super::disk::{Directory as _, Disk, Entry, Kind};
use super::local::{LocalTree, is_gone};
use super::{Found, Inside, KnownTimes, Listing, MAX_NAME_BYTES};
use crate::problem::{Problem, percent};
use crate::progress::Progress;

/// Others may read and enter.
const OPEN: u32 = 0o005;
/// As many files are looked at by one thread; of a directory with more than twice as many each batch is a
/// task of its own.
const BATCH: usize = 64;

/// One walk.
pub(super) struct Walk<'a, D> {
    pub(super) tree: &'a LocalTree<D>,
    pub(super) known: &'a KnownTimes,
    pub(super) progress: &'a dyn Progress,
}

/// What one thread does at a time.
pub(super) enum Task<D: Disk> {
    /// Looks at a directory, by relative name.
    Directory {
        name: String,
        /// Whether all directories above it are readable.
        open: bool,
        /// Whether one above it says that all below must be looked at.
        all: bool,
    },
    /// Looks at some of the files of one.
    Files(Arc<Large<D>>, Vec<Named>),
}

/// A file that is in a directory.
pub(super) struct Named {
    name: FileName,
    kind: Kind,
}

/// A directory whose files are looked at in several tasks.
pub(super) struct Large<D: Disk> {
    directory: D::Directory,
    path: PathBuf,
    /// What is known so far, and the number of tasks that are still to tell.
    seen: Mutex<(Option<Seen>, usize)>,
}

impl<D: Disk> Large<D> {
    /// Adds what one task has seen; gives everything after the last one.
    fn add(&self, looked: Looked) -> Option<Seen> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let (so_far, left) = &mut *seen;
        if let Some(so_far) = so_far {
            so_far.looked.add(looked);
        }
        *left -= 1;
        if *left == 0 { so_far.take() } else { None }
    }
}

/// What has been seen of a directory.
struct Seen {
    name: String,
    time: i64,
    open: bool,
    /// Whether all below it must be looked at.
    all: bool,
    unchanged: bool,
    /// The checksum files of an unchanged one.
    checksum_files: Vec<FileName>,
    looked: Looked,
}

/// What looking at files has told.
#[derive(Default)]
struct Looked {
    files: Vec<FileEntry>,
    /// Files, without links.
    count: u64,
    has_repodata: bool,
    has_objects: bool,
    has_summary: bool,
    problems: Vec<Problem>,
}

impl Looked {
    fn add(&mut self, more: Self) {
        self.files.extend(more.files);
        self.count += more.count;
        self.has_repodata |= more.has_repodata;
        self.has_objects |= more.has_objects;
        self.has_summary |= more.has_summary;
        self.problems.extend(more.problems);
    }
}

/// What was listed of a directory.
struct Listed<D: Disk> {
    below: Vec<Task<D>>,
    /// Directories that are as recorded.
    kept: Vec<Found>,
    /// Files to be looked at.
    files: Vec<Named>,
    excluded: u64,
    problems: Vec<Problem>,
}

impl<D: Disk> Walk<'_, D> {
    /// Does a task; what it brings up goes to `more`.
    pub(super) fn work(&self, task: Task<D>, out: &mut Listing, more: &mut Vec<Task<D>>) {
        match task {
            Task::Directory { name, open, all } => self.visit(name, open, all, out, more),
            Task::Files(large, files) => {
                let looked = self.look(&large.directory, &large.path, files);
                if let Some(seen) = large.add(looked) {
                    self.found(seen, out);
                }
            }
        }
    }

    /// Looks at one directory.
    fn visit(&self, name: String, open: bool, all: bool, out: &mut Listing, more: &mut Vec<Task<D>>) {
        let root = &self.tree.root;
        let path = if name.is_empty() { root.clone() } else { root.join(&name) };
        let (directory, listed, mut seen) = match self.list(&name, &path, open, all) {
            Ok(listed) => listed,
            // What is taken for gone may be deleted, so it must be gone, not only hard to list.
            Err(e) if is_gone(&e) && self.tree.disk.stat(&path).is_err_and(|e| is_gone(&e)) => return,
            Err(e) => {
                out.problems.push(Problem::Unlisted { path: shown(&path), reason: e.to_string() });
                out.directories.push(Found {
                    name,
                    ctime: 0,
                    readable: Some(false),
                    inside: Inside::Unlisted,
                    is_repository: false,
                    is_atomic: false,
                });
                return;
            }
        };
        out.excluded += listed.excluded;
        out.problems.extend(listed.problems);
        out.kept += listed.kept.len();
        out.directories.extend(listed.kept);
        more.extend(listed.below);
        if listed.files.len() <= 2 * BATCH {
            seen.looked.add(self.look(&directory, &path, listed.files));
            return self.found(seen, out);
        }
        let mut files = listed.files.into_iter();
        let batches: Vec<Vec<Named>> = std::iter::from_fn(|| {
            let batch: Vec<Named> = files.by_ref().take(BATCH).collect();
            (!batch.is_empty()).then_some(batch)
        })
        .collect();
        let large = Arc::new(Large { directory, path, seen: Mutex::new((Some(seen), batches.len())) });
        more.extend(batches.into_iter().map(|batch| Task::Files(Arc::clone(&large), batch)));
    }

    /// Opens and lists a directory.
    fn list(
        &self,
        name: &str,
        path: &Path,
        open: bool,
        all: bool,
    ) -> io::Result<(D::Directory, Listed<D>, Seen)> {
        let directory = self.tree.disk.open(path)?;
        let stat = directory.stat()?;
        let time = self.tree.time(&stat);
        let open = open && stat.mode & OPEN == OPEN;
        let mut seen = Seen {
            name: name.to_owned(),
            time,
            open,
            all: all || self.known.all_below(name, open),
            unchanged: !all && self.known.get(name) == Some(&time),
            checksum_files: Vec::new(),
            looked: Looked::default(),
        };
        let mut listed = Listed {
            below: Vec::new(),
            kept: Vec::new(),
            files: Vec::new(),
            excluded: 0,
            problems: Vec::new(),
        };
        directory.entries(&mut |entry| self.entry(path, &entry, &mut seen, &mut listed))?;
        Ok((directory, listed, seen))
    }

    /// Sorts one entry in.
    fn entry(&self, path: &Path, entry: &Entry<'_>, seen: &mut Seen, listed: &mut Listed<D>) {
        let Entry { name, kind } = *entry;
        if self.tree.hides(name) {
            listed.excluded += u64::from(kind == Kind::Directory);
            return;
        }
        if kind == Kind::Directory {
            match self.child(&seen.name, path, name) {
                Child::Walk(child) => {
                    seen.looked.has_repodata |= name == b"repodata";
                    seen.looked.has_objects |= name == b"objects";
                    match self.known.kept(&child).filter(|_| !seen.all) {
                        Some(kept) => listed.kept.push(kept),
                        None => {
                            listed.below.push(Task::Directory { name: child, open: seen.open, all: seen.all })
                        }
                    }
                }
                Child::Excluded => listed.excluded += 1,
                Child::BadName(problem) => listed.problems.push(problem),
            }
            return;
        }
        let marks = matches!(name, b"repodata" | b"objects" | b"summary");
        if !seen.unchanged || marks && kind == Kind::Symlink {
            listed.files.push(Named { name: FileName::from(name), kind });
            return;
        }
        seen.looked.has_summary |= name == b"summary";
        seen.looked.count += u64::from(kind != Kind::Symlink);
        if checksums::kind(name).is_some() {
            seen.checksum_files.push(FileName::from(name));
        }
    }

    fn child(&self, parent: &str, path: &Path, name: &[u8]) -> Child {
        let Ok(text) = std::str::from_utf8(name) else {
            return Child::BadName(Problem::Name {
                path: percent(path.join(OsStr::from_bytes(name)).as_os_str().as_bytes()),
            });
        };
        let name = join(parent, text);
        let full = join(&self.tree.topdir, &name);
        if let Some(pattern) = self.tree.excludes.matching(&full) {
            tracing::debug!(pattern, "excluding {name}");
            self.progress.excluded(&full, pattern);
            return Child::Excluded;
        }
        if full.len() > MAX_NAME_BYTES {
            return Child::BadName(Problem::long_name(&full));
        }
        Child::Walk(name)
    }

    /// Looks at files.
    fn look(&self, directory: &D::Directory, path: &Path, files: Vec<Named>) -> Looked {
        let mut out = Looked { files: Vec::with_capacity(files.len()), ..Looked::default() };
        for Named { name, kind } in files {
            match directory.look(name.as_bytes(), self.tree.links()) {
                Ok(target) if target.kind == Kind::Directory => {
                    // A link to a directory: not walked, but it counts as one for these two names.
                    out.has_repodata |= name.as_bytes() == b"repodata";
                    out.has_objects |= name.as_bytes() == b"objects";
                }
                Ok(target) => {
                    out.has_summary |= name.as_bytes() == b"summary";
                    out.count += u64::from(kind != Kind::Symlink);
                    out.files.push(FileEntry::new(name, target.size, self.tree.time(&target)));
                }
                Err(e) if is_gone(&e) => {}
                Err(e) => {
                    let path = shown(&path.join(OsStr::from_bytes(name.as_bytes())));
                    out.problems.push(Problem::File { path, reason: e.to_string() });
                }
            }
        }
        out
    }

    /// A directory of which everything has been seen.
    fn found(&self, seen: Seen, out: &mut Listing) {
        let looked = seen.looked;
        out.files += looked.count;
        self.progress.directory(&seen.name, looked.count);
        let files = || self.tree.prune(Files::from_iter(looked.files));
        let inside = if seen.unchanged {
            Inside::Unchanged(seen.checksum_files)
        } else if looked.problems.is_empty() {
            Inside::Files(files())
        } else {
            Inside::Partly(files())
        };
        out.problems.extend(looked.problems);
        out.directories.push(Found {
            name: seen.name,
            ctime: seen.time,
            readable: Some(seen.open),
            inside,
            is_repository: looked.has_repodata,
            is_atomic: looked.has_summary && looked.has_objects,
        });
    }
}

enum Child {
    Walk(String),
    Excluded,
    BadName(Problem),
}

/// A path for a message: nothing in it can harm a terminal.
fn shown(path: &Path) -> String {
    FileName::from(path.as_os_str().as_bytes()).to_string()
}
