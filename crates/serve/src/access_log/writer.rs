//! The file of the access log. A failure costs the lines that were not written, never the server.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::metrics::Metrics;

/// Appends whole lines to a file.
#[derive(Debug)]
pub(super) struct Writer {
    path: PathBuf,
    file: File,
    metrics: Arc<Metrics>,
    /// The file ends in the middle of a line, because a write was cut short.
    torn: bool,
    /// The last write failed; it is reported once.
    failing: bool,
}

impl Writer {
    /// Opens the file for appending, creating it.
    pub(super) fn open(path: &Path, metrics: Arc<Metrics>) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), file: append(path)?, metrics, torn: false, failing: false })
    }

    /// Opens the path anew, after a rotation. On an error the old file is written further.
    pub(super) fn reopen(&mut self) -> io::Result<()> {
        self.file = append(&self.path)?;
        (self.torn, self.failing) = (false, false);
        Ok(())
    }

    /// Writes lines, each with its newline, in one go if the system takes them so.
    pub(super) fn write(&mut self, lines: &[u8]) {
        let begun = match self.torn {
            true => self.write_all(b"\n").err(),
            false => None,
        };
        let failure = match begun {
            Some((error, _)) => Some((error, lines)),
            None => self.write_all(lines).err(),
        };
        match failure {
            None => (self.torn, self.failing) = (false, false),
            Some((error, left)) => {
                let written = lines.get(..lines.len() - left.len()).unwrap_or_default();
                self.torn = written.last().map_or(self.torn, |last| *last != b'\n');
                self.metrics.log_dropped(left.iter().filter(|byte| **byte == b'\n').count() as u64);
                if !std::mem::replace(&mut self.failing, true) {
                    tracing::error!(file = %self.path.display(), %error, "failed to write the access log; lines are dropped until it works again");
                }
            }
        }
    }

    /// On an error also what was not written.
    fn write_all<'a>(&mut self, bytes: &'a [u8]) -> Result<(), (io::Error, &'a [u8])> {
        let mut left = bytes;
        while !left.is_empty() {
            match self.file.write(left) {
                Ok(0) => return Err((io::ErrorKind::WriteZero.into(), left)),
                Ok(written) => left = left.get(written..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err((error, left)),
            }
        }
        Ok(())
    }
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).open(path)
}
