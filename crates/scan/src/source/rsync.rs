//! A tree as the rsync program lists it now.

use std::io;

use model::directory_name::join;
use model::file_name::FileName;
use model::files::{FileEntry, Files};
use probe::Rsync;
use probe::rsync::{Depth, End, Kind, Wish, line};
use tokio::runtime::Handle;

use super::asked::Asked;
use super::assembly::{Assembly, Ending};
use super::contents::Contents;
use super::listed::Scope;
use super::{Content, KnownTimes, Listing, SourceError, TreeSource};
use crate::progress::Progress;

/// A tree that rsync lists.
pub struct RsyncTree {
    rsync: Rsync,
    handle: Handle,
    source: String,
    options: Vec<String>,
    scope: Scope,
    contents: Contents,
    asked: Asked,
}

impl RsyncTree {
    /// What `source`, a URL or path, holds, listed with these arguments.
    pub fn new(
        rsync: Rsync,
        handle: Handle,
        source: &str,
        options: Vec<String>,
        scope: Scope,
        contents: Contents,
    ) -> Self {
        let source = source.to_owned();
        Self { rsync, handle, source, options, scope, contents, asked: Asked::default() }
    }

    fn run(
        &self,
        source: &str,
        depth: Depth,
        each: &mut (dyn FnMut(&[u8]) + Send),
    ) -> Result<End, SourceError> {
        let wish = Wish { source, options: &self.options, depth };
        self.handle
            .block_on(self.rsync.list(wish, each))
            .map_err(|e| SourceError::Listing { listing: source.to_owned(), reason: e.to_string() })
    }

    fn files_of(&self, directory: &str) -> Result<Files, SourceError> {
        let below = join(&self.scope.below, directory);
        let source = format!("{}/{below}", self.source.trim_end_matches('/'));
        let mut found = Vec::new();
        let end = self.run(&source, Depth::Directory, &mut |text| {
            if let Some(entry) = line(text).filter(|entry| entry.kind == Kind::File) {
                found.push(FileEntry::new(&*entry.name, entry.size, entry.time));
            }
        })?;
        match end {
            End::Complete => Ok(Files::from_iter(found)),
            End::Partial(status) => {
                let reason = format!("rsync ended with status {status}");
                Err(SourceError::Listing { listing: source, reason })
            }
        }
    }
}

impl TreeSource for RsyncTree {
    fn kind(&self) -> &'static str {
        "rsync"
    }

    fn list(&self, known: &KnownTimes, progress: &dyn Progress) -> Result<Listing, SourceError> {
        let mut tree = Assembly::new(self.scope.frame(known, progress));
        let mut printed = Printed::default();
        let end =
            self.run(&self.source, Depth::Tree, &mut |text| printed.take(text, &self.scope, &mut tree))?;
        let ending = match end {
            End::Complete => Ending::Complete,
            End::Partial(24) => Ending::Open("files vanished while rsync listed them (status 24)"),
            End::Partial(_) => Ending::Partial("rsync could not read everything (status 23)"),
        };
        let mut listing = tree.finish(false, &ending);
        self.contents.check(&self.scope.topdir, &mut listing);
        Ok(listing)
    }

    fn read(&self, directory: &str, file: &FileName, limit: u64) -> io::Result<Content> {
        self.contents.read(self, directory, file, limit)
    }

    fn entry(&self, directory: &str, file: &FileName) -> io::Result<Option<FileEntry>> {
        self.asked.entry(directory, file, || self.files_of(directory))
    }
}

/// What rsync prints, line after line.
#[derive(Debug, Default)]
pub(super) struct Printed {
    begun: bool,
}

impl Printed {
    /// Whether there was an entry.
    pub(super) fn has_begun(&self) -> bool {
        self.begun
    }

    /// Takes a line into the tree. Before the first entry a daemon may say anything, behind the last one rsync
    /// may sum up.
    pub(super) fn take(&mut self, text: &[u8], scope: &Scope, tree: &mut Assembly<'_>) {
        let Some(entry) = line(text) else {
            let sums_up = text.trim_ascii().is_empty()
                || text.starts_with(b"sent ")
                || text.starts_with(b"total size is ");
            if self.begun && !sums_up {
                tree.bad(text);
            }
            return;
        };
        self.begun = true;
        let name = if *entry.name == *b"." { &b""[..] } else { &*entry.name };
        let Some(path) = scope.relative(name) else { return };
        match entry.kind {
            Kind::Directory => tree.directory(path, entry.time, Some(entry.open)),
            Kind::File => tree.file(path, entry.size, entry.time),
            Kind::Symlink | Kind::Other => {}
        }
    }
}
