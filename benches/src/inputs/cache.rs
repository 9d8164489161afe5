//! A made-up `mirrorlist_cache.proto`.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use rand::RngExt as _;
use rand::rngs::StdRng;
use snapshot::proto::{
    FileDetailsCacheDirectoryType, FileDetailsCacheFilesType, FileDetailsType, IntIntMap, IntRepeatedIntMap,
    IntStringMap, MirrorList, MirrorListCacheType, StringRepeatedIntMap, StringStringMap, encode,
};

use super::{COUNTRIES, Repository, four, pick_country};

const PUBLIC_HOSTS: i64 = 450;
pub(super) const HOSTS: i64 = 750;

/// When it was made, Unix seconds.
pub(super) const TIME: u64 = 1_750_000_000;

/// Directories of one repository.
pub(super) const DIRECTORIES: usize = 60;

/// Name, top directory, repositories at scale 1, per cent of public and of private hosts that carry it. Clients
/// ask for the first [`ASKED_FOR`].
const CATEGORIES: [(&str, &str, f64, u32, u32); 5] = [
    ("linux", "pub/fedora/linux", 660.0, 65, 40),
    ("epel", "pub/epel", 160.0, 80, 60),
    ("archive", "pub/archive", 1170.0, 20, 3),
    ("secondary", "pub/fedora-secondary", 432.0, 15, 2),
    ("alt", "pub/alt", 40.0, 20, 3),
];

const ASKED_FOR: usize = 2;

/// Schemes of URLs with the per cent of hosts that offer them.
const SCHEMES: [(&str, i64); 3] = [("http", 100), ("https", 80), ("rsync", 70)];

const ARCHES: [&str; 4] = ["x86_64", "aarch64", "ppc64le", "s390x"];

/// Writes the cache in parts, one repository at a time: messages written one after the other are one.
pub(super) fn write(path: &Path, scale: f64, rng: &mut StdRng) -> io::Result<Vec<Repository>> {
    let mut out = BufWriter::new(File::create(path)?);
    let countries: Vec<&str> = (0..HOSTS).map(|_| pick_country(rng)).collect();
    out.write_all(&encode(&hosts(&countries, rng)))?;
    let mut repositories = Vec::new();
    for (category, (name, top, count, public, private)) in CATEGORIES.iter().enumerate() {
        // Carriers have a share of the repositories each, of which seven in a hundred are behind.
        let mut carriers: Vec<(i64, f64)> = Vec::new();
        for host in 0..HOSTS {
            if rng.random_range(0..100) < if host < PUBLIC_HOSTS { *public } else { *private } {
                carriers.push((host, rng.random_range(0.31..0.94) * 0.93));
            }
        }
        for number in 0..(count * scale).ceil() as usize {
            let arch = ARCHES.get(number % ARCHES.len()).copied().unwrap_or("x86_64");
            let version = number / ARCHES.len();
            let prefix = format!("{name}-{version}");
            let path = format!("{version}/{name}/Everything/{arch}/os");
            let mut having = carriers.clone();
            having.retain(|(_, share)| rng.random_bool(*share));
            let having: Vec<i64> = having.into_iter().map(|(host, _)| host).collect();
            let part =
                repository(top, &path, &format!("{prefix}+{arch}"), category, &having, &countries, rng);
            out.write_all(&encode(&part))?;
            if category < ASKED_FOR {
                let directory = format!("{top}/{path}");
                repositories.push(Repository { prefix, arch: arch.to_owned(), directory });
            }
        }
    }
    out.flush()?;
    Ok(repositories)
}

