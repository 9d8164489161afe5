//! One watched category: what is to be done about it, and when.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use settings::Scan;
use settings::scan::{ScanSource, SourceType};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::stamps::{Seen, Stamps};
use super::tree::{Noticed, WatchedDisk, WatchedTree};
use crate::options::Reading;
use crate::source::SourceError;
use crate::source::disk::OsDisk;
use crate::touched::Touched;

/// Why a category is scanned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// The watching begins.
    Begin,
    /// Somebody has asked.
    Asked,
    /// A stamp or list is another one.
    Stamp,
    /// Changes were noticed in so many directories; only these are read.
    Touched(usize),
    /// There were changes that could not be told one by one.
    Anywhere(&'static str),
    /// Its interval is over, as nothing announces changes.
    Interval,
    /// It is long since the last scan of the whole category.
    Age,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Begin => f.write_str("the watch begins"),
            Self::Asked => f.write_str("it was asked for"),
            Self::Stamp => f.write_str("a stamp or list is new"),
            Self::Touched(1) => f.write_str("changes in one directory"),
            Self::Touched(count) => write!(f, "changes in {count} directories"),
            Self::Anywhere(why) => f.write_str(why),
            Self::Interval => f.write_str("the interval is over"),
            Self::Age => f.write_str("the last whole scan is long ago"),
        }
    }
}

/// What is to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Due {
    Whole(Why),
    Touched(Touched),
}

impl Due {
    pub(super) fn why(&self) -> Why {
        match self {
            Self::Whole(why) => why.clone(),
            Self::Touched(touched) => Why::Touched(touched.len()),
        }
    }
}

/// How often is looked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    poll: Duration,
    interval: Duration,
    /// Whether the interval counts even where changes are announced.
    always: bool,
    full: Duration,
}

/// A category and what is known about it.
pub(super) struct Category {
    pub(super) name: String,
    tree: Option<WatchedTree>,
    stamps: Stamps,
    pace: Pace,
    due: Option<Due>,
    /// The stamps before the last good scan.
    seen: Option<Seen>,
    /// Directories that were deleted since the last whole scan.
    pub(super) deleted: usize,
    /// When stamps are looked at, and what has failed is tried again.
    look_at: Instant,
    interval_at: Instant,
    whole_at: Instant,
    /// What was said last about waiting, so that it is not said again.
    told: Option<String>,
}

/// A scan that may begin.
pub(super) struct Begun {
    pub(super) due: Due,
    seen: Option<Seen>,
}

/// What came of a look.
pub(super) enum Look {
    /// Nothing to do.
    Idle,
    /// A scan.
    Scan(Begun),
    /// There would be, but the tree is being changed; said once.
    Busy(String),
    /// Something can not be asked about; said once.
    Failed(String),
}

impl Category {
    /// `root`: of a directory its place; only of a category's only source it can be told what a change belongs to.
    pub(super) fn new(
        settings: &Scan,
        source: &ScanSource,
        topdir: &str,
        root: PathBuf,
        bell: &Arc<Notify>,
    ) -> Result<Self, SourceError> {
        let stamps = Stamps::new(settings, source, topdir, &root)?;
        let is_local = source.source_type() == Some(SourceType::Directory);
        let is_only = settings.sources.iter().filter(|s| s.category == source.category).count() < 2;
        let tree = match is_local && is_only {
            true => match WatchedTree::new(root, Arc::clone(bell)) {
                Ok(tree) => Some(tree),
                Err(error) => {
                    tracing::warn!(category = source.category, %error, "the tree can not be watched");
                    None
                }
            },
            false => None,
        };
        let watch = &settings.watch;
        let pace = Pace {
            poll: Duration::from_secs(watch.poll_seconds),
            interval: Duration::from_secs(source.interval_seconds.unwrap_or(watch.interval_seconds)),
            always: source.interval_seconds.is_some(),
            full: Duration::from_secs(watch.full_seconds),
        };
        let now = Instant::now();
        Ok(Self {
            name: source.category.clone(),
            tree,
            stamps,
            pace,
            due: Some(Due::Whole(Why::Begin)),
            seen: None,
            deleted: 0,
            look_at: now,
            interval_at: now + pace.interval,
            whole_at: now + pace.full,
            told: None,
        })
    }

    /// Takes in another source of the category. What announces changes of one says nothing about the other, so the
    /// interval counts.
    pub(super) fn also(
        &mut self,
        settings: &Scan,
        source: &ScanSource,
        topdir: &str,
        root: &Path,
    ) -> Result<(), SourceError> {
        self.stamps.extend(Stamps::new(settings, source, topdir, root)?);
        self.pace.always = true;
        if let Some(seconds) = source.interval_seconds {
            self.pace.interval = self.pace.interval.min(Duration::from_secs(seconds));
            self.interval_at = Instant::now() + self.pace.interval;
        }
        Ok(())
    }

