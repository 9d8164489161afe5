//! The parts of the cache that are about hosts alone.

use std::collections::HashMap;

use model::activity::{Activity, Flags};
use snapshot::proto::{IntIntMap, IntRepeatedIntMap, IntRepeatedStringMap, IntStringMap};
use store::export::{Head, Host};

use crate::compatibility::Compatibility;
use crate::report::BuildReport;

/// What a host without a bandwidth counts as, in Mbit/s.
const UNKNOWN_BANDWIDTH: i32 = 100;

/// Whether a host may be listed, and whether only privately.
pub(crate) fn activity(host: &Host) -> Activity {
    Activity {
        host: Flags { admin_active: host.admin_active, user_active: host.user_active, private: host.private },
        site: Some(Flags {
            admin_active: host.site_admin_active,
            user_active: host.site_user_active,
            private: host.site_private,
        }),
    }
}

/// Whether a host may be listed at all.
pub(crate) fn active(host: &Host) -> bool {
    activity(host).is_exported()
}

/// The country as the cache has it.
pub(crate) fn country(host: &Host) -> Option<String> {
    host.country.as_deref().map(str::to_uppercase)
}

/// Weights: Mbit/s between 1 and 10,000, so that no listed host weighs nothing.
pub(crate) fn bandwidths(reads: &Head, report: &mut BuildReport) -> Vec<IntIntMap> {
    let mut weight = |host: &Host| {
        if host.bandwidth_int.is_none() {
            report.skip("host", host.id, format!("no bandwidth; counted as {UNKNOWN_BANDWIDTH} Mbit/s"));
        }
        host.bandwidth_int.unwrap_or(UNKNOWN_BANDWIDTH).clamp(1, 10_000)
    };
    reads.hosts.iter().map(|host| IntIntMap { key: host.id.into(), value: weight(host).into() }).collect()
}

/// Countries of hosts, upper-case.
pub(crate) fn countries(reads: &Head) -> Vec<IntStringMap> {
    reads
        .hosts
        .iter()
        .filter_map(|host| Some(IntStringMap { key: host.id.into(), value: country(host)? }))
        .collect()
}

/// Written for other readers; nothing uses it.
pub(crate) fn max_connections(reads: &Head) -> Vec<IntIntMap> {
    reads
        .hosts
        .iter()
        .map(|host| IntIntMap { key: host.id.into(), value: host.max_connections.into() })
        .collect()
}

/// Hosts that prefer the clients of their own AS, by AS number in order of first appearance. Upstream's forms let
/// any integer in; readers look up −1 for clients whose AS is not a number, so what can be no AS is left out.
pub(crate) fn asns(reads: &Head, mode: Compatibility, report: &mut BuildReport) -> Vec<IntRepeatedIntMap> {
    let mut found = Grouped::default();
    let listed = |host: &&Host| mode == Compatibility::Upstream || active(host);
    for host in reads.hosts.iter().filter(|host| host.asn_clients).filter(listed) {
        let Some(asn) = host.asn.map(i64::from) else { continue };
        if mode == Compatibility::Upstream || model::asn::from_stored(asn).is_some() {
            found.push(asn, i64::from(host.id));
        } else {
            report.skip("host", host.id, format!("{asn} is no AS number; not matched by it, correct it"));
        }
    }
    found.groups.into_iter().map(|(key, value)| IntRepeatedIntMap { key, value }).collect()
}

/// The countries that an active host is limited to, upper-case.
pub(crate) fn countries_allowed(reads: &Head, report: &mut BuildReport) -> Vec<IntRepeatedStringMap> {
    let mut by_host: HashMap<i32, Vec<String>> = HashMap::new();
    for row in &reads.countries_allowed {
        match row.host_id {
            Some(host) => by_host.entry(host).or_default().push(row.country.to_uppercase()),
            None => report.skip("host_country_allowed", row.id, "no host; left out, delete the row"),
        }
    }
    reads
        .hosts
        .iter()
        .filter(|host| active(host))
        .filter_map(|host| {
            Some(IntRepeatedStringMap { key: host.id.into(), value: by_host.remove(&host.id)? })
        })
        .collect()
}

/// Lists by key, keys in order of first appearance.
#[derive(Debug)]
pub(crate) struct Grouped<K, V> {
    at: HashMap<K, usize>,
    pub(crate) groups: Vec<(K, Vec<V>)>,
}

impl<K, V> Default for Grouped<K, V> {
    fn default() -> Self {
        Self { at: HashMap::new(), groups: Vec::new() }
    }
}

impl<K: Clone + Eq + std::hash::Hash, V> Grouped<K, V> {
    /// The list of one key, empty at first.
    pub(crate) fn list(&mut self, key: K) -> &mut Vec<V> {
        let at = *self.at.entry(key.clone()).or_insert_with(|| {
            self.groups.push((key, Vec::new()));
            self.groups.len() - 1
        });
        #[expect(clippy::indexing_slicing, reason = "positions come from the push above")]
        &mut self.groups[at].1
    }

    /// Appends to the list of one key.
    pub(crate) fn push(&mut self, key: K, value: V) {
        self.list(key).push(value);
    }
}
