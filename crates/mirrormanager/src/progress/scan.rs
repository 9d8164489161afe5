//! What a scan is doing, in one line.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar};
use model::file_name::FileName;
use scan::Progress;

use super::line;
use crate::printer::Printer;

/// How often the line is written anew while directories are looked at.
const INTERVAL: Duration = Duration::from_millis(100);

/// The line. It goes when this is dropped.
pub struct ScanLine {
    bar: ProgressBar,
    work: Mutex<Work>,
}

/// How far it has come.
struct Work {
    category: String,
    begun: Instant,
    shown: Instant,
    directories: u64,
    files: u64,
    /// Index files to be read, and how many have been.
    indexes: (usize, usize),
}

impl ScanLine {
    /// A line on standard error, if that is a terminal.
    pub fn new(out: Printer) -> Self {
        let now = Instant::now();
        let work = Work {
            category: String::new(),
            begun: now,
            shown: now,
            directories: 0,
            files: 0,
            indexes: (0, 0),
        };
        Self { bar: line(out), work: Mutex::new(work) }
    }

    fn work(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what is known and, if it is time, the line.
    fn show(&self, always: bool, change: impl FnOnce(&mut Work), text: impl FnOnce(&Work) -> String) {
        if self.bar.is_hidden() {
            return;
        }
        let mut work = self.work();
        change(&mut work);
        let now = Instant::now();
        if always || now.duration_since(work.shown) >= INTERVAL {
            work.shown = now;
            self.bar.set_message(text(&work));
        }
    }
}

impl Work {
    /// Directories, files, rate and where it is.
    fn walking(&self, at: &str) -> String {
        let seconds = self.shown.duration_since(self.begun).as_secs_f64();
        let rate = if seconds > 0.0 { self.directories as f64 / seconds } else { 0.0 };
        format!(
            "{}: {} directories, {} files, {}/s, {}",
            self.category,
            HumanCount(self.directories),
            HumanCount(self.files),
            HumanCount(rate as u64),
            // A name may hold what harms a terminal.
            at.escape_debug()
        )
    }

    fn reading(&self) -> String {
        format!("{}: {} of {} index files read", self.category, self.indexes.1, self.indexes.0)
    }
}

impl Progress for ScanLine {
    fn category(&self, name: &str) {
        let begin = |work: &mut Work| {
            let now = Instant::now();
            *work = Work {
                category: name.escape_debug().to_string(),
                begun: now,
                shown: now,
                directories: 0,
                files: 0,
                indexes: (0, 0),
            };
        };
        self.show(true, begin, |work| work.category.clone());
    }

    fn waiting(&self, who: &str) {
        self.show(true, |_| (), |work| format!("{}: waiting, {}", work.category, who.escape_debug()));
    }

    fn directory(&self, name: &str, files: u64) {
        let count = |work: &mut Work| {
            work.directories += 1;
            work.files += files;
        };
        self.show(false, count, |work| work.walking(name));
    }

    fn reading(&self, files: usize) {
        self.show(true, |work| work.indexes = (files, 0), Work::reading);
    }

    fn read(&self, _directory: &str, _file: &FileName) {
        self.show(false, |work| work.indexes.1 += 1, Work::reading);
    }

    fn writing(&self) {
        self.show(true, |_| (), |work| format!("{}: writing", work.category));
    }
}

impl Drop for ScanLine {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_how_much_how_fast_and_where() {
        let begun = Instant::now();
        let work = Work {
            category: "Fedora Linux".to_owned(),
            begun,
            shown: begun + Duration::from_secs(2),
            directories: 12_000,
            files: 240_000,
            indexes: (450, 17),
        };
        assert_eq!(
            work.walking("releases/42\u{1b}[2J"),
            "Fedora Linux: 12,000 directories, 240,000 files, 6,000/s, releases/42\\u{1b}[2J"
        );
        assert_eq!(work.reading(), "Fedora Linux: 17 of 450 index files read");
        assert!(Work { shown: begun, ..work }.walking("").contains(" 0/s"));
    }
}
