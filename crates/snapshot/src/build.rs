//! Builds the view from a cache: once from all of it decoded, once element by element from its bytes.
//!
//! The directories come last, whatever the order in the file, since they are compressed with the help of
//! what is known about hosts and URLs.

mod directory;

use std::collections::HashMap;

use foldhash::fast::FixedState;
use prost::Message;

use crate::directory::NONE;
use crate::entry::Entry;
use crate::extras::Extras;
use crate::hosts::{HostBits, HostNo, SetIndex};
use crate::networks::{self, CountryNetworks, ExclusiveNetworks, HostNetworks};
use crate::proto::{self, DecodeError, MAX_FILE_BYTES, MirrorList};
use crate::repositories;
use crate::urls::OfferIndex;
use crate::view::{CountryNo, Host, Snapshot};
use crate::wire::{self, Value};
use crate::{files::FileRange, required};

pub(crate) fn from_proto(cache: &MirrorList, extras: &Extras) -> Result<Snapshot, DecodeError> {
    let mut builder = Builder::new(cache)?;
    builder.extras(extras)?;
    let mut entry = Entry::default();
    for directory in &cache.mirror_list_cache {
        entry.copy(directory);
        builder.directory(&entry)?;
    }
    Ok(builder.finish())
}

pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Snapshot, DecodeError> {
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(DecodeError::TooLarge { bytes: bytes.len() as u64 });
    }
    required::check_but_directories(bytes)?;
    let mut builder = Builder::new(&without_directories(bytes)?)?;
    let mut entry = Entry::default();
    for field in wire::fields(bytes, 0) {
        let field = field?;
        if let (DIRECTORY_FIELD, Value::Bytes(content)) = (field.number, field.value) {
            entry.read(content, field.at)?;
            builder.directory(&entry)?;
        }
    }
    Ok(builder.finish())
}

/// Number of `MirrorListCache` in `MirrorList`.
const DIRECTORY_FIELD: u32 = 16;

/// Everything but the directories, which are most of a cache.
fn without_directories(bytes: &[u8]) -> Result<MirrorList, DecodeError> {
    let mut cache = MirrorList::default();
    let mut begin = 0;
    for field in wire::fields(bytes, 0) {
        let field = field?;
        let end = match field.value {
            Value::Bytes(content) => field.at + content.len(),
            _ => continue,
        };
        if field.number == DIRECTORY_FIELD {
            // What stands between this directory and the one before it.
            cache.merge(bytes.get(begin..field.begin).unwrap_or_default())?;
            begin = end;
        }
    }
    cache.merge(bytes.get(begin..).unwrap_or_default())?;
    Ok(cache)
}

/// The number of a country, if there is room for it.
fn limited(number: Option<u32>) -> Result<u32, DecodeError> {
    number.filter(|number| *number < MAX_COUNTRIES).ok_or(TOO_MUCH)
}

struct Builder {
    snapshot: Snapshot,
    host_numbers: HashMap<i64, HostNo, FixedState>,
    set_index: SetIndex,
    offer_index: OfferIndex,
    /// Hosts that have a country.
    with_country: HostBits,
}

/// There are more texts, hosts, countries or sets than the view has room for.
const TOO_MUCH: DecodeError = DecodeError::Damaged { at: 0, what: "more elements than can be numbered" };

/// The most hosts. Every set has one bit for each, so without a limit a small file could ask for any amount
/// of memory.
const MAX_HOSTS: usize = 1 << 20;

/// The most countries, whose sets are kept for each. There are fewer than 700 codes of two letters.
const MAX_COUNTRIES: u32 = 4096;

