//! `mm2_update-master-directory-list`, spec umdl 2 and 14.

use std::ffi::OsString;

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

const fn switch(long: &'static str, help: &'static str) -> Flag {
    Flag { long, short: None, value: None, help }
}

const FLAGS: [Flag; 11] = [
    Flag {
        long: "config",
        short: Some('c'),
        value: Some("PATH"),
        help: "configuration file [/etc/mirrormanager/mirrormanager2.cfg, or variable MM2_CONFIG]",
    },
    switch("list", "list the categories of the database and exit"),
    Flag {
        long: "category",
        short: None,
        value: Some("NAME"),
        help: "only this category, or with ^ in front all but this one; may be repeated",
    },
    switch("debug", "say more"),
    switch("skip-fullfiletimelist", "always walk the disk"),
    switch("delete-directories", "delete directories that are gone"),
    switch("force-delete", "delete however many they are"),
    switch("force", "the same"),
    switch("dry-run", "say what would be done and change nothing"),
    switch("full", "read every directory, also those whose time has not changed"),
    switch("help", "this text"),
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
        Err(failure) => {
            if failure.exit() != Exit::Success {
                usage::error(failure.line());
            }
            failure.exit()
        }
    }
}

fn scan(given: &Given, out: Printer) -> Outcome {
    if given.has("help") {
        out.line(format_args!("{}\n\nOptions:\n{}", PROGRAM.line(), flags::describe(&FLAGS)))?;
        return Ok(Exit::Success);
    }
    let level = if given.has("debug") { "debug" } else { "info" };
    logging::start(&Log { level: level.into(), format: LogFormat::Text })?;
    let OldConfig { settings, unusable_sources, scans_nothing } =
        old_config::read(&old_config::path(given.last("config"))).map_err(Failure::operation)?;
    block_on(async {
        let store = Store::connect(settings.database.url.expose(), &ConnectOptions::default())
            .await
            .map_err(Failure::operation)?;
        if given.has("list") {
            return list(&store, out).await;
        }
        let (except, only) = command::select(&given.all("category"));
        let mut exit = Exit::Success;
        for (category, why) in &unusable_sources {
            let selected = (only.is_empty() || only.contains(category)) && !except.contains(category);
            if selected {
                usage::error(format_args!("UMDL_MASTER_DIRECTORIES, {category}: {why}"));
                exit = Exit::Failed;
            }
        }
        let usable = |name: &String| !unusable_sources.iter().any(|(category, _)| category == name);
        let nothing_left = !only.is_empty() && !only.iter().any(usable);
        if scans_nothing || nothing_left {
            return Ok(exit);
        }
        let options = ScanOptions {
            only: only.into_iter().filter(usable).collect(),
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
            ..ScanOptions::default()
        };
        let report = command::scan(&store, &settings, &options, &SystemClock, out).await?;
        out.note(command::describe(&report));
        Ok(match command::exit(&report) {
            Exit::Success => exit,
            worse => worse,
        })
    })
}

/// Id, name and top directory of every category of the database, separated by tabs.
async fn list(store: &Store, out: Printer) -> Outcome {
    let topdirs: std::collections::HashMap<i32, String> =
        categories::topdirs(store).await?.into_iter().collect();
    for row in categories::list(store).await? {
        let topdir = row.topdir_id.and_then(|id| topdirs.get(&id)).map_or("", String::as_str);
        out.line(format_args!("{}\t{}\t{topdir}", row.id, row.name))?;
    }
    Ok(Exit::Success)
}