fn hosts(countries: &[&str], rng: &mut StdRng) -> MirrorList {
    let mut cache = MirrorList { time: TIME, ..Default::default() };
    for (host, country) in (0..HOSTS).zip(countries) {
        cache.host_country_cache.push(IntStringMap { key: host, value: (*country).into() });
        cache.host_bandwidth_cache.push(IntIntMap { key: host, value: 10_i64.pow(rng.random_range(2..5)) });
        let network = format!("{}/24", four(rng));
        cache.host_netblock_cache.push(StringRepeatedIntMap { key: network, value: vec![host] });
        if host >= PUBLIC_HOSTS {
            let system = rng.random_range(1..40_000);
            cache.host_asn_cache.push(IntRepeatedIntMap { key: system, value: vec![host] });
        }
        for (category, (name, ..)) in CATEGORIES.iter().enumerate() {
            for (number, (scheme, share)) in SCHEMES.into_iter().enumerate() {
                if !offers(host, share) {
                    continue;
                }
                let value = format!("{scheme}://mirror{host}.example.org/pub/{name}");
                cache.hc_url_cache.push(IntStringMap { key: url_id(host, category, number), value });
            }
        }
    }
    cache
}

/// Whether a host offers its content by a scheme that so many of a hundred offer.
fn offers(host: i64, share: i64) -> bool {
    host * 37 % 100 < share
}

fn url_id(host: i64, category: usize, number: usize) -> i64 {
    (host * CATEGORIES.len() as i64 + category as i64) * SCHEMES.len() as i64 + number as i64
}

fn repository(
    top: &str,
    path: &str,
    key: &str,
    category: usize,
    having: &[i64],
    countries: &[&str],
    rng: &mut StdRng,
) -> MirrorList {
    let root = format!("{top}/{path}");
    let mut part = MirrorList { time: TIME, ..Default::default() };
    part.repo_arch_to_directory_name.push(StringStringMap { key: key.into(), value: root.clone() });
    let global: Vec<i64> = having.iter().copied().filter(|host| *host < PUBLIC_HOSTS).collect();
    let mut by_country: Vec<StringRepeatedIntMap> = Vec::new();
    for (country, ..) in COUNTRIES {
        let value: Vec<i64> = global
            .iter()
            .copied()
            .filter(|host| usize::try_from(*host).ok().and_then(|at| countries.get(at)) == Some(&country))
            .collect();
        if !value.is_empty() {
            by_country.push(StringRepeatedIntMap { key: country.into(), value });
        }
    }
    let by_host_id: Vec<IntRepeatedIntMap> = having
        .iter()
        .map(|host| IntRepeatedIntMap {
            key: *host,
            value: (0..SCHEMES.len())
                .zip(SCHEMES)
                .filter(|(_, (_, share))| offers(*host, *share))
                .map(|(number, _)| url_id(*host, category, number))
                .collect(),
        })
        .collect();
    for number in 0..DIRECTORIES {
        let below = match number {
            0 => String::new(),
            1 => "/repodata".into(),
            2 => "/Packages".into(),
            _ => format!("/Packages/{number:02}"),
        };
        part.mirror_list_cache.push(MirrorListCacheType {
            directory: format!("{root}{below}"),
            global: global.clone(),
            subpath: Some(format!("{path}{below}")),
            by_country: by_country.clone(),
            by_host_id: by_host_id.clone(),
            ..Default::default()
        });
        let names = if number == 1 { vec!["repomd.xml".to_owned()] } else { files(number) };
        part.file_details_cache.push(FileDetailsCacheDirectoryType {
            directory: format!("{root}{below}"),
            file_details_cache_files: names.into_iter().map(|name| file(name, number, rng)).collect(),
        });
    }
    part
}

fn files(directory: usize) -> Vec<String> {
    (0..2).map(|number| format!("package-{directory}-{number}.rpm")).collect()
}

fn file(filename: String, directory: usize, rng: &mut StdRng) -> FileDetailsCacheFilesType {
    let generations = if directory == 1 { rng.random_range(1..20) } else { 1 };
    let mut hex = |digits: usize| -> String {
        (0..digits).map(|_| char::from_digit(rng.random_range(0..16), 16).unwrap_or('0')).collect()
    };
    let file_details = (0..generations)
        .map(|age| FileDetailsType {
            time_stamp: TIME - age * 86_400,
            size: 3000 + age,
            sha256: Some(hex(64)),
            sha512: (directory == 1).then(|| hex(128)),
            ..Default::default()
        })
        .collect();
    FileDetailsCacheFilesType { filename, file_details }
}
