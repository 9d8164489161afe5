//! `cache build|inspect`

use std::path::{Path, PathBuf};
use std::time::Duration;

use cache::{Build, BuildReport, Compatibility, DnsResolver, NoResolver, Progress, Resolver, Stage, Summary};
use indicatif::ProgressBar;
use model::clock::{Clock, SystemClock};
use serde::Serialize;
use settings::cache::{Cache as Settings, CacheCompatibility, NetblockNames};
use store::Store;

use super::Context;
use crate::arguments::Cache;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::printer::Printer;
use crate::{progress, table};

/// How many mirror sets `inspect` names.
const TOP_SETS: usize = 10;

#[derive(Serialize)]
struct Built {
    file: PathBuf,
    #[serde(flatten)]
    report: BuildReport,
}

/// Runs one of them.
pub async fn run(arguments: Cache, context: &Context) -> Outcome {
    match arguments {
        Cache::Build { output } => {
            let settings = &context.settings.cache;
            let file = output.unwrap_or_else(|| settings.file.clone());
            let store = context.store().await?;
            let built = build(&store, settings, &file, &SystemClock, context.out).await?;
            context.out.data(&Built { file, report: built }, describe)?;
        }
        Cache::Inspect { file } => {
            let file = file.unwrap_or_else(|| context.settings.cache.file.clone());
            let summary = cache::inspect(&file, SystemClock.now(), TOP_SETS).map_err(Failure::input)?;
            context.out.data(&summary, |summary| inspected(&file, summary))?;
        }
    }
    Ok(Exit::Success)
}

/// Builds the cache from the store and replaces the file.
pub async fn build(
    store: &Store,
    settings: &Settings,
    file: &Path,
    clock: &dyn Clock,
    out: Printer,
) -> Outcome<BuildReport> {
    // Before anything is read, so that a folder that is not there costs nothing.
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return Err(Failure::input(format!("cannot write {}: the folder does not exist", file.display())));
    }
    let names = resolver(settings);
    let mode = match settings.compatibility {
        CacheCompatibility::Native => Compatibility::Native,
        CacheCompatibility::Upstream => Compatibility::Upstream,
    };
    let now = clock.now();
    let reads = store::export::read(store).await?;
    let bars = Bars {
        names: progress::counter(out, "resolving names"),
        directories: progress::counter(out, "directories"),
    };
    let built = Build::prepare(&reads, names.as_ref(), now, mode, &bars).await;
    bars.names.finish_and_clear();
    for row in &built.report().skipped {
        tracing::warn!("left out: {row}");
    }
    let written = built.write_proto(file, &bars);
    bars.directories.finish_and_clear();
    written.map_err(|error| Failure::Operation(error.into()))?;
    Ok(built.into_report())
}

fn resolver(settings: &Settings) -> Box<dyn Resolver> {
    match settings.names {
        NetblockNames::Skip => Box::new(NoResolver),
        NetblockNames::Resolve => {
            let limit = Duration::from_secs(settings.resolve_timeout_seconds);
            Box::new(DnsResolver::new(limit, settings.resolve_parallel))
        }
    }
}

struct Bars {
    names: ProgressBar,
    directories: ProgressBar,
}

impl Progress for Bars {
    fn at(&self, stage: Stage, done: usize, total: usize) {
        let bar = match stage {
            Stage::Names => &self.names,
            Stage::Directories => &self.directories,
        };
        progress::length(bar, total);
        bar.set_position(done as u64);
    }
}

fn describe(built: &Built) -> String {
    let counts = &built.report.counts;
    let mut text = format!(
        "wrote {}: {} directories, {} with file details, {} of {} hosts active, {} repositories, {} listings",
        built.file.display(),
        counts.directories,
        counts.directories_with_files,
        counts.active_hosts,
        counts.hosts,
        counts.repositories,
        counts.listings,
    );
    if built.report.skipped_total > 0 {
        text.push_str(&format!("\n{} rows left out or corrected (see the log)", built.report.skipped_total));
    }
    text
}

fn inspected(file: &Path, summary: &Summary) -> String {
    let built = summary.built.map_or_else(|| "unknown".to_owned(), |time| time.to_rfc3339());
    let age = summary.age_seconds.map_or_else(String::new, |seconds| format!(", {seconds} s ago"));
    let mut text = format!(
        "{}: {} bytes, built {built}{age}\n{} hosts listed, {} directories without a host, {} mirror sets\n\n",
        file.display(),
        summary.bytes,
        summary.hosts,
        summary.directories_without_hosts,
        summary.mirror_sets,
    );
    let rows: Vec<Vec<String>> =
        summary.parts.iter().map(|part| vec![part.name.to_owned(), part.elements.to_string()]).collect();
    text.push_str(&table::render(&["PART", "ELEMENTS"], &rows));
    if !summary.top_mirror_sets.is_empty() {
        let rows: Vec<Vec<String>> = summary
            .top_mirror_sets
            .iter()
            .map(|set| vec![set.hosts.to_string(), set.directories.to_string(), set.example.clone()])
            .collect();
        text.push('\n');
        text.push_str(&table::render(&["HOSTS", "DIRECTORIES", "FOR EXAMPLE"], &rows));
    }
    text
}
