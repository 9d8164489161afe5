//! A tree of half a million directories that exist only in the answers of a disk: what a scan takes besides
//! waiting for a disk.

use std::io;
use std::path::{Component, Path};

use scan::source::disk::{Directory, Disk, Entry, Kind, Links, Reading, Stat};

use super::child::{Place, Scan};
use crate::figure::{Figure, Target};
use crate::memory::megabytes;
use crate::rows::Bench;

/// Directories at scale 1.
const DIRECTORIES: f64 = 500_000.0;

/// Directories in a directory.
const WIDTH: usize = 50;

/// The first scan and one of the unchanged tree.
///
/// # Errors
/// A program does not start, or fails.
pub fn row(bench: &Bench) -> io::Result<()> {
    let place = Place::Invented((DIRECTORIES * bench.scale()) as usize);
    for (engine, url) in bench.scans().databases(bench.folder(), "many")? {
        let (first, again) = (Scan::first(&url, &place)?, Scan::again(&url, &place)?);
        let name = |what| format!("scan_many_{engine}_{what}");
        bench.report(&Figure::of_value(name("first"), "s", Target::AtMost(60.0), first.total));
        bench.report(&Figure::of_value(name("first_writes"), "s", Target::None, first.writing));
        bench.report(&Figure::of_value(name("first_memory"), "MB", Target::None, megabytes(first.peak)));
        bench.report(&Figure::of_value(name("unchanged"), "s", Target::AtMost(5.0), again.total));
        let peak = megabytes(again.peak);
        bench.report(&Figure::of_value(name("unchanged_memory"), "MB", Target::AtMost(419.0), peak));
    }
    Ok(())
}

/// The content root of the tree, and its top directory.
pub(super) const ROOT: &str = "/invented";
pub(super) const TOPDIR: &str = "tree";

/// The disk: directory `n` has the directories `n * WIDTH + 1` and so on in it, as far as there are so many, and
/// one file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Invented {
    /// How many directories there are.
    pub(super) directories: usize,
}

impl Invented {
    /// The number of the directory at a path.
    fn number(self, path: &Path) -> io::Result<usize> {
        let below = path.strip_prefix(ROOT).and_then(|path| path.strip_prefix(TOPDIR));
        let below = below.map_err(|_| io::ErrorKind::NotFound)?;
        let mut number = 0;
        for part in below.components() {
            let Component::Normal(name) = part else { return Err(io::ErrorKind::NotFound.into()) };
            let place = name.to_str().and_then(|name| name.strip_prefix("directory-")?.parse::<usize>().ok());
            number = number * WIDTH + 1 + place.ok_or(io::ErrorKind::NotFound)?;
        }
        if number < self.directories { Ok(number) } else { Err(io::ErrorKind::NotFound.into()) }
    }
}

impl Disk for Invented {
    type Directory = InventedDirectory;

    fn open(&self, path: &Path) -> io::Result<InventedDirectory> {
        Ok(InventedDirectory { number: self.number(path)?, directories: self.directories })
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        self.number(path).map(|number| stat(Kind::Directory, number))
    }

    fn read(&self, _path: &Path, _limit: u64) -> io::Result<Reading> {
        Err(io::ErrorKind::NotFound.into())
    }
}

pub(super) struct InventedDirectory {
    number: usize,
    directories: usize,
}

impl Directory for InventedDirectory {
    fn stat(&self) -> io::Result<Stat> {
        Ok(stat(Kind::Directory, self.number))
    }

    fn entries(&self, visit: &mut dyn FnMut(Entry<'_>)) -> io::Result<()> {
        visit(Entry { name: b"a-file-of-some-length.rpm", kind: Kind::File });
        let first = self.number * WIDTH + 1;
        for place in 0..self.directories.saturating_sub(first).min(WIDTH) {
            visit(Entry { name: format!("directory-{place}").as_bytes(), kind: Kind::Directory });
        }
        Ok(())
    }

    fn look(&self, _name: &[u8], _links: Links) -> io::Result<Stat> {
        Ok(stat(Kind::File, self.number))
    }
}

fn stat(kind: Kind, number: usize) -> Stat {
    Stat {
        kind,
        mode: 0o755,
        size: 4_711,
        ctime: 1_700_000_000,
        mtime: 1_700_000_000,
        mtime_nsec: 0,
        device: 1,
        inode: number as u64,
    }
}
