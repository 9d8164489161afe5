//! Networks of hosts (all that hold an address) and of countries (the first, or the smallest).

use std::collections::BTreeMap;
use std::net::IpAddr;

use geo::PrefixTable;
use ipnet::IpNet;

use crate::hosts::HostNo;

/// The networks whose clients a host wants first.
#[derive(Debug, Clone, Default)]
pub(crate) struct HostNetworks {
    table: PrefixTable,
    networks: Vec<HostNetwork>,
}

#[derive(Debug, Clone)]
struct HostNetwork {
    length: u8,
    /// The next larger network that holds this one.
    outer: Option<u32>,
    hosts: Box<[HostNo]>,
}

impl HostNetworks {
    /// Builds the table. Entries for one network are joined; a host counts once per network.
    pub(crate) fn new(entries: impl IntoIterator<Item = (IpNet, Vec<HostNo>)>) -> Self {
        let mut by_network: BTreeMap<IpNet, Vec<HostNo>> = BTreeMap::new();
        for (network, hosts) in entries {
            by_network.entry(network.trunc()).or_default().extend(hosts);
        }
        // In the order of a BTreeMap a network comes before all networks inside of it.
        let mut open: Vec<(IpNet, u32)> = Vec::new();
        let mut networks = Vec::with_capacity(by_network.len());
        let mut table = Vec::with_capacity(by_network.len());
        for ((network, mut hosts), number) in by_network.into_iter().zip(0u32..) {
            while open.pop_if(|(outer, _)| !outer.contains(&network)).is_some() {}
            hosts.sort_unstable();
            hosts.dedup();
            networks.push(HostNetwork {
                length: network.prefix_len(),
                outer: open.last().map(|(_, number)| *number),
                hosts: hosts.into(),
            });
            open.push((network, number));
            table.push((network, number));
        }
        Self { table: PrefixTable::new(table), networks }
    }

    /// The networks that hold the address, the smallest first: prefix length and hosts.
    #[inline]
    pub(crate) fn holding(&self, address: IpAddr) -> impl Iterator<Item = (u8, &[HostNo])> {
        let mut next = self.table.get(address);
        std::iter::from_fn(move || {
            let network = self.networks.get(next? as usize)?;
            next = network.outer;
            Some((network.length, network.hosts.as_ref()))
        })
    }
}

/// Networks whose country is set by hand.
#[derive(Debug, Clone, Default)]
pub(crate) struct CountryNetworks {
    /// In the order of the file, up to the first one that is no network.
    in_order: Vec<(IpNet, Box<str>)>,
    table: PrefixTable,
    countries: Vec<Box<str>>,
}

impl CountryNetworks {
    /// Builds both views; entries that are no network are `None`.
    pub(crate) fn new(entries: Vec<(Option<IpNet>, String)>) -> Self {
        let in_order = entries
            .iter()
            .map_while(|(network, country)| Some(((*network)?, country.as_str().into())))
            .collect();
        let valid = entries.iter().filter_map(|(network, country)| Some(((*network)?, country)));
        let countries = valid.clone().map(|(_, country)| country.as_str().into()).collect();
        // Of equal networks the table keeps the last, so the first must come last.
        let numbered: Vec<(IpNet, u32)> = valid.zip(0u32..).map(|((net, _), number)| (net, number)).collect();
        Self { in_order, table: PrefixTable::new(numbered.into_iter().rev()), countries }
    }

    /// The country of the first network in the file that holds the address; networks behind one that is not
    /// understood are not looked at.
    pub(crate) fn first(&self, address: IpAddr) -> Option<&str> {
        self.in_order
            .iter()
            .find(|(network, _)| network.contains(&address))
            .map(|(_, country)| country.as_ref())
    }

    /// The country of the smallest network that holds the address.
    pub(crate) fn smallest(&self, address: IpAddr) -> Option<&str> {
        self.countries.get(self.table.get(address)? as usize).map(AsRef::as_ref)
    }
}

/// Networks whose clients get one host only.
#[derive(Debug, Clone, Default)]
pub(crate) struct ExclusiveNetworks {
    table: PrefixTable,
    rows: Vec<(HostNo, bool)>,
}

impl ExclusiveNetworks {
    /// Builds the table: network, host, whether with checksums. Of equal networks the first counts.
    pub(crate) fn new(entries: &[(IpNet, HostNo, bool)]) -> Self {
        let numbered = (0u32..).zip(entries).map(|(number, (network, ..))| (*network, number));
        // Of equal networks the table keeps the last, so the first must come last.
        let numbered: Vec<(IpNet, u32)> = numbered.collect();
        let rows = entries.iter().map(|(_, host, hashes)| (*host, *hashes)).collect();
        Self { table: PrefixTable::new(numbered.into_iter().rev()), rows }
    }

    /// The host for clients at this address.
    #[inline]
    pub(crate) fn get(&self, address: IpAddr) -> Option<(HostNo, bool)> {
        self.rows.get(self.table.get(address)? as usize).copied()
    }
}

/// A network in one of the forms of a cache: `addr/len` or a bare address.
pub(crate) fn parse(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}
