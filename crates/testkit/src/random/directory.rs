//! A random directory: who carries it, and what its files must look like.

use std::collections::BTreeSet;

use snapshot::proto::{
    FileDetailsCacheDirectoryType, FileDetailsCacheFilesType, FileDetailsType, IntRepeatedIntMap, MirrorList,
    MirrorListCacheType, StringRepeatedIntMap,
};

use super::cache::url_id;
use super::words::{COUNTRIES, FILES};
use crate::rng::Rng;

/// The directories of all repositories with their `repodata`, and some that belong to none.
pub(super) fn names(cache: &MirrorList, rng: &mut Rng) -> Vec<String> {
    let mut names = BTreeSet::from(["pub/linux".to_owned(), "pub/linux/images".to_owned(), "top".to_owned()]);
    if rng.percent(20) {
        names.insert(String::new());
    }
    for pair in &cache.repo_arch_to_directory_name {
        if pair.value.is_empty() || pair.value == "pub/gone" || rng.percent(5) {
            continue;
        }
        names.insert(pair.value.clone());
        if rng.percent(90) && !pair.value.ends_with("/repodata") {
            names.insert(format!("{}/repodata", pair.value));
        }
    }
    names.into_iter().collect()
}

/// Adds a directory.
pub(super) fn add(name: &str, ids: &[i64], cache: &mut MirrorList, rng: &mut Rng) {
    let share = rng.below(101);
    let (mut global, mut by_host_id) = (Vec::new(), Vec::new());
    for id in ids.iter().copied() {
        if !rng.percent(share) {
            continue;
        }
        let public = rng.percent(80);
        if public {
            global.push(id);
        }
        if !public || rng.percent(95) {
            by_host_id.push(IntRepeatedIntMap { key: id, value: urls(id, rng) });
        }
    }
    let subpath = match rng.below(10) {
        0 => None,
        1 => Some("else/where"),
        2 => Some("with blank/and&"),
        3 => Some(""),
        _ => name.strip_prefix("pub/linux/").or(Some("")),
    };
    let by_country = by_country(&global, cache, rng);
    cache.mirror_list_cache.push(MirrorListCacheType {
        directory: name.to_owned(),
        global,
        subpath: subpath.map(str::to_owned),
        by_country,
        by_host_id,
        ..MirrorListCacheType::default()
    });
    if rng.percent(if name.ends_with("repodata") { 95 } else { 50 }) {
        files(name, cache, rng);
    }
}

/// Some of the host's URLs, nearly always in order; some may be unknown.
fn urls(host: i64, rng: &mut Rng) -> Vec<i64> {
    let mut urls: Vec<i64> = (0..4).map(|number| url_id(host, number)).filter(|_| rng.percent(70)).collect();
    if rng.percent(10) {
        urls.reverse();
    }
    urls
}

/// The public hosts of each country: as they follow from the countries of the hosts, or not.
fn by_country(global: &[i64], cache: &MirrorList, rng: &mut Rng) -> Vec<StringRepeatedIntMap> {
    let odd = rng.percent(20);
    let mut by_country = Vec::new();
    for code in COUNTRIES {
        let is_in = |id: &&i64| {
            cache.host_country_cache.iter().any(|pair| pair.key == **id && pair.value.to_uppercase() == code)
        };
        let mut value: Vec<i64> = global.iter().filter(is_in).copied().collect();
        if odd && rng.percent(50) {
            value.retain(|_| rng.percent(50));
            value.extend(rng.pick(global).copied());
        }
        if !value.is_empty() || odd && rng.percent(20) {
            by_country.push(StringRepeatedIntMap { key: code.to_owned(), value });
        }
    }
    by_country
}

fn files(directory: &str, cache: &mut MirrorList, rng: &mut Rng) {
    let mut files = Vec::new();
    for name in FILES {
        if rng.percent(if name == "repomd.xml" { 95 } else { 50 }) {
            let file_details = (0..rng.below(4)).map(|_| detail(rng)).collect();
            files.push(FileDetailsCacheFilesType { filename: name.to_owned(), file_details });
        }
    }
    cache.file_details_cache.push(FileDetailsCacheDirectoryType {
        directory: directory.to_owned(),
        file_details_cache_files: files,
    });
}

fn detail(rng: &mut Rng) -> FileDetailsType {
    let mut digest = |bytes: usize| match rng.below(8) {
        0 => None,
        1 => Some(String::new()),
        2 => Some("NOT hexadecimal".to_owned()),
        _ => Some((0..bytes).map(|_| format!("{:02x}", rng.below(256))).collect()),
    };
    let (sha1, md5, sha256, sha512) = (digest(20), digest(16), digest(32), digest(64));
    FileDetailsType {
        time_stamp: rng.below(3) * 850_000_000,
        size: rng.below(3) * 1234,
        sha1,
        md5,
        sha256,
        sha512,
    }
}
