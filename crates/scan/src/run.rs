//! A whole run: categories one after the other, then ageing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use model::clock::Clock;
use model::excludes::PatternError;
use model::ids::CategoryId;
use model::policy::Policy;
use model::rule_table::RuleError;
use settings::Scan;
use settings::scan::{ScanSource, SourceType};
use store::changes::{Change, Directories, Subject};
use store::master::{AgedDetail, CategoryRow, Master};
use store::{Store, StoreError};

use crate::category::{self, Job};
use crate::changes::ChangedDetail;
use crate::choice::Choice;
use crate::guard::DeleteLimit;
use crate::progress::Progress;
use crate::report::{CategoryReport, Counts, Outcome, ScanReport};
use crate::rules::Rules;
use crate::source::SourceError;
use crate::source::disk::{Disk, OsDisk};
use crate::source::local::LocalTree;

/// What to scan and how far to go.
#[derive(Debug, Clone, Default)]
pub struct ScanOptions {
    /// Only these categories; empty: all.
    pub only: Vec<String>,
    /// Not these.
    pub except: Vec<String>,
    /// What becomes of directories that are gone.
    pub deletion: Deletion,
    /// Whether anything is written.
    pub writing: Writing,
    /// Whether recorded times are believed.
    pub reading: Reading,
    /// How long to wait for another scan of the same category, each time.
    pub wait: Duration,
}

/// What becomes of directories that are gone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Deletion {
    /// They stay.
    #[default]
    Off,
    /// They are deleted unless they are suspiciously many.
    Guarded,
    /// They are deleted however many they are.
    Forced,
}

/// Whether anything is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Writing {
    /// Yes.
    #[default]
    On,
    /// No; the report says what would have been.
    DryRun,
}

/// Whether recorded times are believed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reading {
    /// A directory with its recorded time is not read.
    #[default]
    Changed,
    /// All directories are read.
    All,
}

