//! Writing a cache file and summing one up.

use cache::{Build, Compatibility, NoResolver};
use chrono::DateTime;
use snapshot::proto::{self, IntRepeatedIntMap, MirrorList, MirrorListCacheType};
use store::export::Export;

fn entry(directory: &str, hosts: &[i64]) -> MirrorListCacheType {
    MirrorListCacheType {
        directory: directory.into(),
        subpath: Some(String::new()),
        by_host_id: hosts.iter().map(|id| IntRepeatedIntMap { key: *id, value: vec![1] }).collect(),
        ..MirrorListCacheType::default()
    }
}

#[test]
fn a_written_file_is_summed_up() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.proto");
    let cache = MirrorList {
        time: 1_700_000_000,
        mirror_list_cache: vec![
            entry("a", &[1, 2]),
            entry("b", &[]),
            entry("c", &[2, 1]),
            entry("d", &[1]),
            entry("e", &[3]),
        ],
        ..MirrorList::default()
    };
    proto::write(&path, &cache).unwrap();
    let bytes = std::fs::metadata(&path).unwrap().len();
    let now = DateTime::from_timestamp(1_700_000_090, 0).unwrap();
    let summary = cache::inspect(&path, now, 2).unwrap();
    assert_eq!((summary.bytes, summary.age_seconds), (bytes, Some(90)));
    assert_eq!((summary.hosts, summary.directories_without_hosts, summary.mirror_sets), (3, 1, 4));
    let top: Vec<_> = summary
        .top_mirror_sets
        .iter()
        .map(|set| (set.directories, set.hosts, set.example.as_str()))
        .collect();
    assert_eq!(top, [(2, 2, "a"), (1, 0, "b")]);
    let part = |name| summary.parts.iter().find(|part| part.name == name).map(|part| part.elements);
    assert_eq!((part("MirrorListCache"), part("HCUrlCache")), (Some(5), Some(0)));
}

#[test]
fn a_file_that_is_no_cache_and_one_that_is_not_there_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.proto");
    let missing = cache::inspect(&path, DateTime::UNIX_EPOCH, 1).unwrap_err().to_string();
    assert!(missing.contains("cache.proto"), "{missing}");
    std::fs::write(&path, b"no cache").unwrap();
    let damaged = cache::inspect(&path, DateTime::UNIX_EPOCH, 1).unwrap_err().to_string();
    assert!(damaged.contains("cache.proto"), "{damaged}");
}

#[tokio::test]
async fn a_file_that_can_not_be_written_leaves_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let reads = Export::default();
    let build = Build::prepare(&reads, &NoResolver, DateTime::UNIX_EPOCH, Compatibility::Native, &()).await;
    let gone = folder.path().join("no/such/folder/cache.proto");
    let error = build.write_proto(&gone, &()).unwrap_err().to_string();
    assert!(error.contains("no/such/folder"), "{error}");
    let path = folder.path().join("cache.proto");
    let bytes = build.write_proto(&path, &()).unwrap();
    assert_eq!(bytes, std::fs::metadata(&path).unwrap().len());
    assert_eq!(proto::read(&path).unwrap(), MirrorList::default());
}
