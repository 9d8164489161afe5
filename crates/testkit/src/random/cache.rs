//! A random cache: hosts, their URLs and networks, repositories.

use std::collections::HashSet;
use std::hash::Hash;

use snapshot::proto::{
    IntIntMap, IntRepeatedIntMap, IntRepeatedStringMap, IntStringMap, MirrorList, StringBoolMap,
    StringRepeatedIntMap, StringStringMap,
};

use super::directory;
use super::words::{ARCHES, COUNTRIES, NETWORKS, PREFIXES, SYSTEMS};
use crate::rng::Rng;

/// A cache in which a key may come to be twice by chance.
pub(super) fn random(rng: &mut Rng) -> MirrorList {
    let mut cache = MirrorList { time: 1_700_000_000 + rng.below(1000), ..MirrorList::default() };
    let mut ids: Vec<i64> = (1..=4 + rng.below(24) as i64).map(|number| number * 3).collect();
    // Numbers that no table of hosts can be indexed by.
    ids.extend([-7, i64::MAX]);
    for id in &ids {
        host(*id, &mut cache, rng);
    }
    networks(&ids, &mut cache, rng);
    repositories(&mut cache, rng);
    for name in directory::names(&cache, rng) {
        directory::add(&name, &ids, &mut cache, rng);
    }
    cache
}

/// A country, sometimes as nobody should write it.
fn country(rng: &mut Rng) -> String {
    let country = rng.pick(&COUNTRIES).copied().unwrap_or_default();
    match rng.below(20) {
        0 => country.to_lowercase(),
        1 => String::new(),
        _ => country.to_owned(),
    }
}

fn host(id: i64, cache: &mut MirrorList, rng: &mut Rng) {
    if rng.percent(85) {
        let weight = if rng.percent(10) { -(rng.below(2) as i64) } else { 1 + rng.below(9999) as i64 };
        cache.host_bandwidth_cache.push(IntIntMap { key: id, value: weight });
    }
    if rng.percent(90) {
        cache.host_country_cache.push(IntStringMap { key: id, value: country(rng) });
    }
    if rng.percent(20) {
        let value = (0..rng.below(3)).map(|_| country(rng)).collect();
        cache.host_country_allowed_cache.push(IntRepeatedStringMap { key: id, value });
    }
    for number in 0..rng.below(5) as i64 {
        if rng.percent(5) {
            continue;
        }
        let protocol = rng.pick(&["http", "http", "https", "https", "ftp", "rsync", "HTTP"]);
        let slashes = rng.pick(&["", "", "/", "//"]).copied().unwrap_or_default();
        let path = rng.pick(&["", "/pub", "/a&b", "/päth", "/a b"]).copied().unwrap_or_default();
        let url = format!("{}://h{id}n{number}.example{path}{slashes}", protocol.unwrap_or(&"http"));
        let url = match rng.below(40) {
            0 => String::new(),
            1 => "no colon".to_owned(),
            _ => url,
        };
        cache.hc_url_cache.push(IntStringMap { key: url_id(id, number), value: url });
    }
}

/// The id of a host's URL.
pub(super) fn url_id(host: i64, number: i64) -> i64 {
    host.wrapping_mul(5).wrapping_add(number)
}

fn networks(ids: &[i64], cache: &mut MirrorList, rng: &mut Rng) {
    let some = |rng: &mut Rng| -> Vec<i64> {
        // 999 is no host. A host may be there twice.
        (0..rng.below(4)).map(|_| if rng.percent(5) { 999 } else { *rng.pick(ids).unwrap_or(&999) }).collect()
    };
    for network in NETWORKS {
        if rng.percent(60) {
            let value = some(rng);
            cache.host_netblock_cache.push(StringRepeatedIntMap { key: network.to_owned(), value });
        }
        if rng.percent(20) {
            let pair = StringStringMap { key: network.to_owned(), value: country(rng) };
            cache.netblock_country_cache.push(pair);
        }
    }
    for (_, number) in SYSTEMS {
        if rng.percent(70) {
            let value = some(rng);
            cache.host_asn_cache.push(IntRepeatedIntMap { key: number, value });
        }
    }
    for code in COUNTRIES {
        if rng.percent(15) {
            let value = (*rng.pick(&["EU", "NA", "OC", "--"]).unwrap_or(&"EU")).to_owned();
            let pair = StringStringMap { key: code.to_owned(), value };
            cache.country_continent_redirect_cache.push(pair);
        }
    }
}