impl Builder {
    /// Takes in everything but the directories.
    fn new(cache: &MirrorList) -> Result<Self, DecodeError> {
        let mut builder = Self {
            snapshot: Snapshot { created_seconds: cache.time, ..Snapshot::default() },
            host_numbers: HashMap::default(),
            set_index: SetIndex::default(),
            offer_index: OfferIndex::default(),
            with_country: HostBits::default(),
        };
        builder.hosts(cache)?;
        builder.networks(cache)?;
        builder.repositories(cache).ok_or(TOO_MUCH)?;
        for pair in &cache.hc_url_cache {
            builder
                .snapshot
                .offers
                .add_url(&mut builder.offer_index, pair.key, &pair.value)
                .ok_or(TOO_MUCH)?;
        }
        for files in &cache.file_details_cache {
            builder.files(files).ok_or(TOO_MUCH)?;
        }
        Ok(builder)
    }

    fn host(&mut self, id: i64) -> Result<HostNo, DecodeError> {
        if let Some(host) = self.host_numbers.get(&id) {
            return Ok(*host);
        }
        let number = self.snapshot.hosts.len();
        let host = HostNo(u32::try_from(number).ok().filter(|_| number < MAX_HOSTS).ok_or(TOO_MUCH)?);
        self.snapshot.hosts.push(Host { id, country: None, weight: 1 });
        self.host_numbers.insert(id, host);
        Ok(host)
    }

    fn hosts(&mut self, cache: &MirrorList) -> Result<(), DecodeError> {
        let mut weighed = HostBits::default();
        for pair in &cache.host_bandwidth_cache {
            let host = self.host(pair.key)?;
            if weighed.insert(host)
                && let Some(row) = self.snapshot.hosts.get_mut(host.0 as usize)
            {
                row.weight = u32::try_from(pair.value.max(1)).unwrap_or(u32::MAX);
            }
        }
        for pair in &cache.host_country_cache {
            let host = self.host(pair.key)?;
            if !self.with_country.insert(host) {
                continue;
            }
            let country = self.country(&pair.value.to_uppercase())?;
            if let Some(row) = self.snapshot.hosts.get_mut(host.0 as usize) {
                row.country = Some(country);
            }
            if let Some(hosts) = self.snapshot.country_hosts.get_mut(country.0 as usize) {
                hosts.insert(host);
            }
        }
        for pair in &cache.host_asn_cache {
            let mut hosts = Vec::with_capacity(pair.value.len());
            for id in &pair.value {
                hosts.push(self.host(*id)?);
            }
            self.snapshot.asns.push((pair.key, hosts.into()));
        }
        // Stable: the first entry of an ASN counts.
        self.snapshot.asns.sort_by_key(|(asn, _)| *asn);
        self.snapshot.asns.dedup_by_key(|(asn, _)| *asn);
        self.allowed(cache)
    }

    fn allowed(&mut self, cache: &MirrorList) -> Result<(), DecodeError> {
        let mut serves: Vec<(HostNo, &[String])> = Vec::new();
        for pair in &cache.host_country_allowed_cache {
            let host = self.host(pair.key)?;
            if self.snapshot.allowed.restricted.insert(host) {
                serves.push((host, &pair.value));
            }
        }
        let allowed = &mut self.snapshot.allowed;
        for (_, countries) in &serves {
            for country in *countries {
                let number = limited(allowed.countries.intern(country))? as usize;
                if number == allowed.refused.len() {
                    allowed.refused.push(allowed.restricted.clone());
                }
            }
        }
        for (host, countries) in serves {
            for country in countries {
                let number = allowed.countries.intern(country).ok_or(TOO_MUCH)? as usize;
                if let Some(refused) = allowed.refused.get_mut(number) {
                    refused.take(host);
                }
            }
        }
        Ok(())
    }

