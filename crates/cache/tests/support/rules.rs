//! Where our cache differs from the recorded one on purpose (spec mirrorlist B.3, B.5), one function each.

use serde_json::Value;

/// A change to the recorded cache.
pub(crate) type Rule = fn(&mut Value);

/// Differences in both modes: nothing that crashes, nothing published by mistake.
pub(crate) const BOTH: &[Rule] =
    &[hosts_of_no_site_are_left_out, unknown_times_come_last, only_below_the_top];

/// Further differences of our own mode.
pub(crate) const NATIVE: &[Rule] = &[
    inactive_hosts_are_in_no_as,
    the_empty_prefix_is_never_disabled,
    host_bits_are_masked,
    networks_of_countries_are_canonical,
];

/// Further differences of the old program's mode.
pub(crate) const UPSTREAM: &[Rule] = &[blanks_around_networks_of_countries_are_cut];

/// The fixture's hosts that are not active.
const INACTIVE: [i64; 4] = [11, 12, 13, 14];
/// The fixture's top directories.
const TOPS: [&str; 2] = ["pub/fedora/linux", "pub/epel"];

fn list<'a>(cache: &'a mut Value, part: &str) -> &'a mut Vec<Value> {
    cache[part].as_array_mut().unwrap()
}

/// Drops ids from the lists of a `[key, [ids]]` map, and the entries that become empty.
fn drop_ids(map: &mut Vec<Value>, gone: impl Fn(i64) -> bool) {
    map.retain_mut(|entry| {
        let ids = entry[1].as_array_mut().unwrap();
        ids.retain(|id| !gone(id.as_i64().unwrap()));
        !ids.is_empty()
    });
}

/// A host without a site was listed with the flags and the country of the first host. It is known by having
/// no weight.
fn hosts_of_no_site_are_left_out(cache: &mut Value) {
    let known: Vec<i64> =
        list(cache, "HostBandwidthCache").iter().map(|entry| entry[0].as_i64().unwrap()).collect();
    let gone = |id: i64| !known.contains(&id);
    for entry in list(cache, "MirrorListCache") {
        if let Some(global) = entry.get_mut("Global").and_then(Value::as_array_mut) {
            global.retain(|id| !gone(id.as_i64().unwrap()));
        }
        if let Some(countries) = entry.get_mut("ByCountry").and_then(Value::as_array_mut) {
            drop_ids(countries, gone);
        }
        if let Some(hosts) = entry.get_mut("ByHostId").and_then(Value::as_array_mut) {
            hosts.retain(|host| !gone(host[0].as_i64().unwrap()));
        }
    }
}

/// A detail of unknown time was the current one.
fn unknown_times_come_last(cache: &mut Value) {
    for directory in list(cache, "FileDetailsCache") {
        for file in list(directory, "FileDetailsCacheFiles") {
            list(file, "FileDetails").sort_by_key(|detail| detail["TimeStamp"] == 0);
        }
    }
}

/// Directories beside the top directory of their category were listed with a path cut out of their name.
fn only_below_the_top(cache: &mut Value) {
    list(cache, "MirrorListCache").retain(|entry| {
        let name = entry["directory"].as_str().unwrap();
        TOPS.iter().any(|top| name == *top || name.starts_with(&format!("{top}/")))
    });
}

/// Clients of an AS were told of hosts that are switched off.
fn inactive_hosts_are_in_no_as(cache: &mut Value) {
    drop_ids(list(cache, "HostAsnCache"), |id| INACTIVE.contains(&id));
}

/// A row without a prefix disabled the empty one.
fn the_empty_prefix_is_never_disabled(cache: &mut Value) {
    list(cache, "DisabledRepositoryCache").retain(|entry| entry[0] != "");
}

/// One network had a key for each way to write it.
fn host_bits_are_masked(cache: &mut Value) {
    let recorded = std::mem::take(list(cache, "HostNetblockCache"));
    let merged = list(cache, "HostNetblockCache");
    for mut entry in recorded {
        if entry[0] == "192.0.2.77/24" {
            entry[0] = "192.0.2.0/24".into();
        }
        match merged.iter_mut().find(|other| other[0] == entry[0]) {
            None => merged.push(entry),
            Some(other) => {
                let ids = other[1].as_array_mut().unwrap();
                for id in entry[1].as_array().unwrap() {
                    if !ids.contains(id) {
                        ids.push(id.clone());
                    }
                }
            }
        }
    }
}

/// A network with a blank hid all later ones from readers.
fn blanks_around_networks_of_countries_are_cut(cache: &mut Value) {
    for entry in list(cache, "NetblockCountryCache") {
        entry[0] = entry[0].as_str().unwrap().trim().into();
    }
}

/// The same, and a country in lower case matched no list of mirrors that is limited to it.
fn networks_of_countries_are_canonical(cache: &mut Value) {
    blanks_around_networks_of_countries_are_cut(cache);
    for entry in list(cache, "NetblockCountryCache") {
        entry[1] = entry[1].as_str().unwrap().to_uppercase().into();
    }
}
