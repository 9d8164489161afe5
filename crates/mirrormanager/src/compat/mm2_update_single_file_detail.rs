//! `mm2_update-single-file-detail`, spec umdl 17. Upstream has it as a module without a command.

use std::ffi::OsString;
use std::path::Path;

use scan::file_detail::{FileOutcome, FileUpdated};
use settings::Log;
use settings::log::LogFormat;
use store::{ConnectOptions, Store};

use super::flags::{self, Flag, Given, Positional};
use super::old_config;
use super::usage::{self, Program};
use crate::commands::{block_on, file_detail as command};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::logging;
use crate::printer::{Form, Printer};

const PROGRAM: Program = Program { name: "mm2_update-single-file-detail", synopsis: "[OPTIONS] FILENAME" };

const FLAGS: [Flag; 5] = [
    Flag {
        long: "config",
        short: Some('c'),
        value: Some("PATH"),
        help: "configuration file [/etc/mirrormanager/mirrormanager2.cfg, or variable MM2_CONFIG]",
    },
    Flag {
        long: "category",
        short: None,
        value: Some("NAME"),
        help: "only in this category, or with ^ in front in all but this one; may be repeated",
    },
    Flag {
        long: "hash",
        short: None,
        value: None,
        help: "read the file itself, not the checksum files beside it",
    },
    Flag { long: "debug", short: None, value: None, help: "say more" },
    Flag { long: "help", short: None, value: None, help: "this text" },
];

/// Records one file with the flags and texts of the `mm2_` programs.
pub fn run(arguments: &[OsString]) -> Exit {
    let given = match flags::read(&FLAGS, arguments, Positional::Mixed) {
        Ok(given) => given,
        Err(mistake) => return PROGRAM.refuse_mistake(&mistake),
    };
    let file = match given.positional.as_slice() {
        _ if given.has("help") => "",
        [file] => file,
        [] => return PROGRAM.refuse("Missing argument 'FILENAME'."),
        [_, stray, ..] => {
            return PROGRAM.refuse(format_args!("Got unexpected extra argument ({stray})"));
        }
    };
    match update(&given, Path::new(file), Printer::new(Form::Text)) {
        Ok(exit) => exit,
        Err(failure) => usage::failed(&failure),
    }
}

fn update(given: &Given, file: &Path, out: Printer) -> Outcome {
    if given.has("help") {
        out.line(format_args!("{}\n\nOptions:\n{}", PROGRAM.line(), flags::describe(&FLAGS)))?;
        return Ok(Exit::Success);
    }
    let level = if given.has("debug") { "debug" } else { "info" };
    logging::start(&Log { level: level.into(), format: LogFormat::Text })?;
    let old = old_config::read(&old_config::path(given.last("config"))).map_err(Failure::operation)?;
    let file = command::absolute(file)?;
    block_on(async {
        let store = Store::connect(old.settings.database.url.expose(), &ConnectOptions::default())
            .await
            .map_err(Failure::operation)?;
        let updated = if old.scans_nothing {
            Vec::new()
        } else {
            let (names, hash) = (given.all("category"), given.has("hash"));
            command::update_file(&store, &old.settings, &file, &names, hash).await?
        };
        for one in &updated {
            for line in lines(one, &file) {
                out.note(line);
            }
        }
        out.note("Done.");
        Ok(command::exit(&updated))
    })
}

/// What upstream's module logs.
fn lines(updated: &FileUpdated, file: &Path) -> Vec<String> {
    let considering = format!("Considering category {}", updated.category);
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    match &updated.outcome {
        FileOutcome::Recorded => vec![considering],
        FileOutcome::Known => vec![considering, format!("FileDetail unchanged '{}'", file.display())],
        FileOutcome::Skipped(why) => vec![why.clone()],
        FileOutcome::NoDirectory(directory) => {
            vec![considering, format!("Directory {directory} does not exist in the database, skipping")]
        }
        FileOutcome::NoChecksum => {
            let allowed = "['repomd.xml', 'summary']";
            vec![considering, format!("Won't make repo file details: '{name}' not in {allowed}")]
        }
        FileOutcome::Unreadable(why) => {
            vec![considering, format!("Won't make repo file details: '{}': {why}", file.display())]
        }
    }
}
