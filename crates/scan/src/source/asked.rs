//! Files of directories that a listing has left out, asked for one directory at a time.

use std::collections::HashMap;
use std::io;
use std::sync::{Mutex, PoisonError};

use model::file_name::FileName;
use model::files::{FileEntry, Files};

use super::SourceError;

/// The files of the directories that were asked for, each asked for once.
#[derive(Default)]
pub(super) struct Asked(Mutex<HashMap<String, Files>>);

impl Asked {
    /// A file of a directory; `ask` finds out all of its files.
    pub(super) fn entry(
        &self,
        directory: &str,
        file: &FileName,
        ask: impl FnOnce() -> Result<Files, SourceError>,
    ) -> io::Result<Option<FileEntry>> {
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !asked.contains_key(directory) {
            asked.insert(directory.to_owned(), ask().map_err(io::Error::other)?);
        }
        Ok(asked.get(directory).and_then(|files| files.get(file.as_bytes()).cloned()))
    }
}
