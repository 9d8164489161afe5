//! Cache files: summed up, converted, verified, compared, gone back to.

#![expect(clippy::unwrap_used, reason = "a panic is the report of a failed test")]

mod changes;
mod formats;
mod sample;

use std::time::Duration;

use cache::{Additions, Build, Compatibility, Format, Keep, NoResolver, Output, inspect};
use chrono::DateTime;
use sample::{at, sample};
use snapshot::proto::{self, MirrorList};
use store::export::Export;

#[test]
fn a_file_of_either_format_is_summed_up() {
    let folder = tempfile::tempdir().unwrap();
    let paths = [folder.path().join("cache.proto"), folder.path().join("cache.snapshot")];
    proto::write(&paths[0], &sample()).unwrap();
    cache::convert(&paths[0], &paths[1], None).unwrap();
    for (path, format) in paths.iter().zip([Format::Proto, Format::Snapshot]) {
        let summary = inspect(path, at(90), 2).unwrap();
        let bytes = std::fs::metadata(path).unwrap().len();
        assert_eq!((summary.format, summary.bytes, summary.age_seconds), (format, bytes, Some(90)));
        assert_eq!(
            (summary.hosts, summary.directories_without_hosts, summary.mirror_sets),
            (3, 1, 4),
            "{format}"
        );
        let top: Vec<_> = summary
            .top_mirror_sets
            .iter()
            .map(|set| (set.directories, set.hosts, set.example.as_str()))
            .collect();
        assert_eq!(top, [(2, 2, "a"), (1, 0, "b")]);
        let part = |name| summary.parts.iter().find(|part| part.name == name).map(|part| part.elements);
        assert_eq!(
            (part("MirrorListCache"), part("HCUrlCache"), part("FileDetailsCache")),
            (Some(5), Some(3), Some(1))
        );
        assert_eq!(summary.sections.is_empty(), format == Format::Proto);
        assert_eq!(summary.serial.is_some(), format == Format::Snapshot);
        assert_eq!((summary.signer, summary.file_details), (None, 2));
    }
}

#[test]
fn a_file_that_is_no_cache_and_one_that_is_not_there_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.proto");
    for content in [None, Some("no cache"), Some("mmsnap\r\n")] {
        if let Some(content) = content {
            std::fs::write(&path, content).unwrap();
        }
        let error = inspect(&path, at(0), 1).unwrap_err().to_string();
        assert!(error.contains("cache.proto"), "{error}");
        let error = cache::verify(&path, &[]).unwrap_err().to_string();
        assert!(error.contains("cache.proto"), "{error}");
    }
}

async fn empty() -> Build<'static> {
    static NOTHING: std::sync::LazyLock<Export> = std::sync::LazyLock::new(Export::default);
    Build::prepare(&NOTHING, &NoResolver, DateTime::UNIX_EPOCH, Compatibility::Native, &()).await
}

#[tokio::test]
async fn a_file_that_can_not_be_written_leaves_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let build = empty().await;
    let gone = folder.path().join("no/such/folder/cache.proto");
    let error = build.write_proto(&gone, &()).unwrap_err().to_string();
    assert!(error.contains("no/such/folder"), "{error}");
    let path = folder.path().join("cache.proto");
    let bytes = build.write_proto(&path, &()).unwrap();
    assert_eq!(bytes, std::fs::metadata(&path).unwrap().len());
    assert_eq!(proto::read(&path).unwrap(), MirrorList::default());
}

#[tokio::test]
async fn both_formats_are_written_the_files_before_are_kept_and_serials_rise() {
    let folder = tempfile::tempdir().unwrap();
    let files =
        [Format::Proto, Format::Snapshot].map(|format| (format, folder.path().join(format.to_string())));
    let mut output = Output {
        files: files.to_vec(),
        key: None,
        additions: Additions::default(),
        keep: Keep { files: 1, ..Keep::default() },
    };
    let build = empty().await;
    let first = output.write(&build, at(0), &()).unwrap();
    assert_eq!((first[0].serial, first[1].serial), (None, Some(1_700_000_000_000)));
    // The clock was put back.
    let second = output.write(&build, at(-5), &()).unwrap();
    assert_eq!(second[1].serial, Some(1_700_000_000_001));
    for (format, path) in &files {
        assert_eq!(cache::verify(path, &[]).unwrap().format, *format);
        let mut kept = path.clone().into_os_string();
        kept.push(".1");
        assert_eq!(cache::verify(kept.as_ref(), &[]).unwrap().format, *format);
    }
}

#[tokio::test]
async fn a_routing_table_and_a_country_database_come_with_the_native_file() {
    let folder = tempfile::tempdir().unwrap();
    let (netblocks, path) = (folder.path().join("netblocks"), folder.path().join("cache"));
    std::fs::write(&netblocks, "192.0.2.0/24 64496\n").unwrap();
    let countries =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../answer/tests/data/mirrorlist/inputs/country.mmdb");
    let mut output = Output {
        files: vec![(Format::Snapshot, path.clone())],
        key: None,
        additions: Additions::new(Some(netblocks.clone()), Some(countries.into())),
        keep: Keep::default(),
    };
    output.write(&empty().await, at(0), &()).unwrap();
    let snapshot = snapshot::Snapshot::read(&path).unwrap();
    let asn = |snapshot: &snapshot::Snapshot| {
        let asns = snapshot.routing().unwrap().asns.clone();
        asns.of("192.0.2.1".parse().unwrap()).map(|asn| asn.number)
    };
    assert_eq!(asn(&snapshot), Some(64496));
    assert!(snapshot.country_database().is_some());
    // A changed file is read again, one that is no good is refused.
    std::fs::write(&netblocks, "192.0.2.0/24 64497\n").unwrap();
    let later = std::fs::metadata(&netblocks).unwrap().modified().unwrap() + Duration::from_secs(9);
    std::fs::File::options().write(true).open(&netblocks).unwrap().set_modified(later).unwrap();
    output.write(&empty().await, at(1), &()).unwrap();
    assert_eq!(asn(&snapshot::Snapshot::read(&path).unwrap()), Some(64497));
    std::fs::remove_file(&netblocks).unwrap();
    let error = output.write(&empty().await, at(2), &()).unwrap_err().to_string();
    assert!(error.contains("netblocks"), "{error}");
}
