//! From a directory's id to its position, millions of times.

/// A flat table unless the ids are very sparse.
#[derive(Debug)]
pub(super) enum Positions {
    Flat(Vec<u32>),
    Sorted(Vec<i32>),
}

const NOWHERE: u32 = u32::MAX;

impl Positions {
    /// Of ids in ascending order.
    pub(super) fn new(ids: &[i32]) -> Self {
        let size = ids.last().and_then(|max| usize::try_from(*max).ok()).map_or(0, |max| max + 1);
        if size > 16 * ids.len() + 65_536 || ids.first().is_some_and(|id| *id < 0) {
            return Self::Sorted(ids.to_vec());
        }
        let mut table = vec![NOWHERE; size];
        for (position, id) in (0_u32..).zip(ids) {
            if let Some(slot) = usize::try_from(*id).ok().and_then(|id| table.get_mut(id)) {
                *slot = position;
            }
        }
        Self::Flat(table)
    }

    /// The position of an id.
    pub(super) fn of(&self, id: i32) -> Option<usize> {
        match self {
            Self::Flat(table) => {
                let position = *table.get(usize::try_from(id).ok()?)?;
                (position != NOWHERE).then_some(position as usize)
            }
            Self::Sorted(ids) => ids.binary_search(&id).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sparse_and_negative_ids_have_positions_too() {
        for ids in [vec![1, 5, 9], vec![-3, 0, 2_000_000_000], vec![]] {
            let positions = Positions::new(&ids);
            for (position, id) in ids.iter().enumerate() {
                assert_eq!(positions.of(*id), Some(position));
            }
            assert_eq!(positions.of(7), None);
        }
    }
}
