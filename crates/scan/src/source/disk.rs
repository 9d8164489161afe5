//! What the walk asks of a file system, so that tests can make it fail, lie or be slow.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, RawDir, RawMode, Statx, StatxFlags};

/// A file system.
pub trait Disk: Send + Sync {
    /// A directory of it that is held open.
    type Directory: Directory;

    /// Opens a directory.
    ///
    /// # Errors
    /// What the file system says.
    fn open(&self, path: &Path) -> io::Result<Self::Directory>;

    /// Looks at a path, following symbolic links.
    ///
    /// # Errors
    /// What the file system says.
    fn stat(&self, path: &Path) -> io::Result<Stat>;

    /// Reads a regular file of at most `limit` bytes, once.
    ///
    /// # Errors
    /// What the file system says; [`io::ErrorKind::FileTooLarge`] beyond the limit.
    fn read(&self, path: &Path, limit: u64) -> io::Result<Reading>;
}

/// An open directory. What is in it is looked at from here, so that the file system need not find the way
/// from its root for each file.
pub trait Directory: Send + Sync {
    /// Looks at the directory itself.
    ///
    /// # Errors
    /// What the file system says.
    fn stat(&self) -> io::Result<Stat>;

    /// Gives every entry, without `.` and `..`, in any order. Only to be called once.
    ///
    /// # Errors
    /// What the file system says; what was given until then is only a part.
    fn entries(&self, visit: &mut dyn FnMut(Entry<'_>)) -> io::Result<()>;

    /// Looks at an entry.
    ///
    /// # Errors
    /// What the file system says.
    fn look(&self, name: &[u8], links: Links) -> io::Result<Stat>;
}

/// What a look at a symbolic link tells about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// What it leads to.
    Follow,
    /// The link itself.
    Keep,
}

/// What is known about a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// What it is; [`Kind::Symlink`] only if links were not to be followed.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Its name, as bytes.
    pub name: &'a [u8],
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
    type Directory = OsDirectory;

    fn open(&self, path: &Path) -> io::Result<OsDirectory> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(OsDirectory(rustix::fs::openat(CWD, path, flags, Mode::empty())?))
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        Ok(stat(&fs::metadata(path)?))
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

/// Room for the entries that the kernel gives at a time: one request of a network file system.
const ENTRIES_BYTES: usize = 32 << 10;

/// What is asked about a file; the rest might cost a file system more.
const ASKED: StatxFlags = StatxFlags::TYPE
    .union(StatxFlags::MODE)
    .union(StatxFlags::SIZE)
    .union(StatxFlags::MTIME)
    .union(StatxFlags::CTIME)
    .union(StatxFlags::INO);

/// An open directory of the machine.
#[derive(Debug)]
pub struct OsDirectory(OwnedFd);

impl Directory for OsDirectory {
    fn stat(&self) -> io::Result<Stat> {
        Ok(of_statx(&rustix::fs::statx(&self.0, c"", AtFlags::EMPTY_PATH, ASKED)?))
    }

    fn entries(&self, visit: &mut dyn FnMut(Entry<'_>)) -> io::Result<()> {
        let mut room = Vec::with_capacity(ENTRIES_BYTES);
        let mut entries = RawDir::new(self.0.as_fd(), room.spare_capacity_mut());
        while let Some(entry) = entries.next() {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if matches!(name, b"." | b"..") {
                continue;
            }
            let kind = match entry.file_type() {
                // Not every file system tells. The entry may be gone by now, which says nothing about the
                // directory.
                FileType::Unknown => match self.look(name, Links::Keep) {
                    Ok(stat) => stat.kind,
                    Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                    Err(e) => return Err(e),
                },
                known => kind(known),
            };
            visit(Entry { name, kind });
        }
        Ok(())
    }

    fn look(&self, name: &[u8], links: Links) -> io::Result<Stat> {
        let flags = match links {
            Links::Follow => AtFlags::empty(),
            Links::Keep => AtFlags::SYMLINK_NOFOLLOW,
        };
        Ok(of_statx(&rustix::fs::statx(&self.0, name, flags, ASKED)?))
    }
}

fn too_large(limit: u64) -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, format!("longer than {limit} bytes"))
}

fn of_statx(found: &Statx) -> Stat {
    let mode = RawMode::from(found.stx_mode);
    Stat {
        kind: kind(FileType::from_raw_mode(mode)),
        mode: mode & 0o7777,
        size: found.stx_size,
        ctime: found.stx_ctime.tv_sec,
        mtime: found.stx_mtime.tv_sec,
        mtime_nsec: i64::from(found.stx_mtime.tv_nsec),
        device: rustix::fs::makedev(found.stx_dev_major, found.stx_dev_minor),
        inode: found.stx_ino,
    }
}

fn stat(metadata: &fs::Metadata) -> Stat {
    Stat {
        kind: kind(FileType::from_raw_mode(metadata.mode())),
        mode: metadata.mode() & 0o7777,
        size: metadata.size(),
        ctime: metadata.ctime(),
        mtime: metadata.mtime(),
        mtime_nsec: metadata.mtime_nsec(),
        device: metadata.dev(),
        inode: metadata.ino(),
    }
}

fn kind(file_type: FileType) -> Kind {
    match file_type {
        FileType::Directory => Kind::Directory,
        FileType::RegularFile => Kind::File,
        FileType::Symlink => Kind::Symlink,
        _ => Kind::Other,
    }
}
