//! `generate-mirrorlist-cache`, spec mirrorlist B.1.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use ::cache::{Format, OutputError};
use model::clock::SystemClock;
use model::redact::database_url;
use settings::Log;
use settings::cache::{Cache, CacheCompatibility};
use settings::log::LogFormat;
use store::{ConnectOptions, Store};

use super::flags::{Flag, Given};
use super::{dotenv, frame, libpq};
use crate::commands::{block_on, cache};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::logging;
use crate::printer::Printer;

const FLAGS: [Flag; 4] = [
    Flag {
        long: "outfile",
        short: Some('o'),
        value: Some("CACHE"),
        help: "file to write [/var/lib/mirrormanager/mirrorlist_cache.proto]",
    },
    Flag {
        long: "config",
        short: Some('c'),
        value: Some("CONFIG"),
        help: "file with DB_URL=… [/etc/mirrormanager/generate-mirrorlist-cache.cfg]",
    },
    Flag { long: "debug", short: Some('d'), value: None, help: "say what is being done" },
    Flag { long: "help", short: Some('h'), value: None, help: "this text" },
];

/// Builds the cache with the old program's flags, defaults and texts.
pub fn run(arguments: &[OsString]) -> Exit {
    frame::run("generate-mirrorlist-cache", &FLAGS, arguments, build)
}

fn build(given: &Given, out: Printer) -> Outcome {
    let level = if given.has("debug") { "debug" } else { "error" };
    logging::start(&Log { level: level.into(), format: LogFormat::Text })?;
    let config = given.last("config").unwrap_or("/etc/mirrormanager/generate-mirrorlist-cache.cfg");
    let mut values = read_config(Path::new(config));
    // A variable that is set already wins over the file.
    values.extend(std::env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok()?;
        (name == "DB_URL" || name.starts_with("PG")).then_some((name, value.into_string().ok()?))
    }));
    let Some(url) = values.get("DB_URL") else {
        out.line(format_args!("Error reading configuration file {config}"))?;
        return Ok(Exit::Failed);
    };
    let url = libpq::url(url, &values).map_err(|e| Failure::input(format!("DB_URL: {e}")))?;
    let file =
        PathBuf::from(given.last("outfile").unwrap_or("/var/lib/mirrormanager/mirrorlist_cache.proto"));
    let opened = writable(&file);
    if let Err(reason) = opened {
        return Err(Failure::input(format!("Error opening file {}: {reason}", file.display())));
    }
    let settings = Cache { compatibility: CacheCompatibility::Upstream, keep: 0, ..Cache::default() };
    let debug = given.has("debug");
    block_on(async move {
        if debug {
            out.line(format_args!("reading {}", database_url(&url)))?;
        }
        let store = Store::connect(&url, &ConnectOptions::default()).await?;
        let mut output = cache::build::output(&settings, vec![(Format::Proto, file.clone())])?;
        cache::build::once(&store, &settings, &mut output, &SystemClock, out).await.map_err(in_old_words)?;
        if debug {
            out.line(format_args!("wrote {}", file.display()))?;
        }
        Ok(Exit::Success)
    })
}

/// A failed write has a text of its own.
fn in_old_words(failure: Failure) -> Failure {
    let text = match &failure {
        Failure::Operation(error) => match error.downcast_ref::<OutputError>() {
            Some(OutputError::Write(error)) => {
                Some(format!("Error writing to file {} : {}", error.path.display(), error.source))
            }
            _ => None,
        },
        _ => None,
    };
    text.map_or(failure, Failure::operation)
}

fn read_config(name: &Path) -> BTreeMap<String, String> {
    let folder = std::env::current_dir().unwrap_or_default();
    dotenv::find(name, &folder).map(|path| dotenv::read(&path)).unwrap_or_default()
}

/// Whether the file can be replaced, found out before the database is asked for anything.
fn writable(file: &Path) -> Result<(), String> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if file.is_dir() {
        return Err("it is a folder".into());
    }
    match std::fs::metadata(folder) {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(format!("{} is no folder", folder.display())),
        Err(e) => Err(e.to_string()),
    }
}
