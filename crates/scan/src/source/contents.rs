//! Where the files of a tree are read from that is only listed.

use std::io;
use std::sync::Arc;

use chrono::DateTime;
use model::directory_name::{join, relative};
use model::file_name::FileName;
use probe::{FetchFailure, Http, Target, Validators};
use tokio::runtime::Handle;

use super::{Content, Inside, Listing, TreeSource};
use crate::problem::Problem;

/// Where `repomd.xml`, `summary` and checksum files are read.
pub enum Contents {
    /// In the same tree on a disk.
    Tree(Arc<dyn TreeSource>),
    /// On a web server.
    Web(Box<Web>),
    /// Nowhere: nothing is known about them but what the listing says.
    Nowhere,
}

impl Contents {
    /// The content of a file that `listed` tells of, in a directory relative to the top directory.
    ///
    /// # Errors
    /// As [`TreeSource::read`].
    pub fn read(
        &self,
        listed: &dyn TreeSource,
        directory: &str,
        file: &FileName,
        limit: u64,
    ) -> io::Result<Content> {
        let web = match self {
            Self::Tree(tree) => return tree.read(directory, file, limit),
            Self::Web(web) => web,
            Self::Nowhere => return Err(io::ErrorKind::NotFound.into()),
        };
        let (bytes, modified) = web.read(directory, file, limit)?;
        let mtime = match modified {
            Some(mtime) => mtime,
            // Only the time of a summary is its file's own. If the server does not say it, the listing does.
            None if file.as_bytes() == b"summary" => {
                listed.entry(directory, file)?.map_or(0, |entry| entry.timestamp)
            }
            None => 0,
        };
        Ok(Content { bytes, mtime })
    }

    /// Complains in the listing if index files will be missed.
    pub(super) fn check(&self, topdir: &str, listing: &mut Listing) {
        let Self::Nowhere = self else { return };
        let has_index = |inside: &Inside| match inside {
            Inside::Files(files) | Inside::Partly(files) => files.get(b"repomd.xml").is_some(),
            Inside::Unchanged(_) | Inside::Unlisted => false,
        };
        if let Some(found) = listing.directories.iter().find(|found| has_index(&found.inside)) {
            let example = join(&join(topdir, &found.name), "repomd.xml");
            listing.problems.push(Problem::NoContents { example });
        }
    }
}

/// A web server that has the tree.
pub struct Web {
    http: Http,
    handle: Handle,
    base: Target,
    /// The full name of the directory that `base` is.
    at: String,
    topdir: String,
}

impl Web {
    /// A server that has the directory of the full name `at` at `base`.
    pub fn new(http: Http, handle: Handle, base: Target, at: &str, topdir: &str) -> Self {
        Self { http, handle, base, at: at.to_owned(), topdir: topdir.to_owned() }
    }

    /// The bytes and, if the server says it, when they were changed.
    fn read(&self, directory: &str, file: &FileName, limit: u64) -> io::Result<(Vec<u8>, Option<i64>)> {
        let full = join(&self.topdir, directory);
        let below = relative(&self.at, &full)
            .ok_or_else(|| io::Error::other("it lies outside of the server's tree"))?;
        let target = self.base.below(below, file.as_bytes()).map_err(io::Error::other)?;
        let mut bytes = Vec::new();
        let mut take = |piece: &[u8]| {
            bytes.extend_from_slice(piece);
            Ok(())
        };
        let known = Validators::default();
        let fetched = self.handle.block_on(self.http.fetch(&target, &known, limit, &mut take));
        let version = match fetched {
            Ok(probe::Fetch::Whole(version)) => version,
            // Not NotFound: the listing has it, so the server lags behind and has to be asked again.
            Ok(probe::Fetch::Unchanged) => return Err(io::Error::other("the server sent nothing")),
            Err(FetchFailure::TooLong(limit)) => {
                return Err(io::Error::new(
                    io::ErrorKind::FileTooLarge,
                    format!("longer than {limit} bytes"),
                ));
            }
            Err(e) => return Err(io::Error::other(format!("{target}: {e}"))),
        };
        let modified =
            version.last_modified.as_deref().and_then(|text| DateTime::parse_from_rfc2822(text).ok());
        Ok((bytes, modified.map(|time| time.timestamp())))
    }
}
