//! A frozen longest-prefix table: which of many networks, the smallest one, holds an address.
//!
//! The nested networks are cut into ranges that do not overlap, sorted by their first address; a look-up is
//! one step through a table of the first 16 bits and a short binary search. That takes about 8 bytes per
//! IPv4 range and never an allocation per look-up.

use std::net::IpAddr;

use ipnet::IpNet;
use zerocopy::little_endian::{U32, U128};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::column::Column;
use crate::damaged::Damaged;
use crate::parts::{Parts, PartsWriter};

/// No network holds these addresses.
const NONE: u32 = u32::MAX;

/// Tables with fewer ranges have no table of the first 16 bits.
const INDEX_FROM: usize = 4096;

/// A frozen longest-prefix table from networks to values.
#[derive(Debug, Clone, Default)]
pub struct PrefixTable {
    v4: Ranges<U32>,
    v6: Ranges<U128>,
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

    /// Where the ranges begin, IPv4 first, in order, and the value of the addresses from there to the next range.
    pub fn starts(&self) -> impl Iterator<Item = (IpAddr, Option<u32>)> {
        let v4 = self.v4.starts().map(|(start, value)| (IpAddr::from(start.to_be_bytes()), value));
        let v6 = self.v6.starts().map(|(start, value)| (IpAddr::from(start.to_be_bytes()), value));
        v4.chain(v6)
    }

    /// Adds the six parts of the table.
    pub fn write(&self, to: &mut PartsWriter) {
        self.v4.write(to);
        self.v6.write(to);
    }

    /// Takes the six parts of a table whose values are all below `values`.
    ///
    /// # Errors
    /// They are no such table.
    pub fn read(parts: &mut Parts, values: usize) -> Result<Self, Damaged> {
        Ok(Self { v4: Ranges::read(parts, values)?, v6: Ranges::read(parts, values)? })
    }
}

/// An address as a number in a column.
trait Bits: FromBytes + IntoBytes + Immutable + KnownLayout + Unaligned + Copy + Send + 'static {
    /// The address as a number to calculate with.
    type Number: Copy + Ord;
    /// The largest address.
    const MAX: Self::Number;
    /// The number in the column.
    fn number(self) -> Self::Number;
    /// The number as it stands in a column.
    fn column(number: Self::Number) -> Self;
    /// The first 16 bits.
    fn top(number: Self::Number) -> usize;
    /// The first address with these first 16 bits.
    fn from_top(top: usize) -> Self::Number;
    /// The last address of the network that begins here.
    fn last(first: Self::Number, length: u8) -> Self::Number;
    /// The next address; there is one.
    fn next(number: Self::Number) -> Self::Number;
}

macro_rules! bits {
    ($column:ty, $number:ty) => {
        impl Bits for $column {
            type Number = $number;
            const MAX: $number = <$number>::MAX;
            #[inline]
            fn number(self) -> $number {
                self.get()
            }
            fn column(number: $number) -> Self {
                Self::new(number)
            }
            #[inline]
            fn top(number: $number) -> usize {
                (number >> (<$number>::BITS - 16)) as usize
            }
            fn from_top(top: usize) -> $number {
                (top as $number) << (<$number>::BITS - 16)
            }
            fn last(first: $number, length: u8) -> $number {
                first | <$number>::MAX.checked_shr(length.into()).unwrap_or(0)
            }
            fn next(number: $number) -> $number {
                number.saturating_add(1)
            }
        }
    };
}

bits!(U32, u32);
bits!(U128, u128);

/// The ranges of one address family. Range `n` goes from `starts[n]` to before `starts[n + 1]`.
#[derive(Debug, Clone)]
struct Ranges<K> {
    starts: Column<K>,
    values: Column<U32>,
    /// For each first 16 bits, how many ranges start before them; empty for small tables.
    index: Column<U32>,
}

impl<K> Default for Ranges<K> {
    fn default() -> Self {
        Self { starts: Column::default(), values: Column::default(), index: Column::default() }
    }
}

