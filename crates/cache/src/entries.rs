//! `MirrorListCache`: one message per directory.
//!
//! A host's share of a message is the same for all directories of a category. It is encoded once and then
//! only copied.

use std::collections::HashMap;

use crate::carriers::Carrier;
use crate::listing::{Entry, Listing};
use crate::wire::{MIRROR_LIST, bytes_len, put_bytes, put_number, put_prefix, put_varint};

/// Numbers of the fields of `MirrorListCacheType`.
const DIRECTORY: u8 = 1;
const GLOBAL: u8 = 2;
const SUBPATH: u8 = 3;
const BY_COUNTRY: u8 = 4;
const BY_COUNTRY_INTERNET2: u8 = 5;
const BY_HOST_ID: u8 = 6;
/// Numbers of the fields of all maps.
const KEY: u8 = 1;
const VALUE: u8 = 2;

/// What a carrier adds to the message of a directory.
struct Share {
    /// The host as one more number of field 2, which is `Global`, and `value` of the countries' maps.
    number: Vec<u8>,
    /// The element of `ByHostId`; empty without a URL.
    listed: Vec<u8>,
    /// It is in `Global`.
    public: bool,
    /// Number of its country in `ByCountry`.
    country: Option<usize>,
    /// Number of its country in `ByCountryInternet2`.
    internet2: Option<usize>,
}

/// Encodes entries.
pub(crate) struct Entries {
    /// By category, then by carrier.
    shares: Vec<Vec<Share>>,
    by_country: Groups,
    by_country_internet2: Groups,
    global: Vec<u8>,
    listed: Vec<u8>,
}

impl Entries {
    pub(crate) fn new(listing: &Listing<'_>) -> Self {
        let mut countries = Countries::default();
        let shares = listing
            .categories
            .iter()
            .map(|carriers| carriers.iter().map(|carrier| share(carrier, &mut countries)).collect())
            .collect();
        Self {
            shares,
            by_country: Groups::new(BY_COUNTRY, &countries.names),
            by_country_internet2: Groups::new(BY_COUNTRY_INTERNET2, &countries.names),
            global: Vec::new(),
            listed: Vec::new(),
        }
    }

    /// Appends the message of one directory.
    pub(crate) fn put(&mut self, entry: &Entry<'_>, out: &mut Vec<u8>) {
        let shares = self.shares.get(entry.category).map(Vec::as_slice).unwrap_or_default();
        self.global.clear();
        self.listed.clear();
        for share in entry.members.iter().filter_map(|number| shares.get(number)) {
            self.listed.extend_from_slice(&share.listed);
            if let Some(country) = share.internet2 {
                self.by_country_internet2.add(country, &share.number);
            }
            if share.public {
                self.global.extend_from_slice(&share.number);
                if let Some(country) = share.country {
                    self.by_country.add(country, &share.number);
                }
            }
        }
        let bytes = bytes_len(entry.name.len())
            + self.global.len()
            + bytes_len(entry.subpath.len())
            + self.by_country.bytes()
            + self.by_country_internet2.bytes()
            + self.listed.len();
        out.extend_from_slice(&MIRROR_LIST);
        put_varint(out, bytes as u64);
        put_bytes(out, DIRECTORY, entry.name.as_bytes());
        out.extend_from_slice(&self.global);
        put_bytes(out, SUBPATH, entry.subpath.as_bytes());
        self.by_country.put(out);
        self.by_country_internet2.put(out);
        out.extend_from_slice(&self.listed);
    }
}

/// Spec mirrorlist B.3, `MirrorListCache` 5 c to g.
fn share(carrier: &Carrier<'_>, countries: &mut Countries) -> Share {
    let mut number = Vec::new();
    put_number(&mut number, GLOBAL, carrier.host as u64);
    let mut listed = Vec::new();
    if !carrier.urls.is_empty() {
        let mut pair = Vec::new();
        put_number(&mut pair, KEY, carrier.host as u64);
        for url in &carrier.urls {
            put_number(&mut pair, VALUE, *url as u64);
        }
        put_bytes(&mut listed, BY_HOST_ID, &pair);
    }
    let country = carrier.country.as_deref().map(|country| countries.number(country));
    let on_internet2 = carrier.internet2 && (!carrier.private || carrier.internet2_clients);
    Share { number, listed, public: !carrier.private, country, internet2: country.filter(|_| on_internet2) }
}

#[derive(Default)]
struct Countries {
    names: Vec<String>,
    numbers: HashMap<String, usize>,
}

impl Countries {
    fn number(&mut self, name: &str) -> usize {
        *self.numbers.entry(name.to_owned()).or_insert_with(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        })
    }
}

/// Hosts by country, countries in order of first appearance.
struct Groups {
    field: u8,
    /// By number of the country: its key as a field, and its hosts.
    groups: Vec<(Vec<u8>, Vec<u8>)>,
    used: Vec<usize>,
}

impl Groups {
    fn new(field: u8, countries: &[String]) -> Self {
        let group = |country: &String| {
            let mut key = Vec::new();
            put_bytes(&mut key, KEY, country.as_bytes());
            (key, Vec::new())
        };
        Self { field, groups: countries.iter().map(group).collect(), used: Vec::new() }
    }

    fn add(&mut self, country: usize, host: &[u8]) {
        if let Some((_, hosts)) = self.groups.get_mut(country) {
            if hosts.is_empty() {
                self.used.push(country);
            }
            hosts.extend_from_slice(host);
        }
    }

    /// How many bytes [`Groups::put`] appends.
    fn bytes(&self) -> usize {
        let used = self.used.iter().filter_map(|country| self.groups.get(*country));
        used.map(|(key, hosts)| bytes_len(key.len() + hosts.len())).sum()
    }

    /// Appends all groups and empties them.
    fn put(&mut self, out: &mut Vec<u8>) {
        for country in self.used.drain(..) {
            if let Some((key, hosts)) = self.groups.get_mut(country) {
                put_prefix(out, self.field, key.len() + hosts.len());
                out.extend_from_slice(key);
                out.extend_from_slice(hosts);
                hosts.clear();
            }
        }
    }
}
