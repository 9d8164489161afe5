//! The lists of mirrors (spec mirrorlist B.3, `MirrorListCache`): every directory that is served, its path
//! below its category, and who carries it.
//!
//! What is known is by host: which directories it holds. What is wanted is by directory: which hosts hold it.
//! So 64 directories and 64 hosts at a time are turned around, and nobody looks at single pairs.

use std::collections::HashMap;

use store::export::Export;

use crate::carriers::{self, Carrier};
use crate::place::Categories;
use crate::report::BuildReport;

/// Where each directory is served, and the carriers of each category.
#[derive(Debug)]
pub(crate) struct Listing<'a> {
    reads: &'a Export,
    /// By category, numbered from 0.
    pub(crate) categories: Vec<Vec<Carrier<'a>>>,
    /// By position of the directory.
    places: Vec<Option<Place>>,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    category: usize,
    /// Bytes of the name in front of the path below the category.
    above: usize,
}

/// One directory that is served.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) name: &'a str,
    /// Its path below the top directory of its category.
    pub(crate) subpath: &'a str,
    /// Number of its category in [`Listing::categories`].
    pub(crate) category: usize,
    /// Who carries it.
    pub(crate) members: Members<'a>,
}

/// A set of carriers of a category, as one bit for each number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Members<'a> {
    groups: &'a [[u64; 64]],
    directory: usize,
}

impl Members<'_> {
    /// 64 numbers at a time.
    pub(crate) fn words(self) -> impl Iterator<Item = u64> {
        self.groups.iter().map(move |group| group.get(self.directory).copied().unwrap_or(0))
    }

    /// The numbers, in order.
    pub(crate) fn iter(self) -> impl Iterator<Item = usize> {
        self.words().enumerate().flat_map(|(group, word)| {
            let mut left = word;
            std::iter::from_fn(move || {
                let lowest = left.trailing_zeros() as usize;
                left &= left.wrapping_sub(1);
                (lowest < 64).then_some(group * 64 + lowest)
            })
        })
    }
}

impl<'a> Listing<'a> {
    /// Notes what can not be listed: categories without a top directory, directories not below it, host
    /// categories without a host of a site, and host category directories without a directory.
    pub(crate) fn new(reads: &'a Export, report: &mut BuildReport) -> Self {
        let tops = Categories::new(reads, report);
        let mut carriers = carriers::by_category(reads, report);
        let mut numbers: HashMap<i32, usize> = HashMap::new();
        let mut categories = Vec::new();
        let mut places = Vec::with_capacity(reads.directories.len());
        for (position, id) in reads.directories.ids().iter().enumerate() {
            let name = reads.directories.name(position).unwrap_or_default();
            let rows = reads.directories.categories_of(*id);
            let ids = || rows.iter().map(|row| row.category_id);
            let place = tops.place(name, ids());
            if place.is_none() && tops.any_top(ids()) {
                report.skip(
                    "directory",
                    format_args!("{id} ({name})"),
                    "not below the top directory of its category; not served, correct category_directory",
                );
            }
            places.push(place.map(|place| Place {
                category: *numbers.entry(place.category).or_insert_with(|| {
                    categories.push(carriers.remove(&place.category).unwrap_or_default());
                    categories.len() - 1
                }),
                above: name.len() - place.subpath.len(),
            }));
        }
        Self { reads, categories, places }
    }

    /// How many directories are served.
    pub(crate) fn len(&self) -> usize {
        self.places.iter().flatten().count()
    }

