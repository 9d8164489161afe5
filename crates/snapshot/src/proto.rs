//! The interchange format (spec mirrorlist A.1): the messages, and reading and writing them as a file.
//!
//! The messages are generated from `proto/mirrorlist_cache.proto`. The generated reader does not miss a
//! required field that is absent, so every reading looks for it first.

mod generated {
    include!(concat!(env!("OUT_DIR"), "/mirrormanager.rs"));
}

use std::fs::File;
use std::path::Path;

use prost::Message as _;

pub use generated::*;

use crate::format::FormatError;
use crate::read;
pub use crate::read::ReadError;
pub use crate::write::{WriteError, write_with};

/// The largest cache file that is read, in bytes. Fedora's is about 60 MB; scale 1 of the promises about
/// speed is below 1 GiB.
pub const MAX_FILE_BYTES: u64 = 2 << 30;

/// Why bytes are not a cache.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// More bytes than a cache may have.
    #[error("{bytes} bytes are more than the limit of {MAX_FILE_BYTES}")]
    TooLarge {
        /// How many there are.
        bytes: u64,
    },
    /// The bytes end in the middle of a field, or before the first one.
    #[error("unexpected end of file at byte {at}")]
    Truncated {
        /// Offset of the field that is cut off.
        at: usize,
    },
    /// The bytes at this place are no field of a message.
    #[error("damaged at byte {at}: {what}")]
    Damaged {
        /// Offset of the field.
        at: usize,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A required field is absent.
    #[error("message `{message}` is missing required field `{field}` (message at byte {at})")]
    Missing {
        /// Name of the message.
        message: &'static str,
        /// Name of the field.
        field: &'static str,
        /// Offset of the message.
        at: usize,
    },
    /// The fields do not fit the messages.
    #[error("{0}")]
    Message(#[from] prost::DecodeError),
    /// It is a native snapshot, and not a good one.
    #[error(transparent)]
    Native(#[from] FormatError),
    /// The bytes could not be read to their end.
    #[error("reading stopped at byte {at}: {kind}")]
    Io {
        /// How many bytes were read.
        at: usize,
        /// What the system said.
        kind: std::io::ErrorKind,
    },
}

/// Decodes one cache. Repeated numbers may be packed or not; unknown fields are ignored.
///
/// # Errors
/// Anything that is not a complete `MirrorList`: cut off, damaged, a required field absent, too large.
pub fn decode(bytes: &[u8]) -> Result<MirrorList, DecodeError> {
    crate::required::check(bytes)?;
    Ok(MirrorList::decode(bytes)?)
}

/// Encodes one cache: fields by number, elements in the order they have, repeated numbers not packed.
pub fn encode(cache: &MirrorList) -> Vec<u8> {
    cache.encode_to_vec()
}

/// Reads and decodes a cache file.
///
/// # Errors
/// With the path: it cannot be read, or is not a complete cache.
pub fn read(path: &Path) -> Result<MirrorList, ReadError> {
    let bytes = read_bytes(path)?;
    decode(&bytes).map_err(|source| ReadError::Decode { path: path.to_owned(), source })
}

/// Reads a cache file without decoding it, up to [`MAX_FILE_BYTES`].
///
/// # Errors
/// With the path: it cannot be read, or is too large.
pub fn read_bytes(path: &Path) -> Result<bytes::Bytes, ReadError> {
    let failed = |source| ReadError::Io { path: path.to_owned(), source };
    let bytes = File::open(path).and_then(read::whole).map_err(failed)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        let source = DecodeError::TooLarge { bytes: bytes.len() as u64 };
        return Err(ReadError::Decode { path: path.to_owned(), source });
    }
    Ok(bytes)
}

/// Writes a cache file by replacing it whole (see [`write_with`]).
///
/// # Errors
/// Whatever the system says; the old file is then unchanged.
pub fn write(path: &Path, cache: &MirrorList) -> Result<(), WriteError> {
    write_bytes(path, &encode(cache))
}

/// As [`write`](fn@write), for content that is already encoded.
///
/// # Errors
/// Whatever the system says; the old file is then unchanged.
pub fn write_bytes(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    write_with(path, |file| file.write_all(bytes))
}
