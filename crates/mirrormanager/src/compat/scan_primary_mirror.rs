//! `scan-primary-mirror`, spec scan-primary-mirror 1: everything it says goes to standard output.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ::scan::{CategoryReport, Deletion, Outcome as CategoryOutcome, Problem, Reading, ScanOptions, Writing};
use model::clock::SystemClock;
use settings::Log;
use settings::log::LogFormat;
use store::master::{CategoryRow, Master};
use store::{ConnectOptions, Store};

use super::flags::{Flag, Given};
use super::spm_config::{self, Category, SpmConfig};
use super::spm_steps::Steps;
use super::{frame, libpq};
use crate::commands::{block_on, scan as command};
use crate::exit::Exit;
use crate::failure::Outcome;
use crate::logging;
use crate::printer::Printer;

const NAME: &str = "scan-primary-mirror";

const FLAGS: [Flag; 12] = [
    Flag {
        long: "config",
        short: Some('c'),
        value: Some("CONFIG"),
        help: "configuration file [/etc/mirrormanager/scan-primary-mirror.toml]",
    },
    Flag { long: "debug", short: Some('d'), value: None, help: "print every step" },
    Flag::switch("list-categories", "print the categories of the database and exit"),
    Flag { long: "category", short: None, value: Some("CATEGORY"), help: "the category to scan" },
    Flag::switch("delete-directories", "delete directories that are gone"),
    Flag::switch("skip-fullfiletimelist", "walk the disk even if there is a file list"),
    Flag::switch("force-delete", "delete however many they are"),
    Flag::switch("dry-run", "say what would be done and change nothing"),
    Flag::switch("full", "read every directory, also those whose time has not changed"),
    Flag::switch("strict", "exit status 1 also for what could only partly be done"),
    Flag::switch("version", "print the version"),
    Flag::switch("help", "this text"),
];

/// Scans one category with the old program's flags, defaults and texts.
pub fn run(arguments: &[OsString]) -> Exit {
    frame::run(NAME, &FLAGS, arguments, begin)
}

fn begin(given: &Given, out: Printer) -> Outcome {
    if given.has("version") {
        out.line(format_args!("{NAME} ({})", env!("CARGO_PKG_VERSION")))?;
        return Ok(Exit::Success);
    }
    let level = if given.has("debug") { "debug" } else { "error" };
    logging::start(&Log { level: level.into(), format: LogFormat::Text })?;
    let file = given.last("config").unwrap_or("/etc/mirrormanager/scan-primary-mirror.toml");
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let config = match spm_config::read(Path::new(file), variables) {
        Ok(config) => config,
        Err(e) => return failed(out, format_args!("Configuration file parsing failed: {e}")),
    };
    block_on(connected(given, &config, out))
}

fn failed(out: Printer, line: impl std::fmt::Display) -> Outcome {
    out.line(line)?;
    Ok(Exit::Failed)
}

async fn connected(given: &Given, config: &SpmConfig, out: Printer) -> Outcome {
    let url = libpq::url(&config.database.url, &BTreeMap::new());
    let store = match url {
        Ok(url) => Store::connect(&url, &ConnectOptions::default()).await.map_err(|e| e.to_string()),
        Err(e) => Err(e),
    };
    let rows = match store {
        Ok(store) => {
            Master::new(&store).categories().await.map(|rows| (store, rows)).map_err(|e| e.to_string())
        }
        Err(e) => Err(e),
    };
    let (store, rows) = match rows {
        Ok(opened) => opened,
        Err(e) => return failed(out, format_args!("Connection to the database failed: {e}")),
    };
    if given.has("list-categories") {
        out.line(table(&rows))?;
        return Ok(Exit::Success);
    }
    let Some(name) = given.last("category") else {
        let please = "Please specify a category using '--category'";
        return failed(out, format_args!("{please}\n\n{}", table(&rows)));
    };
    let Some(row) = rows.iter().find(|row| row.name == name) else {
        let please = format!("Category {name} not found. Please use one of the following:");
        return failed(out, format_args!("{please}\n\n{}", table(&rows)));
    };
    if config.category.is_empty() {
        return failed(out, "No categories found in the configuration file");
    }
    let Some(category) = config.category(name) else {
        return failed(out, format_args!("Category '{name}' not found in configuration file"));
    };
    scan(given, config, category, row, &store, out).await
}

async fn scan(
    given: &Given,
    config: &SpmConfig,
    category: &Category,
    row: &CategoryRow,
    store: &Store,
    out: Printer,
) -> Outcome {
    let (mut settings, complaints) = match config.settings(category) {
        Ok(settings) => settings,
        Err(line) => return failed(out, line),
    };
    settings.skip_fullfiletimelist = given.has("skip-fullfiletimelist");
    for line in complaints {
        out.line(line)?;
    }
    let options = ScanOptions {
        only: vec![category.name.clone()],
        except: Vec::new(),
        deletion: match (given.has("force-delete"), given.has("delete-directories")) {
            (true, _) => Deletion::Forced,
            (false, true) => Deletion::Guarded,
            (false, false) => Deletion::Off,
        },
        writing: if given.has("dry-run") { Writing::DryRun } else { Writing::On },
        reading: if given.has("full") { Reading::All } else { Reading::Changed },
        wait: Duration::ZERO,
        ..ScanOptions::default()
    };
    let topdir = row.topdir.as_ref().map_or("", |(_, name)| name.as_str());
    let steps = Arc::new(Steps::new(out, given.has("debug"), topdir));
    let progress: Arc<dyn ::scan::Progress> = Arc::<Steps>::clone(&steps);
    let report = match ::scan::run(store, &settings, &options, &SystemClock, progress).await {
        Ok(report) => report,
        Err(e) => return failed(out, format_args!("Scanning {} failed with {e}", category.url)),
    };
    for line in steps.excluded() {
        out.line(line)?;
    }
    let (mut partly, mut incomplete) = (false, false);
    for scanned in &report.categories {
        partly |= !scanned.problems.is_empty();
        incomplete |= scanned.problems.iter().any(|problem| matches!(problem, Problem::Partial { .. }));
        for line in details(scanned, topdir, category, &steps).into_iter().chain(outcome(scanned, category)) {
            out.line(line)?;
        }
    }
    if options.writing == Writing::DryRun {
        out.line(command::report::changes(&report).trim_end())?;
    }
    if let Some(e) = &report.ageing_failed {
        out.line(format_args!("File Detail aging failed {e}"))?;
    }
    let skipped = report.categories.iter().any(|c| matches!(c.outcome, CategoryOutcome::Skipped(_)));
    Ok(match command::exit(&report) {
        Exit::Success if skipped || incomplete || (partly && given.has("strict")) => Exit::Failed,
        exit => exit,
    })
}

