//! A tree as a file tells it: `fullfiletimelist-*`, or what rsync has printed.

use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use model::excludes::Excludes;
use model::file_name::FileName;
use model::files::{FileEntry, Files};
use probe::{LineLimits, LineSplitter, Tail};

use super::asked::Asked;
use super::assembly::{Assembly, Ending, Frame};
use super::contents::Contents;
use super::full_file_time_list::{Kind, Meaning, Sections};
use super::list_file::ListFile;
use super::rsync::Printed;
use super::{Content, KnownTimes, Listing, SourceError, TreeSource};
use crate::progress::Progress;

/// Bytes read at once.
const PIECE: usize = 64 << 10;
/// When nothing of its form was found in so many bytes, a file is something else.
const SEARCHED: u64 = 1 << 20;

/// The form of a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `fullfiletimelist-*`.
    FullFileTimeList,
    /// What rsync prints.
    Rsync,
}

/// What is listed.
#[derive(Debug, Clone)]
pub struct Scope {
    /// The category's top directory.
    pub topdir: String,
    /// Directories to leave out, by full name.
    pub excludes: Excludes,
    /// The path of the top directory below what the listing describes; empty if that is the top directory.
    pub below: String,
}

impl Scope {
    /// A path of the listing as one relative to the top directory; `None` outside of it.
    pub(super) fn relative<'a>(&self, path: &'a [u8]) -> Option<&'a [u8]> {
        if self.below.is_empty() {
            return Some(path);
        }
        match path.strip_prefix(self.below.as_bytes())? {
            [] => Some(&[]),
            [b'/', rest @ ..] => Some(rest),
            _ => None,
        }
    }

    pub(super) fn frame<'a>(&'a self, known: &'a KnownTimes, progress: &'a dyn Progress) -> Frame<'a> {
        Frame { topdir: &self.topdir, excludes: &self.excludes, known, progress }
    }
}

/// A tree told by a file.
pub struct ListedTree {
    file: Arc<ListFile>,
    form: Form,
    scope: Scope,
    /// Where the tree itself is mounted.
    root: Option<PathBuf>,
    contents: Arc<Contents>,
    limits: LineLimits,
    asked: Asked,
}

impl ListedTree {
    /// A tree that a file tells in this form. With a `root` it is only believed while that is there.
    pub fn new(
        file: Arc<ListFile>,
        form: Form,
        scope: Scope,
        root: Option<PathBuf>,
        contents: Arc<Contents>,
        limits: LineLimits,
    ) -> Self {
        Self { file, form, scope, root, contents, limits, asked: Asked::default() }
    }

