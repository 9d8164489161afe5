//! What was proven of one host's copy of a category, directory by directory: against which fingerprint, when, how
//! (`spec/crawler.md` 11.2).
//!
//! All of it is one packed value for a host category ([`codec`]), not a row for each directory: those would be
//! millions of rows, rewritten every week.

pub mod codec;

use crate::fingerprint::Fingerprint;
use crate::ids::DirectoryId;

pub use codec::{Damaged, MAX_RECORDS};

/// Everything that is known of one copy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// When the last crawl that went through began, seconds since 1970. From it on counts how much is due for
    /// being proven once more.
    pub swept_at: i64,
    /// By directory id, each once.
    records: Vec<Record>,
}

/// What is known of one directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// The directory.
    pub directory: DirectoryId,
    /// What the master held when it was checked.
    pub fingerprint: Fingerprint,
    /// When it was checked, seconds since 1970.
    pub checked_at: i64,
    /// How it was checked.
    pub method: Method,
    /// What came of it.
    pub standing: Standing,
}

/// What came of the last check of a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The copy held it as the master did.
    Current,
    /// The copy did not hold it, or another version.
    Stale(BackOff),
    /// It could not be told.
    Unknown(BackOff),
}

/// How long a directory that is not current is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackOff {
    /// Checks in a row that did not find it current, at least 1.
    pub tries: u8,
    /// Crawls that still pass it by.
    pub wait: u8,
}

/// How a directory was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Nothing is expected in it, so nothing was asked.
    Nothing,
    /// File by file over http or https.
    Http,
    /// By a listing over rsync.
    Rsync,
    /// By a listing over FTP.
    Ftp,
    /// By an index page over http or https.
    Index,
}

impl Method {
    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "nothing expected",
            Self::Http => "http",
            Self::Rsync => "rsync",
            Self::Ftp => "ftp",
            Self::Index => "index page",
        }
    }
}

impl BackOff {
    /// After the first check that did not find it current: the next crawl asks again.
    pub const FIRST: Self = Self { tries: 1, wait: 0 };

    /// More tries do not make the wait longer.
    const MAX_TRIES: u8 = 8;

    /// After one more such check: the next one comes after 1, 2, 4, … crawls.
    #[must_use]
    pub fn again(self) -> Self {
        let tries = self.tries.saturating_add(1).min(Self::MAX_TRIES);
        let crawls = 1u8 << tries.saturating_sub(1).min(7);
        Self { tries, wait: crawls - 1 }
    }

    /// When a crawl has passed it by.
    #[must_use]
    pub fn passed_by(self) -> Self {
        Self { wait: self.wait.saturating_sub(1), ..self }
    }
}

impl Standing {
    /// Whether the copy is believed to hold the directory.
    pub fn is_current(self) -> bool {
        self == Self::Current
    }

    /// How long it is left alone, if it is not current.
    pub fn back_off(self) -> Option<BackOff> {
        match self {
            Self::Current => None,
            Self::Stale(back_off) | Self::Unknown(back_off) => Some(back_off),
        }
    }

    /// In a word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Stale(_) => "stale",
            Self::Unknown(_) => "unknown",
        }
    }
}

impl Evidence {
    /// From records in any order. Of several about one directory the last counts. Ids begin at 1.
    pub fn new(swept_at: i64, mut records: Vec<Record>) -> Self {
        records.retain(|record| record.directory.0 > 0);
        // Stable, so that the last of equals stays the last.
        records.sort_by_key(|record| record.directory);
        records.reverse();
        records.dedup_by_key(|record| record.directory);
        records.reverse();
        Self { swept_at, records }
    }

    /// The records, by directory id.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// What is known of a directory.
    pub fn of(&self, directory: DirectoryId) -> Option<&Record> {
        let at = self.records.binary_search_by_key(&directory, |record| record.directory).ok()?;
        self.records.get(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(directory: i32, checked_at: i64) -> Record {
        Record {
            directory: DirectoryId(directory),
            fingerprint: Fingerprint(7),
            checked_at,
            method: Method::Http,
            standing: Standing::Current,
        }
    }

    #[test]
    fn of_several_records_the_last_counts() {
        let evidence = Evidence::new(5, vec![record(2, 1), record(1, 2), record(2, 3)]);
        assert_eq!(evidence.records(), [record(1, 2), record(2, 3)]);
        assert_eq!(evidence.of(DirectoryId(2)), Some(&record(2, 3)));
        assert_eq!(evidence.of(DirectoryId(3)), None);
    }

    #[test]
    fn each_bad_check_doubles_the_wait() {
        let mut back_off = BackOff::FIRST;
        let mut waits = vec![back_off.wait];
        for _ in 0..9 {
            back_off = back_off.again();
            waits.push(back_off.wait);
        }
        assert_eq!(waits, [0, 1, 3, 7, 15, 31, 63, 127, 127, 127]);
        assert_eq!(BackOff { tries: 2, wait: 1 }.passed_by().passed_by(), BackOff { tries: 2, wait: 0 });
    }
}