    fn extras(&mut self, extras: &Extras) -> Result<(), DecodeError> {
        for facts in &extras.hosts {
            let host = self.host(facts.id)?.0 as usize;
            let snapshot = &mut self.snapshot;
            if host >= snapshot.host_names.len() {
                snapshot.host_names.resize(host + 1, None);
                snapshot.coordinates.resize(host + 1, None);
            }
            if let (Some(name), Some(place)) =
                (snapshot.host_names.get_mut(host), snapshot.coordinates.get_mut(host))
            {
                *name = Some(facts.name.as_str().into());
                *place = facts.coordinates;
            }
        }
        for (id, families) in &extras.families {
            self.snapshot.offers.set_families(&self.offer_index, *id, *families);
        }
        let mut exclusive = Vec::with_capacity(extras.exclusive.len());
        for entry in &extras.exclusive {
            exclusive.push((entry.network, self.host(entry.host)?, entry.hashes));
        }
        self.snapshot.exclusive = ExclusiveNetworks::new(&exclusive);
        Ok(())
    }

    fn country(&mut self, code: &str) -> Result<CountryNo, DecodeError> {
        let number = limited(self.snapshot.countries.intern(code))?;
        if number as usize == self.snapshot.country_hosts.len() {
            self.snapshot.country_hosts.push(HostBits::default());
        }
        Ok(CountryNo(number))
    }

    fn networks(&mut self, cache: &MirrorList) -> Result<(), DecodeError> {
        let mut of_hosts = Vec::new();
        for pair in &cache.host_netblock_cache {
            let Some(network) = networks::parse(&pair.key) else { continue };
            let mut hosts = Vec::with_capacity(pair.value.len());
            for id in &pair.value {
                hosts.push(self.host(*id)?);
            }
            of_hosts.push((network, hosts));
        }
        self.snapshot.host_networks = HostNetworks::new(of_hosts);
        let of_countries =
            cache.netblock_country_cache.iter().map(|pair| (networks::parse(&pair.key), pair.value.clone()));
        self.snapshot.country_networks = CountryNetworks::new(of_countries.collect());
        Ok(())
    }

    fn repositories(&mut self, cache: &MirrorList) -> Option<()> {
        let repositories = &mut self.snapshot.repositories;
        for pair in &cache.repo_arch_to_directory_name {
            repositories.directories.add(&pair.key, &pair.value)?;
        }
        for pair in &cache.repository_redirect_cache {
            repositories.redirects.add(&pair.key, &pair.value)?;
        }
        let mut judged: HashMap<&str, bool, FixedState> = HashMap::default();
        for pair in &cache.disabled_repository_cache {
            // The first entry of a prefix counts.
            if *judged.entry(&pair.key).or_insert(pair.value) {
                repositories.disabled.intern(&pair.key)?;
            }
        }
        repositories.list =
            repositories::list(cache.repo_arch_to_directory_name.iter().map(|pair| pair.key.as_str()));
        for pair in &cache.country_continent_redirect_cache {
            self.snapshot.continents.add(&pair.key, &pair.value)?;
        }
        Some(())
    }

    /// The number of a directory's name; whether it is new.
    fn directory_name(&mut self, name: &str) -> Option<u32> {
        let directories = &mut self.snapshot.directories;
        let number = directories.names.intern(name)?;
        if number as usize == directories.row_of.len() {
            directories.row_of.push(NONE);
            directories.files_of.push(FileRange::default());
        }
        Some(number)
    }

    fn files(&mut self, files: &proto::FileDetailsCacheDirectoryType) -> Option<()> {
        let known = self.snapshot.directories.names.len();
        let number = self.directory_name(&files.directory)?;
        // The first entry of a directory counts; only files come before the directories.
        if number as usize == known {
            let range = self.snapshot.files.add(&files.file_details_cache_files)?;
            *self.snapshot.directories.files_of.get_mut(number as usize)? = range;
        }
        Some(())
    }

    pub(super) fn finish(mut self) -> Snapshot {
        let snapshot = &mut self.snapshot;
        snapshot.directories.freeze();
        snapshot.sets.freeze();
        snapshot.offers.freeze();
        snapshot.palettes.freeze();
        snapshot.files.freeze();
        snapshot.hosts.shrink_to_fit();
        self.snapshot
    }
}
