//! Why the server does not start, or does not take new data.
//!
//! `Display` is our own text: what, where, why. [`StartError::upstream_text`] is the old server's line
//! for the same event (spec mirrorlist C.1), for the command under its old name.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use snapshot::WriteError;
use snapshot::proto::{DecodeError, ReadError};

use crate::pull::PullError;

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
    /// A key file.
    #[error("failed to read the key {}: {reason}", file.display())]
    Key {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The cache has no signature by a key of the settings.
    #[error("refused {}: signed by {signer}, which is no key of serve.trusted_keys", file.display())]
    Untrusted {
        /// The file.
        file: PathBuf,
        /// The key that signed it.
        signer: String,
    },
    /// The new cache has far less of something than the one in use.
    #[error("refused {}: it has {count} {what}, the cache in use has {in_use}; SIGUSR1 takes it into use all the same", file.display())]
    Fallen {
        /// The file.
        file: PathBuf,
        /// What there is less of.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many the cache in use has.
        in_use: usize,
    },
    /// The new cache was made before the one in use.
    #[error("refused {}: its serial {serial} is lower than that of the cache in use, {in_use}; SIGUSR1 takes it into use all the same", file.display())]
    Older {
        /// The file.
        file: PathBuf,
        /// Its serial.
        serial: u64,
        /// The serial of the cache in use.
        in_use: u64,
    },
    /// A file changed while it was read.
    #[error("{} changed while it was read", file.display())]
    Moving {
        /// The file.
        file: PathBuf,
    },
    /// A file that was pulled can not take its place.
    #[error("failed to {0}")]
    Write(#[from] WriteError),
    /// Loading failed by a fault of ours or of the system.
    #[error("failed to load the data: {0}; if it panicked, please report this with the files")]
    Thread(io::Error),
}

impl DataError {
    /// All reasons, for metrics.
    pub(crate) const REASONS: [&str; 9] = [
        "unreadable",
        "damaged",
        "countries",
        "netblocks",
        "continents",
        "untrusted",
        "fallen",
        "older",
        "other",
    ];

    /// The reason as one of [`REASONS`](Self::REASONS).
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Cache(ReadError::Io { .. }) => "unreadable",
            Self::Cache(ReadError::Decode { .. }) => "damaged",
            Self::Countries { .. } => "countries",
            Self::Netblocks { .. } => "netblocks",
            Self::Continents { .. } => "continents",
            Self::Untrusted { .. } => "untrusted",
            Self::Fallen { .. } => "fallen",
            Self::Older { .. } => "older",
            Self::Key { .. } | Self::Moving { .. } | Self::Write(_) | Self::Thread(_) => "other",
        }
    }
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
    /// An input file that is to be pulled.
    #[error(transparent)]
    Pull(#[from] PullError),
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
    /// A Unix socket cannot be listened on.
    #[error("failed to listen on {}: {source}; set serve.unix_socket to a free path in a folder that this process may write to", path.display())]
    UnixSocket {
        /// The path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The sockets that a service manager opened cannot be used.
    #[error("failed to use the sockets that were handed over: {0}")]
    Inherited(io::Error),
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
