//! The immutable view that answers are made from: everything that belongs to no single directory.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use frozen::{Column, Damaged, Parts, PartsWriter};
use geo::Coordinates;
use zerocopy::little_endian::U32;

use crate::asns::AsnHosts;
use crate::countries::{Allowed, Countries};
use crate::directory::{Directories, Directory, Known};
use crate::extras::Extras;
use crate::files::Files;
use crate::format::{Native, Section};
use crate::hosts::{Host, HostList, HostNo, HostSet, Hosts};
use crate::networks::{CountryNetworks, ExclusiveNetworks, HostNetworks};
use crate::palette::Palettes;
use crate::proto::{DecodeError, MirrorList};
use crate::read::ReadError;
use crate::repositories::{Repeated, Repositories, TextMap};
use crate::sets::Sets;
use crate::sign::PublicKey;
use crate::urls::{Offers, Url};

/// A country of one snapshot: dense, from 0, without meaning outside of that snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CountryNo(pub u32);

/// The cache as an immutable value, in memory or mapped from a file. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    pub(crate) created_seconds: u64,
    pub(crate) serial: u64,
    pub(crate) signer: Option<PublicKey>,
    pub(crate) hosts: Hosts,
    pub(crate) countries: Countries,
    pub(crate) allowed: Allowed,
    pub(crate) asn_hosts: AsnHosts,
    /// One number: the set of the hosts that are public in some directory.
    pub(crate) public: Column<U32>,
    pub(crate) sets: Sets,
    pub(crate) offers: Offers,
    pub(crate) palettes: Palettes,
    pub(crate) directories: Directories,
    pub(crate) files: Files,
    pub(crate) repositories: Repositories,
    pub(crate) continents: TextMap,
    pub(crate) host_networks: HostNetworks,
    pub(crate) country_networks: CountryNetworks,
    pub(crate) exclusive: ExclusiveNetworks,
    pub(crate) routing: Option<Routing>,
    pub(crate) country_database: Option<CountryDatabase>,
}

/// A routing table that comes with a snapshot.
#[derive(Debug, Clone)]
pub struct Routing {
    /// Prefixes and their AS numbers.
    pub asns: Arc<geo::Asns>,
    /// When its file was last changed, Unix seconds.
    pub made_at_seconds: u64,
}

/// A country database that comes with a snapshot; it knows itself when it was made.
#[derive(Debug, Clone)]
pub struct CountryDatabase {
    /// Country of an address.
    pub countries: Arc<geo::Countries>,
    /// The file, as it was read.
    pub(crate) bytes: Bytes,
}

impl CountryDatabase {
    /// Takes the bytes of its file.
    ///
    /// # Errors
    /// They are no MaxMind database.
    pub fn from_bytes(bytes: Bytes) -> Result<Self, geo::LoadError> {
        Ok(Self { countries: geo::Countries::from_bytes(bytes.clone())?.into(), bytes })
    }
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
    /// Files whose good versions are known.
    pub files: usize,
    /// Known versions of files.
    pub file_details: usize,
    /// Pairs of repository prefix and arch.
    pub repositories: usize,
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

    /// Takes a snapshot, native or `mirrorlist_cache.proto`, from its bytes.
    ///
    /// # Errors
    /// The bytes are neither.
    pub fn from_bytes(bytes: impl Into<Bytes>) -> Result<Self, DecodeError> {
        crate::read::from_bytes(bytes.into())
    }

    /// Reads a snapshot, native or `mirrorlist_cache.proto`, from a file into memory.
    ///
    /// # Errors
    /// With the path: the file cannot be read, or is neither.
    pub fn read(path: &Path) -> Result<Self, ReadError> {
        crate::read::file(path, crate::read::Storage::Memory)
    }

