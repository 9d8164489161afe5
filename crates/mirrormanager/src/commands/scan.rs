//! `scan`

pub mod explain;
pub mod report;
mod watch;

use std::path::Path;
use std::sync::Arc;

use model::clock::{Clock, SystemClock};
use scan::{Deletion, Metrics, Progress, Reading, ScanError, ScanOptions, ScanReport, Verdict, Writing};
use settings::Settings;
use store::Store;

use super::{Context, named};
use crate::arguments::{Scan, ScanCommand, ScanRun};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::printer::Printer;
use crate::progress::ScanLine;

/// Scans and says what came of it, or does what was asked for instead.
pub async fn run(arguments: Scan, context: &Context) -> Outcome {
    match arguments.instead {
        Some(ScanCommand::Explain(arguments)) => explain::run(&arguments, context).await,
        None => scan_now(arguments.run, context).await,
    }
}

async fn scan_now(arguments: ScanRun, context: &Context) -> Outcome {
    let store = context.store().await?;
    let mut settings = context.settings.clone();
    if let Some(jobs) = arguments.jobs {
        settings.scan.threads = jobs.get();
    }
    let options = options(&arguments);
    if arguments.watch {
        return watch::run(&store, &settings, &options, context.out).await;
    }
    let report = scan(&store, &settings, &options, &SystemClock, context.out).await?;
    let dry = options.writing == Writing::DryRun;
    context.out.data(&report::summary(&report, dry), |_| match dry {
        true => format!("{}\n{}", report::describe(&report), report::changes(&report)),
        false => report::describe(&report),
    })?;
    Ok(exit(&report))
}

fn options(arguments: &ScanRun) -> ScanOptions {
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
        wait: arguments.wait.unwrap_or_default(),
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
                let metrics = Metrics::default();
                metrics.record(&report);
                write_metrics(file, &metrics);
            }
            Ok(report)
        }
        Err(error) => Err(failure(error, store, settings).await?),
    }
}

/// Why a scan, or the update of one file, did not begin.
pub async fn failure(error: ScanError, store: &Store, settings: &Settings) -> Outcome<Failure> {
    match error {
        ScanError::Store(error) => Ok(error.into()),
        ScanError::UnknownCategory { name, hint } if hint.is_empty() => {
            unknown_category(store, settings, &name).await
        }
        error => Ok(Failure::input(error)),
    }
}

/// Leaves the figures for Prometheus. The scan itself is done, so failing here is only a warning.
fn write_metrics(file: &Path, metrics: &Metrics) {
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
