//! `scan`

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use model::clock::{Clock, SystemClock};
use scan::{
    CategoryReport, Deletion, Metrics, Outcome as CategoryOutcome, Progress, Reading, ScanError, ScanOptions,
    ScanReport, Verdict, Writing,
};
use serde::Serialize;
use settings::Settings;
use store::Store;

use super::{Context, named};
use crate::arguments::Scan;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::printer::Printer;
use crate::progress::ScanLine;

/// Scans and says what came of it.
pub async fn run(arguments: Scan, context: &Context) -> Outcome {
    let store = context.store().await?;
    let report = scan(&store, &context.settings, &options(&arguments), &SystemClock, context.out).await?;
    context.out.data(&summary(&report), |_| describe(&report))?;
    Ok(exit(&report))
}

fn options(arguments: &Scan) -> ScanOptions {
    let (except, only) = select(&arguments.categories);
    ScanOptions {
        only,
        except,
        deletion: match (arguments.delete, arguments.force) {
            (_, true) => Deletion::Forced,
            (true, false) => Deletion::Guarded,
            (false, false) => Deletion::Off,
        },
        writing: if arguments.dry_run { Writing::DryRun } else { Writing::On },
        reading: if arguments.full { Reading::All } else { Reading::Changed },
        ..ScanOptions::default()
    }
}

/// Names with `^` in front and names without.
pub fn select(names: &[String]) -> (Vec<String>, Vec<String>) {
    let mut except = Vec::new();
    let mut only = Vec::new();
    for name in names {
        match name.strip_prefix('^') {
            Some(name) => except.push(name.to_owned()),
            None => only.push(name.clone()),
        }
    }
    (except, only)
}

/// Reads the master tree into the store.
///
/// # Errors
/// Only what makes the whole run impossible; categories that fail are in the report.
pub async fn scan(
    store: &Store,
    settings: &Settings,
    options: &ScanOptions,
    clock: &dyn Clock,
    out: Printer,
) -> Outcome<ScanReport> {
    let progress: Arc<dyn Progress> = Arc::new(ScanLine::new(out));
    match scan::run(store, &settings.scan, options, clock, progress).await {
        Ok(report) => {
            if let (Some(file), Writing::On) = (&settings.scan.metrics_file, options.writing) {
                write_metrics(file, &report);
            }
            Ok(report)
        }
        Err(ScanError::Store(error)) => Err(error.into()),
        Err(ScanError::UnknownCategory { name, hint }) if hint.is_empty() => {
            Err(unknown_category(store, settings, &name).await?)
        }
        Err(error) => Err(Failure::input(error)),
    }
}

/// Leaves the figures of a run for Prometheus. The scan itself is done, so failing here is only a warning.
fn write_metrics(file: &Path, report: &ScanReport) {
    let metrics = Metrics::default();
    metrics.record(report);
    let text = metrics.text().map_err(anyhow::Error::from);
    let written = text.and_then(|text| Ok(snapshot::write_with(file, |out| out.write_all(text.as_bytes()))?));
    if let Err(error) = written {
        tracing::warn!("cannot write the metrics of this scan: {error}");
    }
}

async fn unknown_category(store: &Store, settings: &Settings, name: &str) -> Outcome<Failure> {
    let rows = store::categories::list(store).await?;
    let configured = settings.scan.sources.iter().map(|source| source.category.as_str());
    let near = named::nearest(name, rows.iter().map(|row| row.name.as_str()).chain(configured));
    let hint = near.map_or_else(
        || "; see `mirrormanager category list`".to_owned(),
        |near| format!("; did you mean {near:?}?"),
    );
    Ok(Failure::input(format!("category {name:?} is neither configured nor in the database{hint}")))
}

/// The exit status a report stands for.
pub fn exit(report: &ScanReport) -> Exit {
    match report.verdict() {
        Verdict::Fine => Exit::Success,
        Verdict::Failed => Exit::Failed,
        Verdict::DeletionRefused => Exit::DeletionRefused,
        Verdict::Locked => Exit::Locked,
    }
}

