//! Each distinct set of hosts once.
//!
//! The host sets repeat over tens of thousands of directories, so a directory holds the number of its set. A set
//! is as long as its largest member needs; whoever combines two of them treats missing words as zero.

use std::collections::HashMap;
use std::hash::BuildHasher as _;

use foldhash::fast::FixedState;
use frozen::{Column, Damaged, Parts, PartsWriter};
use zerocopy::IntoBytes as _;
use zerocopy::little_endian::{U32, U64};

use crate::hosts::{HostBits, HostSet};

/// The most words of all sets together.
const MAX_WORDS: u32 = 1 << 28;

/// Each distinct set once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sets {
    words: Column<U64>,
    /// Where each set ends.
    ends: Column<U32>,
}

impl Sets {
    /// The words of the set with this number, none for one that was never given out.
    #[inline]
    pub(crate) fn words(&self, number: u32) -> &[U64] {
        let ends = self.ends.as_slice();
        let number = number as usize;
        let begin = number.checked_sub(1).and_then(|before| ends.get(before)).map_or(0, |end| end.get());
        let end = ends.get(number).map_or(begin, |end| end.get());
        self.words.range(begin, end)
    }

    /// The set with this number, empty for one that was never given out.
    #[inline]
    pub(crate) fn get(&self, number: u32) -> HostSet<'_> {
        HostSet::new(self.words(number))
    }

    /// How many distinct sets there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn write(&self, to: &mut PartsWriter) {
        to.column(&self.words);
        to.column(&self.ends);
    }

    /// Takes the sets; their members are below `hosts`.
    pub(crate) fn read(parts: &mut Parts, hosts: usize) -> Result<Self, Damaged> {
        let sets = Self { words: parts.column()?, ends: parts.column()? };
        let table = parts.table();
        let mut before = 0;
        for end in sets.ends.as_slice() {
            let words = sets.words.as_slice().get(before..end.get() as usize);
            let words = words.ok_or_else(|| parts.damaged("a set that ends nowhere"))?;
            let largest = words.last().map_or(0, |word| 64 - word.get().leading_zeros() as usize);
            let members = words.len().saturating_sub(1) * 64 + largest;
            let right = members <= hosts && (words.is_empty() || largest > 0);
            Damaged::unless(right, table, "a set of hosts that are not there")?;
            before = end.get() as usize;
        }
        Damaged::unless(before == sets.words.len(), table, "hosts of no set")?;
        Ok(sets)
    }
}

/// Sets while they are added.
#[derive(Debug, Default)]
pub(crate) struct SetsBuilder {
    words: Vec<U64>,
    ends: Vec<U32>,
    by_hash: HashMap<u64, Vec<u32>, FixedState>,
}

impl SetsBuilder {
    /// The number of the set, a new one if it is not there yet. `None` when there is no room for more than
    /// 2²⁸ words (2 GiB), some hundred times what the largest known tree needs.
    pub(crate) fn intern(&mut self, set: &HostBits) -> Option<u32> {
        let words = set.trimmed();
        let known = self.by_hash.entry(FixedState::with_seed(0).hash_one(words.as_bytes())).or_default();
        let slice = |number: u32| {
            let number = number as usize;
            let begin = number.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |e| e.get());
            let end = self.ends.get(number).map_or(begin, |end| end.get());
            self.words.get(begin as usize..end as usize).unwrap_or_default()
        };
        if let Some(number) = known.iter().copied().find(|number| slice(*number) == words) {
            return Some(number);
        }
        let end =
            u32::try_from(self.words.len().checked_add(words.len())?).ok().filter(|end| *end <= MAX_WORDS)?;
        let number = u32::try_from(self.ends.len()).ok()?;
        self.words.extend_from_slice(words);
        self.ends.push(U32::new(end));
        known.push(number);
        Some(number)
    }

    pub(crate) fn freeze(self) -> Sets {
        Sets { words: self.words.into(), ends: self.ends.into() }
    }
}
