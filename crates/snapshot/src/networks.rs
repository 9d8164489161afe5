//! Networks of hosts (all that hold an address), of countries (the first, or the smallest), and exclusive ones.

use std::collections::BTreeMap;
use std::net::IpAddr;

use frozen::{Column, Damaged, Names, NamesBuilder, Parts, PartsWriter, PrefixTable};
use ipnet::IpNet;
use zerocopy::little_endian::{U32, U128};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::hosts::{HostList, HostNo};

/// No number.
const NONE: u32 = u32::MAX;

/// The networks whose clients a host wants first.
#[derive(Debug, Clone, Default)]
pub(crate) struct HostNetworks {
    table: PrefixTable,
    rows: Column<HostNetworkRow>,
    hosts: Column<U32>,
}

#[derive(Debug, Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct HostNetworkRow {
    network: NetworkRow,
    /// The next larger network that holds this one, which comes before it, or [`NONE`].
    outer: U32,
    begin: U32,
    end: U32,
}

/// A network in a column.
#[derive(Debug, Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct NetworkRow {
    /// The first address; an IPv4 address as its number.
    first: U128,
    length: u8,
    /// 4 or 6.
    family: u8,
    unused: [u8; 2],
}

impl NetworkRow {
    fn new(network: IpNet) -> Self {
        let (first, family) = match network.network() {
            IpAddr::V4(first) => (u128::from(u32::from(first)), 4),
            IpAddr::V6(first) => (u128::from(first), 6),
        };
        Self { first: first.into(), length: network.prefix_len(), family, unused: [0; 2] }
    }

    fn get(&self) -> Option<IpNet> {
        let first = self.first.get();
        let first = match self.family {
            4 => IpAddr::V4(u32::try_from(first).ok()?.into()),
            6 => IpAddr::V6(first.into()),
            _ => return None,
        };
        IpNet::new(first, self.length).ok()
    }
}

impl HostNetworks {
    /// Builds the table. Entries for one network are joined; a host counts once per network. `None` when there
    /// are more than can be numbered.
    pub(crate) fn new(entries: impl IntoIterator<Item = (IpNet, Vec<HostNo>)>) -> Option<Self> {
        let mut by_network: BTreeMap<IpNet, Vec<HostNo>> = BTreeMap::new();
        for (network, hosts) in entries {
            by_network.entry(network.trunc()).or_default().extend(hosts);
        }
        // In the order of a BTreeMap a network comes before all networks inside of it.
        let mut open: Vec<(IpNet, u32)> = Vec::new();
        let mut rows = Vec::with_capacity(by_network.len());
        let mut all: Vec<U32> = Vec::new();
        let mut table = Vec::with_capacity(by_network.len());
        for ((network, mut hosts), number) in by_network.into_iter().zip(0u32..) {
            while open.pop_if(|(outer, _)| !outer.contains(&network)).is_some() {}
            hosts.sort_unstable();
            hosts.dedup();
            let begin = u32::try_from(all.len()).ok()?;
            all.extend(hosts.iter().map(|host| U32::new(host.0)));
            rows.push(HostNetworkRow {
                network: NetworkRow::new(network),
                outer: open.last().map_or(NONE, |(_, number)| *number).into(),
                begin: begin.into(),
                end: u32::try_from(all.len()).ok()?.into(),
            });
            open.push((network, number));
            table.push((network, number));
        }
        Some(Self { table: PrefixTable::new(table), rows: rows.into(), hosts: all.into() })
    }

    /// The networks that hold the address, the smallest first: prefix length and hosts.
    #[inline]
    pub(crate) fn holding(&self, address: IpAddr) -> impl Iterator<Item = (u8, HostList<'_>)> {
        let mut next = self.table.get(address);
        std::iter::from_fn(move || {
            let number = next?;
            let row = self.rows.get(number as usize)?;
            next = Some(row.outer.get()).filter(|outer| *outer < number);
            let hosts = HostList(self.hosts.range(row.begin.get(), row.end.get()));
            Some((row.network.length, hosts))
        })
    }

    /// All networks with their hosts, a network before those inside of it.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (IpNet, HostList<'_>)> {
        let hosts = |row: &HostNetworkRow| HostList(self.hosts.range(row.begin.get(), row.end.get()));
        self.rows.as_slice().iter().filter_map(move |row| Some((row.network.get()?, hosts(row))))
    }

    pub(crate) fn write(&self, to: &mut PartsWriter) {
        to.column(&self.rows);
        to.column(&self.hosts);
        self.table.write(to);
    }

    pub(crate) fn read(parts: &mut Parts, hosts: usize) -> Result<Self, Damaged> {
        let rows: Column<HostNetworkRow> = parts.column()?;
        let list: Column<U32> = parts.column()?;
        let table = PrefixTable::read(parts, rows.len())?;
        let mut before = 0;
        let right = (0u32..).zip(rows.as_slice()).all(|(number, row)| {
            let outer = row.outer.get();
            let begin = std::mem::replace(&mut before, row.end.get());
            row.network.get().is_some()
                && (outer == NONE || outer < number)
                && row.begin.get() == begin
                && begin <= row.end.get()
        });
        Damaged::unless(right && before as usize == list.len(), parts.table(), "a network of no hosts")?;
        let known = list.as_slice().iter().all(|host| (host.get() as usize) < hosts);
        Damaged::unless(known, parts.table(), "a network of a host that is not there")?;
        Ok(Self { table, rows, hosts: list })
    }
}

/// Networks whose country is set by hand.
#[derive(Debug, Clone, Default)]
pub(crate) struct CountryNetworks {
    /// In the order of the file.
    in_order: Column<CountryNetworkRow>,
    /// One number: how many come before the first entry that is no network.
    understood: Column<U32>,
    /// From network to country, the first of equal networks.
    table: PrefixTable,
    countries: Names,
}

