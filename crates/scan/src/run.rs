//! A whole run: categories one after the other, then ageing.

use std::sync::Arc;

use model::clock::Clock;
use model::excludes::PatternError;
use model::rule_table::RuleError;
use settings::Scan;
use settings::scan::SourceType;
use store::master::Master;
use store::{Store, StoreError};

use crate::ageing::age;
use crate::category::{self, Job};
use crate::choice::Choice;
use crate::guard::DeleteLimit;
use crate::options::{Reading, ScanOptions};
use crate::progress::Progress;
use crate::report::{CategoryReport, Outcome, ScanReport};
use crate::rules::Rules;
use crate::selection::{place, select};
use crate::source::SourceError;
use crate::source::disk::{Disk, OsDisk};
use crate::source::local::LocalTree;

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
            report.categories.push(CategoryReport::new(entry.category, Outcome::Failed(why)));
            continue;
        };
        let root = match place(settings, &entry, &topdir) {
            Ok(root) => root,
            Err(e) => {
                report.categories.push(CategoryReport::new(entry.category, Outcome::Failed(e.to_string())));
                continue;
            }
        };
        let mut of_category = settings.sources.iter().filter(|s| s.category == row.name);
        let only_root = of_category.all(|s| place(settings, s, &topdir).is_ok_and(|other| other == root));
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
                report.categories.push(CategoryReport::new(entry.category, Outcome::Failed(e.to_string())));
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
                before: options.deleted_before,
            },
            orphans: settings.orphan_repositories,
            options: options.clone(),
        };
        let category = job.category;
        let of_category = category::scan(store, job, sources, clock, &progress).await;
        if of_category.outcome.is_stored() {
            scanned.push(category);
        }
        report.categories.push(of_category);
    }
    // What was touched may have been touched a second ago; the next whole scan is not far.
    let is_whole = !matches!(options.reading, Reading::Touched(_));
    if is_whole && let Err(e) = age(&master, &rules, &scanned, options.writing, clock, &mut report).await {
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
    CategoryReport::new(name, Outcome::Skipped(why))
}
