//! What a scan has to complain about without failing: the rest of the category is stored.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

/// One complaint; its text says what, where and, where that is not plain, what to do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Problem {
    /// A directory can not be listed.
    #[error("cannot list directory {path}: {reason}; its recorded content is kept")]
    Unlisted {
        /// Its path.
        path: String,
        /// What the file system says.
        reason: String,
    },
    /// A directory's name is not UTF-8.
    #[error("skipped directory {path} and all below it: the name is not UTF-8")]
    Name {
        /// Its path, percent-escaped.
        path: String,
    },
    /// A directory's name is too long for the database's index.
    #[error(
        "skipped directory {path}... and all below it: the name has {bytes} bytes, more than can be recorded"
    )]
    LongName {
        /// The beginning of its path.
        path: String,
        /// The length of its full name.
        bytes: usize,
    },
    /// A file can not be looked at.
    #[error("cannot look at {path}: {reason}; the next scan tries again")]
    File {
        /// Its path.
        path: String,
        /// What the file system says.
        reason: String,
    },
    /// An index of a repository or a checksum file can not be read or is damaged.
    #[error("{path}: {reason}; the next scan tries again")]
    Index {
        /// Its path.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Something in a checksum file is refused.
    #[error("checksum file {path}: {reason}")]
    Checksum {
        /// Its path.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Two directories want to be the same repository.
    #[error(
        "repository {prefix} for {arch} is {kept}; {ignored} was ignored: give one of them a prefix of its own"
    )]
    Conflict {
        /// What clients ask for.
        prefix: String,
        /// The architecture.
        arch: String,
        /// The directory that has it.
        kept: String,
        /// The directory that does not get it.
        ignored: String,
    },
    /// A repository's version or architecture can not be told from its path.
    #[error("no repository for {directory}: could not guess version and architecture ({version}, {arch})")]
    Unguessed {
        /// The directory.
        directory: String,
        /// The version, or `none`.
        version: String,
        /// The architecture, or `none`.
        arch: String,
    },
    /// No rule gives a repository a prefix.
    #[error("no repository for {directory}: no rule gives it a prefix; add one to scan.repository_mapping")]
    NoPrefix {
        /// The directory.
        directory: String,
    },
    /// Another repository has the name of this directory.
    #[error("no repository for {directory}: another one is registered under this name")]
    NameTaken {
        /// The directory.
        directory: String,
    },
    /// The master root lies on another device than at the last scan.
    #[error(
        "master root {root} is on another device than at the last scan; continuing, its directories are the same"
    )]
    Device {
        /// Its path.
        root: String,
    },
    /// Lines of a listing that should be entries can not be read.
    #[error("{count} lines of the listing are damaged, the first: {first}; nothing is deleted")]
    Lines {
        /// How many.
        count: u64,
        /// The beginning of the first.
        first: String,
    },
    /// A listing has entries of directories that it does not have itself.
    #[error(
        "the listing lacks {count} directories of whose content it tells, e.g. {first}; nothing is deleted"
    )]
    Homeless {
        /// How many.
        count: u64,
        /// The first by name.
        first: String,
    },
    /// A listing can be used, but what is not in it may be there.
    #[error("the listing may lack something: {reason}; nothing is deleted")]
    Incomplete {
        /// Why.
        reason: &'static str,
    },
    /// The source itself could not read everything.
    #[error("{reason}; nothing is deleted")]
    Partial {
        /// Why.
        reason: &'static str,
    },
    /// A source had nothing to give and the next one was taken.
    #[error("{reason}; the directories are walked instead")]
    Fallback {
        /// What was wrong.
        reason: String,
    },
    /// There is no place from which index files could be read.
    #[error("no digests are read: set checksum_base of the source to where {example} can be read below")]
    NoContents {
        /// The full name of an index file.
        example: String,
    },
}

/// A path for a message with everything but plain characters percent-escaped.
pub(crate) fn percent(path: &[u8]) -> String {
    const PLAIN: &AsciiSet =
        &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'_').remove(b'-').remove(b'+').remove(b'~');
    percent_encode(path, PLAIN).to_string()
}

impl Problem {
    /// The words for all kinds.
    pub const KINDS: [&str; 17] = [
        "unlisted",
        "name",
        "long_name",
        "file",
        "index",
        "checksum",
        "conflict",
        "unguessed",
        "no_prefix",
        "name_taken",
        "device",
        "lines",
        "homeless",
        "incomplete",
        "partial",
        "fallback",
        "no_contents",
    ];

    /// A name that is too long, of which the beginning is shown.
    pub(crate) fn long_name(full: &str) -> Self {
        let path = full.chars().take(200).collect::<String>().escape_debug().to_string();
        Self::LongName { path, bytes: full.len() }
    }

    /// A word for its kind, one of [`KINDS`](Self::KINDS).
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Unlisted { .. } => "unlisted",
            Self::Name { .. } => "name",
            Self::LongName { .. } => "long_name",
            Self::File { .. } => "file",
            Self::Index { .. } => "index",
            Self::Checksum { .. } => "checksum",
            Self::Conflict { .. } => "conflict",
            Self::Unguessed { .. } => "unguessed",
            Self::NoPrefix { .. } => "no_prefix",
            Self::NameTaken { .. } => "name_taken",
            Self::Device { .. } => "device",
            Self::Lines { .. } => "lines",
            Self::Homeless { .. } => "homeless",
            Self::Incomplete { .. } => "incomplete",
            Self::Partial { .. } => "partial",
            Self::Fallback { .. } => "fallback",
            Self::NoContents { .. } => "no_contents",
        }
    }
}
