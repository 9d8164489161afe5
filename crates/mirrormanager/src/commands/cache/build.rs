//! `cache build`: once, or after every change.

use std::path::{Path, PathBuf};
use std::time::Duration;

use cache::{
    Additions, Build, BuildReport, Compatibility, DnsResolver, Event, Format, Keep, NoResolver, Output,
    Progress, Remembering, Resolver, Stage, Watch, WatchError, Written,
};
use chrono::TimeDelta;
use indicatif::ProgressBar;
use model::clock::{Clock, SystemClock};
use serde::Serialize;
use settings::cache::{Cache as Settings, CacheCompatibility, CacheFormat, NetblockNames};
use store::Store;
use store::export::Refreshed;

use super::keys;
use crate::arguments::{self, CacheBuild};
use crate::commands::Context;
use crate::commands::resident::Resident;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::printer::{Form, Printer};
use crate::progress;

#[derive(Serialize)]
struct Built<'a> {
    #[serde(flatten)]
    read: Option<Read>,
    file: Option<&'a Path>,
    files: &'a [Written],
    #[serde(flatten)]
    report: &'a BuildReport,
}

/// How much was read for a build of `--watch`.
#[derive(Serialize)]
struct Read {
    read: &'static str,
    why: Option<String>,
}

/// Runs it.
pub async fn run(arguments: CacheBuild, context: &Context) -> Outcome {
    let mut settings = context.settings.cache.clone();
    settings.format = arguments.format.map_or(settings.format, format);
    let files = match arguments.output {
        None => files(&settings),
        Some(file) => match settings.format {
            CacheFormat::Proto => vec![(Format::Proto, file)],
            CacheFormat::Snapshot => vec![(Format::Snapshot, file)],
            CacheFormat::Both => {
                return Err(Failure::input(
                    "--output names one file and two are to be written; set cache.file and cache.snapshot",
                ));
            }
        },
    };
    let store = context.store().await?;
    let mut output = output(&settings, files)?;
    if arguments.watch {
        return watch(&store, &settings, output, context.out).await;
    }
    let (report, written) = once(&store, &settings, &mut output, &SystemClock, context.out).await?;
    context.out.data(&built(None, &report, &written), describe)?;
    Ok(Exit::Success)
}

fn format(format: arguments::CacheFormat) -> CacheFormat {
    match format {
        arguments::CacheFormat::Proto => CacheFormat::Proto,
        arguments::CacheFormat::Snapshot => CacheFormat::Snapshot,
        arguments::CacheFormat::Both => CacheFormat::Both,
    }
}

/// The files that the settings name.
pub fn files(settings: &Settings) -> Vec<(Format, PathBuf)> {
    let proto = (Format::Proto, settings.file.clone());
    let snapshot = (Format::Snapshot, settings.snapshot.clone());
    match settings.format {
        CacheFormat::Proto => vec![proto],
        CacheFormat::Snapshot => vec![snapshot],
        CacheFormat::Both => vec![proto, snapshot],
    }
}

/// What is written, and how, into these files.
///
/// # Errors
/// A folder does not exist, found out before anything is read; the key can not be used.
pub fn output(settings: &Settings, files: Vec<(Format, PathBuf)>) -> Outcome<Output> {
    for (_, file) in &files {
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if !folder.is_dir() {
            let file = file.display();
            return Err(Failure::input(format!("cannot write {file}: the folder does not exist")));
        }
    }
    Ok(Output {
        files,
        key: settings.signing_key.as_deref().map(keys::private).transpose()?,
        additions: Additions::new(settings.netblocks.clone(), settings.countries.clone()),
        keep: Keep { files: settings.keep, ..Keep::default() },
    })
}

