//! `cache keygen`, `cache sign`, and reading keys.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::Serialize;
use settings::cache::Cache as Settings;
use snapshot::{KeyError, PublicKey, SigningKey, Snapshot};

use crate::failure::{Failure, Outcome};
use crate::printer::Printer;

#[derive(Serialize)]
struct Made<'a> {
    private: &'a Path,
    public: &'a Path,
    key: String,
}

#[derive(Serialize)]
struct Signed<'a> {
    file: &'a Path,
    signer: String,
}

/// Makes a pair of keys.
pub(super) fn make(file: &Path, out: Printer) -> Outcome<()> {
    let mut public = OsString::from(file);
    public.push(".pub");
    let public = PathBuf::from(public);
    let text = SigningKey::generate().map_err(Failure::operation)?;
    let key = SigningKey::from_pem(&text).map_err(Failure::operation)?.public().clone();
    // Only its owner may read the private key, from its first byte on.
    write_new(file, text.as_bytes(), 0o600)?;
    write_new(&public, key.to_pem().as_bytes(), 0o644)?;
    let made = Made { private: file, public: &public, key: key.to_string() };
    out.data(&made, |made| {
        format!(
            "wrote {} (keep it secret) and {} (for serve.trusted_keys)\npublic key {}",
            made.private.display(),
            made.public.display(),
            made.key
        )
    })
}

/// Signs a native file with the serial it has.
pub(super) fn sign(
    file: Option<PathBuf>,
    key: Option<PathBuf>,
    settings: &Settings,
    out: Printer,
) -> Outcome<()> {
    let file = file.unwrap_or_else(|| settings.snapshot.clone());
    let Some(key) = key.or_else(|| settings.signing_key.clone()) else {
        return Err(Failure::input("no key: name it with --key, or set cache.signing_key"));
    };
    let key = private(&key)?;
    let begin =
        fs::read(&file).map_err(|error| Failure::input(format!("read {}: {error}", file.display())))?;
    if !snapshot::is_native(&begin) {
        return Err(Failure::input(format!(
            "{} is no native file, and only those are signed; `mirrormanager cache convert` makes one",
            file.display()
        )));
    }
    let snapshot = Snapshot::from_bytes(begin).map_err(|error| {
        Failure::operation(format!("parse cache file {}: {error}; generate it again", file.display()))
    })?;
    snapshot.write(&file, snapshot.serial(), Some(&key)).map_err(Failure::operation)?;
    let signed = Signed { file: &file, signer: key.public().to_string() };
    out.data(&signed, |signed| format!("signed {} with {}", signed.file.display(), signed.signer))
}

/// Reads a private key.
pub(super) fn private(path: &Path) -> Outcome<SigningKey> {
    parsed(path, SigningKey::from_pem)
}

/// Reads a public key.
pub(super) fn public(path: &Path) -> Outcome<PublicKey> {
    parsed(path, PublicKey::from_pem)
}

fn parsed<K>(path: &Path, parse: impl FnOnce(&str) -> Result<K, KeyError>) -> Outcome<K> {
    let text = fs::read_to_string(path)
        .map_err(|error| Failure::input(format!("read key {}: {error}", path.display())))?;
    parse(&text).map_err(|error| Failure::input(format!("key {}: {error}", path.display())))
}

fn write_new(path: &Path, content: &[u8], mode: u32) -> Outcome<()> {
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .and_then(|mut file| file.write_all(content).and_then(|()| file.sync_all()));
    written.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            Failure::input(format!("{} exists; a key is never overwritten", path.display()))
        }
        _ => Failure::operation(format!("write {}: {error}", path.display())),
    })
}
