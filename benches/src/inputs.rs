//! Made-up inputs of the answer server in the shape and, at scale 1, the size of a large deployment:
//! 750 hosts, 150,000 directories, 17 million facts "this host has this directory", 1.2 million prefixes.
//!
//! The scale multiplies repositories, directories and prefixes, never hosts, so that an answer is as long
//! at a small scale as at a large one. Everything comes from one seed.

mod cache;
pub mod mmdb;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use snapshot::{CountryDatabase, Routing, Snapshot};

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

/// The form of a cache file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `mirrorlist_cache.proto`.
    Protobuf,
    /// Our own, which brings the routing table and the country database.
    Native,
}

impl Format {
    /// Its word in the names of figures.
    pub fn name(self) -> &'static str {
        match self {
            Self::Protobuf => "protobuf",
            Self::Native => "native",
        }
    }

    /// The form with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Protobuf, Self::Native].into_iter().find(|format| format.name() == name)
    }
}

/// One form of the cache.
#[derive(Debug, Clone)]
pub struct Cache {
    /// Which.
    pub format: Format,
    /// The file.
    pub path: PathBuf,
}

/// The files, and what clients can ask about them.
pub struct Inputs {
    /// The same cache in every form.
    pub caches: Vec<Cache>,
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
    pub fn cache(&self) -> io::Result<&Cache> {
        self.caches.last().ok_or_else(|| io::ErrorKind::NotFound.into())
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
    let cache = |format, name| Cache { format, path: folder.join(name) };
    let [protobuf, native] =
        [cache(Format::Protobuf, "mirrorlist_cache.proto"), cache(Format::Native, "mirrorlist.snapshot")];
    let mut inputs = Inputs {
        caches: Vec::new(),
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
    inputs.repositories = cache::write(&protobuf.path, scale, &mut rng)?;
    convert(&protobuf.path, &native.path, &inputs)?;
    inputs.caches = vec![protobuf, native];
    Ok(inputs)
}

/// Makes the native file out of the others.
fn convert(protobuf: &Path, native: &Path, inputs: &Inputs) -> io::Result<()> {
    let asns = geo::Asns::read(&inputs.netblocks, geo::EmptyIpv4::Refuse).map_err(io::Error::other)?;
    let routing = Routing { asns: asns.into(), made_at_seconds: cache::TIME };
    let countries = std::fs::read(&inputs.countries)?;
    let countries = CountryDatabase::from_bytes(countries.into()).map_err(io::Error::other)?;
    let snapshot = Snapshot::read(protobuf).map_err(io::Error::other)?;
    let snapshot = snapshot.with_routing(routing).with_country_database(countries);
    snapshot.write(native, snapshot.serial(), None).map_err(io::Error::other)?;
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::cache::{DIRECTORIES, HOSTS};
    use super::*;

    #[test]
    fn the_server_reads_what_was_made() {
        let folder = tempfile::tempdir().unwrap();
        let inputs = write(folder.path(), 0.002).unwrap();
        let [protobuf, native] = [0, 1].map(|at| Snapshot::read(&inputs.caches[at].path).unwrap());
        assert_eq!(protobuf.counts(), native.counts());
        assert!(native.routing().is_some() && native.country_database().is_some());
        let snapshot = native;
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
