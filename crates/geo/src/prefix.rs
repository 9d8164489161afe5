//! A frozen longest-prefix table: which of many networks, the smallest one, holds an address.
//!
//! The nested networks are cut into ranges that do not overlap, sorted by their first address; a look-up is
//! one step through a table of the first 16 bits and a short binary search. That takes about 8 bytes per
//! IPv4 range and never an allocation per look-up.

use std::net::IpAddr;

use ipnet::IpNet;

/// No network holds these addresses.
const NONE: u32 = u32::MAX;

/// Tables with fewer ranges have no table of the first 16 bits.
const INDEX_FROM: usize = 4096;

/// A frozen longest-prefix table from networks to values.
#[derive(Debug, Clone, Default)]
pub struct PrefixTable {
    v4: Ranges<u32>,
    v6: Ranges<u128>,
}

impl PrefixTable {
    /// Builds the table. Host bits of the networks are ignored; of two equal networks the later one counts.
    /// The value `u32::MAX` means "no value" and hides the networks around it.
    pub fn new(networks: impl IntoIterator<Item = (IpNet, u32)>) -> Self {
        let mut v4 = Vec::new();
        let mut v6 = Vec::new();
        for (network, value) in networks {
            match network {
                IpNet::V4(net) => v4.push((u32::from(net.network()), net.prefix_len(), value)),
                IpNet::V6(net) => v6.push((u128::from(net.network()), net.prefix_len(), value)),
            }
        }
        Self { v4: Ranges::new(v4), v6: Ranges::new(v6) }
    }

    /// The value of the smallest network that holds the address.
    #[inline]
    pub fn get(&self, address: IpAddr) -> Option<u32> {
        match address {
            IpAddr::V4(address) => self.v4.get(u32::from(address)),
            IpAddr::V6(address) => self.v6.get(u128::from(address)),
        }
    }

    /// How many ranges the table has, a measure of its memory.
    pub fn ranges(&self) -> usize {
        self.v4.starts.len() + self.v6.starts.len()
    }
}

/// An address as a number.
trait Bits: Copy + Ord {
    /// The largest address.
    const MAX: Self;
    /// The first 16 bits.
    fn top(self) -> usize;
    /// The first address with these first 16 bits.
    fn from_top(top: usize) -> Self;
    /// The last address of the network that begins here.
    fn last(self, length: u8) -> Self;
    /// The next address; there is one.
    fn next(self) -> Self;
}

impl Bits for u32 {
    const MAX: Self = Self::MAX;
    fn top(self) -> usize {
        (self >> 16) as usize
    }
    fn from_top(top: usize) -> Self {
        (top as Self) << 16
    }
    fn last(self, length: u8) -> Self {
        self | Self::MAX.checked_shr(length.into()).unwrap_or(0)
    }
    fn next(self) -> Self {
        self.saturating_add(1)
    }
}

impl Bits for u128 {
    const MAX: Self = Self::MAX;
    fn top(self) -> usize {
        (self >> 112) as usize
    }
    fn from_top(top: usize) -> Self {
        (top as Self) << 112
    }
    fn last(self, length: u8) -> Self {
        self | Self::MAX.checked_shr(length.into()).unwrap_or(0)
    }
    fn next(self) -> Self {
        self.saturating_add(1)
    }
}

/// The ranges of one address family. Range `n` goes from `starts[n]` to before `starts[n + 1]`.
#[derive(Debug, Clone, Default)]
struct Ranges<K> {
    starts: Vec<K>,
    values: Vec<u32>,
    /// For each first 16 bits, how many ranges start before them; empty for small tables.
    index: Vec<u32>,
}

impl<K: Bits> Ranges<K> {
    fn new(mut networks: Vec<(K, u8, u32)>) -> Self {
        // Stable: of equal networks the later one stays behind the earlier one.
        networks.sort_by_key(|(first, length, _)| (*first, *length));
        let mut ranges = Self { starts: Vec::new(), values: Vec::new(), index: Vec::new() };
        let mut open: Vec<(K, u32)> = Vec::new();
        let mut previous = None;
        for (first, length, value) in networks {
            while let Some((last, _)) = open.last().copied().filter(|(last, _)| *last < first) {
                open.pop();
                ranges.push(last.next(), open.last().map_or(NONE, |(_, outer)| *outer));
            }
            if previous == Some((first, length)) {
                open.pop();
            }
            previous = Some((first, length));
            ranges.push(first, value);
            open.push((first.last(length), value));
        }
        while let Some((last, _)) = open.pop() {
            if last < K::MAX {
                ranges.push(last.next(), open.last().map_or(NONE, |(_, outer)| *outer));
            }
        }
        ranges.starts.shrink_to_fit();
        ranges.values.shrink_to_fit();
        ranges.make_index();
        ranges
    }

    /// Begins a range; starts never decrease.
    fn push(&mut self, start: K, value: u32) {
        if self.starts.last() == Some(&start) {
            self.starts.pop();
            self.values.pop();
        }
        if self.values.last().copied().unwrap_or(NONE) != value {
            self.starts.push(start);
            self.values.push(value);
        }
    }

    fn make_index(&mut self) {
        if self.starts.len() < INDEX_FROM {
            return;
        }
        let mut before = 0;
        self.index.reserve_exact(65_537);
        for top in 0..65_536 {
            let first = K::from_top(top);
            while self.starts.get(before).is_some_and(|start| *start < first) {
                before += 1;
            }
            self.index.push(before as u32);
        }
        self.index.push(self.starts.len() as u32);
    }

    #[inline]
    fn get(&self, address: K) -> Option<u32> {
        let top = address.top();
        let (from, to) = match (self.index.get(top), self.index.get(top + 1)) {
            (Some(from), Some(to)) => (*from as usize, *to as usize),
            _ => (0, self.starts.len()),
        };
        let started = from + self.starts.get(from..to)?.partition_point(|start| *start <= address);
        let value = *self.values.get(started.checked_sub(1)?)?;
        (value != NONE).then_some(value)
    }
}
