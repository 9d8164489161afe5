//! `cache inspect`, `cache convert`, `cache verify`, `cache rollback`.

use std::path::{Path, PathBuf};

use cache::{ConvertError, Format, RollbackError, Summary, VerifyError};
use model::clock::{Clock as _, SystemClock};
use settings::cache::{Cache as Settings, CacheFormat};
use snapshot::ReadError;

use super::keys;
use crate::failure::{Failure, Outcome};
use crate::printer::Printer;
use crate::table;

/// How many mirror sets `inspect` names.
const TOP_SETS: usize = 10;

/// The file that was named, or that which is built.
pub(super) fn or_default(file: Option<PathBuf>, settings: &Settings) -> PathBuf {
    file.unwrap_or_else(|| match settings.format {
        CacheFormat::Proto | CacheFormat::Both => settings.file.clone(),
        CacheFormat::Snapshot => settings.snapshot.clone(),
    })
}

/// Says what a file holds.
pub(super) fn inspect(file: &Path, out: Printer) -> Outcome<()> {
    let summary = cache::inspect(file, SystemClock.now(), TOP_SETS).map_err(Failure::input)?;
    out.data(&summary, |summary| inspected(file, summary))
}

fn inspected(file: &Path, summary: &Summary) -> String {
    let built = summary.built.map_or_else(|| "unknown".to_owned(), |time| time.to_rfc3339());
    let age = summary.age_seconds.map_or_else(String::new, |seconds| format!(", {seconds} s ago"));
    let serial = summary.serial.map_or_else(String::new, |serial| format!(", serial {serial}"));
    let mut text = format!(
        "{}: {}, {} bytes, built {built}{age}{serial}\n",
        file.display(),
        summary.format,
        summary.bytes
    );
    if let Some(signer) = &summary.signer {
        text.push_str(&format!("signed by {signer}\n"));
    }
    text.push_str(&format!(
        "{} hosts listed, {} directories without a host, {} mirror sets, {} file details\n\n",
        summary.hosts, summary.directories_without_hosts, summary.mirror_sets, summary.file_details,
    ));
    let rows: Vec<Vec<String>> =
        summary.parts.iter().map(|part| vec![part.name.to_owned(), part.elements.to_string()]).collect();
    text.push_str(&table::render(&["PART", "ELEMENTS"], &rows));
    if !summary.sections.is_empty() {
        let rows: Vec<Vec<String>> = summary
            .sections
            .iter()
            .map(|section| vec![section.name.clone(), section.bytes.to_string()])
            .collect();
        text.push('\n');
        text.push_str(&table::render(&["SECTION", "BYTES"], &rows));
    }
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

/// Writes a file in the other format.
pub(super) fn convert(input: &Path, output: &Path, settings: &Settings, out: Printer) -> Outcome<()> {
    let key = settings.signing_key.as_deref().map(keys::private).transpose()?;
    let converted = cache::convert(input, output, key.as_ref()).map_err(|error| match error {
        ConvertError::Read(error) => Failure::input(error),
        ConvertError::Write(error) => Failure::operation(error),
    })?;
    if converted.lossy {
        out.note(
            "protobuf has no field for names and places of hosts, address families, exclusive networks, the \
             routing table, the country database, serial and signature: these are lost",
        );
    }
    out.data(&converted, |converted| {
        format!("wrote {}: {}, {} bytes", output.display(), converted.format, converted.bytes)
    })
}

/// Says whether a file is whole and signed by one of these keys.
pub(super) fn verify(file: &Path, keys: &[PathBuf], out: Printer) -> Outcome<()> {
    let keys: Vec<_> = keys.iter().map(|key| keys::public(key)).collect::<Outcome<_>>()?;
    let verified = cache::verify(file, &keys).map_err(|error| match error {
        VerifyError::Read(error @ ReadError::Io { .. }) => Failure::input(error),
        error => Failure::operation(error),
    })?;
    out.data(&verified, |verified| {
        let serial = verified.serial.map_or_else(String::new, |serial| format!(", serial {serial}"));
        let signer = match &verified.signer {
            Some(signer) => format!(", signed by {signer}"),
            None => String::from(if verified.format == Format::Proto { "" } else { ", not signed" }),
        };
        format!(
            "{}: {}, {} directories{serial}{signer}; it is whole",
            file.display(),
            verified.format,
            verified.directories
        )
    })
}

/// Replaces a file with an earlier one.
pub(super) fn rollback(file: &Path, number: usize, settings: &Settings, out: Printer) -> Outcome<()> {
    let key = settings.signing_key.as_deref().map(keys::private).transpose()?;
    let done = cache::rollback(file, number, key.as_ref(), settings.keep, SystemClock.now());
    let done = done.map_err(|error| match error {
        RollbackError::Write(error) => Failure::operation(error),
        error => Failure::input(error),
    })?;
    out.data(&done, |done| {
        let built = done.built.map_or_else(String::new, |built| format!(", built {}", built.to_rfc3339()));
        format!(
            "{} is now what {} was{built}; its serial is {}",
            done.file.display(),
            done.from.display(),
            done.serial
        )
    })
}
