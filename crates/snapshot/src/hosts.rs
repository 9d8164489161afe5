//! Hosts as dense numbers, what is known of each, and sets and lists of them.

use frozen::{Column, Damaged, Names, NamesBuilder, Parts, PartsWriter};
use geo::Coordinates;
use zerocopy::little_endian::{F32, I64, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::view::CountryNo;

/// No text, no country.
const NONE: u32 = u32::MAX;

/// A host of one snapshot: dense, from 0, without meaning outside of that snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostNo(pub u32);

impl HostNo {
    fn word(self) -> usize {
        self.0 as usize / 64
    }

    fn bit(self) -> u64 {
        1 << (self.0 % 64)
    }
}

/// What is known of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Host {
    /// Its row in the database.
    pub id: i64,
    /// Its country, upper case.
    pub country: Option<CountryNo>,
    /// How much of the load it gets, at least 1. A host without a weight, or with one below 1, has 1.
    pub weight: u32,
}

/// All hosts of a snapshot.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hosts {
    rows: Column<HostRow>,
    names: Names,
}

#[derive(Debug, Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct HostRow {
    id: I64,
    country: U32,
    weight: U32,
    name: U32,
    /// Not a number when the place is not known.
    latitude: F32,
    longitude: F32,
}

impl Hosts {
    #[inline]
    pub(crate) fn get(&self, host: HostNo) -> Option<Host> {
        let row = self.rows.get(host.0 as usize)?;
        let country = row.country.get();
        Some(Host {
            id: row.id.get(),
            country: (country != NONE).then_some(CountryNo(country)),
            weight: row.weight.get(),
        })
    }

    pub(crate) fn name(&self, host: HostNo) -> Option<&str> {
        let number = self.rows.get(host.0 as usize)?.name.get();
        (number != NONE).then(|| self.names.text(number))
    }

    #[inline]
    pub(crate) fn coordinates(&self, host: HostNo) -> Option<Coordinates> {
        let row = self.rows.get(host.0 as usize)?;
        let place = Coordinates { latitude: row.latitude.get(), longitude: row.longitude.get() };
        (!place.latitude.is_nan() && !place.longitude.is_nan()).then_some(place)
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn write(&self, to: &mut PartsWriter) {
        to.column(&self.rows);
        self.names.write(to);
    }

    /// Takes the hosts; [`check`](Self::check) says whether their countries are there.
    pub(crate) fn read(parts: &mut Parts) -> Result<Self, Damaged> {
        let hosts = Self { rows: parts.column()?, names: Names::read(parts)? };
        let named = |name: u32| name == NONE || (name as usize) < hosts.names.len();
        let right = hosts.rows.as_slice().iter().all(|row| named(row.name.get()) && row.weight.get() > 0);
        Damaged::unless(right, parts.table(), "a host of an unknown name, or without weight")?;
        Ok(hosts)
    }

    /// # Errors
    /// A host is in a country that is not below `countries`.
    pub(crate) fn check(&self, parts: &Parts, countries: usize) -> Result<(), Damaged> {
        let known = |country: u32| country == NONE || (country as usize) < countries;
        let right = self.rows.as_slice().iter().all(|row| known(row.country.get()));
        Damaged::unless(right, parts.table(), "a host of an unknown country")
    }
}

/// Hosts while they are added.
#[derive(Debug, Default)]
pub(crate) struct HostsBuilder {
    rows: Vec<HostRow>,
    names: NamesBuilder,
}

impl HostsBuilder {
    pub(crate) fn add(&mut self, id: i64) {
        self.rows.push(HostRow {
            id: I64::new(id),
            country: U32::new(NONE),
            weight: U32::new(1),
            name: U32::new(NONE),
            latitude: F32::new(f32::NAN),
            longitude: F32::new(f32::NAN),
        });
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn set_weight(&mut self, host: HostNo, weight: u32) {
        if let Some(row) = self.rows.get_mut(host.0 as usize) {
            row.weight.set(weight);
        }
    }

    pub(crate) fn set_country(&mut self, host: HostNo, country: CountryNo) {
        if let Some(row) = self.rows.get_mut(host.0 as usize) {
            row.country.set(country.0);
        }
    }

    /// `None` when there is no room for the name.
    pub(crate) fn set_name(&mut self, host: HostNo, name: &str) -> Option<()> {
        let number = self.names.intern(name)?;
        self.rows.get_mut(host.0 as usize)?.name.set(number);
        Some(())
    }

    pub(crate) fn set_coordinates(&mut self, host: HostNo, place: Coordinates) {
        if let Some(row) = self.rows.get_mut(host.0 as usize) {
            row.latitude.set(place.latitude);
            row.longitude.set(place.longitude);
        }
    }

    pub(crate) fn freeze(self) -> Hosts {
        Hosts { rows: self.rows.into(), names: self.names.freeze() }
    }
}

/// Hosts in a certain order, as they lie in a snapshot.
#[derive(Debug, Clone, Copy, Default)]
pub struct HostList<'a>(pub(crate) &'a [U32]);

impl<'a> HostList<'a> {
    /// The hosts.
    #[inline]
    pub fn iter(self) -> impl ExactSizeIterator<Item = HostNo> + Clone + use<'a> {
        self.0.iter().map(|number| HostNo(number.get()))
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }
}

/// A set of hosts of a snapshot, seen from outside: the members of one set that are also in another.
#[derive(Debug, Clone, Copy, Default)]
pub struct HostSet<'a> {
    words: &'a [U64],
    mask: Option<&'a [U64]>,
}

