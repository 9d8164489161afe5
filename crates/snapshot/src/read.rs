//! Reading a snapshot, whichever of the two formats it has.

use std::fs::File;
use std::io::{self, Cursor, Read as _, Seek as _};
use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::build;
use crate::format::{FormatError, MAGIC, Native};
use crate::proto::{DecodeError, MAX_FILE_BYTES};
use crate::view::Snapshot;

/// Why a cache file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file could not be opened or read.
    #[error("read cache file {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not a cache.
    #[error("parse cache file {}: {source}; generate it again", path.display())]
    Decode {
        /// The file.
        path: PathBuf,
        /// What is wrong with its content.
        source: DecodeError,
    },
}

/// Where a native file's bytes are while they are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Storage {
    Memory,
    Mapped,
}

/// Whether these are the first bytes of a native file.
pub fn is_native(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

pub(crate) fn from_bytes(bytes: Bytes) -> Result<Snapshot, DecodeError> {
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(DecodeError::TooLarge { bytes: bytes.len() as u64 });
    }
    if is_native(&bytes) { Ok(native(&bytes)?) } else { build::from_stream(&mut Cursor::new(bytes)) }
}

fn native(bytes: &Bytes) -> Result<Snapshot, FormatError> {
    Ok(Snapshot::from_native(&Native::read(bytes)?)?)
}

pub(crate) fn file(path: &Path, storage: Storage) -> Result<Snapshot, ReadError> {
    let failed = |source| ReadError::Io { path: path.to_owned(), source };
    let wrong = |source| ReadError::Decode { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(failed)?;
    let bytes = file.metadata().map_err(failed)?.len();
    if bytes > MAX_FILE_BYTES {
        return Err(wrong(DecodeError::TooLarge { bytes }));
    }
    let mut begin = Vec::with_capacity(MAGIC.len());
    (&mut file).take(MAGIC.len() as u64).read_to_end(&mut begin).map_err(failed)?;
    file.rewind().map_err(failed)?;
    if !is_native(&begin) {
        return build::from_stream(&mut io::BufReader::with_capacity(1 << 18, file)).map_err(wrong);
    }
    let bytes = match storage {
        Storage::Memory => whole(file).map_err(failed)?,
        Storage::Mapped => mapped(&file).map_err(failed)?,
    };
    native(&bytes).map_err(|error| wrong(error.into()))
}

/// The serial of a native file, from its header alone.
///
/// # Errors
/// With the path: the file cannot be read, or is no native file.
pub fn serial(path: &Path) -> Result<u64, ReadError> {
    let failed = |source| ReadError::Io { path: path.to_owned(), source };
    let bytes = File::open(path).and_then(|file| mapped(&file)).map_err(failed)?;
    let serial = crate::format::serial(&bytes);
    serial.map_err(|error| ReadError::Decode { path: path.to_owned(), source: error.into() })
}

/// All bytes of a file, in memory.
pub(crate) fn whole(file: File) -> io::Result<Bytes> {
    let expected = file.metadata()?.len().min(MAX_FILE_BYTES);
    let mut bytes = Vec::with_capacity(usize::try_from(expected).unwrap_or(0));
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes.into())
}

/// The bytes of a file where it lies.
fn mapped(file: &File) -> io::Result<Bytes> {
    #[expect(unsafe_code, reason = "there is no safe way to map a file")]
    // SAFETY: the file must not be changed while it is mapped. We and everybody who follows the documentation
    // replace files by renaming, so that the mapped one stays as it is. A file that is written in place all the
    // same gives wrong answers, since every look-up is checked; one that is truncated ends the process.
    let map = unsafe { memmap2::Mmap::map(file) }?;
    Ok(Bytes::from_owner(map))
}
