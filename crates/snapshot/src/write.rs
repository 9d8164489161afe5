//! Writing a file by replacing it whole, and a snapshot as one.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::format;
use crate::sign::SigningKey;
use crate::view::Snapshot;

/// Why a cache file could not be written.
#[derive(Debug, thiserror::Error)]
#[error("write cache file {}: {source}", path.display())]
pub struct WriteError {
    /// The file that was to be replaced. It is unchanged.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

impl Snapshot {
    /// Writes the native form with this serial, signed if there is a key, and tells its length in bytes. The
    /// same content and serial give the same bytes.
    ///
    /// # Errors
    /// What the writer says.
    pub fn write_to(
        &self,
        serial: u64,
        signer: Option<&SigningKey>,
        to: &mut dyn io::Write,
    ) -> io::Result<u64> {
        format::write((self.created_seconds, serial), &self.sections(), signer, to)
    }

    /// Replaces a file with the native form, as [`write_to`](Self::write_to) and [`write_with`].
    ///
    /// # Errors
    /// Whatever the system says; the old file is then unchanged.
    pub fn write(&self, path: &Path, serial: u64, signer: Option<&SigningKey>) -> Result<u64, WriteError> {
        let mut bytes = 0;
        write_with(path, |file| {
            bytes = self.write_to(serial, signer, file)?;
            Ok(())
        })?;
        Ok(bytes)
    }
}

/// Replaces a file whole with what `fill` writes piece by piece: a cache can be much larger than what should be
/// in memory at one time. See [`Replacement`].
///
/// # Errors
/// Whatever `fill` or the system says; the old file is then unchanged.
pub fn write_with(
    path: &Path,
    fill: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
) -> Result<(), WriteError> {
    let failed = |source| WriteError { path: path.to_owned(), source };
    let mut replacement = Replacement::of(path)?;
    let mut buffered = io::BufWriter::with_capacity(1 << 16, replacement.file_mut());
    fill(&mut buffered).and_then(|()| buffered.flush()).map_err(failed)?;
    drop(buffered);
    replacement.commit()
}

/// New content for a file, written beside it: a reader sees the old or the new one, never half of one. Dropped
/// before [`commit`](Self::commit), it leaves nothing behind.
#[derive(Debug)]
pub struct Replacement {
    file: tempfile::NamedTempFile,
    /// What is to be replaced, as it was given.
    path: PathBuf,
    target: PathBuf,
    folder: PathBuf,
}

impl Replacement {
    /// An empty file beside the one at `path`, whether or not that is there.
    ///
    /// # Errors
    /// Whatever the system says.
    pub fn of(path: &Path) -> Result<Self, WriteError> {
        // A symbolic link stays one: the file it points to is replaced.
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let folder = match target.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        let file = tempfile::Builder::new()
            .prefix(".mirrorlist_cache.")
            .permissions(mode_of(&target))
            .tempfile_in(&folder)
            .map_err(|source| WriteError { path: path.to_owned(), source })?;
        Ok(Self { file, path: path.to_owned(), target, folder })
    }

    /// Where the new content is.
    pub fn temporary(&self) -> &Path {
        self.file.path()
    }

    /// For writing the new content.
    pub fn file_mut(&mut self) -> &mut File {
        self.file.as_file_mut()
    }

    /// Flushes the content to the disk and renames it into place. The mode of an existing file is kept, its
    /// owner and group too as far as this process may; a new one gets 0644.
    ///
    /// # Errors
    /// Whatever the system says; the old file is then unchanged.
    pub fn commit(self) -> Result<(), WriteError> {
        let Self { file, path, target, folder } = self;
        let failed = |source| WriteError { path: path.clone(), source };
        keep_owner(&target, file.as_file());
        // The mode given at creation is cut by the umask, and giving a file away cuts it too; this one is not.
        file.as_file().set_permissions(mode_of(&target)).map_err(failed)?;
        file.as_file().sync_all().map_err(failed)?;
        file.persist(&target).map_err(|error| failed(error.error))?;
        File::open(&folder).and_then(|folder| folder.sync_all()).map_err(failed)
    }
}

/// Gives the new file to the owner and group of the old one, so that whoever could read that still can. What
/// this process may not do does not matter: it is then an ordinary user, whose files these are.
fn keep_owner(old: &Path, new: &File) {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let (Ok(old), Ok(made)) = (fs::metadata(old), new.metadata()) else { return };
    if old.uid() != made.uid() || old.gid() != made.gid() {
        let group_alone = || fchown(new, None, Some(old.gid()));
        let _ = fchown(new, Some(old.uid()), Some(old.gid())).or_else(|_| group_alone());
    }
}

fn mode_of(path: &Path) -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(path).map_or(0o644, |meta| meta.permissions().mode() & 0o7777);
    fs::Permissions::from_mode(mode)
}
