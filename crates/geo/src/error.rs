//! Why a file about addresses could not be used.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// Why a file could not be used. The messages name the file when it was read from one.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file could not be opened or read.
    #[error("read {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is larger than any of its kind.
    #[error("read {}: larger than the limit of {limit} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit, in bytes.
        limit: u64,
    },
    /// The content is no country database.
    #[error("not a MaxMind database: {0}")]
    Database(#[from] maxminddb::MaxMindDbError),
    /// There is no usable IPv4 prefix in the routing table.
    #[error("no usable IPv4 prefix ({skipped} lines skipped); lines must be `NETWORK/LENGTH ASN`")]
    NoIpv4Prefix {
        /// How many lines were not understood.
        skipped: usize,
    },
    /// There is no usable line in the continent table.
    #[error("no usable line ({skipped} lines skipped); lines must be `CC,CONTINENT`")]
    NoContinent {
        /// How many lines were not understood.
        skipped: usize,
    },
    /// One of the above, about the content of this file.
    #[error("load {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with its content.
        source: Box<LoadError>,
    },
}

/// Reads a file of at most `limit` bytes and loads it; errors name the file.
pub(crate) fn from_file<T>(
    path: &Path,
    limit: u64,
    load: impl FnOnce(Vec<u8>) -> Result<T, LoadError>,
) -> Result<T, LoadError> {
    let failed = |source| LoadError::Io { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    File::open(path).map_err(failed)?.take(limit + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > limit {
        return Err(LoadError::TooLarge { path: path.to_owned(), limit });
    }
    load(bytes).map_err(|source| LoadError::File { path: path.to_owned(), source: Box::new(source) })
}
