//! The immutable view that answers are made from: everything that belongs to no single directory.

use std::net::IpAddr;
use std::path::Path;

use bytes::Bytes;

use crate::directory::{Directories, Directory};
use crate::extras::{Coordinates, Extras};
use crate::files::Files;
use crate::hosts::{HostBits, HostNo, HostSet, SetPool};
use crate::names::Names;
use crate::networks::{CountryNetworks, ExclusiveNetworks, HostNetworks};
use crate::palette::Palettes;
use crate::proto::{self, DecodeError, MirrorList, ReadError};
use crate::repositories::{Repeated, Repositories, TextMap};
use crate::urls::Offers;

/// A country of one snapshot: dense, from 0, without meaning outside of that snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CountryNo(pub u32);

/// The cache as an immutable value in memory.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    pub(crate) created_seconds: u64,
    pub(crate) directories: Directories,
    pub(crate) sets: SetPool,
    pub(crate) offers: Offers,
    pub(crate) palettes: Palettes,
    pub(crate) files: Files,
    pub(crate) repositories: Repositories,
    pub(crate) continents: TextMap,
    pub(crate) host_networks: HostNetworks,
    pub(crate) country_networks: CountryNetworks,
    /// All countries that hosts are in or are listed for.
    pub(crate) countries: Names,
    /// By country: the hosts that are in it.
    pub(crate) country_hosts: Vec<HostBits>,
    pub(crate) hosts: Vec<Host>,
    /// By ASN, sorted.
    pub(crate) asns: Vec<(i64, Box<[HostNo]>)>,
    pub(crate) allowed: Allowed,
    /// By host.
    pub(crate) host_names: Vec<Option<Box<str>>>,
    /// By host.
    pub(crate) coordinates: Vec<Option<Coordinates>>,
    pub(crate) exclusive: ExclusiveNetworks,
}

/// What is known of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Host {
    /// Its row in the database.
    pub id: i64,
    /// Its country, upper case.
    pub country: Option<CountryNo>,
    /// How much of the load it gets, at least 1. A host without a weight, or with one below 1, has 1.
    pub weight: u32,
}

/// The hosts that serve only clients of some countries.
#[derive(Debug, Clone, Default)]
pub(crate) struct Allowed {
    pub(crate) countries: Names,
    /// All such hosts.
    pub(crate) restricted: HostBits,
    /// By country: such hosts that do not serve it.
    pub(crate) refused: Vec<HostBits>,
}

/// How much a snapshot holds, for logs and metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Directories that hosts may carry.
    pub directories: usize,
    /// Hosts.
    pub hosts: usize,
    /// Distinct host sets.
    pub host_sets: usize,
    /// Distinct URL lists.
    pub url_lists: usize,
    /// Groups of directories whose hosts have the same URLs.
    pub palettes: usize,
    /// Known versions of files.
    pub file_details: usize,
}

impl Snapshot {
    /// Builds the view from a decoded cache.
    ///
    /// # Errors
    /// The cache has more of something than the view has numbers for (2³² texts, bytes of text or hosts).
    pub fn from_proto(cache: &MirrorList) -> Result<Self, DecodeError> {
        Self::with_extras(cache, &Extras::default())
    }

    /// Builds the view from a decoded cache and the facts that it has no fields for.
    ///
    /// # Errors
    /// As [`from_proto`](Self::from_proto).
    pub fn with_extras(cache: &MirrorList, extras: &Extras) -> Result<Self, DecodeError> {
        crate::build::from_proto(cache, extras)
    }

