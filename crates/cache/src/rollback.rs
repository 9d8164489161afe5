//! Going back to an earlier file.
//!
//! Servers take no file that is older than the one they have, so the old content is written again as the
//! newest: a native file with a new serial, a protobuf file, which has none, with a new time.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::Serialize;
use snapshot::{ReadError, SigningKey, Snapshot, proto};

use crate::inspect::built;
use crate::kept::{Keep, kept, real};
use crate::output::{Format, OutputError, keep, next_serial};
use crate::wire::put_number;

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RolledBack {
    /// The file that was replaced.
    pub file: PathBuf,
    /// Where its content comes from.
    pub from: PathBuf,
    /// Its format.
    pub format: Format,
    /// When that content was built.
    pub built: Option<DateTime<Utc>>,
    /// Its new serial.
    pub serial: u64,
}

/// Why that could not be done. The file is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RollbackError {
    /// There is no such earlier file, or it is no good one.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The old content was signed.
    #[error("{} was signed; name the key that signs (setting cache.signing_key)", .0.display())]
    Unsigned(PathBuf),
    /// The file could not be written.
    #[error(transparent)]
    Write(#[from] OutputError),
}

/// Replaces a file with what it was `number` files ago; what it is now is kept.
///
/// # Errors
/// See [`RollbackError`].
pub fn rollback(
    path: &Path,
    number: usize,
    key: Option<&SigningKey>,
    kept_files: usize,
    now: DateTime<Utc>,
) -> Result<RolledBack, RollbackError> {
    let path = real(path);
    let from = kept(&path, number);
    let bytes = proto::read_bytes(&from)?;
    let wrong = |source| ReadError::Decode { path: from.clone(), source };
    let old = Snapshot::from_bytes(bytes.clone()).map_err(wrong)?;
    let built = built(&old);
    // The file to go back to must not be the one that is let go of.
    let rule = Keep { files: kept_files.max(number), ..Keep::default() };
    let (format, serial) = if snapshot::is_native(&bytes) {
        if old.signer().is_some() && key.is_none() {
            return Err(RollbackError::Unsigned(from));
        }
        let serial = next_serial(&path, now);
        keep(rule, &path)?;
        old.write(&path, serial, key).map_err(OutputError::from)?;
        (Format::Snapshot, serial)
    } else {
        let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
        keep(rule, &path)?;
        let rest = without_time(&bytes);
        let mut time = Vec::new();
        put_number(&mut time, TIME, seconds);
        let replaced = snapshot::write_with(&path, |file| {
            file.write_all(rest.0)?;
            file.write_all(&time)?;
            file.write_all(rest.1)
        });
        replaced.map_err(OutputError::from)?;
        (Format::Proto, seconds.saturating_mul(1000))
    };
    Ok(RolledBack { file: path, from, format, built, serial })
}

/// Number of `Time` in the outermost message.
const TIME: u8 = 1;

/// What stands before and behind the place for the time. In our files the time stands first and is taken out;
/// in others it is added at the end, where it counts more than one before it.
fn without_time(bytes: &[u8]) -> (&[u8], &[u8]) {
    match bytes.split_first() {
        Some((8, rest)) => {
            let length = rest.iter().position(|byte| byte & 0x80 == 0).map_or(rest.len(), |last| last + 1);
            (&[], rest.get(length..).unwrap_or_default())
        }
        _ => (bytes, &[]),
    }
}
