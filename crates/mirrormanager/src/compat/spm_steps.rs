//! What `scan-primary-mirror` prints while it works.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use model::directory_name::join;
use model::file_name::FileName;
use scan::Progress;

use crate::printer::Printer;

/// Gathers the lines about single files and directories, which come in any order; prints steps at once.
#[derive(Debug)]
pub(super) struct Steps {
    out: Printer,
    debug: bool,
    topdir: String,
    number: AtomicUsize,
    excluded: Mutex<BTreeSet<String>>,
    checksums: Mutex<BTreeSet<String>>,
}

impl Steps {
    /// Nothing has happened yet. `topdir` is the category's.
    pub(super) fn new(out: Printer, debug: bool, topdir: &str) -> Self {
        let topdir = topdir.to_owned();
        Self {
            out,
            debug,
            topdir,
            number: AtomicUsize::new(0),
            excluded: Mutex::default(),
            checksums: Mutex::default(),
        }
    }

    /// The lines so far, in order.
    pub(super) fn lines(&self) -> Vec<String> {
        let of = |lines: &Mutex<BTreeSet<String>>| {
            lines.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect::<Vec<_>>()
        };
        [of(&self.excluded), of(&self.checksums)].concat()
    }

    fn step(&self, text: impl std::fmt::Display) {
        if self.debug {
            let number = self.number.fetch_add(1, Ordering::Relaxed) + 1;
            // Who does not read them shall not stop the scan.
            let _ = self.out.line(format_args!(" Step [{number}/{number}]: {text}"));
        }
    }

    fn add(lines: &Mutex<BTreeSet<String>>, line: String) {
        lines.lock().unwrap_or_else(PoisonError::into_inner).insert(line);
    }
}

impl Progress for Steps {
    fn category(&self, name: &str) {
        self.step(format_args!("Scanning {name}"));
    }

    fn excluded(&self, name: &str, pattern: &str) {
        Self::add(&self.excluded, format!("{name} is excluded because of {pattern}"));
    }

    fn reading(&self, files: usize) {
        self.step(format_args!("Reading {files} files with details"));
    }

    fn read(&self, directory: &str, file: &FileName) {
        if file.as_bytes().ends_with(b"-CHECKSUM") {
            let file = join(&join(&self.topdir, directory), &file.to_string());
            Self::add(&self.checksums, format!("Found CHECKSUM {file}"));
        }
    }

    fn writing(&self) {
        self.step("Syncing changes to database");
    }
}
