//! `cache diff`

use std::collections::BTreeMap;
use std::path::Path;

use cache::diff::{Difference, FileChange, Version, diff};
use snapshot::Snapshot;

use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::printer::Printer;

/// So many of a kind are named one by one.
const NAMED: usize = 20;

/// Compares two files.
pub(super) fn run(first: &Path, second: &Path, out: Printer) -> Outcome {
    let read = |path| Snapshot::map(path).map_err(Failure::input);
    let difference = diff(&read(first)?, &read(second)?);
    out.data(&difference, describe)?;
    Ok(if difference.is_empty() { Exit::Success } else { Exit::Different })
}

fn describe(difference: &Difference) -> String {
    let mut text = Lines(String::new());
    for part in &difference.parts {
        let changed =
            part.changed.iter().map(|one| format!("~ {}: {} -> {}", one.key, one.before, one.after));
        let lines: Vec<String> =
            pairs("+", &part.added).chain(pairs("-", &part.removed)).chain(changed).collect();
        text.some(part.part, &lines);
    }
    let signed =
        |sign: &str, names: &[String]| names.iter().map(|name| format!("{sign} {name}")).collect::<Vec<_>>();
    text.some("new directories", &signed("+", &difference.directories_added));
    text.some("directories that are gone", &signed("-", &difference.directories_removed));
    let mirrors = difference.mirrors.iter().map(|change| {
        let example = change.directories.first().map(String::as_str).unwrap_or_default();
        let hosts = |sign: &str, hosts: &[String]| {
            hosts.iter().map(|host| format!(" {sign}{host}")).collect::<String>()
        };
        let hosts = format!("{}{}", hosts("+", &change.gained), hosts("-", &change.lost));
        format!("{} directories, for example {example}:{hosts}", change.directories.len())
    });
    text.some("mirrors of directories", &mirrors.collect::<Vec<_>>());
    let urls = difference.urls.iter().map(|change| {
        format!(
            "~ {}, in {} directories: {} -> {}",
            change.host,
            change.directories,
            change.before.join(" "),
            change.after.join(" ")
        )
    });
    text.some("URLs of hosts", &urls.collect::<Vec<_>>());
    text.some("current versions of files", &difference.files.iter().map(file).collect::<Vec<_>>());
    if text.0.is_empty() { "no difference that a client would notice".to_owned() } else { text.0 }
}

fn pairs<'a>(sign: &'a str, map: &'a BTreeMap<String, String>) -> impl Iterator<Item = String> + 'a {
    map.iter().map(move |(key, value)| format!("{sign} {key}: {value}"))
}

fn file(change: &FileChange) -> String {
    let version = |version: &Option<Version>| match version {
        None => "unknown".to_owned(),
        Some(version) => format!("{} ({} bytes, {})", version.timestamp, version.size, version.digest),
    };
    format!(
        "~ {}/{}: {} -> {}",
        change.directory,
        change.file,
        version(&change.before),
        version(&change.after)
    )
}

struct Lines(String);

impl Lines {
    /// A heading with how many there are, and the first of them.
    fn some(&mut self, heading: &str, lines: &[String]) {
        if lines.is_empty() {
            return;
        }
        self.0.push_str(&format!("{heading}: {}\n", lines.len()));
        for line in lines.iter().take(NAMED) {
            // A name out of a file must not steer the terminal.
            let clean = line.chars().map(|c| if c.is_control() { '?' } else { c });
            self.0.push_str("  ");
            self.0.extend(clean);
            self.0.push('\n');
        }
        if lines.len() > NAMED {
            self.0.push_str(&format!("  and {} more (--json names all)\n", lines.len() - NAMED));
        }
    }
}
