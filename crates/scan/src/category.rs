//! One category: read what is recorded, get the tree, compare, write — in that order, and only the last step
//! inside a transaction.

mod decision;
mod lock;
mod records;
mod tree;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::clock::Clock;
use model::directory_name::join;
use model::excludes::Excludes;
use model::ids::{CategoryId, DirectoryId, ProductId};
use settings::scan::OrphanRepositories;
use store::master::{Lock, Master, ScanState};
use store::{Store, StoreError};
use tokio::task::{JoinError, spawn_blocking};

use self::decision::{deletions, repositories};
use self::lock::lock;
use self::records::{read_directories, read_elsewhere, read_files};
use self::tree::{count, list};
use crate::changes::{self};
use crate::choice::Sources;
use crate::compare::{self, Context, Recorded};
use crate::guard::{self, DeleteLimit};
use crate::index::{self, Indexes};
use crate::options::{Deletion, Reading, ScanOptions, Writing};
use crate::problem::Problem;
use crate::progress::Progress;
use crate::report::{CategoryReport, Outcome};
use crate::rewritten;
use crate::rules::Rules;
use crate::source::{Listing, SourceError, TreeSource};
use crate::write::{self, Plan};

/// At most as many index files are in memory at the same time.
const INDEX_THREADS: usize = 16;

/// A category to be scanned.
pub(crate) struct Job {
    pub(crate) category: CategoryId,
    pub(crate) name: String,
    pub(crate) product: ProductId,
    pub(crate) topdir_id: DirectoryId,
    pub(crate) topdir: String,
    /// Where it is read from, for messages.
    pub(crate) root: String,
    /// Whether that is a directory.
    pub(crate) is_local: bool,
    /// Whether this root is the only one that the category's directories are read from.
    pub(crate) only_root: bool,
    pub(crate) excludes: Excludes,
    pub(crate) rules: Arc<Rules>,
    pub(crate) threads: usize,
    pub(crate) limit: DeleteLimit,
    pub(crate) orphans: OrphanRepositories,
    pub(crate) options: ScanOptions,
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the scan was interrupted by a defect: {0}")]
    Defect(#[from] JoinError),
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error("{0}")]
    Root(String),
    #[error("its lock was lost while the tree was read, so another scan may have written; scan again")]
    LockLost,
}

/// Scans it; whatever happens is in the report.
pub(crate) async fn scan(
    store: &Store,
    job: Job,
    sources: Sources,
    clock: &dyn Clock,
    progress: &Arc<dyn Progress>,
) -> CategoryReport {
    let (begun, started) = (Instant::now(), clock.now());
    let master = Master::new(store);
    let mut report = CategoryReport::new(job.name.clone(), Outcome::Done);
    match locked(&master, &job, sources, clock, progress, &mut report).await {
        Ok(()) => {}
        Err(Failure::Root(why)) => report.outcome = Outcome::RootRefused(why),
        Err(Failure::Source(e @ SourceError::Root { .. })) => {
            report.outcome = Outcome::RootRefused(e.to_string())
        }
        Err(Failure::Store(e)) => report.outcome = Outcome::NotStored(e.to_string()),
        Err(e) => report.outcome = Outcome::Failed(e.to_string()),
    }
    let is_whole = !matches!(job.options.reading, Reading::Touched(_));
    if report.outcome == Outcome::Done && job.options.writing == Writing::On && is_whole {
        // The time at which it began: what changed since may have been missed.
        if let Err(e) = master.good_scan(job.category, started.timestamp()).await {
            tracing::warn!(category = job.name, error = %e, "the time of this scan could not be kept");
        }
    }
    // Without deletion a missing root is a failure like any other (exit status 1 instead of 3).
    if let Outcome::RootRefused(why) = &report.outcome
        && job.options.deletion == Deletion::Off
    {
        report.outcome = Outcome::Failed(why.clone());
    }
    report.elapsed = begun.elapsed();
    report.statements = master.statements();
    for problem in &report.problems {
        tracing::warn!(category = job.name, "{problem}");
    }
    match &report.outcome {
        Outcome::Done => tracing::info!(category = job.name, counts = ?report.counts, "scanned"),
        Outcome::Skipped(why)
        | Outcome::Failed(why)
        | Outcome::NotStored(why)
        | Outcome::RootRefused(why) => {
            tracing::error!(category = job.name, "not scanned: {why}");
        }
        Outcome::DeletionRefused(why) => tracing::error!(category = job.name, "nothing deleted: {why}"),
        Outcome::Locked(why) => tracing::warn!(category = job.name, "not scanned: {why}"),
    }
    report
}

async fn locked(
    master: &Master,
    job: &Job,
    sources: Sources,
    clock: &dyn Clock,
    progress: &Arc<dyn Progress>,
    report: &mut CategoryReport,
) -> Result<(), Failure> {
    if job.options.writing == Writing::DryRun {
        return within(master, job, sources, clock, progress, report, None).await;
    }
    let mut lock = match lock(master, job, clock, progress).await? {
        Ok(lock) => lock,
        Err(locked) => {
            report.outcome = Outcome::Locked(locked.to_string());
            return Ok(());
        }
    };
    let result = within(master, job, sources, clock, progress, report, Some(&mut lock)).await;
    if let Err(e) = lock.release().await {
        tracing::warn!(category = job.name, error = %e, "the lock could not be given back");
    }
    result
}

