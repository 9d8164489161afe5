//! A set of texts, numbered densely, found by hash.
//!
//! One arena of bytes, one offset per text, and a table of slots at most half full: about 12 bytes per text
//! beside the text itself.

use bytestring::ByteString;
use xxhash_rust::xxh3::xxh3_64;
use zerocopy::little_endian::U32;

use crate::column::Column;
use crate::damaged::Damaged;
use crate::parts::{Parts, PartsWriter};

const EMPTY: u32 = u32::MAX;

/// Texts and their numbers, from 0 in the order in which they were added.
#[derive(Debug, Clone, Default)]
pub struct Names {
    arena: ByteString,
    /// Where each text ends; it begins where the one before ends.
    ends: Column<U32>,
    slots: Column<U32>,
}

impl Names {
    /// The number of the text.
    #[inline]
    pub fn find(&self, text: &str) -> Option<u32> {
        let slots = self.slots.as_slice();
        let mask = slots.len().checked_sub(1)?;
        let mut at = hash(text) & mask;
        // Half of the slots are empty, so this ends; the bound is for a file that changes under a mapping.
        for _ in 0..=mask {
            let number = slots.get(at)?.get();
            if number == EMPTY {
                return None;
            }
            if self.text(number) == text {
                return Some(number);
            }
            at = (at + 1) & mask;
        }
        None
    }

    /// The text of a number, empty for one that was never given out.
    #[inline]
    pub fn text(&self, number: u32) -> &str {
        let ends = self.ends.as_slice();
        let number = number as usize;
        let begin = number.checked_sub(1).and_then(|before| ends.get(before)).map_or(0, |end| end.get());
        let end = ends.get(number).map_or(begin, |end| end.get());
        self.arena.get(begin as usize..end as usize).unwrap_or_default()
    }

    /// How many texts there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// All texts in the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len() as u32).map(|number| self.text(number))
    }

    /// Adds the three parts of the set.
    pub fn write(&self, to: &mut PartsWriter) {
        to.push(self.arena.as_bytes().clone());
        to.column(&self.ends);
        to.column(&self.slots);
    }

    /// Takes the three parts of a set.
    ///
    /// # Errors
    /// They are no set of distinct texts each of which is found.
    pub fn read(parts: &mut Parts) -> Result<Self, Damaged> {
        let names = Self { arena: parts.text()?, ends: parts.column()?, slots: parts.column()? };
        let mut before = 0;
        for end in names.ends.as_slice() {
            let end = end.get() as usize;
            let right = before <= end && names.arena.is_char_boundary(end);
            Damaged::unless(right, parts.table(), "a text that ends nowhere")?;
            before = end;
        }
        Damaged::unless(before == names.arena.len(), parts.table(), "text without a number")?;
        let slots = names.slots.as_slice();
        let taken = slots.iter().filter(|slot| slot.get() != EMPTY).count();
        let sized = slots.is_empty() || slots.len().is_power_of_two() && slots.len() >= 2 * names.len();
        Damaged::unless(sized && taken == names.len(), parts.table(), "an index of the wrong size")?;
        let found = (0u32..).zip(names.iter()).all(|(number, text)| names.find(text) == Some(number));
        Damaged::unless(found, parts.table(), "a text that is not found")?;
        Ok(names)
    }
}

/// A set of texts that grows.
#[derive(Debug, Clone, Default)]
pub struct NamesBuilder {
    arena: String,
    ends: Vec<u32>,
    slots: Vec<u32>,
}

impl NamesBuilder {
    /// The number of the text, a new one if it is not there yet. `None` when there is no room for more than
    /// 4 GiB of texts.
    pub fn intern(&mut self, text: &str) -> Option<u32> {
        let at = match self.place_of(text) {
            Ok(number) => return Some(number),
            Err(at) => at,
        };
        let end = u32::try_from(self.arena.len().checked_add(text.len())?).ok()?;
        let number = u32::try_from(self.ends.len()).ok().filter(|number| *number < EMPTY)?;
        self.arena.push_str(text);
        self.ends.push(end);
        let room = self.ends.len() * 2 <= self.slots.len();
        match self.slots.get_mut(at).filter(|_| room) {
            Some(slot) => *slot = number,
            None => self.grow(),
        }
        Some(number)
    }

    /// The number of the text.
    pub fn find(&self, text: &str) -> Option<u32> {
        self.place_of(text).ok()
    }

    /// The text of a number, empty for one that was never given out.
    pub fn text(&self, number: u32) -> &str {
        let number = number as usize;
        let begin = number.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let end = self.ends.get(number).copied().unwrap_or(begin);
        self.arena.get(begin as usize..end as usize).unwrap_or_default()
    }

    /// How many texts there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The finished set.
    pub fn freeze(self) -> Names {
        let column = |numbers: Vec<u32>| numbers.into_iter().map(U32::new).collect();
        let mut arena = self.arena;
        arena.shrink_to_fit();
        Names { arena: arena.into(), ends: column(self.ends), slots: column(self.slots) }
    }

    /// The number of the text, or the free slot where its number would go.
    fn place_of(&self, text: &str) -> Result<u32, usize> {
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = hash(text) & mask;
        loop {
            match self.slots.get(at) {
                Some(number) if *number != EMPTY => {
                    if self.text(*number) == text {
                        return Ok(*number);
                    }
                }
                _ => return Err(at),
            }
            at = (at + 1) & mask;
        }
    }

    fn grow(&mut self) {
        let size = (self.ends.len() * 4).next_power_of_two().max(16);
        self.slots = vec![EMPTY; size];
        for number in 0..self.ends.len() as u32 {
            let mut at = hash(self.text(number)) & (size - 1);
            while self.slots.get(at).is_some_and(|slot| *slot != EMPTY) {
                at = (at + 1) & (size - 1);
            }
            if let Some(slot) = self.slots.get_mut(at) {
                *slot = number;
            }
        }
    }
}

/// Part of the format of files: never changed without a new version of it.
fn hash(text: &str) -> usize {
    xxh3_64(text.as_bytes()) as usize
}