/// Lines about single directories. What concerns a directory that has not changed was said when it did.
fn details(report: &CategoryReport, topdir: &str, category: &Category, steps: &Steps) -> Vec<String> {
    let Category { kind, url, .. } = category;
    let full = |name: &str| model::directory_name::join(topdir, name);
    let directories = &report.changes.directories;
    let changed: BTreeSet<&str> =
        directories.added.iter().chain(&directories.changed).map(String::as_str).collect();
    let is_new =
        |directory: &str| changed.contains(model::directory_name::join(directory, "repodata").as_str());
    let found = steps.checksum_files();
    let found = found.iter().filter(|(directory, _)| changed.contains(directory.as_str()));
    let mut lines: Vec<String> =
        found.map(|(directory, file)| format!("Found CHECKSUM {directory}/{file}")).collect();
    for problem in &report.problems {
        if let Problem::Index { path, reason } = problem {
            let file = full(path);
            lines.push(format!("Getting file details for {file} via {kind} failed: {reason}. Skipping."));
        }
    }
    lines.extend(report.changes.created.iter().map(|created| {
        format!(
            "Created Repository(prefix={}, version={}, arch={}, category={}) -> Directory {}",
            created.prefix.as_deref().unwrap_or_default(),
            created.version.0,
            created.arch.0,
            created.category.0,
            created.directory.0
        )
    }));
    for problem in &report.problems {
        match problem {
            Problem::Unguessed { directory, arch, .. } if arch == "none" && is_new(directory) => {
                lines.push(format!("Not able to figure out architecture from {directory}"));
            }
            Problem::Unguessed { directory, .. } if is_new(directory) => {
                lines.push(format!("Not able to guess version for {directory}"));
                lines.push("Not creating repository in database".to_owned());
            }
            Problem::NoPrefix { directory } if is_new(directory) => {
                lines.push(format!("Not able to determine prefix for {directory}"));
            }
            Problem::Conflict { prefix, kept, ignored, .. } if is_new(ignored) => {
                lines.push(format!(
                    "Repository creation failed for {prefix}: it is {kept}, not {ignored}. Skipping."
                ));
            }
            Problem::NameTaken { directory } if is_new(directory) => {
                lines.push(format!(
                    "Repository creation failed for {directory}: another one has this name. Skipping."
                ));
            }
            Problem::Partial { reason } => lines.push(format!("Scanning {url} failed with {reason}")),
            _ => {}
        }
    }
    lines
}

fn outcome(report: &CategoryReport, category: &Category) -> Option<String> {
    let scanning = |e: &str| format!("Scanning {} failed with {e}", category.url);
    match &report.outcome {
        CategoryOutcome::Done => None,
        CategoryOutcome::DeletionRefused(e) => Some(format!("Database cleanup failed {e}")),
        CategoryOutcome::NotStored(e) => Some(format!("Syncing changes to database failed {e}")),
        CategoryOutcome::Failed(e)
        | CategoryOutcome::RootRefused(e)
        | CategoryOutcome::Locked(e)
        | CategoryOutcome::Skipped(e) => Some(scanning(e)),
    }
}

/// The categories of the database as the old program prints them.
fn table(rows: &[CategoryRow]) -> String {
    let titles = ("Category Name", "Category top directory");
    let cells =
        rows.iter().map(|row| (row.name.as_str(), row.topdir.as_ref().map_or("", |(_, name)| name.as_str())));
    let cells: Vec<(&str, &str)> = std::iter::once(titles).chain(cells).collect();
    let width = |of: fn(&(&str, &str)) -> usize| cells.iter().map(of).max().unwrap_or(0);
    let first = width(|(name, _)| name.chars().count());
    let second = width(|(_, topdir)| topdir.chars().count());
    let mut lines: Vec<String> =
        cells.iter().map(|(name, topdir)| format!(" {name:<first$} | {topdir:<second$} ")).collect();
    lines.insert(1, format!("{}+{}", "-".repeat(first + 2), "-".repeat(second + 2)));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_titles_and_a_rule() {
        let row = |name: &str, topdir: Option<&str>| CategoryRow {
            id: 1.into(),
            name: name.to_owned(),
            product: None,
            topdir: topdir.map(|name| (1.into(), name.to_owned())),
        };
        assert_eq!(
            table(&[row("Fedora EPEL", Some("pub/epel")), row("Fedora Secondary Arches", None)]),
            " Category Name           | Category top directory \n\
             -------------------------+------------------------\n \
             Fedora EPEL             | pub/epel               \n \
             Fedora Secondary Arches |                        "
        );
    }
}
