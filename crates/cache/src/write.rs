//! The finished cache as a file.

use std::path::Path;

use snapshot::proto::{self, MirrorList, WriteError};

/// Replaces the file as a whole, so that a reader sees the old or the new cache and never half of one, and
/// tells how many bytes it has.
///
/// # Errors
/// What the system said; the old file is then unchanged.
pub fn write(path: &Path, cache: &MirrorList) -> Result<u64, WriteError> {
    let bytes = proto::encode(cache);
    proto::write_bytes(path, &bytes)?;
    Ok(bytes.len() as u64)
}
