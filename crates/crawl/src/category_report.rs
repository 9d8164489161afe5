//! What a crawl found out about one host's copy of one category.

use model::ids::HostCategoryId;
use probe::classify::Reason;
use probe::connector::Finding;
use serde::Serialize;
use store::verdicts::Bad;

use crate::host_log::{MAX_REASONS, escaped};
use crate::master::{Directory, Tree};
use crate::verdict::{Cause, Known, Results};

/// How the check of a category ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CategoryStatus {
    /// Every directory looked at is as on the master.
    Current,
    /// Some directories are missing or different.
    Stale,
    /// Nothing was found wrong, but not all could be proven.
    Unknown,
    /// Nobody answered at any URL.
    Unreachable,
    /// It answers; nothing else was asked (canary).
    Reachable,
    /// It is never checked.
    AlwaysUp2date,
    /// The crawl was stopped before it was through.
    Stopped,
}

impl CategoryStatus {
    /// The word that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Stale => "stale",
            Self::Unknown => "unknown",
            Self::Unreachable => "unreachable",
            Self::Reachable => "reachable",
            Self::AlwaysUp2date => "always-up2date",
            Self::Stopped => "stopped",
        }
    }

    /// Whether the host counts as fine because of it (4.1: one good category is enough).
    pub fn is_success(self) -> bool {
        !matches!(self, Self::Unreachable | Self::Stopped)
    }
}

/// The file that shows that a mirror is not current.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BadFile {
    /// Full name of its directory.
    pub directory: String,
    /// Its name, control characters escaped; `None`: the directory as a whole.
    pub file: Option<String>,
    /// What is wrong with it.
    pub reason: String,
}

impl std::fmt::Display for BadFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.file {
            Some(file) => write!(f, "{}/{file}: {}", self.directory, self.reason),
            None => write!(f, "{}: {}", self.directory, self.reason),
        }
    }
}

/// The outcome for one category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CategoryReport {
    /// Row id.
    pub host_category: HostCategoryId,
    /// The category's name.
    pub category: String,
    /// How it ended.
    pub status: CategoryStatus,
    /// Why, in a sentence; `None` when all is well.
    pub reason: Option<String>,
    /// The URL that was asked last.
    pub url: Option<String>,
    /// Directories proven current.
    pub current: u32,
    /// Directories proven not current.
    pub stale: u32,
    /// Directories looked at of which nothing could be proven.
    pub unknown: u32,
    /// The first bad file, by directory.
    pub first_bad: Option<BadFile>,
    /// Since when a repository that the mirror carries has been an older version there, seconds since 1970.
    pub behind_since: Option<i64>,
    /// What is wrong, a hundred things at most.
    #[serde(skip)]
    pub bad: Vec<Bad>,
    /// Requests sent.
    pub requests: u64,
    /// Bytes of bodies received.
    pub bytes: u64,
}

impl CategoryReport {
    /// A report without findings.
    pub fn new(host_category: HostCategoryId, category: &str, status: CategoryStatus) -> Self {
        Self {
            host_category,
            category: category.to_owned(),
            status,
            reason: None,
            url: None,
            current: 0,
            stale: 0,
            unknown: 0,
            first_bad: None,
            behind_since: None,
            bad: Vec::new(),
            requests: 0,
            bytes: 0,
        }
    }

    /// Counts what is known and finds the first bad file; sets the status from it.
    pub fn judge(&mut self, tree: &Tree, results: &Results) {
        let count = |is: fn(&Known) -> bool| {
            u32::try_from(results.iter().flatten().filter(|known| is(known)).count()).unwrap_or(u32::MAX)
        };
        self.current = count(|known| matches!(known, Known::Current));
        self.stale = count(|known| matches!(known, Known::Stale(_)));
        self.unknown = count(|known| matches!(known, Known::Unknown(_)));
        let first = |is: fn(&Known) -> Option<&Cause>| {
            let found = results.iter().enumerate().filter_map(|(at, known)| Some((at, is(known.as_ref()?)?)));
            // A file says most; a repository's top directory only follows its repodata.
            found
                .min_by_key(|(_, cause)| match cause {
                    Cause::File(_) | Cause::List(_) => 0,
                    Cause::Earlier => 1,
                    Cause::Repodata(_) => 2,
                })
                .and_then(|(at, cause)| bad_file(tree, at, cause))
        };
        let stale = first(|known| if let Known::Stale(cause) = known { Some(cause) } else { None });
        let unknown = first(|known| if let Known::Unknown(cause) = known { Some(cause) } else { None });
        self.status = match (self.stale, self.unknown) {
            (0, 0) => CategoryStatus::Current,
            (0, _) => CategoryStatus::Unknown,
            _ => CategoryStatus::Stale,
        };
        self.first_bad = stale.or(unknown);
        self.behind_since = behind_since(tree, results);
        self.bad = bad(tree, results);
        let all = self.current + self.stale + self.unknown;
        self.reason = match (self.status, &self.first_bad) {
            (CategoryStatus::Stale, Some(bad)) => {
                Some(format!("{} of {all} directories not current: {bad}", self.stale))
            }
            (CategoryStatus::Unknown, Some(bad)) => {
                Some(format!("{} of {all} directories unknown: {bad}", self.unknown))
            }
            _ => None,
        };
    }
}

/// The oldest change on the master of a repository whose former version the mirror has.
fn behind_since(tree: &Tree, results: &Results) -> Option<i64> {
    let is_older = |finding: &Finding| {
        finding.proven == 0
            && matches!(finding.reason, Reason::Size { .. } | Reason::Digest { .. } | Reason::TooLong)
    };
    let one = |(directory, known): (&Directory, &Option<Known>)| match known {
        Some(Known::Stale(Cause::File(finding))) if directory.has_repomd() && is_older(finding) => {
            directory.ctime
        }
        _ => None,
    };
    tree.directories.iter().zip(results).filter_map(one).min()
}

/// What is wrong, as it is kept.
fn bad(tree: &Tree, results: &Results) -> Vec<Bad> {
    let one = |(at, known): (usize, &Option<Known>)| match known {
        Some(Known::Stale(cause) | Known::Unknown(cause)) if !matches!(cause, Cause::Repodata(_)) => {
            let BadFile { directory, file, reason } = bad_file(tree, at, cause)?;
            Some(Bad { directory, file, reason })
        }
        _ => None,
    };
    results.iter().enumerate().filter_map(one).take(MAX_REASONS).collect()
}

/// The words for why one directory does not count as current.
pub fn bad_file(tree: &Tree, at: usize, cause: &Cause) -> Option<BadFile> {
    let directory = tree.directories.get(at)?.name.clone();
    Some(match cause {
        Cause::File(finding) => BadFile {
            directory,
            file: Some(escaped(&String::from_utf8_lossy(finding.file.as_bytes()))),
            reason: finding.reason.to_string(),
        },
        Cause::Repodata(_) => BadFile { directory, file: None, reason: "its repodata is not current".into() },
        Cause::Earlier => {
            BadFile { directory, file: None, reason: "it was so when it was last asked about".into() }
        }
        Cause::List(reason) => BadFile { directory, file: None, reason: reason.clone() },
    })
}
