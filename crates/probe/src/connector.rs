//! The one trait that a way of checking a directory implements. HTTP is [`crate::HttpMirror`]; a way
//! that lists a whole tree first keeps its listing inside and answers from it.

use futures_util::future::BoxFuture;
use model::file_name::FileName;

use crate::classify::Reason;

/// What a mirror should hold in one directory.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Path below the mirror's base URL, without slashes at its ends; empty for the top directory.
    pub path: &'a str,
    /// The files in the order in which they are asked for, the most telling first.
    pub files: &'a [WantedFile],
}

/// One file that a mirror should hold, and what proves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedFile {
    /// Base name.
    pub name: FileName,
    /// What must agree.
    pub proof: Proof,
}

/// What proves that a mirror holds a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// Its size in bytes.
    Size(u64),
    /// Its content.
    Digest {
        /// SHA-256 of the newest version on the master; `None` when it is not known, so nothing proves it.
        sha256: Option<[u8; 32]>,
        /// Bytes of that version, if known.
        size: Option<u64>,
    },
}

/// The outcome of asking a mirror about one directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DirectoryCheck {
    /// Every file is there.
    Current,
    /// A file is missing or different.
    Stale(Finding),
    /// It could not be told.
    Unknown(Finding),
    /// The mirror was too slow: the directory has to be tried again.
    TryLater(Finding),
}

/// The file that decided, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How many files of [`Wanted::files`] were proven before it; a second try may begin there.
    pub proven: usize,
    /// The file's name.
    pub file: FileName,
    /// What was wrong with it.
    pub reason: Reason,
}

/// Checks directories of one mirror, below one URL.
pub trait Connector: Send + Sync {
    /// Checks one directory, beginning with the file at index `from` (those before it are proven).
    fn check<'a>(&'a self, wanted: Wanted<'a>, from: usize) -> BoxFuture<'a, DirectoryCheck>;
}