/// Builds the cache from the store and replaces the files.
pub async fn once(
    store: &Store,
    settings: &Settings,
    output: &mut Output,
    clock: &dyn Clock,
    out: Printer,
) -> Outcome<(BuildReport, Vec<Written>)> {
    let names = resolver(settings);
    let now = clock.now();
    let reads = store::export::read(store).await?;
    let bars = Bars {
        names: progress::counter(out, "resolving names"),
        directories: progress::counter(out, "directories"),
    };
    let build = Build::prepare(&reads, names.as_ref(), now, mode(settings), &bars).await;
    bars.names.finish_and_clear();
    warn(build.report());
    let written = output.write(&build, now, &bars);
    bars.directories.finish_and_clear();
    Ok((build.report().clone(), written.map_err(|error| Failure::Operation(error.into()))?))
}

async fn watch(store: &Store, settings: &Settings, mut output: Output, out: Printer) -> Outcome {
    output.keep.apart = Duration::from_secs(settings.keep_apart_seconds);
    let seconds = |seconds: u64| TimeDelta::seconds(i64::try_from(seconds).unwrap_or(i64::MAX / 1000));
    let names = Remembering::new(resolver(settings), Duration::from_secs(settings.resolve_again_seconds));
    let watch = Watch {
        store,
        reader: &settings.reader,
        names: &names,
        mode: mode(settings),
        clock: &SystemClock,
        settle: Duration::from_millis(settings.settle_ms),
        poll: Duration::from_secs(settings.poll_seconds),
        rewrite: seconds(settings.rewrite_seconds),
        reread: seconds(settings.reread_seconds),
        progress: &(),
    };
    let mut resident = Resident::start()?;
    let stop = resident.stop();
    let ended = watch.run(&mut output, &stop, |event| resident.told(tell(&event, out))).await;
    let ended = ended.map_err(|error| match error {
        WatchError::Store(error) => error.into(),
        error => Failure::operation(error),
    });
    resident.end(ended).await
}

fn tell(event: &Event<'_>, out: Printer) -> Outcome<()> {
    match event {
        Event::Failed(error) => {
            tracing::error!("the cache could not be built, it is tried again: {error}");
            Ok(())
        }
        Event::Built { refreshed, report, written } => {
            warn(report);
            let built = built(Some(read(refreshed)), report, written);
            match out.form() {
                // One object a line.
                Form::Json => out.line(serde_json::to_string(&built).map_err(anyhow::Error::from)?),
                Form::Text => out.line(describe(&built)),
            }
        }
    }
}

fn read(refreshed: &Refreshed) -> Read {
    match refreshed {
        Refreshed::Unchanged => Read { read: "unchanged", why: None },
        Refreshed::Changed { directories, host_categories } => Read {
            read: "changed",
            why: Some(format!("{directories} directories, {host_categories} host categories")),
        },
        Refreshed::Whole(why) => Read { read: "whole", why: Some(why.to_string()) },
    }
}

fn warn(report: &BuildReport) {
    for row in &report.skipped {
        tracing::warn!("left out: {row}");
    }
}

fn mode(settings: &Settings) -> Compatibility {
    match settings.compatibility {
        CacheCompatibility::Native => Compatibility::Native,
        CacheCompatibility::Upstream => Compatibility::Upstream,
    }
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

fn built<'a>(read: Option<Read>, report: &'a BuildReport, files: &'a [Written]) -> Built<'a> {
    Built { read, file: files.first().map(|written| written.file.as_path()), files, report }
}

fn describe(built: &Built<'_>) -> String {
    let counts = &built.report.counts;
    let files: Vec<String> = built.files.iter().map(|written| written.file.display().to_string()).collect();
    let mut text = format!(
        "wrote {}: {} directories, {} with file details, {} of {} hosts active, {} repositories, {} listings",
        files.join(" and "),
        counts.directories,
        counts.directories_with_files,
        counts.active_hosts,
        counts.hosts,
        counts.repositories,
        counts.listings,
    );
    if let Some(read) = &built.read {
        let why = read.why.as_deref().map(|why| format!(", {why}")).unwrap_or_default();
        text.push_str(&format!(" (read: {}{why})", read.read));
    }
    if built.report.skipped_total > 0 {
        text.push_str(&format!("\n{} rows left out or corrected (see the log)", built.report.skipped_total));
    }
    text
}
