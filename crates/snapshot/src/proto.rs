//! The interchange format (spec mirrorlist A.1): the messages, and reading and writing them as a file.
//!
//! The messages are generated from `proto/mirrorlist_cache.proto`. The generated reader does not miss a
//! required field that is absent, so every reading looks for it first.

mod generated {
    include!(concat!(env!("OUT_DIR"), "/mirrormanager.rs"));
}

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use prost::Message as _;

pub use generated::*;

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
}

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

/// Why a cache file could not be written.
#[derive(Debug, thiserror::Error)]
#[error("write cache file {}: {source}", path.display())]
pub struct WriteError {
    /// The file that was to be replaced. It is unchanged.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
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
pub fn read_bytes(path: &Path) -> Result<Vec<u8>, ReadError> {
    let failed = |source| ReadError::Io { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    let expected = file.metadata().map_err(failed)?.len();
    let too_large =
        |bytes| ReadError::Decode { path: path.to_owned(), source: DecodeError::TooLarge { bytes } };
    if expected > MAX_FILE_BYTES {
        return Err(too_large(expected));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(expected).unwrap_or(0));
    let read = file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if read as u64 > MAX_FILE_BYTES {
        return Err(too_large(read as u64));
    }
    Ok(bytes)
}

/// Writes a cache file by replacing it whole: a reader sees the old or the new one, never half of one.
///
/// The new content is written beside the file, flushed to the disk and renamed. The mode of an existing
/// file is kept, its owner and group too as far as this process may; a new one gets 0644.
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

/// Replaces a file as [`write_bytes`] does, with what `fill` writes piece by piece: a cache can be much larger
/// than what should be in memory at one time.
///
/// # Errors
/// Whatever `fill` or the system says; the old file is then unchanged.
pub fn write_with(
    path: &Path,
    fill: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
) -> Result<(), WriteError> {
    let failed = |source| WriteError { path: path.to_owned(), source };
    // A symbolic link stays one: the file it points to is replaced.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    let mut file = tempfile::Builder::new()
        .prefix(".mirrorlist_cache.")
        .permissions(mode_of(&target))
        .tempfile_in(&folder)
        .map_err(failed)?;
    let mut buffered = io::BufWriter::with_capacity(1 << 16, file.as_file_mut());
    fill(&mut buffered).and_then(|()| buffered.flush()).map_err(failed)?;
    drop(buffered);
    keep_owner(&target, file.as_file());
    // The mode given at creation is cut by the umask, and giving a file away cuts it too; this one is not.
    file.as_file().set_permissions(mode_of(&target)).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(&target).map_err(|error| failed(error.error))?;
    File::open(&folder).and_then(|folder| folder.sync_all()).map_err(failed)
}

/// Gives the new file to the owner and group of the old one, so that whoever could read that still can. What
/// this process may not do does not matter: it is then an ordinary user, whose files these are.
fn keep_owner(old: &Path, new: &File) {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let (Ok(old), Ok(made)) = (fs::metadata(old), new.metadata()) else { return };
    if old.uid() != made.uid() || old.gid() != made.gid() {
        let group_alone = || fchown(new, None, Some(old.gid()));
        let _ = fchown(new, Some(old.uid()), Some(old.gid())).or_else(|_| group_alone());
    }
}

fn mode_of(path: &Path) -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(path).map_or(0o644, |meta| meta.permissions().mode() & 0o7777);
    fs::Permissions::from_mode(mode)
}
