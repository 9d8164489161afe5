//! Where a tree comes from.
//!
//! A source gives the whole tree at once, sorted by name, whatever it is made from: a walk over a disk, a file
//! list, an rsync listing. Sources of one tree are tried in order (a list first, then the walk). So the comparison
//! with the database is one piece of code, and a category is only touched after its tree is known as a whole. Of a
//! watched tree a walk looks only where something was touched and fills in the rest as recorded. The trait blocks; the scan calls it off the async threads.

mod asked;
mod assembly;
mod compression;
pub mod contents;
pub mod disk;
pub mod fetched;
pub mod full_file_time_list;
mod known;
pub mod list_file;
pub mod listed;
pub mod local;
mod pool;
pub mod rsync;
mod walk;

use std::io;

use model::file_name::FileName;
use model::files::{FileEntry, Files};

use crate::problem::Problem;
use crate::progress::Progress;

pub use known::KnownTimes;

/// Longest full name of a directory: PostgreSQL's unique index on names takes little more.
pub(crate) const MAX_NAME_BYTES: usize = 2_600;

/// One way to get the tree of a category.
pub trait TreeSource: Send + Sync {
    /// The kind, as remembered between scans: times of different kinds can not be compared.
    fn kind(&self) -> &'static str;

    /// Lists the tree. The files of a directory whose time is the one in `known` may be left out.
    ///
    /// # Errors
    /// When nothing can be said about the tree as a whole; what concerns one directory is in the listing.
    fn list(&self, known: &KnownTimes, progress: &dyn Progress) -> Result<Listing, SourceError>;

    /// The content of a file, read when it stood still.
    ///
    /// # Errors
    /// Why it can not be had, or that it is longer than `limit` bytes.
    fn read(&self, directory: &str, file: &FileName, limit: u64) -> io::Result<Content>;

    /// Whether single files have to be asked for: its listings leave out what can not matter of large directories, and
    /// tell nothing about files that are rewritten in place. Asking is cheap then.
    fn is_asked(&self) -> bool {
        false
    }

    /// One file of a directory whose files were left out of the listing; `None` when it is not there.
    ///
    /// # Errors
    /// When that can not be found out.
    fn entry(&self, directory: &str, file: &FileName) -> io::Result<Option<FileEntry>>;
}

/// A tree.
#[derive(Debug, Default)]
pub struct Listing {
    /// Every directory once, in ascending byte order of the names; the root's name is empty.
    pub directories: Vec<Found>,
    /// Files seen, also in unchanged directories; links are not counted.
    pub files: u64,
    /// Whether what is missing here is really gone (but for the places below [`Inside::Unlisted`]).
    pub complete: bool,
    /// The device number of the root, when there is one.
    pub device: Option<i64>,
    /// Directories of a watched tree that were taken as recorded without a look.
    pub kept: usize,
    /// Directories left out by an exclude pattern.
    pub excluded: u64,
    /// What was wrong on the way.
    pub problems: Vec<Problem>,
    /// All files of unchanged directories whose `repomd.xml` or `summary` may have been rewritten in place, by
    /// directory. Only of sources that tell about files without being asked (`spec/umdl.md` 5.2.10).
    pub unproven: Vec<(String, Files)>,
}

/// One directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Name relative to the topdir, `""` for the root.
    pub name: String,
    /// Its time, seconds: change time, list time or modification time, depending on the source.
    pub ctime: i64,
    /// Whether everybody may read it and all directories above it. `None`: the source does not know.
    pub readable: Option<bool>,
    /// What is in it.
    pub inside: Inside,
    /// It has a directory `repodata`.
    pub is_repository: bool,
    /// It has a file `summary` and a directory `objects`.
    pub is_atomic: bool,
}

/// What a source says about the files of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inside {
    /// All of them.
    Files(Files),
    /// Those that could be looked at; others failed, so the directory has to be read again.
    Partly(Files),
    /// As at the last scan. Only the names of the checksum files are given, and those only if something below it
    /// may have changed.
    Unchanged(Vec<FileName>),
    /// It can not be listed.
    Unlisted,
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// All of it.
    pub bytes: Vec<u8>,
    /// Its modification time, seconds.
    pub mtime: i64,
}

/// Why there is no tree.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The root is not there, is no directory, or can not be listed.
    #[error("master root {root}: {reason}; is it mounted?")]
    Root {
        /// Its path.
        root: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A name that is no path below the content root.
    #[error("top directory {0:?} is no name below the content root")]
    Topdir(String),
    /// There is no list in the directory.
    #[error("there is no fullfiletimelist-* in {0}")]
    NoList(String),
    /// A file is not the kind of list that this source reads.
    #[error("{0} is neither a fullfiletimelist nor a listing of rsync")]
    Form(String),
    /// A list ends too early.
    #[error("{list} is cut off: {reason}")]
    Cut {
        /// Which.
        list: String,
        /// How that is known.
        reason: &'static str,
    },
    /// There is no listing, or it can not be used.
    #[error("{listing}: {reason}")]
    Listing {
        /// Which.
        listing: String,
        /// What is wrong.
        reason: String,
    },
}

impl SourceError {
    /// Whether another source of the same tree may be tried.
    pub(crate) fn passes(&self) -> bool {
        matches!(self, Self::NoList(_) | Self::Form(_) | Self::Cut { .. })
    }
}
