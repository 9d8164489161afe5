//! A listing fetched over HTTP, once for a scan, and kept for the next one if there is a folder for it.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use data_encoding::HEXLOWER;
use probe::{Fetch, Http, Target, Validators};
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;
use tokio::runtime::Handle;

use crate::digest::digests_of;

/// A listing on a web server.
pub struct Fetched {
    http: Http,
    handle: Handle,
    target: Target,
    folder: Option<PathBuf>,
    limit: u64,
    here: Mutex<Option<Here>>,
}

/// Where it is now.
enum Here {
    Kept(PathBuf),
    /// Removed with this.
    Passing(NamedTempFile),
}

impl Fetched {
    /// Nothing is asked yet. `folder`: where lists are kept; `limit`: bytes.
    pub fn new(http: Http, handle: Handle, target: Target, folder: Option<PathBuf>, limit: u64) -> Self {
        Self { http, handle, target, folder, limit, here: Mutex::new(None) }
    }

    /// The same, not yet asked for.
    pub(crate) fn again(&self) -> Self {
        let (http, handle) = (self.http.clone(), self.handle.clone());
        Self::new(http, handle, self.target.clone(), self.folder.clone(), self.limit)
    }

    /// Its URL.
    pub fn url(&self) -> &str {
        self.target.as_str()
    }

    /// Opens it; the first time it is fetched, unless the kept one is the same.
    ///
    /// # Errors
    /// Why it can not be had. Nothing is left behind.
    pub fn open(&self) -> io::Result<fs::File> {
        let mut here = self.here.lock().unwrap_or_else(PoisonError::into_inner);
        let here = match &mut *here {
            Some(here) => here,
            none => none.insert(self.fetch()?),
        };
        match here {
            Here::Kept(path) => fs::File::open(path),
            Here::Passing(file) => file.reopen(),
        }
    }

    fn fetch(&self) -> io::Result<Here> {
        let Some(folder) = &self.folder else {
            let (file, _) = self.body(NamedTempFile::new()?, &Validators::default())?;
            return file.map(Here::Passing).ok_or_else(|| io::Error::other("the server sent nothing"));
        };
        fs::create_dir_all(folder)?;
        let digest = Sha256::digest(self.url().as_bytes());
        let name = HEXLOWER.encode(digest.get(..16).unwrap_or_default());
        let (body, version) = (folder.join(format!("{name}.list")), folder.join(format!("{name}.version")));
        let known = read_version(&version, &body).unwrap_or_default();
        let (file, found) = self.body(NamedTempFile::new_in(folder)?, &known)?;
        let Some(file) = file else { return Ok(Here::Kept(body)) };
        // A server may tell no versions. The file stays what it is then, so that nobody takes it for a new list.
        if is_same(file.path(), &body)? {
            let bytes = file.as_file().metadata()?.len();
            write_version(folder, &version, &found, bytes)?;
            return Ok(Here::Kept(body));
        }
        // Between these steps there is no version, so the list would be fetched again.
        remove(&version)?;
        let bytes = file.as_file().metadata()?.len();
        file.as_file().sync_all()?;
        file.persist(&body)?;
        write_version(folder, &version, &found, bytes)?;
        Ok(Here::Kept(body))
    }

    /// The body in `file`, or `None` if it is the version that is known.
    fn body(
        &self,
        mut file: NamedTempFile,
        known: &Validators,
    ) -> io::Result<(Option<NamedTempFile>, Validators)> {
        let mut take = |piece: &[u8]| file.write_all(piece);
        let fetched = self.handle.block_on(self.http.fetch(&self.target, known, self.limit, &mut take));
        match fetched.map_err(io::Error::other)? {
            Fetch::Unchanged => Ok((None, Validators::default())),
            Fetch::Whole(found) => Ok((Some(file), found)),
        }
    }
}

/// Whether two files have the same content; the second one may not be there.
fn is_same(one: &Path, other: &Path) -> io::Result<bool> {
    match fs::metadata(other) {
        Ok(metadata) if metadata.len() == fs::metadata(one)?.len() => {}
        Ok(_) => return Ok(false),
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(e) => return Err(e),
    }
    let digest = |path: &Path| -> io::Result<_> { Ok(digests_of(fs::File::open(path)?)?.1.sha256) };
    Ok(digest(one)? == digest(other)?)
}

/// The version of the list that is kept, if there is one and it has the length that was noted.
fn read_version(path: &Path, body: &Path) -> Option<Validators> {
    let text = fs::read_to_string(path).ok()?;
    let mut lines = text.lines();
    let (bytes, etag, last_modified) = (lines.next()?, lines.next()?, lines.next()?);
    let same = fs::metadata(body).ok()?.len() == bytes.parse::<u64>().ok()?;
    let text = |line: &str| (!line.is_empty()).then(|| line.to_owned());
    same.then(|| Validators { etag: text(etag), last_modified: text(last_modified) })
}

fn write_version(folder: &Path, path: &Path, version: &Validators, bytes: u64) -> io::Result<()> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let mut file = NamedTempFile::new_in(folder)?;
    writeln!(file, "{bytes}\n{}\n{}", text(&version.etag), text(&version.last_modified))?;
    file.persist(path)?;
    Ok(())
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}
