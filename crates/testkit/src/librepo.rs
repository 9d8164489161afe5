//! librepo through Debian's Python binding, as a client of its own.

#![expect(clippy::unwrap_used, clippy::panic, reason = "test support: a panic is the report")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::dnf::Source;
use crate::programs;

/// Debian's Python, whose modules are the packaged ones; another may come first in `PATH`.
const PYTHON: &str = "/usr/bin/python3";

const PROGRAM: &str = include_str!("librepo.py");

/// A repository's metadata as librepo has fetched and verified them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// Base name and content of `repomd.xml` and the files that it names.
    pub files: BTreeMap<String, Vec<u8>>,
    /// The base URLs of the mirrors it was told of, best first.
    pub mirrors: Vec<String>,
}

/// Fetches the metadata of a repository.
///
/// # Errors
/// What librepo says.
///
/// # Panics
/// When its Python binding is missing.
pub fn fetch(source: Source<'_>) -> Result<Repository, String> {
    if !Path::new("/usr/lib/python3/dist-packages/librepo").is_dir() {
        programs::missing("librepo for Python");
    }
    let (kind, url) = match source {
        Source::Metalink(url) => ("metalink", url),
        Source::Mirrorlist(url) => ("mirrorlist", url),
    };
    let folder = tempfile::Builder::new().prefix("mm-librepo-").tempdir().unwrap();
    let mut python = programs::command(PYTHON);
    python.env("HOME", folder.path()).args(["-c", PROGRAM, kind, url]).arg(folder.path());
    let output = python.output().unwrap_or_else(|error| panic!("{python:?}: {error}"));
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    let texts = |name: &str| -> Vec<String> {
        let list = said.get(name).and_then(Value::as_array).unwrap_or_else(|| panic!("no {name} in {said}"));
        list.iter().map(|value| value.as_str().unwrap().to_owned()).collect()
    };
    let content = |path: String| {
        let path = Path::new(&path);
        (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(path).unwrap())
    };
    Ok(Repository { files: texts("files").into_iter().map(content).collect(), mirrors: texts("mirrors") })
}
