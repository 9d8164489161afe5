//! Made-up inputs of the answer server in the shape and, at scale 1, the size of a large deployment:
//! 750 hosts, 150,000 directories, 17 million facts "this host has this directory", 1.2 million prefixes.
//!
//! The scale multiplies repositories, directories and prefixes, never hosts, so that an answer is as long
//! at a small scale as at a large one. Everything comes from one seed.

pub mod mmdb;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use snapshot::proto::{
    FileDetailsCacheDirectoryType, FileDetailsCacheFilesType, FileDetailsType, IntIntMap, IntRepeatedIntMap,
    IntStringMap, MirrorList, MirrorListCacheType, StringRepeatedIntMap, StringStringMap, encode,
};

const PUBLIC_HOSTS: i64 = 450;
const HOSTS: i64 = 750;
const TIME: u64 = 1_750_000_000;

/// Directories of one repository.
const DIRECTORIES: usize = 60;

/// Prefixes of the routing table at scale 1.
const PREFIXES: f64 = 1_200_000.0;

/// Countries with their share of hosts and clients.
const COUNTRIES: [(&str, &str, u32); 30] = [
    ("US", "NA", 40),
    ("DE", "EU", 16),
    ("CN", "AS", 12),
    ("FR", "EU", 8),
    ("GB", "EU", 6),
    ("CA", "NA", 6),
    ("RU", "EU", 5),
    ("BR", "SA", 5),
    ("JP", "AS", 5),
    ("NL", "EU", 4),
    ("SE", "EU", 4),
    ("TW", "AS", 4),
    ("IN", "AS", 4),
    ("AU", "OC", 4),
    ("PL", "EU", 3),
    ("IT", "EU", 3),
    ("CZ", "EU", 3),
    ("CH", "EU", 3),
    ("UA", "EU", 3),
    ("KR", "AS", 3),
    ("SG", "AS", 3),
    ("ID", "AS", 3),
    ("ZA", "AF", 3),
    ("ES", "EU", 2),
    ("FI", "EU", 2),
    ("AT", "EU", 2),
    ("NZ", "OC", 2),
    ("AR", "SA", 2),
    ("KE", "AF", 1),
    ("MX", "NA", 1),
];

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

const ARCHES: [&str; 4] = ["x86_64", "aarch64", "ppc64le", "s390x"];

/// The form of a cache file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `mirrorlist_cache.proto`.
    Protobuf,
}

impl Format {
    /// Its word in the names of figures.
    pub fn name(self) -> &'static str {
        match self {
            Self::Protobuf => "protobuf",
        }
    }
}

/// The files, and what clients can ask about them.
pub struct Inputs {
    /// The same cache in every form.
    pub caches: Vec<(Format, PathBuf)>,
    /// `global_netblocks.txt`.
    pub netblocks: PathBuf,
    /// `country_continent.csv`.
    pub continents: PathBuf,
    /// The country database.
    pub countries: PathBuf,
    /// Repositories that clients ask for.
    pub repositories: Vec<Repository>,
}