impl<K: Bits> Ranges<K> {
    fn new(mut networks: Vec<(K::Number, u8, u32)>) -> Self {
        // Stable: of equal networks the later one stays behind the earlier one.
        networks.sort_by_key(|(first, length, _)| (*first, *length));
        let mut ranges = Growing::<K> { starts: Vec::new(), values: Vec::new() };
        let mut open: Vec<(K::Number, u32)> = Vec::new();
        let mut previous = None;
        for (first, length, value) in networks {
            while let Some((last, _)) = open.last().copied().filter(|(last, _)| *last < first) {
                open.pop();
                ranges.push(K::next(last), open.last().map_or(NONE, |(_, outer)| *outer));
            }
            if previous == Some((first, length)) {
                open.pop();
            }
            previous = Some((first, length));
            ranges.push(first, value);
            open.push((K::last(first, length), value));
        }
        while let Some((last, _)) = open.pop() {
            if last < K::MAX {
                ranges.push(K::next(last), open.last().map_or(NONE, |(_, outer)| *outer));
            }
        }
        let starts = ranges.starts.into_iter().map(K::column).collect();
        let index = index(&starts).into();
        Self { index, starts, values: ranges.values.into_iter().map(U32::new).collect() }
    }

    #[inline]
    fn get(&self, address: K::Number) -> Option<u32> {
        let top = K::top(address);
        let starts = self.starts.as_slice();
        let (from, to) = match self.index.as_slice().get(top..top + 2) {
            Some([from, to]) => (from.get() as usize, to.get() as usize),
            _ => (0, starts.len()),
        };
        let started = from + starts.get(from..to)?.partition_point(|start| start.number() <= address);
        let value = self.values.get(started.checked_sub(1)?)?.get();
        (value != NONE).then_some(value)
    }

    fn starts(&self) -> impl Iterator<Item = (K::Number, Option<u32>)> {
        let values = self.values.as_slice().iter().map(|value| Some(value.get()).filter(|it| *it != NONE));
        self.starts.as_slice().iter().map(|start| start.number()).zip(values)
    }

    fn write(&self, to: &mut PartsWriter) {
        to.column(&self.starts);
        to.column(&self.values);
        to.column(&self.index);
    }

    fn read(parts: &mut Parts, values: usize) -> Result<Self, Damaged> {
        let ranges = Self { starts: parts.column()?, values: parts.column()?, index: parts.column()? };
        let table = parts.table();
        let ordered = ranges.starts.as_slice().is_sorted_by(|one, next| one.number() < next.number());
        Damaged::unless(ordered, table, "address ranges that are not in order")?;
        let known = |value: &U32| value.get() == NONE || (value.get() as usize) < values;
        let valued = ranges.values.len() == ranges.starts.len() && ranges.values.as_slice().iter().all(known);
        Damaged::unless(valued, table, "an address range of something unknown")?;
        let indexed = index(&ranges.starts) == ranges.index.as_slice();
        Damaged::unless(indexed, table, "a wrong index of address ranges")?;
        Ok(ranges)
    }
}

/// For each first 16 bits, how many ranges start before them; empty for small tables.
fn index<K: Bits>(starts: &Column<K>) -> Vec<U32> {
    let starts = starts.as_slice();
    let mut index = Vec::new();
    if starts.len() < INDEX_FROM {
        return index;
    }
    let mut before = 0;
    index.reserve_exact(65_537);
    for top in 0..65_536 {
        let first = K::from_top(top);
        while starts.get(before).is_some_and(|start| start.number() < first) {
            before += 1;
        }
        index.push(U32::new(before as u32));
    }
    index.push(U32::new(starts.len() as u32));
    index
}

/// Ranges while they are found.
struct Growing<K: Bits> {
    starts: Vec<K::Number>,
    values: Vec<u32>,
}

impl<K: Bits> Growing<K> {
    /// Begins a range; starts never decrease.
    fn push(&mut self, start: K::Number, value: u32) {
        if self.starts.last() == Some(&start) {
            self.starts.pop();
            self.values.pop();
        }
        if self.values.last().copied().unwrap_or(NONE) != value {
            self.starts.push(start);
            self.values.push(value);
        }
    }
}
