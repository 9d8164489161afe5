//! From one format to the other.

use std::io;
use std::path::Path;

use prost::Message as _;
use serde::Serialize;
use snapshot::{ReadError, SigningKey, Snapshot, WriteError};

use crate::inspect::is_native;
use crate::output::Format;
use crate::proto_head::Halves;
use crate::wire::{MIRROR_LIST, Sink, put_prefix, put_varint};

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Converted {
    /// The format of the new file.
    pub format: Format,
    /// Its size.
    pub bytes: u64,
    /// What the new format has no field for and is therefore lost: names, places, address families, exclusive
    /// networks, routing table, country database, serial, signature.
    pub lossy: bool,
}

/// Why a file could not be converted.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// The file is no cache.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The new file could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// Writes a cache in the other format. A native file gets the serial of what it is made from, and is signed if
/// there is a key.
///
/// # Errors
/// See [`ConvertError`].
pub fn convert(from: &Path, to: &Path, key: Option<&SigningKey>) -> Result<Converted, ConvertError> {
    let snapshot = Snapshot::map(from)?;
    if !is_native(from)? {
        let bytes = snapshot.write(to, snapshot.serial(), key)?;
        return Ok(Converted { format: Format::Snapshot, bytes, lossy: false });
    }
    let mut bytes = 0;
    snapshot::write_with(to, |file| {
        bytes = encode(&snapshot, file)?;
        Ok(())
    })?;
    Ok(Converted { format: Format::Proto, bytes, lossy: true })
}

/// Number of `FileDetailsCache` in the outermost message.
const FILE_DETAILS: u8 = 5;

fn encode(snapshot: &Snapshot, out: &mut dyn io::Write) -> io::Result<u64> {
    let mut sink = Sink::new(out);
    let head = Halves::of(&snapshot.proto_head());
    sink.buffer.extend_from_slice(&head.before_files);
    for files in snapshot.proto_files() {
        put_prefix(&mut sink.buffer, FILE_DETAILS, files.encoded_len());
        sink.buffer.extend(files.encode_to_vec());
        sink.drain()?;
    }
    sink.buffer.extend_from_slice(&head.behind_files);
    for entry in snapshot.proto_directories() {
        sink.buffer.extend_from_slice(&MIRROR_LIST);
        put_varint(&mut sink.buffer, entry.encoded_len() as u64);
        sink.buffer.extend(entry.encode_to_vec());
        sink.drain()?;
    }
    sink.finish()
}
