//! A slice of the hosts, for several machines that share a crawl (`spec/crawler.md` 2.3, must match).

use std::str::FromStr;

/// Part `part` of `of` slices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fraction {
    part: usize,
    of: usize,
}

/// A text that names no slice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("fraction {0:?} is not P:S with whole numbers, 1 <= P <= S")]
pub struct FractionError(String);

impl Fraction {
    /// Everything.
    pub const ALL: Self = Self { part: 1, of: 1 };

    /// The range of ids of this slice: from the first (inclusive) to the second (exclusive; `None`: to
    /// the end). `None` when the slice is empty. `ids` in any order.
    ///
    /// All slices but the last have ⌊n/S⌋ hosts, the last one the rest.
    pub fn range(self, ids: &[i32]) -> Option<(i32, Option<i32>)> {
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        let size = ids.len() / self.of;
        let first = *ids.get((self.part - 1) * size)?;
        if self.part == self.of {
            return Some((first, None));
        }
        if size == 0 {
            return None;
        }
        Some((first, ids.get(self.part * size).copied()))
    }

    /// Whether it is everything.
    pub fn is_all(self) -> bool {
        self == Self::ALL
    }
}

impl Default for Fraction {
    fn default() -> Self {
        Self::ALL
    }
}

impl FromStr for Fraction {
    type Err = FractionError;

    fn from_str(text: &str) -> Result<Self, FractionError> {
        let error = || FractionError(text.to_owned());
        let number = |part: &str| part.parse::<usize>().ok().filter(|n| (1..=1_000_000).contains(n));
        let (part, of) = text.split_once(':').ok_or_else(error)?;
        let (part, of) = (number(part).ok_or_else(error)?, number(of).ok_or_else(error)?);
        if part > of { Err(error()) } else { Ok(Self { part, of }) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn slice(n: i32, text: &str) -> Vec<i32> {
        let ids: Vec<i32> = (1..=n).rev().collect();
        let Some((start, stop)) = text.parse::<Fraction>().unwrap().range(&ids) else { return Vec::new() };
        (1..=n).filter(|id| *id >= start && stop.is_none_or(|stop| *id < stop)).collect()
    }

    #[test]
    fn the_table_of_the_specification() {
        assert_eq!(slice(11, "1:3"), (1..=3).collect::<Vec<_>>());
        assert_eq!(slice(11, "2:3"), (4..=6).collect::<Vec<_>>());
        assert_eq!(slice(11, "3:3"), (7..=11).collect::<Vec<_>>());
        assert_eq!(slice(11, "5:20"), Vec::<i32>::new());
        assert_eq!(slice(11, "20:20"), (1..=11).collect::<Vec<_>>());
        assert_eq!(slice(0, "1:2"), Vec::<i32>::new());
        assert_eq!(slice(0, "2:2"), Vec::<i32>::new());
        for bad in ["3:2", "x", "1", "1:0", "0:3", "", ":", "1:2:3", "-1:2", "1:99999999999999999999"] {
            assert!(bad.parse::<Fraction>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn the_slices_of_a_run_are_everything_exactly_once(n in 0..60, of in 1..9usize) {
            let mut all: Vec<i32> = (1..=of).flat_map(|part| slice(n, &format!("{part}:{of}"))).collect();
            all.sort_unstable();
            prop_assert_eq!(all, (1..=n).collect::<Vec<_>>());
        }

        #[test]
        fn parsing_never_panics(text in any::<String>()) {
            let _ = text.parse::<Fraction>();
        }
    }
}