    /// The disk that its tree is read from.
    pub(super) fn disk(&self) -> WatchedDisk<OsDisk> {
        self.tree.as_ref().map_or_else(|| WatchedDisk::silent(OsDisk), |tree| tree.disk(OsDisk))
    }

    /// When to look next, if nothing is noticed before.
    pub(super) fn next(&self) -> Instant {
        self.look_at.min(self.whole_at)
    }

    /// Looks at everything that may announce a change, and whether the tree stands still.
    pub(super) async fn look(&mut self, is_asked: bool) -> Look {
        let now = Instant::now();
        let mut seen = None;
        match self.tree.as_ref().map(WatchedTree::take).unwrap_or_default() {
            Noticed::Nothing => {}
            Noticed::Touched(touched) => self.add(Due::Touched(touched)),
            Noticed::Anywhere(why) => self.add(Due::Whole(Why::Anywhere(why))),
        }
        if is_asked {
            self.add(Due::Whole(Why::Asked));
            self.look_at = now;
        }
        if now >= self.whole_at {
            self.add(Due::Whole(Why::Age));
        }
        if now < self.look_at {
            // A change is read at once, but what has failed only when it is time.
            if self.due.is_none() || self.told.is_some() {
                return Look::Idle;
            }
        } else {
            self.look_at = now + self.pace.poll;
            seen = match self.stamps.look().await {
                Ok(seen) => Some(seen),
                Err(why) => return self.waits(why, Look::Failed),
            };
            let announced = seen.as_ref().is_some_and(Seen::is_any) || self.is_covered();
            if self.seen.is_some() && self.seen != seen {
                self.add(Due::Whole(Why::Stamp));
            }
            if now >= self.interval_at && (self.pace.always || !announced) {
                self.add(Due::Whole(Why::Interval));
            }
        }
        if self.due.is_none() {
            self.told = None;
            return Look::Idle;
        }
        match self.stamps.busy().await {
            Ok(None) => {}
            Ok(Some(marker)) => return self.waits(marker, Look::Busy),
            Err(why) => return self.waits(why, Look::Failed),
        }
        self.told = None;
        let Some(due) = self.due.take() else { return Look::Idle };
        if let (Due::Whole(_), Some(tree)) = (&due, &self.tree) {
            tree.begin();
        }
        Look::Scan(Begun { due, seen })
    }

    /// What the scan is to read. `first`: how the first one reads.
    pub(super) fn reading(begun: &Begun, first: &Reading) -> Reading {
        match &begun.due {
            Due::Whole(Why::Begin) => first.clone(),
            Due::Whole(_) => Reading::Changed,
            Due::Touched(touched) => Reading::Touched(Arc::new(touched.clone())),
        }
    }

    /// It is scanned; so many directories were deleted.
    pub(super) fn done(&mut self, begun: Begun, deleted: usize) {
        let now = Instant::now();
        self.deleted = match begun.due {
            Due::Whole(_) => 0,
            Due::Touched(_) => self.deleted + deleted,
        };
        if begun.seen.is_some() {
            self.seen = begun.seen;
        }
        if let Due::Whole(_) = begun.due {
            self.whole_at = now + self.pace.full;
            self.interval_at = now + self.pace.interval;
            if let Some(Err(why)) = self.tree.as_ref().map(WatchedTree::covers)
                && !self.seen.as_ref().is_some_and(Seen::is_any)
            {
                tracing::warn!(
                    category = self.name,
                    seconds = self.pace.interval.as_secs(),
                    "not all changes can be noticed, so it is scanned at an interval: {why}"
                );
            }
        }
    }

    /// It could not be scanned, and is to be after a while.
    pub(super) fn failed(&mut self, begun: Begun) {
        // Whoever watches it may not have seen all of it.
        let due = match begun.due {
            Due::Touched(_) => Due::Whole(Why::Anywhere("the scan before has failed")),
            whole => whole,
        };
        self.add(due);
        self.told = Some("the scan failed".to_owned());
        self.look_at = Instant::now() + self.pace.poll;
        self.whole_at = self.whole_at.max(self.look_at);
    }

    fn is_covered(&self) -> bool {
        self.tree.as_ref().is_some_and(|tree| tree.covers().is_ok())
    }

    /// More is to be done. What is asked for as a whole needs no parts; the first reason stands.
    fn add(&mut self, more: Due) {
        self.due = Some(match (self.due.take(), more) {
            (None, more) | (Some(Due::Touched(_)), more @ Due::Whole(_)) => more,
            (Some(whole @ Due::Whole(_)), _) => whole,
            (Some(Due::Touched(mut touched)), Due::Touched(more)) => {
                touched.merge(more);
                Due::Touched(touched)
            }
        });
    }

    fn waits(&mut self, why: String, say: impl FnOnce(String) -> Look) -> Look {
        let now = Instant::now();
        self.look_at = self.look_at.max(now + self.pace.poll);
        self.whole_at = self.whole_at.max(self.look_at);
        if self.told.as_ref() == Some(&why) {
            return Look::Idle;
        }
        self.told = Some(why.clone());
        say(why)
    }
}
