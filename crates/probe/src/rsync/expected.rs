//! What mirrors should hold, as one table that all listings of a run are matched with.

use std::collections::HashMap;

use crate::connector::{Proof, Wanted};

/// The files of all directories of a category. Built once, shared by all mirrors.
#[derive(Debug, Default)]
pub struct Expected {
    directories: Vec<Directory>,
    by_path: HashMap<Box<[u8]>, u32>,
    files: Vec<File>,
    names: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
struct Directory {
    first: u32,
    files: u32,
}

/// One file. Those of a directory lie together, by name.
#[derive(Debug, Clone, Copy)]
struct File {
    /// Its name's place in `names`.
    name: u32,
    length: u16,
    /// Its place in [`Wanted::files`].
    place: u16,
    /// `None`: any.
    size: Option<u64>,
}

/// What was found of a file, by its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) directory: usize,
    pub(super) file: usize,
}

impl Expected {
    /// A table of these directories, which keep their order. `None`: more than fits (4 GiB of names, 65,535 files
    /// in one directory).
    pub fn new<'a>(directories: impl IntoIterator<Item = Wanted<'a>>) -> Option<Self> {
        let mut table = Self::default();
        for wanted in directories {
            let number = u32::try_from(table.directories.len()).ok()?;
            let first = table.files.len();
            for (place, file) in wanted.files.iter().enumerate() {
                let name = file.name.as_bytes();
                let size = match file.proof {
                    Proof::Size(size) => Some(size),
                    Proof::Digest { size, .. } => size,
                };
                table.files.push(File {
                    name: u32::try_from(table.names.len()).ok()?,
                    length: u16::try_from(name.len()).ok()?,
                    place: u16::try_from(place).ok()?,
                    size,
                });
                table.names.extend_from_slice(name);
            }
            let Self { files, names, .. } = &mut table;
            files.get_mut(first..)?.sort_by(|a, b| name_of(names, a).cmp(name_of(names, b)));
            let files = u32::try_from(wanted.files.len()).ok()?;
            table.directories.push(Directory { first: u32::try_from(first).ok()?, files });
            table.by_path.insert(wanted.path.as_bytes().into(), number);
        }
        Some(table)
    }

    /// How many directories there are.
    pub fn directories(&self) -> usize {
        self.directories.len()
    }

    /// How many files there are.
    pub fn files(&self) -> usize {
        self.files.len()
    }

    pub(super) fn directory(&self, path: &[u8]) -> Option<usize> {
        self.by_path.get(path).map(|number| *number as usize)
    }

    /// How many files a directory has.
    pub(super) fn count(&self, directory: usize) -> u32 {
        self.directories.get(directory).map_or(0, |directory| directory.files)
    }

    /// The file of this name in a directory.
    pub(super) fn find(&self, directory: usize, name: &[u8]) -> Option<Hit> {
        let range = self.range(directory)?;
        let files = self.files.get(range.clone())?;
        let at = files.binary_search_by(|file| name_of(&self.names, file).cmp(name)).ok()?;
        Some(Hit { directory, file: range.start + at })
    }

    /// The size that a file should have; `None`: any.
    pub(super) fn size(&self, file: usize) -> Option<u64> {
        self.files.get(file)?.size
    }

    /// The first file of a directory, in the order of [`Wanted::files`], that is not `seen`: its number, its place
    /// there and its name.
    pub(super) fn first_without(
        &self,
        directory: usize,
        seen: impl Fn(usize) -> bool,
    ) -> Option<(usize, usize, &[u8])> {
        let range = self.range(directory)?;
        let unseen = range.filter(|file| !seen(*file)).filter_map(|file| Some((file, self.files.get(file)?)));
        let (number, file) = unseen.min_by_key(|(_, file)| file.place)?;
        Some((number, usize::from(file.place), name_of(&self.names, file)))
    }

    fn range(&self, directory: usize) -> Option<std::ops::Range<usize>> {
        let Directory { first, files } = *self.directories.get(directory)?;
        let first = first as usize;
        Some(first..first + files as usize)
    }
}

fn name_of<'a>(names: &'a [u8], file: &File) -> &'a [u8] {
    let begin = file.name as usize;
    names.get(begin..begin + usize::from(file.length)).unwrap_or_default()
}