#[derive(Debug, Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct CountryNetworkRow {
    network: NetworkRow,
    country: U32,
}

impl CountryNetworks {
    /// Builds both views; entries that are no network are `None`. `None` when there is no room.
    pub(crate) fn new<'a>(entries: impl Iterator<Item = (Option<IpNet>, &'a str)>) -> Option<Self> {
        let mut countries = NamesBuilder::default();
        let mut rows = Vec::new();
        let mut valid = Vec::new();
        let mut understood = None;
        for (network, country) in entries {
            let Some(network) = network else {
                understood = understood.or(Some(rows.len()));
                continue;
            };
            let country = countries.intern(country)?;
            rows.push(CountryNetworkRow { network: NetworkRow::new(network), country: country.into() });
            valid.push((network, country));
        }
        let understood = U32::new(u32::try_from(understood.unwrap_or(rows.len())).ok()?);
        // Of equal networks the table keeps the last, so the first must come last.
        let table = PrefixTable::new(valid.into_iter().rev());
        Some(Self {
            in_order: rows.into(),
            understood: vec![understood].into(),
            table,
            countries: countries.freeze(),
        })
    }

    /// The country of the first network in the file that holds the address; networks behind one that is not
    /// understood are not looked at.
    pub(crate) fn first(&self, address: IpAddr) -> Option<&str> {
        let holds =
            |row: &&CountryNetworkRow| row.network.get().is_some_and(|network| network.contains(&address));
        let understood = self.understood.get(0).map_or(0, |count| count.get());
        let row = self.in_order.range(0, understood).iter().find(holds)?;
        Some(self.countries.text(row.country.get()))
    }

    /// The networks in the order of the file with their countries.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (IpNet, &str)> {
        let country = |row: &CountryNetworkRow| self.countries.text(row.country.get());
        self.in_order.as_slice().iter().filter_map(move |row| Some((row.network.get()?, country(row))))
    }

    /// The country of the smallest network that holds the address.
    pub(crate) fn smallest(&self, address: IpAddr) -> Option<&str> {
        self.table.get(address).map(|country| self.countries.text(country))
    }

    pub(crate) fn write(&self, to: &mut PartsWriter) {
        to.column(&self.in_order);
        to.column(&self.understood);
        self.countries.write(to);
        self.table.write(to);
    }

    pub(crate) fn read(parts: &mut Parts) -> Result<Self, Damaged> {
        let in_order: Column<CountryNetworkRow> = parts.column()?;
        let understood: Column<U32> = parts.column()?;
        let countries = Names::read(parts)?;
        let table = PrefixTable::read(parts, countries.len())?;
        let known = |row: &CountryNetworkRow| {
            row.network.get().is_some() && (row.country.get() as usize) < countries.len()
        };
        let right = in_order.as_slice().iter().all(known)
            && understood.len() <= 1
            && understood.as_slice().iter().all(|count| count.get() as usize <= in_order.len());
        Damaged::unless(right, parts.table(), "a network of an unknown country")?;
        Ok(Self { in_order, understood, table, countries })
    }
}

/// Networks whose clients get one host only.
#[derive(Debug, Clone, Default)]
pub(crate) struct ExclusiveNetworks {
    table: PrefixTable,
    rows: Column<ExclusiveRow>,
}

#[derive(Debug, Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct ExclusiveRow {
    host: U32,
    /// 1: metalinks have checksums.
    hashes: U32,
}

impl ExclusiveNetworks {
    /// Builds the table: network, host, whether with checksums. Of equal networks the first counts.
    pub(crate) fn new(entries: &[(IpNet, HostNo, bool)]) -> Self {
        let numbered: Vec<(IpNet, u32)> =
            (0u32..).zip(entries).map(|(number, (network, ..))| (*network, number)).collect();
        let row = |(_, host, hashes): &(IpNet, HostNo, bool)| ExclusiveRow {
            host: host.0.into(),
            hashes: u32::from(*hashes).into(),
        };
        // Of equal networks the table keeps the last, so the first must come last.
        Self { table: PrefixTable::new(numbered.into_iter().rev()), rows: entries.iter().map(row).collect() }
    }

    /// The host for clients at this address.
    #[inline]
    pub(crate) fn get(&self, address: IpAddr) -> Option<(HostNo, bool)> {
        self.row(self.table.get(address)?)
    }

    /// The first address of each range of clients that are treated alike, and their host.
    pub(crate) fn starts(&self) -> impl Iterator<Item = (IpAddr, Option<(HostNo, bool)>)> {
        self.table.starts().map(|(start, row)| (start, row.and_then(|row| self.row(row))))
    }

    #[inline]
    fn row(&self, number: u32) -> Option<(HostNo, bool)> {
        let row = self.rows.get(number as usize)?;
        Some((HostNo(row.host.get()), row.hashes.get() > 0))
    }

    pub(crate) fn write(&self, to: &mut PartsWriter) {
        to.column(&self.rows);
        self.table.write(to);
    }

    pub(crate) fn read(parts: &mut Parts, hosts: usize) -> Result<Self, Damaged> {
        let rows: Column<ExclusiveRow> = parts.column()?;
        let table = PrefixTable::read(parts, rows.len())?;
        let known = rows.as_slice().iter().all(|row| (row.host.get() as usize) < hosts);
        Damaged::unless(known, parts.table(), "an exclusive network of a host that is not there")?;
        Ok(Self { table, rows })
    }
}

/// A network in one of the forms of a cache: `addr/len` or a bare address.
pub(crate) fn parse(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}