async fn within(
    master: &Master,
    job: &Job,
    sources: Sources,
    clock: &dyn Clock,
    progress: &Arc<dyn Progress>,
    report: &mut CategoryReport,
    lock: Option<&mut Lock>,
) -> Result<(), Failure> {
    let mut watch = Watch::start();
    let state = master.state(job.category).await?;
    let mut recorded = Recorded::default();
    read_directories(master, job, &mut recorded).await?;
    watch.lap(&mut report.timings.recorded);
    let started = clock.now().timestamp();
    let (source, mut listing) = list(master, job, &recorded, &state, sources, progress, report).await?;
    let excluded = |name: &str| job.excludes.is_excluded(&join(&job.topdir, name));
    if let Some(reason) = guard::root(&listing, &recorded.known, excluded) {
        return Err(Failure::Root(match job.is_local {
            true => format!("master root {}: {reason}; is it mounted?", job.root),
            false => format!("{}: {reason}; is that the right tree?", job.root),
        }));
    }
    count(&listing, &mut report.counts);
    watch.lap(&mut report.timings.listing);
    read_elsewhere(master, job, &listing, &mut recorded).await?;
    read_files(master, &listing, &mut recorded).await?;
    rewritten::settle(&mut listing, &recorded);
    watch.lap(&mut report.timings.recorded);
    let (listing, indexes) = read_indexes(&source, listing, job.threads.min(INDEX_THREADS), progress).await?;
    watch.lap(&mut report.timings.indexes);
    let of: HashSet<&str> = indexes.details.iter().map(|d| d.directory.as_str()).collect();
    let of: Vec<DirectoryId> = of.into_iter().filter_map(|name| Some(recorded.row(name)?.id)).collect();
    recorded.details = master.details(&of).await?.into_iter().collect();
    watch.lap(&mut report.timings.recorded);

    report.problems.extend(listing.problems.iter().cloned());
    report.problems.extend(indexes.problems.iter().cloned());
    report.counts.bytes_read = indexes.bytes;
    let context =
        Context { topdir: &job.topdir, policy: job.rules.policy, has_memory: master.has_memory(), started };
    let differences = compare::compare(&listing, &recorded, indexes, &context, &mut report.counts);
    let (delete, unlink) = deletions(master, job, &listing, &recorded, report).await?;
    let deleted: HashSet<DirectoryId> = delete.iter().chain(&unlink).map(|(id, _)| *id).collect();
    let (repositories, versions) = repositories(master, job, &listing, &recorded, &deleted).await?;
    report.problems.extend(repositories.problems.iter().cloned());
    report.problems.sort();
    report.problems.dedup();

    let now = ScanState { source: Some(source.kind().to_owned()), device: listing.device };
    if state.source.is_some() && state.source != now.source {
        tracing::info!(
            category = job.name,
            from = state.source,
            to = now.source,
            "the kind of source has changed"
        );
    }
    if state.device.is_some() && now.device.is_some() && state.device != now.device {
        report.problems.push(Problem::Device { root: job.root.clone() });
    }
    let plan = Plan {
        differences,
        repositories,
        delete,
        unlink,
        state: (now != state).then_some(now),
        versions,
        orphans: job.orphans,
    };
    plan.describe(report);
    report.changes = changes::of_plan(&plan, job, &recorded);
    watch.lap(&mut report.timings.comparing);
    if job.options.writing == Writing::DryRun {
        report.changes.details.gone = changes::gone_details(master, job, &plan.delete).await?;
        return Ok(());
    }
    if plan.is_empty(master.has_memory()) {
        return Ok(());
    }
    if let Some(lock) = lock
        && !lock.is_held().await?
    {
        return Err(Failure::LockLost);
    }
    progress.writing();
    write::apply(master, job, &plan, &recorded, report).await?;
    watch.lap(&mut report.timings.writing);
    Ok(())
}

async fn read_indexes(
    source: &Arc<dyn TreeSource>,
    listing: Listing,
    threads: usize,
    progress: &Arc<dyn Progress>,
) -> Result<(Listing, Indexes), Failure> {
    let (source, progress) = (Arc::clone(source), Arc::clone(progress));
    let read = move || {
        let indexes = index::read(source.as_ref(), &listing, threads, progress.as_ref());
        (listing, indexes)
    };
    Ok(spawn_blocking(read).await?)
}

/// Tells how long each part of a scan took.
struct Watch(Instant);

impl Watch {
    fn start() -> Self {
        Self(Instant::now())
    }

    /// Adds the time since the start or the last lap.
    fn lap(&mut self, to: &mut Duration) {
        let now = Instant::now();
        *to += now - self.0;
        self.0 = now;
    }
}
