//! What `scan-primary-mirror` prints while it works.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use model::directory_name::join;
use model::file_name::FileName;
use scan::Progress;

use crate::printer::Printer;

/// Gathers what is said of single files and directories, which come in any order; prints steps at once.
#[derive(Debug)]
pub(super) struct Steps {
    out: Printer,
    debug: bool,
    topdir: String,
    number: AtomicUsize,
    excluded: Mutex<BTreeSet<String>>,
    checksums: Mutex<BTreeSet<(String, String)>>,
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

    /// The lines about directories that are left out.
    pub(super) fn excluded(&self) -> Vec<String> {
        lock(&self.excluded).iter().cloned().collect()
    }

    /// The `*-CHECKSUM` files that were read: directory, by full name, and file.
    pub(super) fn checksum_files(&self) -> Vec<(String, String)> {
        lock(&self.checksums).iter().cloned().collect()
    }

    fn step(&self, text: impl std::fmt::Display) {
        if self.debug {
            let number = self.number.fetch_add(1, Ordering::Relaxed) + 1;
            // Who does not read them shall not stop the scan.
            let _ = self.out.line(format_args!(" Step [{number}/{number}]: {text}"));
        }
    }
}

fn lock<T>(lines: &Mutex<T>) -> MutexGuard<'_, T> {
    lines.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Progress for Steps {
    fn category(&self, name: &str) {
        self.step(format_args!("Scanning {name}"));
    }

    fn excluded(&self, name: &str, pattern: &str) {
        lock(&self.excluded).insert(format!("{name} is excluded because of {pattern}"));
    }

    fn reading(&self, files: usize) {
        self.step(format_args!("Reading {files} files with details"));
    }

    fn read(&self, directory: &str, file: &FileName) {
        if file.as_bytes().ends_with(b"-CHECKSUM") {
            lock(&self.checksums).insert((join(&self.topdir, directory), file.to_string()));
        }
    }

    fn writing(&self) {
        self.step("Syncing changes to database");
    }
}