/// Why a run did not begin.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// A category that was named is not there.
    #[error("category {name:?} is neither configured nor in the database{hint}")]
    UnknownCategory {
        /// Its name.
        name: String,
        /// Empty, or the nearest name.
        hint: String,
    },
    /// A prefix rule can not be used.
    #[error("setting scan.repository_mapping: {0}")]
    Rule(#[from] RuleError),
    /// An exclude pattern can not be used.
    #[error("setting scan.excludes: {0}")]
    Pattern(#[from] PatternError),
    /// The database can not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Scans the selected categories, then ages file details.
///
/// A category that fails is reported and changes nothing; the others go on.
///
/// # Errors
/// Only what makes the whole run impossible, before anything was written.
pub async fn run(
    store: &Store,
    settings: &Scan,
    options: &ScanOptions,
    clock: &dyn Clock,
    progress: Arc<dyn Progress>,
) -> Result<ScanReport, ScanError> {
    run_on(OsDisk, store, settings, options, clock, progress).await
}

/// [`run`] on any [`Disk`].
///
/// # Errors
/// As [`run`].
pub async fn run_on<D: Disk + Clone + 'static>(
    disk: D,
    store: &Store,
    settings: &Scan,
    options: &ScanOptions,
    clock: &dyn Clock,
    progress: Arc<dyn Progress>,
) -> Result<ScanReport, ScanError> {
    let rules = Arc::new(Rules::new(settings)?);
    let master = Master::new(store);
    let categories = master.categories().await?;
    let entries = select(settings, options, &categories)?;
    let mut jobs = Vec::with_capacity(entries.len());
    for entry in entries {
        let excludes = rules.excludes(&entry.excludes)?;
        jobs.push((entry, excludes));
    }
    let mut report = ScanReport::default();
    let mut scanned = Vec::new();
    for (entry, excludes) in jobs {
        progress.category(&entry.category);
        let Some(row) = categories.iter().find(|row| row.name == entry.category) else {
            let why = absent(&entry.category);
            report.categories.push(skipped(entry.category, why));
            continue;
        };
        let Some(product) = row.product else {
            let why = without_product(&entry.category);
            report.categories.push(skipped(entry.category, why));
            continue;
        };
        let Some((topdir_id, topdir)) = row.topdir.clone() else {
            let why = without_topdir(&entry.category);
            report.categories.push(ended(entry.category, Outcome::Failed(why)));
            continue;
        };
        let default_root = match below(&settings.content_root, &topdir) {
            Ok(root) => root,
            Err(e) => {
                report.categories.push(ended(entry.category, Outcome::Failed(e.to_string())));
                continue;
            }
        };
        let place = |source: &ScanSource| match source.source_type() {
            Some(SourceType::Directory) => source.path.clone().unwrap_or_else(|| default_root.clone()),
            _ => PathBuf::from(source.url.clone().unwrap_or_default()),
        };
        let root = place(&entry);
        let only_root = settings.sources.iter().filter(|s| s.category == row.name).all(|s| place(s) == root);
        let choice = Choice {
            settings,
            source: &entry,
            topdir: &topdir,
            excludes: &excludes,
            handle: &tokio::runtime::Handle::current(),
        };
        let sources = match entry.source_type() {
            Some(SourceType::Directory) => {
                let tree =
                    LocalTree::new(disk.clone(), root.clone(), &topdir, excludes.clone(), settings.threads);
                choice.directory(&root, Arc::new(tree.with_policy(rules.policy)))
            }
            Some(kind) => choice.elsewhere(kind),
            None => Err(SourceError::Listing {
                listing: format!("source of category {}", entry.category),
                reason: "give a type: directory, rsync or file".to_owned(),
            }),
        };
        let sources = match sources {
            Ok(sources) => sources,
            Err(e) => {
                report.categories.push(ended(entry.category, Outcome::Failed(e.to_string())));
                continue;
            }
        };
        let job = Job {
            category: row.id,
            is_local: entry.source_type() == Some(SourceType::Directory),
            name: entry.category,
            product,
            topdir_id,
            topdir,
            root: root.display().to_string(),
            only_root,
            excludes,
            rules: Arc::clone(&rules),
            threads: settings.threads,
            limit: DeleteLimit {
                percent: settings.max_delete_percent,
                directories: settings.max_delete_directories,
            },
            orphans: settings.orphan_repositories,
            options: options.clone(),
        };
        let category = job.category;
        let of_category = category::scan(store, job, sources, clock, &progress).await;
        if matches!(of_category.outcome, Outcome::Done | Outcome::DeletionRefused(_)) {
            scanned.push(category);
        }
        report.categories.push(of_category);
    }
    if let Err(e) = age(&master, &rules, &scanned, options.writing, clock, &mut report).await {
        tracing::error!(error = %e, "ageing of file details failed");
        report.ageing_failed = Some(e.to_string());
    }
    match master.good_scans().await {
        Ok(times) => report.last_good = times,
        Err(e) => tracing::warn!(error = %e, "the times of the last good scans can not be read"),
    }
    report.statements = master.statements();
    Ok(report)
}

/// Where a top directory is by default. Its name comes from the database, where anything may stand.
pub(crate) fn below(content_root: &Path, topdir: &str) -> Result<PathBuf, SourceError> {
    let name = topdir.trim_matches('/');
    if name.split('/').any(|part| matches!(part, "." | "..")) {
        return Err(SourceError::Topdir(topdir.to_owned()));
    }
    Ok(content_root.join(name))
}

/// The configured sources, or all categories; of these the selected ones.
pub(crate) fn select(
    settings: &Scan,
    options: &ScanOptions,
    rows: &[CategoryRow],
) -> Result<Vec<ScanSource>, ScanError> {
    let plain = |name: &String| ScanSource { category: name.clone(), ..ScanSource::default() };
    let mut all = settings.sources.clone();
    if all.is_empty() {
        all = rows.iter().map(|row| plain(&row.name)).collect();
    }
    for name in options.only.iter().chain(&options.except) {
        if !all.iter().any(|s| s.category == *name) && !rows.iter().any(|row| row.name == *name) {
            let near = rows.iter().find(|row| row.name.eq_ignore_ascii_case(name));
            let hint = near.map_or_else(String::new, |row| format!("; did you mean {:?}?", row.name));
            return Err(ScanError::UnknownCategory { name: name.clone(), hint });
        }
    }
    all.retain(|s| {
        (options.only.is_empty() || options.only.contains(&s.category))
            && !options.except.contains(&s.category)
    });
    // A category that is in the database but in no configured source may still be asked for by name.
    for name in &options.only {
        if !all.iter().any(|s| s.category == *name) && !options.except.contains(name) {
            all.push(plain(name));
        }
    }
    Ok(all)
}

/// That a configured category is not there, in upstream's words, which programs compare.
pub(crate) fn absent(name: &str) -> String {
    format!("UMDL_MASTER_DIRECTORIES Category {name} does not exist in the database, skipping")
}

/// That a category has no product, likewise.
pub(crate) fn without_product(name: &str) -> String {
    format!("UMDL_MASTER_DIRECTORIES Category {name} has null Product, skipping")
}

/// That a category has no top directory.
pub(crate) fn without_topdir(name: &str) -> String {
    format!("category {name} has no top directory; set one, then scan again")
}

fn skipped(name: String, why: String) -> CategoryReport {
    tracing::error!("{why}");
    ended(name, Outcome::Skipped(why))
}

fn ended(name: String, outcome: Outcome) -> CategoryReport {
    CategoryReport {
        name,
        outcome,
        counts: Counts::default(),
        problems: Vec::new(),
        changes: crate::ChangeSet::default(),
        elapsed: Duration::ZERO,
        timings: crate::report::Timings::default(),
        statements: 0,
    }
}

/// Removes what is too old: of the whole database, whatever was scanned (`spec/umdl.md` 4 step 5, 13), or with
/// policy `spm` of the scanned categories (`spec/scan-primary-mirror.md` 9).
async fn age(
    master: &Master,
    rules: &Rules,
    scanned: &[CategoryId],
    writing: Writing,
    clock: &dyn Clock,
    report: &mut ScanReport,
) -> Result<(), StoreError> {
    let limits = rules.age_limits(clock.now().timestamp());
    let mut aged = Vec::new();
    match rules.policy {
        Policy::Umdl => aged = master.aged(limits.stale, limits.propagation, None).await?,
        // Each of its configurations has days of its own, for the category that it scans.
        Policy::Spm => {
            for category in scanned {
                aged.extend(master.aged(limits.stale, limits.propagation, Some(*category)).await?);
            }
            aged.sort();
            aged.dedup();
        }
    }
    report.details_aged = aged.len();
    if writing == Writing::DryRun {
        for (directory, filename, timestamp) in master.aged_names(&aged).await? {
            report.aged.push(ChangedDetail { directory, filename, timestamp });
        }
        return Ok(());
    }
    if aged.is_empty() {
        return Ok(());
    }
    let mut tx = master.begin().await?;
    tx.delete_details(&aged).await?;
    for (category, directories) in by_category(&aged) {
        tx.changed(Change {
            subject: Subject::Category,
            id: category.0,
            directories: Directories::These(directories),
        });
    }
    tx.commit().await
}

fn by_category(aged: &[AgedDetail]) -> BTreeMap<CategoryId, Vec<i32>> {
    let mut out: BTreeMap<CategoryId, Vec<i32>> = BTreeMap::new();
    for detail in aged {
        // Details of a directory without a category are served, too.
        let category = detail.category.unwrap_or(CategoryId(0));
        out.entry(category).or_default().push(detail.directory.0);
    }
    for directories in out.values_mut() {
        directories.sort_unstable();
        directories.dedup();
    }
    out
}
