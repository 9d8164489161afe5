//! Hosts as dense numbers and sets of them as bits.
//!
//! The host sets repeat over tens of thousands of directories, so each distinct one is kept once
//! ([`SetPool`]) and a directory holds its number. A set is as long as its largest member needs; whoever
//! combines two of them treats missing words as zero.

use std::collections::HashMap;
use std::hash::BuildHasher as _;

use foldhash::fast::FixedState;

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

/// A set of hosts of a snapshot, seen from outside: the members of one set that are also in another.
#[derive(Debug, Clone, Copy, Default)]
pub struct HostSet<'a> {
    words: &'a [u64],
    mask: Option<&'a [u64]>,
}

impl<'a> HostSet<'a> {
    pub(crate) fn new(words: &'a [u64]) -> Self {
        Self { words, mask: None }
    }

    /// The members that are also in this set. (Of an unmasked set; a second mask replaces the first.)
    #[inline]
    pub(crate) fn within(self, mask: &'a [u64]) -> Self {
        Self { words: self.words, mask: Some(mask) }
    }

    /// The set, 64 hosts at a time.
    #[inline]
    pub fn words(self) -> impl Iterator<Item = u64> + 'a {
        let (shorter, mask) = match self.mask {
            Some(mask) => (self.words.get(..self.words.len().min(mask.len())).unwrap_or_default(), mask),
            None => (self.words, self.words),
        };
        shorter.iter().zip(mask).map(|(word, mask)| word & mask)
    }

    /// Whether the host is a member.
    #[inline]
    pub fn contains(self, host: HostNo) -> bool {
        let has = |words: &[u64]| words.get(host.word()).is_some_and(|word| word & host.bit() != 0);
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
    pub fn iter(self) -> impl Iterator<Item = HostNo> + 'a {
        members(self.words())
    }
}

/// A set of hosts that grows and shrinks while an answer is decided.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostBits {
    words: Vec<u64>,
}

impl HostBits {
    /// An empty set with room for this many hosts.
    pub fn with_room(hosts: usize) -> Self {
        Self { words: vec![0; hosts.div_ceil(64)] }
    }

    /// Adds a host; says whether it is new.
    pub fn insert(&mut self, host: HostNo) -> bool {
        if host.word() >= self.words.len() {
            self.words.resize(host.word() + 1, 0);
        }
        let Some(word) = self.words.get_mut(host.word()) else { return false };
        let new = *word & host.bit() == 0;
        *word |= host.bit();
        new
    }

    /// Takes a host away; says whether it was a member.
    pub fn take(&mut self, host: HostNo) -> bool {
        let Some(word) = self.words.get_mut(host.word()) else { return false };
        let member = *word & host.bit() != 0;
        *word &= !host.bit();
        member
    }

    /// Adds all hosts of a set.
    pub fn add(&mut self, set: HostSet<'_>) {
        for (place, word) in set.words().enumerate() {
            match self.words.get_mut(place) {
                Some(own) => *own |= word,
                None => self.words.push(word),
            }
        }
    }

    /// Takes all hosts of a set away.
    pub fn remove(&mut self, set: HostSet<'_>) {
        for (own, word) in self.words.iter_mut().zip(set.words()) {
            *own &= !word;
        }
    }

    /// Keeps only hosts of a set.
    pub fn keep(&mut self, set: HostSet<'_>) {
        let mut words = set.words();
        for own in &mut self.words {
            *own &= words.next().unwrap_or(0);
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
        members(self.words.iter().copied())
    }

    /// The set as others see it.
    pub fn as_set(&self) -> HostSet<'_> {
        HostSet::new(&self.words)
    }

    /// The words up to the last one that is not zero.
    fn trimmed(&self) -> &[u64] {
        let used = self.words.iter().rposition(|word| *word != 0).map_or(0, |place| place + 1);
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

/// The most words of all sets together.
const MAX_WORDS: u32 = 1 << 28;

/// Each distinct set once.
#[derive(Debug, Clone, Default)]
pub(crate) struct SetPool {
    words: Vec<u64>,
    /// Where each set ends.
    ends: Vec<u32>,
}

/// While sets are added: their numbers by hash.
#[derive(Debug, Default)]
pub(crate) struct SetIndex {
    by_hash: HashMap<u64, Vec<u32>, FixedState>,
}

impl SetPool {
    /// The number of the set, a new one if it is not there yet. `None` when there is no room for more than
    /// 2²⁸ words (2 GiB), some hundred times what the largest known tree needs.
    pub(crate) fn intern(&mut self, index: &mut SetIndex, set: &HostBits) -> Option<u32> {
        let words = set.trimmed();
        let known = index.by_hash.entry(FixedState::with_seed(0).hash_one(words)).or_default();
        if let Some(number) = known.iter().copied().find(|number| self.slice(*number) == words) {
            return Some(number);
        }
        let end =
            u32::try_from(self.words.len().checked_add(words.len())?).ok().filter(|end| *end <= MAX_WORDS)?;
        let number = u32::try_from(self.ends.len()).ok()?;
        self.words.extend_from_slice(words);
        self.ends.push(end);
        known.push(number);
        Some(number)
    }

    /// The set with this number, empty for one that was never given out.
    #[inline]
    pub(crate) fn slice(&self, number: u32) -> &[u64] {
        let number = number as usize;
        let begin = number.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let end = self.ends.get(number).copied().unwrap_or(begin);
        self.words.get(begin as usize..end as usize).unwrap_or_default()
    }

    /// How many distinct sets there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Gives back the room kept for more.
    pub(crate) fn freeze(&mut self) {
        self.words.shrink_to_fit();
        self.ends.shrink_to_fit();
    }
}
