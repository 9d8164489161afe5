//! Builds a view: from a decoded cache, from an encoded one element by element, or from a database's own tables.
//!
//! The directories come last, whatever the order in a file, since they are compressed with the help of what is
//! known about hosts and URLs.

mod directory;
mod head;
mod stream;

use std::collections::HashMap;

use foldhash::fast::FixedState;
use prost::Message as _;

use crate::asns::AsnHosts;
use crate::countries::{AllowedBuilder, CountriesBuilder};
use crate::directory::DirectoriesBuilder;
use crate::entry::Entry;
use crate::extras::Extras;
use crate::files::{Detail, Digest, FilesBuilder};
use crate::hosts::{HostBits, HostNo, HostsBuilder};
use crate::networks::{CountryNetworks, ExclusiveNetworks, HostNetworks};
use crate::palette::PalettesBuilder;
use crate::proto::{DecodeError, FileDetailsCacheDirectoryType, FileDetailsType, MirrorList};
use crate::repositories::{Repositories, TextMap};
use crate::sets::SetsBuilder;
use crate::urls::OffersBuilder;
use crate::view::{CountryDatabase, Routing, Snapshot};

pub use directory::{DirectoryParts, PaletteNo};
pub(crate) use stream::from_stream;

pub(crate) fn from_proto(cache: &MirrorList, extras: &Extras) -> Result<Snapshot, DecodeError> {
    let mut builder = Builder::default();
    for files in &cache.file_details_cache {
        builder.proto_files(files)?;
    }
    builder.head(cache)?;
    builder.extras(extras)?;
    let mut entry = Entry::default();
    for directory in &cache.mirror_list_cache {
        entry.read(&directory.encode_to_vec(), 0)?;
        builder.entry(&entry)?;
    }
    builder.finish()
}

/// There are more texts, hosts, countries or sets than the view has room for.
const TOO_MUCH: DecodeError = DecodeError::Damaged { at: 0, what: "more elements than can be numbered" };

/// The most hosts. Every set has one bit for each, so without a limit a small file could ask for any amount
/// of memory.
const MAX_HOSTS: usize = 1 << 20;

/// Builds a view. First the head (hosts, URLs, repositories, networks), then the directories; file details at any
/// time.
#[derive(Debug, Default)]
pub struct Builder {
    created_seconds: u64,
    host_numbers: HashMap<i64, HostNo, FixedState>,
    hosts: HostsBuilder,
    countries: CountriesBuilder,
    allowed: AllowedBuilder,
    asn_hosts: AsnHosts,
    /// Hosts that are public in some directory.
    public: HostBits,
    sets: SetsBuilder,
    offers: OffersBuilder,
    palettes: PalettesBuilder,
    directories: DirectoriesBuilder,
    files: FilesBuilder,
    repositories: Repositories,
    continents: TextMap,
    host_networks: HostNetworks,
    country_networks: CountryNetworks,
    exclusive: ExclusiveNetworks,
    routing: Option<Routing>,
    country_database: Option<CountryDatabase>,
}

impl Builder {
    /// Takes everything of a cache but its directories and file details, and what the cache has no fields for.
    ///
    /// # Errors
    /// There is more of something than the view has numbers for.
    pub fn new(head: &MirrorList, extras: &Extras) -> Result<Self, DecodeError> {
        let mut builder = Self::default();
        builder.head(head)?;
        builder.extras(extras)?;
        Ok(builder)
    }

    /// The number of a host, a new one if it is not there yet.
    ///
    /// # Errors
    /// There are too many.
    pub fn host(&mut self, id: i64) -> Result<HostNo, DecodeError> {
        if let Some(host) = self.host_numbers.get(&id) {
            return Ok(*host);
        }
        let number = self.hosts.len();
        let host = HostNo(u32::try_from(number).ok().filter(|_| number < MAX_HOSTS).ok_or(TOO_MUCH)?);
        self.hosts.add(id);
        self.host_numbers.insert(id, host);
        Ok(host)
    }

    /// Adds the files of a directory, each with its good versions, the current one first. What was said first of
    /// a directory counts.
    ///
    /// # Errors
    /// There is more of something than the view has numbers for.
    pub fn files<'a, D>(
        &mut self,
        directory: &str,
        files: impl IntoIterator<Item = (&'a str, D)>,
    ) -> Result<(), DecodeError>
    where
        D: IntoIterator<Item = Detail<'a>>,
    {
        let name = self.directories.name(directory).ok_or(TOO_MUCH)?;
        if !self.directories.has_files(name) {
            let range = self.files.add(files).ok_or(TOO_MUCH)?;
            self.directories.set_files(name, range);
        }
        Ok(())
    }

    /// Adds a routing table.
    pub fn routing(&mut self, routing: Routing) {
        self.routing = Some(routing);
    }

    /// Adds a country database from the bytes of its file.
    ///
    /// # Errors
    /// The bytes are no MaxMind database.
    pub fn country_database(&mut self, bytes: bytes::Bytes) -> Result<(), geo::LoadError> {
        self.country_database = Some(CountryDatabase::from_bytes(bytes)?);
        Ok(())
    }

    /// The finished view. Its serial is its time in milliseconds; a native file gets one when it is written.
    ///
    /// # Errors
    /// There is more of something than the view has numbers for.
    pub fn finish(mut self) -> Result<Snapshot, DecodeError> {
        let countries = self.countries.freeze(&mut self.sets).ok_or(TOO_MUCH)?;
        let allowed = self.allowed.freeze(&mut self.sets).ok_or(TOO_MUCH)?;
        let public = self.sets.intern(&self.public).ok_or(TOO_MUCH)?;
        Ok(Snapshot {
            created_seconds: self.created_seconds,
            serial: self.created_seconds.saturating_mul(1000),
            signer: None,
            hosts: self.hosts.freeze(),
            countries,
            allowed,
            asn_hosts: self.asn_hosts,
            public: vec![public.into()].into(),
            sets: self.sets.freeze(),
            offers: self.offers.freeze(),
            palettes: self.palettes.freeze(),
            directories: self.directories.freeze(),
            files: self.files.freeze(),
            repositories: self.repositories,
            continents: self.continents,
            host_networks: self.host_networks,
            country_networks: self.country_networks,
            exclusive: self.exclusive,
            routing: self.routing,
            country_database: self.country_database,
        })
    }

    fn proto_files(&mut self, files: &FileDetailsCacheDirectoryType) -> Result<(), DecodeError> {
        let all = files.file_details_cache_files.iter();
        self.files(
            &files.directory,
            all.map(|file| (file.filename.as_str(), file.file_details.iter().map(detail))),
        )
    }
}

fn detail(details: &FileDetailsType) -> Detail<'_> {
    let texts = [&details.md5, &details.sha1, &details.sha256, &details.sha512];
    Detail {
        timestamp: details.time_stamp,
        size: details.size,
        digests: texts.map(|text| text.as_deref().map_or(Digest::Absent, Digest::Text)),
    }
}
