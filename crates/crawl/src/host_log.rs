//! The log of one host's crawls, for its owner (`spec/crawler.md` 7.2).
//!
//! Lines are collected and appended in one piece when the host is through: the file is opened in append
//! mode, because log rotation copies and truncates it.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use chrono::Local;
use model::clock::Clock;
use model::ids::HostId;

/// Reasons that are written for one category.
pub const MAX_REASONS: usize = 100;

/// The lines of one crawl of one host.
pub struct HostLog {
    clock: Arc<dyn Clock>,
    text: String,
}

impl HostLog {
    /// An empty log.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, text: String::new() }
    }

    /// A line of ordinary news.
    pub fn info(&mut self, message: &str) {
        self.line("INFO", message);
    }

    /// A line about something that is wrong with the mirror.
    pub fn error(&mut self, message: &str) {
        self.line("ERROR", message);
    }

    fn line(&mut self, level: &str, message: &str) {
        let time = self.clock.now().with_timezone(&Local).format("%Y-%m-%d %H:%M:%S,%3f");
        let _ = writeln!(self.text, "{time} - {level} - {}", escaped(message));
    }

    /// Takes the lines so far.
    pub fn take(&mut self) -> String {
        std::mem::take(&mut self.text)
    }
}

/// Text with its control characters escaped: a mirror must not be able to write lines of its own.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control()
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// Appends lines to `<folder>/<host id>.log`, making both.
///
/// # Errors
/// What the file system says.
pub async fn append(folder: &Path, host: HostId, text: String) -> std::io::Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    let path = folder.join(format!("{host}.log"));
    let folder = folder.to_path_buf();
    let work = move || {
        std::fs::create_dir_all(folder)?;
        std::fs::OpenOptions::new().create(true).append(true).open(path)?.write_all(text.as_bytes())
    };
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(std::io::Error::other(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mirror_can_not_write_lines() {
        assert_eq!(escaped("a\r\nb\u{1b}[31m\u{202e}é"), "a\\u{d}\\u{a}b\\u{1b}[31m\\u{202e}é");
    }
}
