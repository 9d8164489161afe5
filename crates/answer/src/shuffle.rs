//! Fair order by chance (spec C.5).
//!
//! Drawing items one by one with probability weight / rest of the weights is the same as sorting them by
//! `-ln(u) / weight` with `u` uniform: each item gets the time of its first event in a Poisson process of
//! that rate. That takes one logarithm per item and one sort.

use rand::Rng;

/// Every order equally likely.
pub fn shuffle<T>(items: &mut [T], rng: &mut impl Rng) {
    for last in (1..items.len()).rev() {
        // The bias of taking the high bits of a product is below one in 2³².
        let place = ((u128::from(rng.next_u64()) * (last as u128 + 1)) >> 64) as usize;
        items.swap(last, place);
    }
}

/// The order of drawing items one by one, each with probability weight / weights of the remaining. A weight
/// below 1 counts as 1.
pub fn weighted_shuffle<T: Copy>(items: &mut Vec<(T, u32)>, rng: &mut impl Rng) {
    let mut times = Times::default();
    times.begin(items.len());
    for (_, weight) in items.iter() {
        times.push(rng.next_u64(), f64::from((*weight).max(1)));
    }
    *items = times.in_order().filter_map(|place| items.get(place).copied()).collect();
}

/// The times of the first events of items that are pushed one after the other. Can be used again and again.
#[derive(Debug, Default)]
pub(crate) struct Times {
    /// A positive float sorts like its bits. The last of them are worth nothing, so they carry the item's
    /// place, and what is sorted is small.
    keys: Vec<u64>,
    mask: u64,
}

impl Times {
    /// Forgets everything, and takes at most this many items.
    pub(crate) fn begin(&mut self, items: usize) {
        self.keys.clear();
        self.keys.reserve(items);
        self.mask = (items as u64).next_power_of_two() - 1;
    }

    /// The next item: 64 bits of luck, and its weight, above 0.
    #[inline]
    pub(crate) fn push(&mut self, luck: u64, weight: f64) {
        // 53 bits, and never 0, whose logarithm is infinite.
        let uniform = ((luck >> 11) + 1) as f64 / (1u64 << 53) as f64;
        let time = (-uniform.ln() / weight).abs().to_bits();
        self.keys.push(time & !self.mask | self.keys.len() as u64);
    }

    /// The places of the items, from 0, the earliest first.
    pub(crate) fn in_order(&mut self) -> impl Iterator<Item = usize> {
        self.keys.sort_unstable();
        let mask = self.mask;
        self.keys.iter().map(move |key| (key & mask) as usize)
    }
}
