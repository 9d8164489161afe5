//! Why the server does not start, or does not take new data.
//!
//! `Display` is our own text: what, where, why. [`StartError::upstream_text`] is the old server's line
//! for the same event (spec mirrorlist C.1), for the command under its old name.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use snapshot::proto::{DecodeError, ReadError};

/// Why an input file could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The cache file.
    #[error("failed to {0}")]
    Cache(#[from] ReadError),
    /// The country database.
    #[error("failed to read the country database {}: {source}", file.display())]
    Countries {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        source: geo::LoadError,
    },
    /// The table of AS numbers.
    #[error("failed to read the AS numbers {}: {source}", file.display())]
    Netblocks {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        source: geo::LoadError,
    },
    /// The table of continents.
    #[error("failed to read the continents {}: {source}", file.display())]
    Continents {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        source: geo::LoadError,
    },
    /// The new cache knows no directory, the one in use does.
    #[error("refused {}: it has no directories, the cache in use has {in_use}", file.display())]
    Emptied {
        /// The file.
        file: PathBuf,
        /// Directories of the cache in use.
        in_use: usize,
    },
    /// The new cache was made before the one in use.
    #[error("refused {}: made at {made_at_seconds} (Unix time), the cache in use at {in_use_seconds}", file.display())]
    Older {
        /// The file.
        file: PathBuf,
        /// When the file's content was made, seconds since 1970.
        made_at_seconds: u64,
        /// When the content in use was made, seconds since 1970.
        in_use_seconds: u64,
    },
    /// A file changed while it was read.
    #[error("{} changed while it was read", file.display())]
    Moving {
        /// The file.
        file: PathBuf,
    },
    /// Loading panicked, a fault of ours.
    #[error("loading the data panicked; please report this with the files")]
    Panicked,
}

/// Why the server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The access log cannot be opened for appending.
    #[error("failed to open the access log {}: {source}", file.display())]
    AccessLog {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An input file.
    #[error(transparent)]
    Data(#[from] DataError),
    /// An address cannot be listened on.
    #[error("failed to listen on {address}: {source}; set {setting} to a free address of this machine")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The setting that named it.
        setting: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// A setting has no meaning.
    #[error("setting {setting} has the value {value:?}, which is no {expected}")]
    Setting {
        /// The name of the setting.
        setting: &'static str,
        /// Its value.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
    /// A thread cannot be started.
    #[error("failed to start a thread that answers: {0}")]
    Thread(io::Error),
    /// The signal handlers cannot be installed.
    #[error("failed to install the signal handlers: {0}")]
    Signals(io::Error),
}

impl StartError {
    /// The old server's message for the same event; it exits with 1 after each.
    pub fn upstream_text(&self) -> String {
        match self {
            Self::AccessLog { file, .. } => {
                format!("Opening log file {} failed. Exiting!", file.display())
            }
            Self::Data(DataError::Cache(ReadError::Io { path, source })) => {
                format!("Opening {} failed: {source}", path.display())
            }
            Self::Data(DataError::Cache(ReadError::Decode { path, source })) => {
                format!("Parsing {} failed: {}", path.display(), decoding(source))
            }
            Self::Data(DataError::Countries { file, .. }) => {
                format!("Reading GeoIP2 database {} failed", file.display())
            }
            Self::Data(DataError::Netblocks { .. }) => "Creating ASN cache failed. Exiting!".into(),
            Self::Data(DataError::Continents { .. }) => {
                "Parsing country continent data failed. Exiting!".into()
            }
            Self::Listen { address, source, .. } => {
                format!("Listening on {address} failed: {source}; use a free --listen address and --port")
            }
            _ => self.to_string(),
        }
    }
}

fn decoding(error: &DecodeError) -> String {
    match error {
        // An empty file lacks the required field, and is no different from one that was cut off.
        DecodeError::Missing { .. } => "Message `MirrorList` is missing required fields".into(),
        DecodeError::Truncated { .. } => "Unexpected end of file".into(),
        other => other.to_string(),
    }
}