impl Inputs {
    /// The cache that a server reads when its form does not matter: the one that is read soonest.
    ///
    /// # Errors
    /// There is none.
    pub fn cache(&self) -> io::Result<&Path> {
        self.caches.last().map(|(_, path)| path.as_path()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// A repository of the cache.
pub struct Repository {
    /// The `repo=` of a question.
    pub prefix: String,
    /// The `arch=` of a question.
    pub arch: String,
    /// Its full directory.
    pub directory: String,
}

/// Writes all files.
///
/// # Errors
/// What the system says.
pub fn write(folder: &Path, scale: f64) -> io::Result<Inputs> {
    let mut rng = StdRng::seed_from_u64(1);
    let protobuf = folder.join("mirrorlist_cache.proto");
    let mut inputs = Inputs {
        caches: vec![(Format::Protobuf, protobuf.clone())],
        netblocks: folder.join("global_netblocks.txt"),
        continents: folder.join("country_continent.csv"),
        countries: folder.join("countries.mmdb"),
        repositories: Vec::new(),
    };
    let mut continents = String::new();
    for (country, continent, _) in COUNTRIES {
        continents.push_str(&format!("{country},{continent}\n"));
    }
    std::fs::write(&inputs.continents, continents)?;
    let four = (1..224 * 256).map(|block| (block << 16, 96 + 16));
    let six = (0..1 << 16).map(|block| (0x2001 << 112 | block << 96, 32));
    let blocks: Vec<(u128, u8, &str)> =
        four.chain(six).map(|(address, length)| (address, length, pick_country(&mut rng))).collect();
    std::fs::write(&inputs.countries, mmdb::write(&blocks))?;
    write_netblocks(&inputs.netblocks, scale, &mut rng)?;
    inputs.repositories = write_cache(&protobuf, scale, &mut rng)?;
    Ok(inputs)
}

/// The address of some client: anywhere in the made-up Internet, 15 of 100 by IPv6.
pub fn client(rng: &mut StdRng) -> IpAddr {
    if rng.random_range(0..100) < 15 {
        return Ipv6Addr::from(0x2001 << 112 | rng.random::<u128>() >> 16).into();
    }
    four(rng).into()
}

fn four(rng: &mut StdRng) -> Ipv4Addr {
    Ipv4Addr::from(rng.random_range(1 << 24..224 << 24))
}

fn pick_country(rng: &mut StdRng) -> &'static str {
    let total: u32 = COUNTRIES.iter().map(|(_, _, share)| share).sum();
    let mut drawn = rng.random_range(0..total);
    for (country, _, share) in COUNTRIES {
        match drawn.checked_sub(share) {
            Some(left) => drawn = left,
            None => return country,
        }
    }
    "US"
}

fn write_netblocks(path: &Path, scale: f64, rng: &mut StdRng) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    for number in 0..(PREFIXES * scale).max(1000.0) as u32 {
        let length = rng.random_range(16..=24);
        let system = 1 + (40_000.0 * rng.random::<f64>().powi(2)) as u32;
        if number % 6 == 0 {
            let (a, b, length) = (rng.random::<u16>(), rng.random::<u16>(), rng.random_range(28..=48));
            writeln!(out, "2001:{a:x}:{b:x}::/{length} {system}")?;
        } else {
            writeln!(out, "{}/{length} {system}", four(rng))?;
        }
    }
    out.flush()
}

/// Writes the cache in parts, one repository at a time: messages written one after the other are one.
fn write_cache(path: &Path, scale: f64, rng: &mut StdRng) -> io::Result<Vec<Repository>> {
    let mut out = BufWriter::new(File::create(path)?);
    let countries: Vec<&str> = (0..HOSTS).map(|_| pick_country(rng)).collect();
    out.write_all(&encode(&hosts(&countries, rng)))?;
    let mut repositories = Vec::new();
    for (category, (name, top, count, public, private)) in CATEGORIES.iter().enumerate() {
        let carriers: Vec<i64> = (0..HOSTS)
            .filter(|host| rng.random_range(0..100) < if *host < PUBLIC_HOSTS { *public } else { *private })
            .collect();
        for number in 0..(count * scale).ceil() as usize {
            let arch = ARCHES.get(number % ARCHES.len()).copied().unwrap_or("x86_64");
            let version = number / ARCHES.len();
            let prefix = format!("{name}-{version}");
            let path = format!("{version}/{name}/Everything/{arch}/os");
            let having: Vec<i64> =
                carriers.iter().copied().filter(|_| rng.random_range(0..100) < 95).collect();
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
            for (number, scheme) in ["http", "https", "rsync"].into_iter().enumerate() {
                let value = format!("{scheme}://mirror{host}.example.org/pub/{name}");
                cache.hc_url_cache.push(IntStringMap { key: url_id(host, category, number), value });
            }
        }
    }
    cache
}

fn url_id(host: i64, category: usize, number: usize) -> i64 {
    (host * CATEGORIES.len() as i64 + category as i64) * 3 + number as i64
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
            value: (0..3).map(|number| url_id(*host, category, number)).collect(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_reads_what_was_made() {
        let folder = tempfile::tempdir().unwrap();
        let inputs = write(folder.path(), 0.002).unwrap();
        let snapshot = snapshot::Snapshot::read(inputs.cache().unwrap()).unwrap();
        assert_eq!(snapshot.counts().hosts, HOSTS as usize);
        assert_eq!(snapshot.counts().directories, (2 + 1 + 3 + 1 + 1) * DIRECTORIES);
        for asked in &inputs.repositories {
            let found = snapshot.repository(&asked.prefix, &asked.arch, snapshot::Repeated::First);
            assert_eq!(found, Some(asked.directory.as_str()));
        }
        assert!(geo::Asns::read(&inputs.netblocks, geo::EmptyIpv4::Refuse).unwrap().prefixes() >= 1000);
        assert!(geo::Continents::read(&inputs.continents).is_ok());
        let countries = geo::Countries::read(&inputs.countries).unwrap();
        let mut rng = StdRng::seed_from_u64(2);
        assert!((0..100).all(|_| countries.of(client(&mut rng)).is_some()));
    }
}
