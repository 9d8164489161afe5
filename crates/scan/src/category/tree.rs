//! Getting the tree of a category: from the first of its sources that has it, with what that source may go by.

use std::collections::HashSet;
use std::sync::Arc;

use model::policy::Policy;
use store::master::{Master, ScanState};
use tokio::task::spawn_blocking;

use super::{Failure, Job};
use crate::choice::Sources;
use crate::compare::{Recorded, RecordedDirectory};
use crate::options::Reading;
use crate::problem::Problem;
use crate::progress::Progress;
use crate::report::{CategoryReport, Counts};
use crate::rewritten;
use crate::source::{Inside, KnownTimes, Listing, SourceError, TreeSource};
use crate::touched::Touched;

/// The tree, got off the async threads, and the first of the sources that had it.
pub(super) async fn list(
    master: &Master,
    job: &Job,
    recorded: &Recorded,
    state: &ScanState,
    sources: Sources,
    progress: &Arc<dyn Progress>,
    report: &mut CategoryReport,
) -> Result<(Arc<dyn TreeSource>, Listing), Failure> {
    let mut failed = None;
    for source in sources {
        let mut known = KnownTimes::new();
        // The times of one kind of source say nothing about those of another.
        let same_clock = state.source.as_deref().is_none_or(|kind| kind == source.kind());
        if job.options.reading != Reading::All && same_clock {
            known = times(master, job, recorded, &source).await?;
            if let Reading::Touched(touched) = &job.options.reading {
                known = watched(known, touched, recorded);
            }
        }
        let (asked, progress) = (Arc::clone(&source), Arc::clone(progress));
        match spawn_blocking(move || asked.list(&known, progress.as_ref())).await? {
            Ok(listing) => {
                // That there is no list is nothing to complain about.
                if job.is_local
                    && let Some(e @ (SourceError::Cut { .. } | SourceError::Form(_))) = failed
                {
                    report.problems.push(Problem::Fallback { reason: e.to_string() });
                }
                return Ok((source, listing));
            }
            Err(e) if e.passes() => {
                // A list that is cut off says more than that it is no listing of the other form.
                failed = match failed {
                    Some(cut @ SourceError::Cut { .. }) => Some(cut),
                    _ => Some(e),
                };
            }
            Err(e) => return Err(e.into()),
        }
    }
    Err(failed.unwrap_or_else(|| SourceError::NoList(job.root.clone())).into())
}

/// The recorded times that a source of the same clock may go by.
async fn times(
    master: &Master,
    job: &Job,
    recorded: &Recorded,
    source: &Arc<dyn TreeSource>,
) -> Result<KnownTimes, Failure> {
    let rewritten = match job.rules.policy {
        // Who watches a tree is told of files that are rewritten.
        Policy::Spm if source.is_asked() && !matches!(job.options.reading, Reading::Touched(_)) => {
            rewritten::looked_for::<Failure>(master, source, job.threads, recorded).await?
        }
        _ => HashSet::new(),
    };
    // A time of 0 stands for "never read".
    let read = |row: &RecordedDirectory| row.retry.is_none() && row.ctime != Some(0);
    let times = recorded.known.iter().filter(|(name, row)| read(row) && !rewritten.contains(*name));
    Ok(times.filter_map(|(name, row)| Some((Arc::clone(name), row.ctime?))).collect())
}

/// The same of a watched tree. What can not be taken for known is looked at as if it had been touched.
fn watched(known: KnownTimes, touched: &Touched, recorded: &Recorded) -> KnownTimes {
    let mut touched = touched.clone();
    for name in recorded.known.keys().filter(|name| known.get(name).is_none()) {
        touched.directory(&**name);
    }
    let closed = recorded.known.iter().filter(|(_, row)| !row.readable);
    known.watched(touched, closed.map(|(name, _)| Arc::clone(name)).collect())
}

/// The figures of a tree.
pub(super) fn count(listing: &Listing, counts: &mut Counts) {
    counts.directories = listing.directories.len();
    counts.files = listing.files;
    counts.unlisted = listing.directories.iter().filter(|d| d.inside == Inside::Unlisted).count();
    let bad_names = listing
        .problems
        .iter()
        .filter(|p| matches!(p, Problem::Name { .. } | Problem::LongName { .. }))
        .count();
    counts.skipped = usize::try_from(listing.excluded).unwrap_or(usize::MAX).saturating_add(bad_names);
}