    /// Builds the view from an encoded cache, without having all of it decoded at one time.
    ///
    /// # Errors
    /// As [`proto::decode`] and [`from_proto`](Self::from_proto).
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        crate::build::from_bytes(bytes)
    }

    /// Builds the view from a cache file.
    ///
    /// # Errors
    /// With the path: the file cannot be read, or is not a complete cache.
    pub fn read(path: &Path) -> Result<Self, ReadError> {
        let bytes = proto::read_bytes(path)?;
        Self::from_bytes(&bytes).map_err(|source| ReadError::Decode { path: path.to_owned(), source })
    }

    /// When the generation of the cache began, Unix seconds.
    pub fn created(&self) -> u64 {
        self.created_seconds
    }

    /// How many directories hosts may carry.
    pub fn directories(&self) -> usize {
        self.directories.len()
    }

    /// How much there is of everything.
    pub fn counts(&self) -> Counts {
        Counts {
            directories: self.directories.len(),
            hosts: self.hosts.len(),
            host_sets: self.sets.len(),
            url_lists: self.offers.len(),
            palettes: self.palettes.len(),
            file_details: self.files.len(),
        }
    }

    /// The directory with this full name.
    #[inline]
    pub fn directory(&self, name: &str) -> Option<Directory<'_>> {
        Directory::find(self, name)
    }

    /// The directory of a repository, by `prefix+arch`. May be empty, which means none.
    pub fn repository(&self, prefix: &str, arch: &str, repeated: Repeated) -> Option<&str> {
        let mut key = String::with_capacity(prefix.len() + 1 + arch.len());
        key.extend([prefix, "+", arch]);
        self.repositories.directories.get(&key, repeated)
    }

    /// The prefix that answers for this one. May be empty, which means none.
    pub fn repository_redirect(&self, prefix: &str, repeated: Repeated) -> Option<&str> {
        self.repositories.redirects.get(prefix, repeated)
    }

    /// Whether the repositories of this prefix are switched off.
    pub fn is_disabled(&self, prefix: &str) -> bool {
        self.repositories.disabled.find(prefix).is_some()
    }

    /// The lines `# repo=PREFIX&arch=ARCH` of all repositories, sorted, made once and shared.
    pub fn repository_list(&self) -> &Bytes {
        &self.repositories.list
    }

    /// The host networks that hold the address, the smallest first: prefix length and hosts.
    #[inline]
    pub fn host_networks(&self, address: IpAddr) -> impl Iterator<Item = (u8, &[HostNo])> {
        self.host_networks.holding(address)
    }

    /// The hosts that want clients of this autonomous system.
    pub fn asn_hosts(&self, asn: i64) -> &[HostNo] {
        match self.asns.binary_search_by_key(&asn, |(number, _)| *number) {
            Ok(place) => self.asns.get(place).map(|(_, hosts)| hosts.as_ref()).unwrap_or_default(),
            Err(_) => &[],
        }
    }

    /// The country set by hand for the first network, in the order of the file, that holds the address.
    /// Nothing behind an entry that is no network is looked at.
    pub fn first_country_network(&self, address: IpAddr) -> Option<&str> {
        self.country_networks.first(address)
    }

    /// The country set by hand for the smallest network that holds the address.
    pub fn smallest_country_network(&self, address: IpAddr) -> Option<&str> {
        self.country_networks.smallest(address)
    }

    /// The continent set by hand for a country.
    pub fn continent_redirect(&self, country: &str, repeated: Repeated) -> Option<&str> {
        self.continents.get(country, repeated)
    }

    /// The number of a country, compared exactly.
    #[inline]
    pub fn country(&self, code: &str) -> Option<CountryNo> {
        self.countries.find(code).map(CountryNo)
    }

    /// The code of a country.
    #[inline]
    pub fn country_code(&self, country: CountryNo) -> &str {
        self.countries.text(country.0)
    }

    /// All countries with their codes.
    pub fn countries(&self) -> impl Iterator<Item = (CountryNo, &str)> {
        (0..self.countries.len() as u32).map(|number| (CountryNo(number), self.countries.text(number)))
    }

    /// What is known of a host.
    #[inline]
    pub fn host(&self, host: HostNo) -> Option<&Host> {
        self.hosts.get(host.0 as usize)
    }

    /// The name of a host, where it is known.
    pub fn host_name(&self, host: HostNo) -> Option<&str> {
        self.host_names.get(host.0 as usize)?.as_deref()
    }

    /// Where a host stands, where that is known.
    #[inline]
    pub fn coordinates(&self, host: HostNo) -> Option<Coordinates> {
        *self.coordinates.get(host.0 as usize)?
    }

    /// The one host for clients at this address, and whether its metalinks have checksums, by the smallest
    /// exclusive network that holds the address.
    #[inline]
    pub fn exclusive(&self, address: IpAddr) -> Option<(HostNo, bool)> {
        self.exclusive.get(address)
    }

    /// How many hosts there are; their numbers are below.
    pub fn host_count(&self) -> usize {
        self.hosts.len()
    }

    /// The hosts that do not serve clients of this country, compared exactly.
    #[inline]
    pub fn refused(&self, country: &str) -> HostSet<'_> {
        match self
            .allowed
            .countries
            .find(country)
            .and_then(|number| self.allowed.refused.get(number as usize))
        {
            Some(refused) => refused.as_set(),
            None => self.allowed.restricted.as_set(),
        }
    }
}
