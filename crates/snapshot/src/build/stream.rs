//! Builds a view from an encoded cache of which only one element is in memory at a time.

use std::io::{BufRead, Seek};

use prost::Message as _;

use super::Builder;
use crate::entry::Entry;
use crate::proto::{DecodeError, FileDetailsCacheDirectoryType, MirrorList};
use crate::required;
use crate::view::Snapshot;
use crate::wire::Elements;

/// Number of `Time` in `MirrorList`.
const TIME_FIELD: u32 = 1;

/// Number of `FileDetailsCache` in `MirrorList`.
const FILES_FIELD: u32 = 5;

/// Number of `MirrorListCache` in `MirrorList`.
const DIRECTORY_FIELD: u32 = 16;

/// Reads the stream twice: once for everything but the directories, which are most of a cache, once for them.
pub(crate) fn from_stream(stream: &mut (impl BufRead + Seek)) -> Result<Snapshot, DecodeError> {
    let mut builder = Builder::default();
    let mut head = Vec::new();
    let mut has_time = false;
    let mut elements = Elements::new(stream)?;
    while let Some(element) = elements.next()? {
        has_time |= element.number == TIME_FIELD;
        if let Some(content) = element.content {
            required::check_element(element.number, content, element.at)?;
        }
        match (element.number, element.content) {
            (DIRECTORY_FIELD, Some(_)) => {}
            (FILES_FIELD, Some(content)) => {
                builder.proto_files(&FileDetailsCacheDirectoryType::decode(content)?)?;
            }
            _ => head.extend_from_slice(element.bytes),
        }
    }
    if !has_time {
        return Err(required::NO_TIME);
    }
    builder.head(&MirrorList::decode(head.as_slice())?)?;
    drop(head);
    let mut elements = Elements::new(stream)?;
    let mut entry = Entry::default();
    while let Some(element) = elements.next()? {
        if let (DIRECTORY_FIELD, Some(content)) = (element.number, element.content) {
            entry.read(content, element.at)?;
            builder.entry(&entry)?;
        }
    }
    builder.finish()
}
