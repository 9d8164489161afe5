//! The cache's outermost message, field by field.
//!
//! A message is its fields one after the other, so it can be written without ever being one value.

use std::io::{self, Write};

use prost::Message;
use snapshot::proto::{FileDetailsCacheDirectoryType, MirrorList, MirrorListCacheType};

/// Number 5, with length.
const FILE_DETAILS: &[u8] = &[5 << 3 | 2];
/// Number 16, with length.
const MIRROR_LIST: &[u8] = &[0x82, 0x01];
/// Number 1 with the value 0: what a message begins with whose time is not set.
const NO_TIME: &[u8] = &[1 << 3, 0];

/// Writes fields and counts bytes.
pub(crate) struct Fields<'a> {
    out: &'a mut dyn Write,
    buffer: Vec<u8>,
    written: u64,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(out: &'a mut dyn Write) -> Self {
        Self { out, buffer: Vec::new(), written: 0 }
    }

    /// All fields of a message, the time among them.
    pub(crate) fn begin(&mut self, message: &MirrorList) -> io::Result<()> {
        self.put(&message.encode_to_vec())
    }

    /// All fields of a message whose time is not set, without that time.
    pub(crate) fn go_on(&mut self, message: &MirrorList) -> io::Result<()> {
        let bytes = message.encode_to_vec();
        self.put(bytes.strip_prefix(NO_TIME).unwrap_or(&bytes))
    }

    pub(crate) fn file_details(&mut self, element: &FileDetailsCacheDirectoryType) -> io::Result<()> {
        self.element(FILE_DETAILS, element)
    }

    pub(crate) fn mirror_list(&mut self, element: &MirrorListCacheType) -> io::Result<()> {
        self.element(MIRROR_LIST, element)
    }

    /// Bytes so far.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    fn element(&mut self, key: &[u8], message: &impl Message) -> io::Result<()> {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        buffer.extend_from_slice(key);
        message.encode_length_delimited(&mut buffer).map_err(io::Error::other)?;
        let done = self.put(&buffer);
        self.buffer = buffer;
        done
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.written += bytes.len() as u64;
        self.out.write_all(bytes)
    }
}
