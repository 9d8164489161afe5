//! One category: read what is recorded, get the tree, compare, write — in that order, and only the last step
//! inside a transaction.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::clock::Clock;
use model::directory_name::{join, relative};
use model::excludes::Excludes;
use model::ids::{CategoryId, DirectoryId, ProductId, VersionId};
use model::policy::Policy;
use settings::scan::OrphanRepositories;
use store::master::{DirectoryRow, Lock, Locked, Master, ScanState};
use store::{Store, StoreError};
use tokio::task::{JoinError, spawn_blocking};

use crate::changes::{self, ChangeSet};
use crate::choice::Sources;
use crate::compare::{self, Context, Recorded, RecordedDirectory};
use crate::guard::{self, DeleteLimit};
use crate::in_place;
use crate::index::{self, Indexes};
use crate::options::{Deletion, Reading, ScanOptions, Writing};
use crate::owner;
use crate::problem::Problem;
use crate::progress::Progress;
use crate::report::{CategoryReport, Counts, Outcome, Timings};
use crate::repositories::{self, Known, Repositories};
use crate::rewritten;
use crate::rules::Rules;
use crate::source::{Inside, KnownTimes, Listing, SourceError, TreeSource};
use crate::touched::Touched;
use crate::write::{self, Plan};

/// How often it is looked whether another scan of the category has ended.
const LOCK_INTERVAL: Duration = Duration::from_millis(500);

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
    let mut report = CategoryReport {
        name: job.name.clone(),
        outcome: Outcome::Done,
        counts: Counts::default(),
        problems: Vec::new(),
        changes: ChangeSet::default(),
        elapsed: std::time::Duration::ZERO,
        timings: Timings::default(),
        statements: 0,
    };
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

/// Takes the lock, after some time if it has to be.
async fn lock(
    master: &Master,
    job: &Job,
    clock: &dyn Clock,
    progress: &Arc<dyn Progress>,
) -> Result<std::result::Result<Lock, Locked>, StoreError> {
    let (begun, owner) = (Instant::now(), owner::name());
    let mut told = false;
    loop {
        let locked = match master.lock(job.category, &owner, clock.now(), owner::state).await? {
            Ok(lock) => return Ok(Ok(lock)),
            Err(locked) => locked,
        };
        let left = job.options.wait.saturating_sub(begun.elapsed());
        if left.is_zero() {
            return Ok(Err(locked));
        }
        if !told {
            tracing::info!(category = job.name, "waiting: {locked}");
            progress.waiting(&locked.to_string());
            told = true;
        }
        tokio::time::sleep(left.min(LOCK_INTERVAL)).await;
    }
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
    let known = &mut recorded.known;
    let record = |row: DirectoryRow| {
        if let Some(name) = relative(&job.topdir, &row.name) {
            known.insert(Arc::from(name), row.into());
        }
    };
    master.directories(job.category, record).await?;
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

/// The tree, got off the async threads, and the first of the sources that had it.
async fn list(
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
        Policy::Spm if job.is_local => {
            in_place::rewritten::<Failure>(master, source, job.threads, recorded).await?
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

fn count(listing: &Listing, counts: &mut Counts) {
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

/// Rows of other categories that the tree has, too.
async fn read_elsewhere(
    master: &Master,
    job: &Job,
    listing: &Listing,
    recorded: &mut Recorded,
) -> Result<(), Failure> {
    let names: Vec<String> = listing
        .directories
        .iter()
        .filter(|d| !recorded.known.contains_key(d.name.as_str()))
        .map(|d| join(&job.topdir, &d.name))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for row in master.directories_named(&names).await? {
        if let Some(name) = relative(&job.topdir, &row.name) {
            recorded.elsewhere.insert(Arc::from(name), row.into());
        }
    }
    debug_assert!(
        recorded.row("").is_none_or(|row| row.id == job.topdir_id),
        "the root's row is the category's top directory"
    );
    Ok(())
}

/// The stored lists of the directories whose files were read.
async fn read_files(master: &Master, listing: &Listing, recorded: &mut Recorded) -> Result<(), Failure> {
    let read =
        listing.directories.iter().filter(|d| matches!(d.inside, Inside::Files(_) | Inside::Partly(_)));
    let read = read.filter_map(|d| recorded.row(&d.name)).chain(rewritten::rows(listing, recorded));
    let ids: Vec<DirectoryId> = read.map(|row| row.id).collect();
    recorded.files = master.files(&ids).await?.into_iter().collect();
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

/// Directories with their relative names.
type Named = Vec<(DirectoryId, String)>;

/// What is to be deleted, and what is only to be taken out of this category.
async fn deletions(
    master: &Master,
    job: &Job,
    listing: &Listing,
    recorded: &Recorded,
    report: &mut CategoryReport,
) -> Result<(Named, Named), Failure> {
    let gone = compare::gone(listing, recorded, &job.excludes, &job.topdir);
    report.counts.gone = gone.len();
    let refused = match job.options.deletion {
        Deletion::Off => return Ok((Vec::new(), Vec::new())),
        Deletion::Guarded | Deletion::Forced if !job.only_root && !gone.is_empty() => {
            let why = "directories are not there, but may be in another of the category's configured sources";
            report.outcome = Outcome::DeletionRefused(format!("{} {why}", gone.len()));
            return Ok((Vec::new(), Vec::new()));
        }
        Deletion::Guarded => {
            let is_empty = listing.files == 0 && listing.kept == 0;
            guard::deletion(gone.len(), recorded.known.len(), is_empty, job.limit)
        }
        Deletion::Forced => None,
    };
    if let Some(why) = refused {
        report.outcome = Outcome::DeletionRefused(format!("{why}; if that is right, force it"));
        return Ok((Vec::new(), Vec::new()));
    }
    let ids: Vec<DirectoryId> = gone.iter().map(|(id, _)| *id).collect();
    let shared: HashSet<DirectoryId> = master.shared(job.category, &ids).await?.into_iter().collect();
    Ok(gone.into_iter().partition(|(id, _)| !shared.contains(id)))
}

async fn repositories(
    master: &Master,
    job: &Job,
    listing: &Listing,
    recorded: &Recorded,
    deleted: &HashSet<DirectoryId>,
) -> Result<(Repositories, Vec<(VersionId, String)>), Failure> {
    if deleted.is_empty() && !listing.directories.iter().any(|d| d.is_repository || d.is_atomic) {
        return Ok((Repositories::default(), Vec::new()));
    }
    let rows = master.repositories().await?;
    let versions = master.versions(job.product).await?;
    let arches = master.arches().await?;
    let ids: HashMap<&str, DirectoryId> = listing
        .directories
        .iter()
        .filter_map(|d| Some((d.name.as_str(), recorded.row(&d.name)?.id)))
        .collect();
    let known = Known {
        category: &job.name,
        topdir: &job.topdir,
        repositories: &rows,
        versions: &versions,
        arches: &arches,
        ids: &ids,
        deleted,
    };
    Ok((repositories::plan(&listing.directories, &known, &job.rules), versions))
}
