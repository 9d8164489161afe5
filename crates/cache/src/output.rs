//! Caches as files: which, in which format, and what is kept of the ones before.

use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::Serialize;
use snapshot::proto::DecodeError;
use snapshot::{SigningKey, WriteError};

use crate::additions::{AdditionError, Additions};
use crate::build::Build;
use crate::kept::Keep;
use crate::progress::Progress;

/// Formats of a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// The interchange format, `mirrorlist_cache.proto`.
    Proto,
    /// The native one.
    Snapshot,
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Proto => "proto",
            Self::Snapshot => "snapshot",
        })
    }
}

/// The files that a build is written into.
#[derive(Debug)]
pub struct Output {
    /// Format and path of each.
    pub files: Vec<(Format, PathBuf)>,
    /// Signs native files.
    pub key: Option<SigningKey>,
    /// What is put into native files.
    pub additions: Additions,
    /// What is kept of the files before.
    pub keep: Keep,
}

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Written {
    /// The file.
    pub file: PathBuf,
    /// Its format.
    pub format: Format,
    /// Its size.
    pub bytes: u64,
    /// The serial of a native file.
    pub serial: Option<u64>,
}

/// Why a cache could not be written. Files that are not written yet are as they were.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The file could not be replaced.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The file before could not be kept.
    #[error("keep {} as it was: {source}", path.display())]
    Keep {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A native file has no numbers for so much.
    #[error("build the snapshot: {0}")]
    TooMuch(#[from] DecodeError),
    /// What should be put into a native file can not be used.
    #[error(transparent)]
    Addition(#[from] AdditionError),
}

impl Output {
    /// Writes all files.
    ///
    /// # Errors
    /// The first one that fails.
    pub fn write(
        &mut self,
        build: &Build<'_>,
        now: DateTime<Utc>,
        progress: &dyn Progress,
    ) -> Result<Vec<Written>, OutputError> {
        let mut written = Vec::with_capacity(self.files.len());
        for (format, path) in &self.files {
            let (bytes, serial) = match format {
                Format::Proto => {
                    keep(self.keep, path)?;
                    (build.write_proto(path, progress)?, None)
                }
                Format::Snapshot => {
                    self.additions.read()?;
                    let snapshot = build.snapshot(&self.additions, progress)?;
                    let serial = next_serial(path, now);
                    keep(self.keep, path)?;
                    (snapshot.write(path, serial, self.key.as_ref())?, Some(serial))
                }
            };
            written.push(Written { file: path.clone(), format: *format, bytes, serial });
        }
        Ok(written)
    }
}

pub(crate) fn keep(keep: Keep, path: &Path) -> Result<(), OutputError> {
    keep.before_replacing(path).map_err(|source| OutputError::Keep { path: path.to_owned(), source })
}

/// The serial of the next file at a place: milliseconds since 1970, but more than that of the file that is
/// there. What is there and can not be read has none.
pub(crate) fn next_serial(path: &Path, now: DateTime<Utc>) -> u64 {
    let now = u64::try_from(now.timestamp_millis()).unwrap_or(0);
    let there = path.is_file().then(|| snapshot::serial(path).ok()).flatten();
    there.map_or(now, |there| now.max(there.saturating_add(1)))
}
