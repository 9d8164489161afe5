//! The file that a listing is read from.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tempfile::NamedTempFile;

use super::SourceError;
use super::compression::decompressed;
use super::fetched::Fetched;

/// How a list in a directory is called.
const PREFIX: &str = "fullfiletimelist-";

/// Where a listing is.
pub enum ListFile {
    /// The first `fullfiletimelist-*` by name in a folder.
    In(PathBuf),
    /// A file.
    Saved(PathBuf),
    /// Standard input, of which a copy is made when it is first needed.
    Input(Input),
    /// On a web server.
    Web(Box<Fetched>),
}

/// What came by standard input.
#[derive(Default)]
pub struct Input(Mutex<Option<NamedTempFile>>);

impl ListFile {
    /// What it is called in messages.
    pub fn name(&self) -> String {
        match self {
            Self::In(folder) => folder.join(format!("{PREFIX}*")).display().to_string(),
            Self::Saved(path) => path.display().to_string(),
            Self::Input(_) => "the listing from standard input".to_owned(),
            Self::Web(fetched) => fetched.url().to_owned(),
        }
    }

    /// Its name and its content, decompressed. It may be opened again. `limit`: bytes of standard input.
    ///
    /// # Errors
    /// There is none, or it can not be read.
    pub fn open(&self, limit: u64) -> Result<(String, Box<dyn Read + Send>), SourceError> {
        let fail = |name: &str, e: io::Error| SourceError::Listing {
            listing: name.to_owned(),
            reason: e.to_string(),
        };
        let name = self.name();
        let (name, opened) = match self {
            Self::In(folder) => match first_list(folder) {
                Ok(Some(path)) => (path.display().to_string(), open(&path)),
                Ok(None) => return Err(SourceError::NoList(folder.display().to_string())),
                Err(e) => (name, Err(e)),
            },
            Self::Saved(path) => (name, open(path)),
            Self::Input(input) => (name, input.open(limit)),
            Self::Web(fetched) => (name, fetched.open()),
        };
        let file = opened.and_then(|file| decompressed(Box::new(file))).map_err(|e| fail(&name, e))?;
        Ok((name, file))
    }
}

impl Input {
    fn open(&self, limit: u64) -> io::Result<fs::File> {
        let mut copy = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let copy = match &*copy {
            Some(copy) => copy,
            None => {
                let mut file = NamedTempFile::new()?;
                let bytes = io::copy(&mut io::stdin().lock().take(limit + 1), file.as_file_mut())?;
                if bytes > limit {
                    return Err(io::Error::other(format!("it is longer than {limit} bytes")));
                }
                copy.insert(file)
            }
        };
        copy.reopen()
    }
}

/// The first list by name. A folder that is not there has none: who walks it says what is wrong.
pub(crate) fn first_list(folder: &Path) -> io::Result<Option<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        entries => entries?,
    };
    let mut first: Option<PathBuf> = None;
    for entry in entries {
        let entry = entry?;
        let is_list = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        if is_list && first.as_ref().is_none_or(|first| entry.path() < *first) {
            first = Some(entry.path());
        }
    }
    Ok(first)
}

fn open(path: &Path) -> io::Result<fs::File> {
    // Before opening: a pipe would block.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    fs::File::open(path)
}