impl<'a> HostSet<'a> {
    pub(crate) fn new(words: &'a [U64]) -> Self {
        Self { words, mask: None }
    }

    /// The members that are also in this set. (Of an unmasked set; a second mask replaces the first.)
    #[inline]
    pub(crate) fn within(self, mask: &'a [U64]) -> Self {
        Self { words: self.words, mask: Some(mask) }
    }

    /// The set, 64 hosts at a time.
    #[inline]
    pub fn words(self) -> impl Iterator<Item = u64> + use<'a> {
        let (shorter, mask) = match self.mask {
            Some(mask) => (self.words.get(..self.words.len().min(mask.len())).unwrap_or_default(), mask),
            None => (self.words, self.words),
        };
        shorter.iter().zip(mask).map(|(word, mask)| word.get() & mask.get())
    }

    /// Whether the host is a member.
    #[inline]
    pub fn contains(self, host: HostNo) -> bool {
        let has = |words: &[U64]| words.get(host.word()).is_some_and(|word| word.get() & host.bit() != 0);
        has(self.words) && self.mask.is_none_or(has)
    }

    /// Whether there is no member.
    pub fn is_empty(self) -> bool {
        self.words().all(|word| word == 0)
    }

    /// How many members there are.
    pub fn len(self) -> usize {
        self.words().map(|word| word.count_ones() as usize).sum()
    }

    /// The members, by number.
    pub fn iter(self) -> impl Iterator<Item = HostNo> + use<'a> {
        members(self.words())
    }
}

/// A set of hosts that grows and shrinks while an answer is decided.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostBits {
    words: Vec<U64>,
}

impl HostBits {
    /// An empty set with room for this many hosts.
    pub fn with_room(hosts: usize) -> Self {
        Self { words: vec![U64::ZERO; hosts.div_ceil(64)] }
    }

    /// Adds a host; says whether it is new.
    pub fn insert(&mut self, host: HostNo) -> bool {
        if host.word() >= self.words.len() {
            self.words.resize(host.word() + 1, U64::ZERO);
        }
        let Some(word) = self.words.get_mut(host.word()) else { return false };
        let new = word.get() & host.bit() == 0;
        word.set(word.get() | host.bit());
        new
    }

    /// Takes a host away; says whether it was a member.
    pub fn take(&mut self, host: HostNo) -> bool {
        let Some(word) = self.words.get_mut(host.word()) else { return false };
        let member = word.get() & host.bit() != 0;
        word.set(word.get() & !host.bit());
        member
    }

    /// Takes all hosts away.
    pub fn clear(&mut self) {
        self.words.fill(U64::ZERO);
    }

    /// Adds 64 hosts at a time: the hosts of this word of a set that is 64 hosts wide per word.
    pub fn add_word(&mut self, place: usize, word: u64) {
        if place >= self.words.len() {
            self.words.resize(place + 1, U64::ZERO);
        }
        if let Some(own) = self.words.get_mut(place) {
            own.set(own.get() | word);
        }
    }

    /// Adds all hosts of a set.
    pub fn add(&mut self, set: HostSet<'_>) {
        if self.words.len() < set.words.len() {
            self.words.resize(set.words.len(), U64::ZERO);
        }
        for (own, word) in self.words.iter_mut().zip(set.words()) {
            own.set(own.get() | word);
        }
    }

    /// Takes the hosts away that are also in a set, and appends them by number.
    pub fn take_common(&mut self, set: HostSet<'_>, to: &mut Vec<HostNo>) {
        for ((own, word), first) in self.words.iter_mut().zip(set.words()).zip((0u32..).step_by(64)) {
            let mut common = own.get() & word;
            own.set(own.get() & !common);
            while common != 0 {
                to.push(HostNo(first + common.trailing_zeros()));
                common &= common - 1;
            }
        }
    }

    /// Takes all hosts of a set away.
    pub fn remove(&mut self, set: HostSet<'_>) {
        for (own, word) in self.words.iter_mut().zip(set.words()) {
            own.set(own.get() & !word);
        }
    }

    /// Keeps only hosts of a set.
    pub fn keep(&mut self, set: HostSet<'_>) {
        let mut words = set.words();
        for own in &mut self.words {
            own.set(own.get() & words.next().unwrap_or(0));
        }
    }

    /// Whether the host is a member.
    pub fn contains(&self, host: HostNo) -> bool {
        self.as_set().contains(host)
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.as_set().is_empty()
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.as_set().len()
    }

    /// The members, by number.
    pub fn iter(&self) -> impl Iterator<Item = HostNo> + '_ {
        self.as_set().iter()
    }

    /// The set as others see it.
    pub fn as_set(&self) -> HostSet<'_> {
        HostSet::new(&self.words)
    }

    /// The words up to the last one that is not zero.
    pub(crate) fn trimmed(&self) -> &[U64] {
        let used = self.words.iter().rposition(|word| *word != U64::ZERO).map_or(0, |place| place + 1);
        self.words.get(..used).unwrap_or_default()
    }
}

fn members(words: impl Iterator<Item = u64>) -> impl Iterator<Item = HostNo> {
    words.zip(0u32..).flat_map(|(word, place)| {
        let mut left = word;
        std::iter::from_fn(move || {
            let bit = left.trailing_zeros();
            left &= left.wrapping_sub(1);
            (bit < 64).then_some(HostNo(place * 64 + bit))
        })
    })
}
