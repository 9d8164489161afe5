//! A frozen set of texts, numbered densely, found by hash.
//!
//! One arena of bytes, one offset per text, and a table of slots at most half full: about 12 bytes per text
//! beside the text itself, and nothing that could not be mapped from a file.

use foldhash::fast::FixedState;
use std::hash::BuildHasher as _;

const EMPTY: u32 = u32::MAX;

/// Texts and their numbers, from 0 in the order in which they first came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    arena: String,
    /// Where each text ends; it begins where the one before ends.
    ends: Vec<u32>,
    slots: Vec<u32>,
}

impl Names {
    /// The number of the text, a new one if it is not there yet. `None` when there is no room for more than
    /// 4 GiB of texts.
    pub(crate) fn intern(&mut self, text: &str) -> Option<u32> {
        if let Some(number) = self.find(text) {
            return Some(number);
        }
        let end = u32::try_from(self.arena.len().checked_add(text.len())?).ok()?;
        let number = u32::try_from(self.ends.len()).ok().filter(|number| *number < EMPTY)?;
        self.arena.push_str(text);
        self.ends.push(end);
        if self.ends.len() * 2 > self.slots.len() {
            self.grow();
        } else {
            self.place(number);
        }
        Some(number)
    }

    /// The number of the text.
    #[inline]
    pub(crate) fn find(&self, text: &str) -> Option<u32> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut at = hash(text) & mask;
        loop {
            let number = *self.slots.get(at)?;
            if number == EMPTY {
                return None;
            }
            if self.text(number) == text {
                return Some(number);
            }
            at = (at + 1) & mask;
        }
    }

    /// The text of a number, empty for one that was never given out.
    #[inline]
    pub(crate) fn text(&self, number: u32) -> &str {
        let number = number as usize;
        let begin = number.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let end = self.ends.get(number).copied().unwrap_or(begin);
        self.arena.get(begin as usize..end as usize).unwrap_or_default()
    }

    /// How many texts there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Gives back the room kept for more.
    pub(crate) fn freeze(&mut self) {
        self.arena.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    fn grow(&mut self) {
        let size = (self.ends.len() * 4).next_power_of_two().max(16);
        self.slots = vec![EMPTY; size];
        for number in 0..self.ends.len() as u32 {
            self.place(number);
        }
    }

    fn place(&mut self, number: u32) {
        let mask = self.slots.len() - 1;
        let mut at = hash(self.text(number)) & mask;
        while let Some(slot) = self.slots.get_mut(at) {
            if *slot == EMPTY {
                *slot = number;
                return;
            }
            at = (at + 1) & mask;
        }
    }
}

fn hash(text: &str) -> usize {
    FixedState::with_seed(0x6d6d_3300).hash_one(text) as usize
}