    /// (directory, host) pairs with at least one URL.
    pub(crate) fn pairs(&self) -> u64 {
        let mut served = vec![vec![0_u64; self.places.len().div_ceil(64)]; self.categories.len()];
        for (position, place) in self.places.iter().enumerate() {
            let word = place
                .and_then(|place| served.get_mut(place.category))
                .and_then(|words| words.get_mut(position / 64));
            if let Some(word) = word {
                *word |= 1 << (position % 64);
            }
        }
        let held = |carrier: &Carrier<'_>, served: &[u64]| -> u64 {
            let blocks = served.iter().enumerate();
            blocks.map(|(block, word)| u64::from((word & carrier.block(block)).count_ones())).sum()
        };
        let categories = self.categories.iter().zip(&served);
        categories
            .flat_map(|(carriers, served)| carriers.iter().map(move |carrier| (carrier, served)))
            .filter(|(carrier, _)| !carrier.urls.is_empty())
            .map(|(carrier, served)| held(carrier, served))
            .sum()
    }

    /// The directories in the order of their ids, with the numbers of their carriers.
    pub(crate) fn entries(&self) -> Entries<'_> {
        let in_order = |carriers: &'_ Vec<Carrier<'_>>| (0..carriers.len()).map(Some).collect();
        self.entries_by(self.categories.iter().map(in_order))
    }

    /// As [`Listing::entries`], with other numbers: for each category, the carrier of each number.
    pub(crate) fn entries_by(&self, numbers: impl Iterator<Item = Vec<Option<usize>>>) -> Entries<'_> {
        Entries { listing: self, position: 0, blocks: numbers.map(Block::new).collect() }
    }
}

impl Carrier<'_> {
    /// 64 directories that it holds, as bits.
    fn block(&self, block: usize) -> u64 {
        if self.always { u64::MAX } else { self.holds.map_or(0, |holds| holds.block(block)) }
    }
}

/// Goes over a listing.
pub(crate) struct Entries<'a> {
    listing: &'a Listing<'a>,
    position: usize,
    /// By category.
    blocks: Vec<Block>,
}

impl Entries<'_> {
    /// How many of all directories are behind us.
    pub(crate) fn position(&self) -> usize {
        self.position
    }

    /// The next directory, also when no host carries it.
    pub(crate) fn next(&mut self) -> Option<Entry<'_>> {
        let listing = self.listing;
        let place = loop {
            let place = listing.places.get(self.position)?;
            self.position += 1;
            if let Some(place) = place {
                break place;
            }
        };
        let position = self.position - 1;
        let name = listing.reads.directories.name(position)?;
        let block = self.blocks.get_mut(place.category)?;
        block.turn(listing.categories.get(place.category)?, position / 64);
        Some(Entry {
            name,
            subpath: name.get(place.above..)?,
            category: place.category,
            members: Members { groups: &block.groups, directory: position % 64 },
        })
    }
}

/// The carriers of 64 directories.
struct Block {
    number: Option<usize>,
    /// The carrier of each bit.
    carriers: Vec<Option<usize>>,
    /// By 64 bits: those of each directory.
    groups: Vec<[u64; 64]>,
}

impl Block {
    fn new(carriers: Vec<Option<usize>>) -> Self {
        Self { number: None, groups: vec![[0; 64]; carriers.len().div_ceil(64)], carriers }
    }

    /// Makes it the block with this number.
    fn turn(&mut self, carriers: &[Carrier<'_>], number: usize) {
        if self.number == Some(number) {
            return;
        }
        self.number = Some(number);
        for (group, bits) in self.groups.iter_mut().zip(self.carriers.chunks(64)) {
            let mut held = bits.iter().map(|carrier| {
                carrier.and_then(|carrier| carriers.get(carrier)).map_or(0, |carrier| carrier.block(number))
            });
            group.fill_with(|| held.next().unwrap_or(0));
            transpose(group);
        }
    }
}

/// Turns a square of bits around: bit `b` of word `a` becomes bit `a` of word `b`. (Warren, Hacker's Delight,
/// 7-3.)
fn transpose(square: &mut [u64; 64]) {
    let mut mask = 0x0000_0000_ffff_ffff_u64;
    let mut width = 32;
    while width > 0 {
        for pair in square.chunks_exact_mut(2 * width) {
            let (first, second) = pair.split_at_mut(width);
            for (low, high) in first.iter_mut().zip(second) {
                let swapped = ((*low >> width) ^ *high) & mask;
                *high ^= swapped;
                *low ^= swapped << width;
            }
        }
        width /= 2;
        mask ^= mask << width;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_square_is_turned_around(words in proptest::collection::vec(proptest::num::u64::ANY, 64)) {
            let before: [u64; 64] = words.try_into().unwrap();
            let mut after = before;
            transpose(&mut after);
            for (row, word) in before.iter().enumerate() {
                for (column, turned) in after.iter().enumerate() {
                    proptest::prop_assert_eq!(word >> column & 1, turned >> row & 1);
                }
            }
        }
    }
}