    /// Reads the file line by line, until `each` has seen enough and says `false`.
    fn lines(&self, each: &mut dyn FnMut(&[u8]) -> bool) -> Result<(String, Option<Tail>), SourceError> {
        let (name, mut file) = self.file.open(self.limits.bytes)?;
        let fail = |reason: String| SourceError::Listing { listing: name.clone(), reason };
        let mut splitter = LineSplitter::new(self.limits);
        let mut piece = vec![0; PIECE];
        let mut goes_on = true;
        loop {
            let count = match file.read(&mut piece) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => {
                    let reason = "the compressed file ends too early";
                    return Err(SourceError::Cut { list: name, reason });
                }
                count => count.map_err(|e| fail(e.to_string()))?,
            };
            let mut take = |line: &[u8]| goes_on = goes_on && each(line);
            if count == 0 {
                let tail = splitter.end(&mut take);
                return Ok((name, Some(tail)));
            }
            let piece = piece.get(..count).unwrap_or_default();
            splitter.push(piece, &mut take).map_err(|flood| fail(flood.to_string()))?;
            if !goes_on {
                return Ok((name, None));
            }
        }
    }

    fn full_file_time_list(&self, mut tree: Assembly<'_>) -> Result<Listing, SourceError> {
        let mut sections = Sections::default();
        let mut searched = 0u64;
        let (list, tail) = self.lines(&mut |line| {
            searched += line.len() as u64 + 1;
            match sections.read(line) {
                Meaning::Entry(entry) => {
                    if let Some(path) = self.scope.relative(entry.path) {
                        match entry.kind {
                            Kind::Directory => tree.directory(path, entry.time, Some(entry.open)),
                            Kind::File => tree.file(path, entry.size, entry.time),
                            Kind::Symlink => {}
                        }
                    }
                }
                Meaning::Damaged => tree.bad(line),
                Meaning::Nothing => {}
            }
            sections.is_list() || searched < SEARCHED
        })?;
        if !sections.is_list() || tail.is_none() {
            return Err(SourceError::Form(list));
        }
        let complete = sections.end().map_err(|reason| SourceError::Cut { list, reason })?;
        let ending = if complete { Ending::Complete } else { Ending::Open("nothing says where it ends") };
        Ok(tree.finish(true, &ending))
    }

    fn rsync(&self, mut tree: Assembly<'_>) -> Result<Listing, SourceError> {
        let mut printed = Printed::default();
        let mut searched = 0u64;
        let (list, tail) = self.lines(&mut |line| {
            searched += line.len() as u64 + 1;
            printed.take(line, &self.scope, &mut tree);
            printed.has_begun() || searched < SEARCHED
        })?;
        match tail {
            Some(_) | None if !printed.has_begun() => Err(SourceError::Form(list)),
            Some(Tail::Cut) => Err(SourceError::Cut { list, reason: "it ends in the middle of a line" }),
            _ => Ok(tree.finish(false, &Ending::Open("a saved listing of rsync does not say where it ends"))),
        }
    }

    /// The files of one directory, found by reading the list again.
    fn files_of(&self, directory: &str) -> Result<Files, SourceError> {
        let wanted = |path: &[u8]| -> Option<FileName> {
            let path = self.scope.relative(path)?;
            let rest = path.strip_prefix(directory.as_bytes())?;
            let name = if directory.is_empty() { rest } else { rest.strip_prefix(b"/")? };
            (!name.is_empty() && !name.contains(&b'/')).then(|| FileName::from(name))
        };
        let mut found = Vec::new();
        let mut sections = Sections::default();
        self.lines(&mut |line| {
            let entry = match self.form {
                Form::FullFileTimeList => match sections.read(line) {
                    Meaning::Entry(entry) if entry.kind == Kind::File => {
                        wanted(entry.path).map(|name| FileEntry::new(name, entry.size, entry.time))
                    }
                    _ => None,
                },
                Form::Rsync => match probe::rsync::line(line) {
                    Some(entry) if entry.kind == probe::rsync::Kind::File => {
                        wanted(&entry.name).map(|name| FileEntry::new(name, entry.size, entry.time))
                    }
                    _ => None,
                },
            };
            found.extend(entry);
            true
        })?;
        Ok(Files::from_iter(found))
    }
}

impl TreeSource for ListedTree {
    fn kind(&self) -> &'static str {
        match self.form {
            Form::FullFileTimeList => "fullfiletimelist",
            Form::Rsync => "rsync",
        }
    }

    fn list(&self, known: &KnownTimes, progress: &dyn Progress) -> Result<Listing, SourceError> {
        let tree = Assembly::new(self.scope.frame(known, progress));
        let mut listing = match self.form {
            Form::FullFileTimeList => self.full_file_time_list(tree),
            Form::Rsync => self.rsync(tree),
        }?;
        self.contents.check(&self.scope.topdir, &mut listing);
        // A list beside the tree tells nothing about whether that is there.
        if let Some(root) = &self.root {
            let fail = |reason| SourceError::Root { root: root.display().to_string(), reason };
            let metadata = fs::metadata(root).map_err(|e| fail(e.to_string()))?;
            if !metadata.is_dir() {
                return Err(fail("not a directory".to_owned()));
            }
            listing.device = i64::try_from(metadata.dev()).ok();
        }
        Ok(listing)
    }

    fn read(&self, directory: &str, file: &FileName, limit: u64) -> io::Result<Content> {
        self.contents.read(self, directory, file, limit)
    }

    fn entry(&self, directory: &str, file: &FileName) -> io::Result<Option<FileEntry>> {
        self.asked.entry(directory, file, || self.files_of(directory))
    }
}
