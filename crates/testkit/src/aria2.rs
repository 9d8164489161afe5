//! aria2 as a client of its own: nothing of the tester's configuration.

#![expect(clippy::unwrap_used, clippy::panic, reason = "test support: a panic is the report")]

use std::collections::BTreeMap;
use std::fs;

use crate::programs;

/// The status with which aria2 ends when a file does not have its checksum.
pub const CHECKSUM_FAILED: i32 = 32;

/// What a run of aria2 gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its exit status.
    pub status: Option<i32>,
    /// Base name and content of every file that it left.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Standard output, then standard error.
    pub text: String,
}

/// Downloads what a URL leads to, by its metalink when it is one.
///
/// # Panics
/// When aria2 is missing.
pub fn download(url: &str) -> Run {
    let folder = tempfile::Builder::new().prefix("mm-aria2-").tempdir().unwrap();
    let mut aria2 = programs::command("aria2c");
    aria2.env("HOME", folder.path()).current_dir(folder.path());
    aria2.args(["--no-conf", "--follow-metalink=mem", "--check-integrity=true", "--file-allocation=none"]);
    aria2.args(["--timeout=10", "--connect-timeout=10", "--max-tries=2", "--summary-interval=0"]);
    let output = aria2.arg(url).output().unwrap_or_else(|error| panic!("{aria2:?}: {error}"));
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    let files = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap());
    let content = |file: fs::DirEntry| {
        (file.file_name().to_string_lossy().into_owned(), fs::read(file.path()).unwrap())
    };
    Run { status: output.status.code(), files: files.map(content).collect(), text }
}
