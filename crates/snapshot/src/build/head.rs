//! Takes in everything but directories and file details.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use frozen::NamesBuilder;

use super::{Builder, TOO_MUCH};
use crate::asns::AsnHosts;
use crate::extras::Extras;
use crate::hosts::{HostBits, HostNo};
use crate::networks::{self, CountryNetworks, ExclusiveNetworks, HostNetworks};
use crate::proto::{DecodeError, MirrorList};
use crate::repositories::{self, Repositories, TextMapBuilder};

impl Builder {
    pub(super) fn head(&mut self, cache: &MirrorList) -> Result<(), DecodeError> {
        self.created_seconds = cache.time;
        self.weights_and_places(cache)?;
        self.networks(cache)?;
        self.repositories(cache).ok_or(TOO_MUCH)?;
        for pair in &cache.hc_url_cache {
            self.offers.add_url(pair.key, &pair.value).ok_or(TOO_MUCH)?;
        }
        Ok(())
    }

    fn weights_and_places(&mut self, cache: &MirrorList) -> Result<(), DecodeError> {
        let mut weighed = HostBits::default();
        for pair in &cache.host_bandwidth_cache {
            let host = self.host(pair.key)?;
            if weighed.insert(host) {
                self.hosts.set_weight(host, u32::try_from(pair.value.max(1)).unwrap_or(u32::MAX));
            }
        }
        for pair in &cache.host_country_cache {
            let host = self.host(pair.key)?;
            let country = self.countries.country(&pair.value.to_uppercase()).ok_or(TOO_MUCH)?;
            if self.countries.place(host, country) {
                self.hosts.set_country(host, country);
            }
        }
        let mut asns = Vec::with_capacity(cache.host_asn_cache.len());
        for pair in &cache.host_asn_cache {
            asns.push((pair.key, self.hosts_of(&pair.value)?));
        }
        self.asn_hosts = AsnHosts::new(asns).ok_or(TOO_MUCH)?;
        for pair in &cache.host_country_allowed_cache {
            let host = self.host(pair.key)?;
            self.allowed.add(host, &pair.value).ok_or(TOO_MUCH)?;
        }
        Ok(())
    }

    fn hosts_of(&mut self, ids: &[i64]) -> Result<Vec<HostNo>, DecodeError> {
        ids.iter().map(|id| self.host(*id)).collect()
    }

    fn networks(&mut self, cache: &MirrorList) -> Result<(), DecodeError> {
        let mut of_hosts = Vec::new();
        for pair in &cache.host_netblock_cache {
            if let Some(network) = networks::parse(&pair.key) {
                of_hosts.push((network, self.hosts_of(&pair.value)?));
            }
        }
        self.host_networks = HostNetworks::new(of_hosts).ok_or(TOO_MUCH)?;
        let of_countries =
            cache.netblock_country_cache.iter().map(|pair| (networks::parse(&pair.key), pair.value.as_str()));
        self.country_networks = CountryNetworks::new(of_countries).ok_or(TOO_MUCH)?;
        Ok(())
    }

    fn repositories(&mut self, cache: &MirrorList) -> Option<()> {
        let map = |pairs: &[crate::proto::StringStringMap]| {
            let mut map = TextMapBuilder::default();
            pairs.iter().try_for_each(|pair| map.add(&pair.key, &pair.value))?;
            Some(map.freeze())
        };
        let mut disabled = NamesBuilder::default();
        let mut judged: HashMap<&str, bool, FixedState> = HashMap::default();
        for pair in &cache.disabled_repository_cache {
            // The first entry of a prefix counts.
            if *judged.entry(&pair.key).or_insert(pair.value) {
                disabled.intern(&pair.key)?;
            }
        }
        self.repositories = Repositories {
            directories: map(&cache.repo_arch_to_directory_name)?,
            redirects: map(&cache.repository_redirect_cache)?,
            disabled: disabled.freeze(),
            list: repositories::list(cache.repo_arch_to_directory_name.iter().map(|pair| pair.key.as_str())),
        };
        self.continents = map(&cache.country_continent_redirect_cache)?;
        Some(())
    }

    pub(super) fn extras(&mut self, extras: &Extras) -> Result<(), DecodeError> {
        for facts in &extras.hosts {
            let host = self.host(facts.id)?;
            self.hosts.set_name(host, &facts.name).ok_or(TOO_MUCH)?;
            if let Some(place) = facts.coordinates {
                self.hosts.set_coordinates(host, place);
            }
        }
        for (id, families) in &extras.families {
            self.offers.set_families(*id, *families);
        }
        let mut exclusive = Vec::with_capacity(extras.exclusive.len());
        for entry in &extras.exclusive {
            exclusive.push((entry.network, self.host(entry.host)?, entry.hashes));
        }
        self.exclusive = ExclusiveNetworks::new(&exclusive);
        Ok(())
    }
}