fn repositories(cache: &mut MirrorList, rng: &mut Rng) {
    for prefix in PREFIXES {
        for arch in ARCHES {
            if rng.percent(60) {
                let end = if rng.percent(10) { "/repodata" } else { "" };
                let directory = match rng.below(20) {
                    0 => String::new(),
                    1 => "pub/gone".to_owned(),
                    _ => format!("pub/linux/{prefix}/{arch}/os{end}"),
                };
                let key = format!("{prefix}+{arch}");
                cache.repo_arch_to_directory_name.push(StringStringMap { key, value: directory });
            }
        }
        if rng.percent(10) {
            let value = rng.percent(80);
            cache.disabled_repository_cache.push(StringBoolMap { key: prefix.to_owned(), value });
        }
        if rng.percent(10) {
            let value = match rng.below(6) {
                0 => "",
                1 => "nowhere",
                _ => rng.pick(&PREFIXES).copied().unwrap_or_default(),
            };
            let pair = StringStringMap { key: prefix.to_owned(), value: value.to_owned() };
            cache.repository_redirect_cache.push(pair);
        }
    }
    let current = StringStringMap { key: "current".to_owned(), value: "linux-41".to_owned() };
    cache.repository_redirect_cache.push(current);
}

/// Leaves every key once.
pub(super) fn without_repeats(cache: &mut MirrorList) {
    fn once<T, K: Eq + Hash>(list: &mut Vec<T>, key: impl Fn(&T) -> K) {
        let mut seen = HashSet::new();
        list.retain(|item| seen.insert(key(item)));
    }
    // Two texts may be one network.
    let network =
        |text: &str| text.parse::<ipnet::IpNet>().map_err(|_| text.to_owned()).map(|net| net.trunc());
    once(&mut cache.netblock_country_cache, |pair| network(&pair.key));
    once(&mut cache.host_netblock_cache, |pair| network(&pair.key));
    once(&mut cache.hc_url_cache, |pair| pair.key);
    once(&mut cache.file_details_cache, |files| files.directory.clone());
    once(&mut cache.disabled_repository_cache, |pair| pair.key.clone());
    once(&mut cache.country_continent_redirect_cache, |pair| pair.key.clone());
    once(&mut cache.repository_redirect_cache, |pair| pair.key.clone());
    once(&mut cache.repo_arch_to_directory_name, |pair| pair.key.clone());
    once(&mut cache.host_asn_cache, |pair| pair.key);
    once(&mut cache.host_country_cache, |pair| pair.key);
    once(&mut cache.host_bandwidth_cache, |pair| pair.key);
    once(&mut cache.host_country_allowed_cache, |pair| pair.key);
    once(&mut cache.mirror_list_cache, |directory| directory.directory.clone());
    for files in &mut cache.file_details_cache {
        once(&mut files.file_details_cache_files, |file| file.filename.clone());
    }
    for directory in &mut cache.mirror_list_cache {
        once(&mut directory.by_country, |pair| pair.key.clone());
        once(&mut directory.by_host_id, |pair| pair.key);
    }
}

/// Puts into some maps an entry whose key is there already.
pub(super) fn repeat(cache: &mut MirrorList, rng: &mut Rng) {
    /// Gives an entry the content of another one, but for its key.
    fn copy<T: Clone>(list: &mut Vec<T>, rng: &mut Rng, content: impl Fn(&mut T, &T)) {
        if rng.percent(50)
            && let (Some(mut entry), Some(other)) = (rng.pick(list).cloned(), rng.pick(list).cloned())
        {
            content(&mut entry, &other);
            list.push(entry);
        }
    }
    copy(&mut cache.netblock_country_cache, rng, |a, b| a.value.clone_from(&b.value));
    copy(&mut cache.host_netblock_cache, rng, |a, b| a.value.clone_from(&b.value));
    copy(&mut cache.hc_url_cache, rng, |a, b| a.value.clone_from(&b.value));
    copy(&mut cache.disabled_repository_cache, rng, |a, _| a.value = !a.value);
    copy(&mut cache.repository_redirect_cache, rng, |a, b| a.value.clone_from(&b.value));
    copy(&mut cache.repo_arch_to_directory_name, rng, |a, b| a.value.clone_from(&b.value));
    copy(&mut cache.host_asn_cache, rng, |a, b| a.value.clone_from(&b.value));
    copy(&mut cache.host_country_cache, rng, |a, b| a.value.clone_from(&b.value));
    copy(&mut cache.host_bandwidth_cache, rng, |a, b| a.value = b.value);
    copy(&mut cache.host_country_allowed_cache, rng, |a, b| a.value.clone_from(&b.value));
    copy(&mut cache.mirror_list_cache, rng, |a, b| a.global.clone_from(&b.global));
    copy(&mut cache.file_details_cache, rng, |a, b| {
        a.file_details_cache_files.clone_from(&b.file_details_cache_files)
    });
    for files in &mut cache.file_details_cache {
        copy(&mut files.file_details_cache_files, rng, |a, b| a.file_details.clone_from(&b.file_details));
    }
    for directory in &mut cache.mirror_list_cache {
        copy(&mut directory.by_country, rng, |a, b| a.value.clone_from(&b.value));
        copy(&mut directory.by_host_id, rng, |a, b| a.value.clone_from(&b.value));
    }
}
