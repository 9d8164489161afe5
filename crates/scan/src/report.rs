//! What a scan did, as data: the command line turns it into text, JSON and an exit status.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::changes::{ChangeSet, ChangedDetail};
use crate::problem::Problem;

/// A whole run.
#[derive(Debug, Clone, Default)]
pub struct ScanReport {
    /// The categories, in the order in which they were scanned.
    pub categories: Vec<CategoryReport>,
    /// File details of the whole database removed by ageing.
    pub details_aged: usize,
    /// Those of a dry run, by name.
    pub aged: Vec<ChangedDetail>,
    /// Why ageing failed, if it did.
    pub ageing_failed: Option<String>,
    /// Statements for the list of categories and for ageing.
    pub statements: u64,
    /// When each category of the database was scanned well for the last time, seconds since 1970.
    pub last_good: BTreeMap<String, i64>,
}

/// One category.
#[derive(Debug, Clone)]
pub struct CategoryReport {
    /// Its name.
    pub name: String,
    /// How it ended.
    pub outcome: Outcome,
    /// The figures; of a dry run what would have been done.
    pub counts: Counts,
    /// What was wrong without making it fail.
    pub problems: Vec<Problem>,
    /// What was changed, by name; of a dry run what would have been.
    pub changes: ChangeSet,
    /// How long it took.
    pub elapsed: Duration,
    /// Where the time went.
    pub timings: Timings,
    /// SQL statements, without BEGIN, COMMIT and locks.
    pub statements: u64,
}

impl CategoryReport {
    /// One of a category of which nothing is known yet but how it will end.
    pub(crate) fn new(name: String, outcome: Outcome) -> Self {
        Self {
            name,
            outcome,
            counts: Counts::default(),
            problems: Vec::new(),
            changes: ChangeSet::default(),
            elapsed: Duration::ZERO,
            timings: Timings::default(),
            statements: 0,
        }
    }
}

/// Where the time of a category went, as far as it came. What is missing to the whole is waiting for the lock.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timings {
    /// Asking the database what is recorded.
    pub recorded: Duration,
    /// Listing the tree.
    pub listing: Duration,
    /// Reading index and checksum files.
    pub indexes: Duration,
    /// Comparing.
    pub comparing: Duration,
    /// The transaction.
    pub writing: Duration,
}

impl Timings {
    /// Every part with a word for it.
    pub const fn parts(&self) -> [(&'static str, Duration); 5] {
        [
            ("recorded", self.recorded),
            ("listing", self.listing),
            ("indexes", self.indexes),
            ("comparing", self.comparing),
            ("writing", self.writing),
        ]
    }
}

/// How a category ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Everything is stored.
    Done,
    /// Everything is stored, but what is gone was not deleted.
    DeletionRefused(String),
    /// The category can not be scanned as it is set up (unknown, or without product); nothing was done.
    Skipped(String),
    /// Nothing was changed.
    Failed(String),
    /// The database could not be read or written; nothing was changed.
    NotStored(String),
    /// The master root looks unmounted; nothing was changed.
    RootRefused(String),
    /// Another scan has it; nothing was done.
    Locked(String),
}

impl Outcome {
    /// Whether what was found is in the database.
    pub fn is_stored(&self) -> bool {
        matches!(self, Self::Done | Self::DeletionRefused(_))
    }

    /// The words for all of them.
    pub const NAMES: [&str; 6] = ["done", "deletion-refused", "skipped", "failed", "root-refused", "locked"];

    /// A word for it, one of [`NAMES`](Self::NAMES).
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::DeletionRefused(_) => "deletion-refused",
            Self::Skipped(_) => "skipped",
            Self::Failed(_) | Self::NotStored(_) => "failed",
            Self::RootRefused(_) => "root-refused",
            Self::Locked(_) => "locked",
        }
    }
}

/// The figures of a category.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Directories in the tree.
    pub directories: usize,
    /// Not in the category before.
    pub new: usize,
    /// Whose time, files or readability differs from what was recorded.
    pub changed: usize,
    /// As recorded.
    pub unchanged: usize,
    /// In the category, but no longer in the tree.
    pub gone: usize,
    /// Of those, the ones that were taken out.
    pub deleted: usize,
    /// That can not be listed.
    pub unlisted: usize,
    /// Left out by an exclude pattern or because of their names.
    pub skipped: usize,
    /// Files in the tree.
    pub files: u64,
    /// Repositories made.
    pub repositories: usize,
    /// Repositories that got a directory again.
    pub reattached: usize,
    /// Versions made.
    pub versions: usize,
    /// File details added.
    pub details: usize,
    /// Bytes of index and checksum files read.
    pub bytes_read: u64,
}

impl Counts {
    /// Whether the database was (or, in a dry run, would be) left as it was.
    pub fn is_unchanged(&self) -> bool {
        self.new
            + self.changed
            + self.deleted
            + self.repositories
            + self.reattached
            + self.versions
            + self.details
            == 0
    }
}

/// The worst thing that happened, from which the exit status follows (`spec/umdl.md` 14).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// All fine, or only complaints: 0.
    Fine,
    /// A category failed: 1.
    Failed,
    /// A guard refused to delete: 3.
    DeletionRefused,
    /// A category was locked by another scan: 4.
    Locked,
}

impl ScanReport {
    /// A failure outweighs a refusal, a refusal a lock.
    pub fn verdict(&self) -> Verdict {
        let any = |test: fn(&Outcome) -> bool| self.categories.iter().any(|c| test(&c.outcome));
        if self.ageing_failed.is_some() || any(|o| matches!(o, Outcome::Failed(_) | Outcome::NotStored(_))) {
            Verdict::Failed
        } else if any(|o| matches!(o, Outcome::DeletionRefused(_) | Outcome::RootRefused(_))) {
            Verdict::DeletionRefused
        } else if any(|o| matches!(o, Outcome::Locked(_))) {
            Verdict::Locked
        } else {
            Verdict::Fine
        }
    }

    /// Whether nothing was changed at all.
    pub fn is_unchanged(&self) -> bool {
        self.details_aged == 0 && self.categories.iter().all(|c| c.counts.is_unchanged())
    }
}
