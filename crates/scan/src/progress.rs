//! How a scan tells what it is doing. The library itself prints nothing.

use model::file_name::FileName;

/// Somebody who wants to know. All methods may be called from several threads.
pub trait Progress: Send + Sync {
    /// A category begins.
    fn category(&self, _name: &str) {}

    /// Another scan has the category; this one waits until it is done.
    fn waiting(&self, _who: &str) {}

    /// One more directory has been looked at.
    fn directory(&self, _name: &str, _files: u64) {}

    /// A directory is left out, with all below it, because of a pattern; its full name.
    fn excluded(&self, _name: &str, _pattern: &str) {}

    /// Index and checksum files are about to be read.
    fn reading(&self, _files: usize) {}

    /// One of them has been read.
    fn read(&self, _directory: &str, _file: &FileName) {}

    /// The results are about to be written.
    fn writing(&self) {}
}

/// Nobody wants to know.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quiet;

impl Progress for Quiet {}
