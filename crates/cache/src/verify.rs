//! Whether a cache file is whole, and signed by whom it should be.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::Serialize;
use snapshot::{PublicKey, ReadError, Snapshot};

use crate::inspect::{built, is_native};
use crate::output::Format;

/// A file that is as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Its format.
    pub format: Format,
    /// When it was built.
    pub built: Option<DateTime<Utc>>,
    /// The serial of a native file.
    pub serial: Option<u64>,
    /// Whose signature a native file has, in hexadecimal digits.
    pub signer: Option<String>,
    /// Directories that hosts may carry.
    pub directories: usize,
}

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It can not be read, is damaged or is no cache.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Nobody has signed it.
    #[error("{} is not signed", .0.display())]
    Unsigned(PathBuf),
    /// Somebody else has signed it.
    #[error("{} is signed by {signer}, which is none of the given keys", path.display())]
    OtherKey {
        /// The file.
        path: PathBuf,
        /// Whose signature it has.
        signer: String,
    },
}

/// Reads all of a file: hashes, every reference from one table into another, the signature. With keys, one of
/// them must have signed it.
///
/// # Errors
/// The first thing that is wrong.
pub fn verify(path: &Path, keys: &[PublicKey]) -> Result<Verified, VerifyError> {
    let snapshot = Snapshot::read(path)?;
    let native = is_native(path)?;
    match snapshot.signer() {
        None if !keys.is_empty() => return Err(VerifyError::Unsigned(path.to_owned())),
        Some(signer) if !keys.is_empty() && !keys.contains(signer) => {
            return Err(VerifyError::OtherKey { path: path.to_owned(), signer: signer.to_string() });
        }
        _ => {}
    }
    Ok(Verified {
        format: if native { Format::Snapshot } else { Format::Proto },
        built: built(&snapshot),
        serial: native.then(|| snapshot.serial()),
        signer: snapshot.signer().map(PublicKey::to_string),
        directories: snapshot.directories(),
    })
}
