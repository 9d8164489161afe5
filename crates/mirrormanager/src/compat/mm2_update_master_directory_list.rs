//! `mm2_update-master-directory-list`, spec umdl 2 and 14.

use std::collections::HashMap;
use std::ffi::OsString;
use std::time::Duration;

use model::clock::SystemClock;
use scan::{Deletion, ScanOptions};
use settings::Log;
use settings::log::LogFormat;
use store::{ConnectOptions, Store, categories};

use super::flags::{self, Flag, Given, Positional};
use super::old_config::{self, OldConfig};
use super::usage::{self, Program};
use crate::commands::{block_on, scan as command};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::logging;
use crate::printer::{Form, Printer};

const PROGRAM: Program = Program { name: "mm2_update-master-directory-list", synopsis: "[OPTIONS]" };

const FLAGS: [Flag; 15] = [
    Flag {
        long: "config",
        short: Some('c'),
        value: Some("PATH"),
        help: "configuration file [/etc/mirrormanager/mirrormanager2.cfg, or variable MM2_CONFIG]",
    },
    Flag::switch("list", "list the categories of the database and exit"),
    Flag {
        long: "category",
        short: None,
        value: Some("NAME"),
        help: "only this category, or with ^ in front all but this one; may be repeated",
    },
    Flag::switch("debug", "say more"),
    Flag::switch("skip-fullfiletimelist", "always walk the disk"),
    Flag::switch("delete-directories", "delete directories that are gone"),
    Flag::switch("force-delete", "delete however many they are"),
    Flag::switch("force", "the same"),
    Flag::switch("dry-run", "say what would be done and change nothing"),
    Flag::switch("full", "read every directory, also those whose time has not changed"),
    Flag { long: "jobs", short: None, value: Some("N"), help: "threads that read the tree" },
    Flag {
        long: "max-delete",
        short: None,
        value: Some("PERCENT"),
        help: "delete at most this share of a category's directories [20]",
    },
    Flag { long: "wait", short: None, value: Some("SECONDS"), help: "wait for another scan to end" },
    Flag::switch("json", "say what was done as JSON, on standard output"),
    Flag::switch("help", "this text"),
];

/// Scans with the old program's flags, defaults and texts.
pub fn run(arguments: &[OsString]) -> Exit {
    let given = match flags::read(&FLAGS, arguments, Positional::Mixed) {
        Ok(given) => given,
        Err(mistake) => return PROGRAM.refuse_mistake(&mistake),
    };
    if let Some(stray) = given.positional.first() {
        return PROGRAM.refuse(format_args!("Got unexpected extra argument ({stray})"));
    }
    match scan(&given, Printer::new(Form::Text)) {
        Ok(exit) => exit,
        Err(failure) => usage::failed(&failure),
    }
}

fn scan(given: &Given, out: Printer) -> Outcome {
    if given.has("help") {
        out.line(format_args!("{}\n\nOptions:\n{}", PROGRAM.line(), flags::describe(&FLAGS)))?;
        return Ok(Exit::Success);
    }
    let level = if given.has("debug") { "debug" } else { "info" };
    logging::start(&Log { level: level.into(), format: LogFormat::Text })?;
    let old = old_config::read(&old_config::path(given.last("config"))).map_err(Failure::operation)?;
    let mut settings = old.settings.clone();
    let number = |flag: &str, least: u32, most: u32| -> Outcome<Option<u32>> {
        let Some(text) = given.last(flag) else { return Ok(None) };
        let number = text.parse().ok().filter(|number| (least..=most).contains(number));
        let wrong =
            || Failure::input(format!("--{flag}: expected a number from {least} to {most}, not {text:?}"));
        number.map(Some).ok_or_else(wrong)
    };
    if let Some(jobs) = number("jobs", 1, 1_000)? {
        settings.scan.threads = jobs as usize;
    }
    if let Some(percent) = number("max-delete", 0, 100)? {
        settings.scan.max_delete_percent = percent;
    }
    let wait = Duration::from_secs(number("wait", 0, u32::MAX)?.unwrap_or(0).into());
    block_on(async {
        let store = Store::connect(settings.database.url.expose(), &ConnectOptions::default())
            .await
            .map_err(Failure::operation)?;
        if given.has("list") {
            return list(&store, out).await;
        }
        let (except, only) = command::select(&given.all("category"));
        if old.scans_nothing {
            return Ok(Exit::Success);
        }
        check_paths(&old, &store).await?;
        settings.scan.skip_fullfiletimelist |= given.has("skip-fullfiletimelist");
        let options = ScanOptions {
            only,
            except,
            deletion: if given.has("force-delete") || given.has("force") {
                Deletion::Forced
            } else if given.has("delete-directories") {
                Deletion::Guarded
            } else {
                Deletion::Off
            },
            writing: if given.has("dry-run") { scan::Writing::DryRun } else { scan::Writing::On },
            reading: if given.has("full") { scan::Reading::All } else { scan::Reading::Changed },
            wait,
            ..ScanOptions::default()
        };
        let report = command::scan(&store, &settings, &options, &SystemClock, out).await?;
        let dry = given.has("dry-run");
        if given.has("json") {
            Printer::new(Form::Json).data(&command::report::summary(&report, dry), |_| String::new())?;
        } else if dry {
            out.data(&(), |()| command::report::changes(&report))?;
        }
        out.note(command::report::describe(&report));
        Ok(command::exit(&report))
    })
}

async fn check_paths(old: &OldConfig, store: &Store) -> Outcome<()> {
    let topdirs: HashMap<i32, String> = categories::topdirs(store).await?.into_iter().collect();
    let rows = categories::list(store).await?;
    let topdir = |name: &str| {
        let id = rows.iter().find(|row| row.name == name)?.topdir_id?;
        topdirs.get(&id).cloned()
    };
    old.check_paths(topdir).map_err(Failure::operation)
}

/// Id, name and top directory of every category of the database, separated by tabs.
async fn list(store: &Store, out: Printer) -> Outcome {
    let topdirs: HashMap<i32, String> = categories::topdirs(store).await?.into_iter().collect();
    for row in categories::list(store).await? {
        let topdir = row.topdir_id.and_then(|id| topdirs.get(&id)).map_or("", String::as_str);
        out.line(format_args!("{}\t{}\t{topdir}", row.id, row.name))?;
    }
    Ok(Exit::Success)
}
