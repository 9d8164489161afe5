//! What is not per directory.

use std::collections::BTreeMap;

use serde::Serialize;
use snapshot::proto::{MirrorList, StringStringMap};
use snapshot::{Families, Snapshot};

use super::{Pair, id_of, numbers};

/// A part that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartChange {
    /// Which.
    pub part: &'static str,
    /// Keys and values that are only in the second cache.
    pub added: BTreeMap<String, String>,
    /// Keys and values that are only in the first one.
    pub removed: BTreeMap<String, String>,
    /// Keys with another value.
    pub changed: Vec<Changed>,
}

/// A key with another value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// The key.
    pub key: String,
    /// Its value in the first cache.
    pub before: String,
    /// Its value in the second one.
    pub after: String,
}

/// Keys and values of one part.
type Map = BTreeMap<String, String>;

pub(super) fn compare(pair: &Pair<'_>) -> Vec<PartChange> {
    let parts = [pair.first, pair.second].map(|snapshot| parts(pair, snapshot));
    let [first, second] = parts;
    let mut changes = Vec::new();
    for ((part, before), (_, after)) in first.into_iter().zip(second) {
        let mut change = PartChange { part, added: Map::new(), removed: Map::new(), changed: Vec::new() };
        for (key, value) in &after {
            match before.get(key) {
                None => drop(change.added.insert(key.clone(), value.clone())),
                Some(old) if old != value => {
                    change.changed.push(Changed {
                        key: key.clone(),
                        before: old.clone(),
                        after: value.clone(),
                    });
                }
                Some(_) => {}
            }
        }
        change.removed = before.into_iter().filter(|(key, _)| !after.contains_key(key)).collect();
        if !(change.added.is_empty() && change.removed.is_empty() && change.changed.is_empty()) {
            changes.push(change);
        }
    }
    changes
}

fn parts(pair: &Pair<'_>, snapshot: &Snapshot) -> Vec<(&'static str, Map)> {
    let head = snapshot.proto_head();
    let host = |id: i64| pair.host(id);
    let hosts = |ids: &[i64]| {
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        pair.hosts(&ids).join(", ")
    };
    let MirrorList { repo_arch_to_directory_name, repository_redirect_cache, .. } = &head;
    let disabled = head.disabled_repository_cache.iter().filter(|pair| pair.value);
    let public = snapshot.public_hosts().iter().map(|number| host(id_of(snapshot, number)));
    let places = numbers(snapshot).filter_map(|number| {
        let place = snapshot.coordinates(number)?;
        Some((host(id_of(snapshot, number)), format!("{} {}", place.latitude, place.longitude)))
    });
    let exclusive = snapshot.exclusive_starts().map(|(start, only)| {
        let only = only.map_or_else(
            || "any host".to_owned(),
            |(number, hashes)| {
                let with = if hashes { "with" } else { "without" };
                format!("only {}, {with} checksums", host(id_of(snapshot, number)))
            },
        );
        (start.to_string(), only)
    });
    let families =
        snapshot.urls().filter_map(|url| Some((url.text().to_owned(), family_names(url.families()?))));
    vec![
        ("repositories", texts(repo_arch_to_directory_name)),
        ("redirected repositories", texts(repository_redirect_cache)),
        ("disabled repositories", disabled.map(|pair| (pair.key.clone(), "disabled".to_owned())).collect()),
        ("countries of another continent", texts(&head.country_continent_redirect_cache)),
        ("networks of countries", texts(&head.netblock_country_cache)),
        (
            "networks of hosts",
            head.host_netblock_cache.iter().map(|pair| (pair.key.clone(), hosts(&pair.value))).collect(),
        ),
        (
            "AS numbers of hosts",
            head.host_asn_cache.iter().map(|pair| (pair.key.to_string(), hosts(&pair.value))).collect(),
        ),
        ("public hosts", public.map(|host| (host, "public".to_owned())).collect()),
        (
            "countries of hosts",
            head.host_country_cache.iter().map(|pair| (host(pair.key), pair.value.clone())).collect(),
        ),
        (
            "weights of hosts",
            head.host_bandwidth_cache.iter().map(|pair| (host(pair.key), pair.value.to_string())).collect(),
        ),
        (
            "hosts limited to countries",
            head.host_country_allowed_cache
                .iter()
                .map(|pair| {
                    let mut countries = pair.value.clone();
                    countries.sort_unstable();
                    (host(pair.key), countries.join(", "))
                })
                .collect(),
        ),
        ("places of hosts", places.collect()),
        ("exclusive networks, by the first client of each range", exclusive.collect()),
        ("address families of URLs", families.collect()),
    ]
}

fn family_names(families: Families) -> String {
    let names = [(families.v4, "IPv4"), (families.v6, "IPv6")];
    let names: Vec<&str> = names.into_iter().filter_map(|(has, name)| has.then_some(name)).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

fn texts(pairs: &[StringStringMap]) -> Map {
    // The first entry of a key counts.
    pairs.iter().rev().map(|pair| (pair.key.clone(), pair.value.clone())).collect()
}
