//! What the walk asks of a file system, so that tests can make it fail, lie or be slow.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// A file system.
pub trait Disk: Send + Sync {
    /// Looks at a path, following symbolic links.
    ///
    /// # Errors
    /// What the file system says.
    fn stat(&self, path: &Path) -> io::Result<Stat>;

    /// The entries of a directory, without `.` and `..`, in any order.
    ///
    /// # Errors
    /// What the file system says.
    fn list(&self, path: &Path) -> io::Result<Vec<Entry>>;

    /// Reads a regular file of at most `limit` bytes, once.
    ///
    /// # Errors
    /// What the file system says; [`io::ErrorKind::FileTooLarge`] beyond the limit.
    fn read(&self, path: &Path, limit: u64) -> io::Result<Reading>;
}

/// What is known about a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// What it is; never [`Kind::Symlink`].
    pub kind: Kind,
    /// Permission bits.
    pub mode: u32,
    /// Bytes.
    pub size: u64,
    /// Change time, seconds.
    pub ctime: i64,
    /// Modification time, seconds.
    pub mtime: i64,
    /// Nanoseconds of the modification time.
    pub mtime_nsec: i64,
    /// Device number.
    pub device: u64,
    /// Inode number.
    pub inode: u64,
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A directory.
    Directory,
    /// A regular file.
    File,
    /// A symbolic link.
    Symlink,
    /// Anything else.
    Other,
}

/// One entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name, as bytes.
    pub name: Vec<u8>,
    /// What it is itself (a link is a link).
    pub kind: Kind,
}

/// A file that was read, with what it was before and after.
#[derive(Debug, Clone)]
pub struct Reading {
    /// Before.
    pub before: Stat,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// After.
    pub after: Stat,
}

/// The machine's own file system.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsDisk;

impl Disk for OsDisk {
    fn stat(&self, path: &Path) -> io::Result<Stat> {
        Ok(stat(&fs::metadata(path)?))
    }

    fn list(&self, path: &Path) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            // On the usual file systems the kind comes with the listing. Where it takes another look, the entry
            // may be gone by then, which says nothing about the directory.
            match entry.file_type() {
                Ok(found) => entries.push(Entry { name: entry.file_name().into_vec(), kind: kind(found) }),
                Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                Err(e) => return Err(e),
            }
        }
        Ok(entries)
    }

    fn read(&self, path: &Path, limit: u64) -> io::Result<Reading> {
        // Before opening: a pipe would block.
        if !fs::metadata(path)?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        let mut file = File::open(path)?;
        let before = stat(&file.metadata()?);
        if before.size > limit {
            return Err(too_large(limit));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(before.size).unwrap_or(0) + 1);
        (&mut file).take(limit + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit {
            return Err(too_large(limit));
        }
        let after = stat(&file.metadata()?);
        Ok(Reading { before, bytes, after })
    }
}

fn too_large(limit: u64) -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, format!("longer than {limit} bytes"))
}

fn stat(metadata: &fs::Metadata) -> Stat {
    Stat {
        kind: kind(metadata.file_type()),
        mode: metadata.mode(),
        size: metadata.size(),
        ctime: metadata.ctime(),
        mtime: metadata.mtime(),
        mtime_nsec: metadata.mtime_nsec(),
        device: metadata.dev(),
        inode: metadata.ino(),
    }
}

fn kind(file_type: fs::FileType) -> Kind {
    if file_type.is_dir() {
        Kind::Directory
    } else if file_type.is_file() {
        Kind::File
    } else if file_type.is_symlink() {
        Kind::Symlink
    } else {
        Kind::Other
    }
}