    /// As [`read`](Self::read), but a native file is used where it lies, so that its pages can be shared and
    /// given back. The file must be replaced by renaming, never written in place.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn map(path: &Path) -> Result<Self, ReadError> {
        crate::read::file(path, crate::read::Storage::Mapped)
    }

    /// When the generation of the cache began, Unix seconds.
    pub fn created(&self) -> u64 {
        self.created_seconds
    }

    /// A number that rises from one snapshot of a deployment to the next; for a protobuf file, which has none,
    /// the milliseconds since 1970 when it was created.
    pub fn serial(&self) -> u64 {
        self.serial
    }

    /// Whose signature the file has. It fits the file; whether its owner is to be trusted is the caller's to
    /// decide.
    pub fn signer(&self) -> Option<&PublicKey> {
        self.signer.as_ref()
    }

    /// The same with a routing table, in place of one that it may have.
    #[must_use]
    pub fn with_routing(self, routing: Routing) -> Self {
        Self { routing: Some(routing), ..self }
    }

    /// The same with a country database, in place of one that it may have.
    #[must_use]
    pub fn with_country_database(self, database: CountryDatabase) -> Self {
        Self { country_database: Some(database), ..self }
    }

    /// The routing table that comes with it.
    pub fn routing(&self) -> Option<&Routing> {
        self.routing.as_ref()
    }

    /// The country database that comes with it.
    pub fn country_database(&self) -> Option<&CountryDatabase> {
        self.country_database.as_ref()
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
            files: self.files.files(),
            file_details: self.files.len(),
            repositories: self.repository_count(),
        }
    }

    /// The directory with this full name.
    #[inline]
    pub fn directory(&self, name: &str) -> Option<Directory<'_>> {
        Directory::find(self, name)
    }

    /// All directories that hosts may carry, in the order of the file.
    pub fn all_directories(&self) -> impl ExactSizeIterator<Item = Directory<'_>> {
        Directory::all(self)
    }

    /// How many repositories there are, as pairs of prefix and arch.
    pub fn repository_count(&self) -> usize {
        self.repositories.directories.len()
    }

    /// All repositories as `prefix+arch` with their directories, in the order of the file.
    pub fn repositories(&self) -> impl Iterator<Item = (&str, &str)> {
        self.repositories.directories.iter()
    }

    /// All redirections of prefixes, in the order of the file.
    pub fn repository_redirects(&self) -> impl Iterator<Item = (&str, &str)> {
        self.repositories.redirects.iter()
    }

    /// All prefixes that are switched off.
    pub fn disabled_repositories(&self) -> impl Iterator<Item = &str> {
        self.repositories.disabled.iter()
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
    pub fn host_networks(&self, address: IpAddr) -> impl Iterator<Item = (u8, HostList<'_>)> {
        self.host_networks.holding(address)
    }

    /// The hosts that want clients of this autonomous system.
    pub fn asn_hosts(&self, asn: i64) -> HostList<'_> {
        self.asn_hosts.of(asn)
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
        self.countries.codes.find(code).map(CountryNo)
    }

    /// The code of a country.
    #[inline]
    pub fn country_code(&self, country: CountryNo) -> &str {
        self.countries.codes.text(country.0)
    }

    /// All countries with their codes.
    pub fn countries(&self) -> impl Iterator<Item = (CountryNo, &str)> {
        (0u32..).map(CountryNo).zip(self.countries.codes.iter())
    }

    /// What is known of a host.
    #[inline]
    pub fn host(&self, host: HostNo) -> Option<Host> {
        self.hosts.get(host)
    }

    /// The name of a host, where it is known.
    pub fn host_name(&self, host: HostNo) -> Option<&str> {
        self.hosts.name(host)
    }

    /// Where a host stands, where that is known.
    #[inline]
    pub fn coordinates(&self, host: HostNo) -> Option<Coordinates> {
        self.hosts.coordinates(host)
    }

    /// The one host for clients at this address, and whether its metalinks have checksums, by the smallest
    /// exclusive network that holds the address.
    #[inline]
    pub fn exclusive(&self, address: IpAddr) -> Option<(HostNo, bool)> {
        self.exclusive.get(address)
    }

    /// The first address of each range of clients that are treated alike by the exclusive networks, and what
    /// [`exclusive`](Self::exclusive) says of them.
    pub fn exclusive_starts(&self) -> impl Iterator<Item = (IpAddr, Option<(HostNo, bool)>)> {
        self.exclusive.starts()
    }

    /// All distinct URLs.
    pub fn urls(&self) -> impl Iterator<Item = Url<'_>> {
        self.offers.urls()
    }

    /// How many hosts there are; their numbers are below.
    pub fn host_count(&self) -> usize {
        self.hosts.len()
    }

    /// The hosts that are public in at least one directory. The rest are private, or carry nothing.
    #[inline]
    pub fn public_hosts(&self) -> HostSet<'_> {
        self.public.get(0).map(|set| self.sets.get(set.get())).unwrap_or_default()
    }

    /// Whether the address families of any URL are known.
    #[inline]
    pub fn knows_families(&self) -> bool {
        self.offers.knows_families()
    }

    /// The hosts that do not serve clients of this country, compared exactly.
    #[inline]
    pub fn refused(&self, country: &str) -> HostSet<'_> {
        self.allowed.refused(&self.sets, country)
    }

    /// All tables as the sections of a file.
    pub(crate) fn sections(&self) -> Vec<(Section, PartsWriter)> {
        let section = |section, fill: &dyn Fn(&mut PartsWriter)| {
            let mut parts = PartsWriter::default();
            fill(&mut parts);
            (section, parts)
        };
        let mut sections = vec![
            section(Section::Sets, &|to| self.sets.write(to)),
            section(Section::Hosts, &|to| {
                self.hosts.write(to);
                self.countries.write(to);
                self.allowed.write(to);
                self.asn_hosts.write(to);
                to.column(&self.public);
            }),
            section(Section::Urls, &|to| {
                self.offers.write(to);
                self.palettes.write(to);
            }),
            section(Section::Files, &|to| self.files.write(to)),
            section(Section::Directories, &|to| self.directories.write(to)),
            section(Section::Repositories, &|to| {
                self.repositories.write(to);
                self.continents.write(to);
            }),
            section(Section::Networks, &|to| {
                self.host_networks.write(to);
                self.country_networks.write(to);
                self.exclusive.write(to);
            }),
        ];
        if let Some(routing) = &self.routing {
            sections.push(section(Section::Routing, &|to| {
                to.push(routing.made_at_seconds.to_le_bytes().to_vec());
                routing.asns.write(to);
            }));
        }
        if let Some(database) = &self.country_database {
            sections.push(section(Section::CountryDatabase, &|to| to.push(database.bytes.clone())));
        }
        sections
    }

    /// The view of a native file whose hashes are right.
    pub(crate) fn from_native(native: &Native) -> Result<Self, Damaged> {
        let mut parts = native.parts(Section::Hosts)?;
        // The hosts refer to countries and sets, and sets to hosts, so the counts are taken first.
        let mut sets_parts = native.parts(Section::Sets)?;
        let hosts = Hosts::read(&mut parts)?;
        let sets = Sets::read(&mut sets_parts, hosts.len())?;
        let countries = Countries::read(&mut parts, sets.len())?;
        hosts.check(&parts, countries.codes.len())?;
        let allowed = Allowed::read(&mut parts, sets.len())?;
        let asn_hosts = AsnHosts::read(&mut parts, hosts.len())?;
        let public: Column<U32> = parts.column()?;
        let right =
            public.len() <= 1 && public.as_slice().iter().all(|set| (set.get() as usize) < sets.len());
        Damaged::unless(right, parts.table(), "a set of public hosts that is not there")?;
        let mut parts = native.parts(Section::Urls)?;
        let offers = Offers::read(&mut parts)?;
        let palettes = Palettes::read(&mut parts, offers.len())?;
        let files = Files::read(&mut native.parts(Section::Files)?)?;
        let known = Known {
            sets: sets.len(),
            palettes: palettes.len(),
            countries: countries.codes.len(),
            files: &files,
        };
        let directories = Directories::read(&mut native.parts(Section::Directories)?, known)?;
        let mut parts = native.parts(Section::Repositories)?;
        let repositories = Repositories::read(&mut parts)?;
        let continents = TextMap::read(&mut parts)?;
        let mut parts = native.parts(Section::Networks)?;
        Ok(Self {
            created_seconds: native.created_seconds,
            serial: native.serial,
            signer: native.signer.clone(),
            host_networks: HostNetworks::read(&mut parts, hosts.len())?,
            country_networks: CountryNetworks::read(&mut parts)?,
            exclusive: ExclusiveNetworks::read(&mut parts, hosts.len())?,
            routing: native.optional(Section::Routing)?.map(Routing::read).transpose()?,
            country_database: native
                .optional(Section::CountryDatabase)?
                .map(|mut parts| CountryDatabase::read(parts.bytes()?))
                .transpose()?,
            hosts,
            countries,
            allowed,
            asn_hosts,
            public,
            sets,
            offers,
            palettes,
            directories,
            files,
            repositories,
            continents,
        })
    }
}

impl Routing {
    fn read(mut parts: Parts) -> Result<Self, Damaged> {
        let made = parts.bytes()?;
        let made = <[u8; 8]>::try_from(made.as_ref()).map_err(|_| parts.damaged("no time"))?;
        let asns = Arc::new(geo::Asns::read_parts(&mut parts)?);
        Ok(Self { asns, made_at_seconds: u64::from_le_bytes(made) })
    }
}

impl CountryDatabase {
    fn read(bytes: Bytes) -> Result<Self, Damaged> {
        let damaged = |_| Damaged::new("country database", "not a MaxMind database");
        let countries = Arc::new(geo::Countries::from_bytes(bytes.clone()).map_err(damaged)?);
        Ok(Self { countries, bytes })
    }
}