/// One line per category, its problems below it, and whether anything changed.
pub fn describe(report: &ScanReport) -> String {
    let mut lines = Vec::new();
    for category in &report.categories {
        let c = &category.counts;
        lines.push(match &category.outcome {
            CategoryOutcome::Done | CategoryOutcome::DeletionRefused(_) => format!(
                "{}: {} directories, {} files; {} new, {} changed, {} unchanged, {} gone, {} deleted; \
                 {} repositories and {} file details added ({}; {} statements)",
                category.name,
                c.directories,
                c.files,
                c.new,
                c.changed,
                c.unchanged,
                c.gone,
                c.deleted,
                c.repositories,
                c.details,
                took(category),
                category.statements,
            ),
            _ => format!("{}: {}", category.name, category.outcome.name()),
        });
        if let Some(reason) = outcome_reason(category) {
            lines.push(format!("  {reason}"));
        }
        lines.extend(category.problems.iter().map(|problem| format!("  {problem}")));
    }
    if report.details_aged > 0 {
        lines.push(format!("{} old file details removed", report.details_aged));
    }
    lines.extend(report.ageing_failed.iter().map(|why| format!("ageing of file details failed: {why}")));
    if report.is_unchanged() {
        lines.push("nothing changed".to_owned());
    }
    lines.join("\n")
}

/// How long it took, and where the time went.
fn took(category: &CategoryReport) -> String {
    let parts = category.timings.parts().map(|(part, time)| format!("{part} {:.1}", time.as_secs_f64()));
    format!("{:.1} s: {}", category.elapsed.as_secs_f64(), parts.join(", "))
}

fn outcome_reason(category: &CategoryReport) -> Option<&str> {
    match &category.outcome {
        CategoryOutcome::Done => None,
        CategoryOutcome::DeletionRefused(why)
        | CategoryOutcome::Skipped(why)
        | CategoryOutcome::Failed(why)
        | CategoryOutcome::RootRefused(why)
        | CategoryOutcome::Locked(why) => Some(why),
    }
}

#[derive(Serialize)]
struct Summary<'a> {
    unchanged: bool,
    details_aged: usize,
    ageing_failed: Option<&'a str>,
    statements: u64,
    categories: Vec<CategorySummary<'a>>,
}

#[derive(Serialize)]
struct CategorySummary<'a> {
    name: &'a str,
    outcome: &'static str,
    reason: Option<&'a str>,
    directories: usize,
    files: u64,
    new: usize,
    changed: usize,
    unchanged: usize,
    gone: usize,
    deleted: usize,
    unlisted: usize,
    skipped: usize,
    repositories: usize,
    versions: usize,
    details: usize,
    bytes_read: u64,
    elapsed_ms: u128,
    timings_ms: BTreeMap<&'static str, u128>,
    statements: u64,
    problems: Vec<String>,
}

fn summary(report: &ScanReport) -> Summary<'_> {
    Summary {
        unchanged: report.is_unchanged(),
        details_aged: report.details_aged,
        ageing_failed: report.ageing_failed.as_deref(),
        statements: report.statements,
        categories: report
            .categories
            .iter()
            .map(|category| CategorySummary {
                name: &category.name,
                outcome: category.outcome.name(),
                reason: outcome_reason(category),
                directories: category.counts.directories,
                files: category.counts.files,
                new: category.counts.new,
                changed: category.counts.changed,
                unchanged: category.counts.unchanged,
                gone: category.counts.gone,
                deleted: category.counts.deleted,
                unlisted: category.counts.unlisted,
                skipped: category.counts.skipped,
                repositories: category.counts.repositories,
                versions: category.counts.versions,
                details: category.counts.details,
                bytes_read: category.counts.bytes_read,
                elapsed_ms: category.elapsed.as_millis(),
                timings_ms: category.timings.parts().map(|(part, time)| (part, time.as_millis())).into(),
                statements: category.statements,
                problems: category.problems.iter().map(ToString::to_string).collect(),
            })
            .collect(),
    }
}
