//! A small cache.

use chrono::{DateTime, Utc};
use snapshot::proto::{
    FileDetailsCacheDirectoryType, FileDetailsCacheFilesType, FileDetailsType, IntIntMap, IntRepeatedIntMap,
    IntStringMap, MirrorList, MirrorListCacheType, StringRepeatedIntMap, StringStringMap,
};

/// So many seconds after the sample was made.
pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
}

fn entry(directory: &str, hosts: &[i64]) -> MirrorListCacheType {
    MirrorListCacheType {
        directory: directory.into(),
        subpath: Some(String::new()),
        global: hosts.to_vec(),
        by_host_id: hosts.iter().map(|id| IntRepeatedIntMap { key: *id, value: vec![*id] }).collect(),
        by_country: hosts
            .iter()
            .map(|id| StringRepeatedIntMap { key: format!("C{id}"), value: vec![*id] })
            .collect(),
        ..MirrorListCacheType::default()
    }
}

/// A version of a file.
pub(crate) fn version(time_stamp: u64) -> FileDetailsType {
    FileDetailsType { time_stamp, size: 7, sha256: Some("0a".into()), ..FileDetailsType::default() }
}

/// Five directories, three hosts, one file.
pub(crate) fn sample() -> MirrorList {
    let ids = || 1..=3;
    MirrorList {
        time: 1_700_000_000,
        hc_url_cache: ids()
            .map(|id| IntStringMap { key: id, value: format!("http://h{id}.example/") })
            .collect(),
        host_bandwidth_cache: ids().map(|id| IntIntMap { key: id, value: 100 * id }).collect(),
        host_country_cache: ids().map(|id| IntStringMap { key: id, value: format!("C{id}") }).collect(),
        repo_arch_to_directory_name: vec![StringStringMap { key: "r+x86_64".into(), value: "a".into() }],
        repository_redirect_cache: vec![StringStringMap { key: "old".into(), value: "r".into() }],
        file_details_cache: vec![FileDetailsCacheDirectoryType {
            directory: "a".into(),
            file_details_cache_files: vec![FileDetailsCacheFilesType {
                filename: "repomd.xml".into(),
                file_details: vec![version(9), version(5)],
            }],
        }],
        mirror_list_cache: vec![
            entry("a", &[1, 2]),
            entry("b", &[]),
            entry("c", &[1, 2]),
            entry("d", &[1]),
            entry("e", &[3]),
        ],
        ..MirrorList::default()
    }
}
