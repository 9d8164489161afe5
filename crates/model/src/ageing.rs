//! Which known states of a file are no longer served as alternates (`spec/umdl.md` 13,
//! `spec/scan-primary-mirror.md` 9). The store's statement is tested against this function.

const DAY_SECONDS: i64 = 86_400;

/// One known state of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DetailAge {
    /// Row id.
    pub id: i64,
    /// Content time, seconds since 1970; `None` in damaged rows.
    pub timestamp: Option<i64>,
}

/// The times that ageing compares with, seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgeLimits {
    /// States older than this may go.
    pub stale: i64,
    /// A newest state older than this has reached the mirrors.
    pub propagation: i64,
}

impl AgeLimits {
    /// Upstream's: propagation is one day less than stale (default of `MAX_STALE_DAYS`: 4).
    pub fn umdl(now: i64, stale_days: u32) -> Self {
        Self::days(now, i64::from(stale_days), i64::from(stale_days) - 1)
    }

    /// The second scanner's two settings (defaults 3 and 2).
    pub fn spm(now: i64, stale_days: u32, propagation_days: u32) -> Self {
        Self::days(now, stale_days.into(), propagation_days.into())
    }

    fn days(now: i64, stale: i64, propagation: i64) -> Self {
        let before = |days: i64| now.saturating_sub(days.saturating_mul(DAY_SECONDS));
        Self { stale: before(stale), propagation: before(propagation) }
    }
}

/// The ids to delete of the states of **one** file, in any order.
///
/// The newest (by time, then id; decision 44) always stays. The second stays unless the newest has
/// reached the mirrors. Of the others those go that are stale; a state without time is the oldest and stale.
pub fn aged(states: &[DetailAge], limits: AgeLimits) -> Vec<i64> {
    let mut newest_first = states.to_vec();
    // `None` is less than any time.
    newest_first.sort_by_key(|state| std::cmp::Reverse((state.timestamp, state.id)));
    let Some(newest) = newest_first.first() else { return Vec::new() };
    let propagated = newest.timestamp.is_none_or(|time| time < limits.propagation);
    let kept = if propagated { 1 } else { 2 };
    newest_first
        .iter()
        .skip(kept)
        .filter(|state| state.timestamp.is_none_or(|time| time < limits.stale))
        .map(|state| state.id)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_700_000_000;

    /// Ages in days that stay.
    fn left(ages: &[f64], limits: AgeLimits) -> Vec<f64> {
        let states: Vec<DetailAge> = ages
            .iter()
            .enumerate()
            .map(|(id, age)| DetailAge { id: id as i64, timestamp: Some(NOW - (age * 86_400.0) as i64) })
            .collect();
        let gone = aged(&states, limits);
        ages.iter().enumerate().filter(|(id, _)| !gone.contains(&(*id as i64))).map(|(_, age)| *age).collect()
    }

    #[test]
    fn table_of_policy_umdl() {
        let limits = AgeLimits::umdl(NOW, 4);
        for (ages, expected) in [
            (&[10.0][..], &[10.0][..]),
            (&[1.0, 5.0], &[1.0, 5.0]),
            (&[3.5, 5.0], &[3.5]),
            (&[3.5, 3.9], &[3.5, 3.9]),
            (&[1.0, 5.0, 6.0, 7.0], &[1.0, 5.0]),
            (&[1.0, 2.0, 3.0, 5.0], &[1.0, 2.0, 3.0]),
            (&[3.5, 3.6, 4.5], &[3.5, 3.6]),
            (&[2.9, 5.0, 6.0], &[2.9, 5.0]),
            (&[10.0, 11.0, 12.0], &[10.0]),
        ] {
            assert_eq!(left(ages, limits), expected, "{ages:?}");
        }
    }

    #[test]
    fn vectors_of_policy_spm() {
        let limits = AgeLimits::spm(NOW, 3, 2);
        assert_eq!(left(&[0.0, 1.0, 4.0, 5.0], limits), [0.0, 1.0]);
        assert_eq!(left(&[4.0, 5.0], limits), [4.0]);
        assert_eq!(left(&[1.0, 4.0], limits), [1.0, 4.0]);
        assert_eq!(left(&[0.1, 0.2, 0.3], AgeLimits::spm(NOW, 0, 0)), [0.1], "0 and 0: no alternates");
    }

    #[test]
    fn limits_are_strict() {
        let limits = AgeLimits::umdl(NOW, 4);
        assert_eq!(left(&[3.0, 5.0], limits), [3.0, 5.0], "exactly 3 days is not older than 3 days");
        assert_eq!(left(&[1.0, 1.5, 4.0], limits), [1.0, 1.5, 4.0]);
    }

    #[test]
    fn missing_times_and_equal_times() {
        let limits = AgeLimits::umdl(NOW, 4);
        let state = |id, timestamp| DetailAge { id, timestamp };
        assert_eq!(aged(&[state(1, None)], limits), [0i64; 0]);
        assert_eq!(aged(&[state(1, None), state(2, None)], limits), [1]);
        let old = Some(NOW - 10 * 86_400);
        assert_eq!(aged(&[state(1, None), state(2, old)], limits), [1]);
        assert_eq!(aged(&[state(8, old), state(9, old)], limits), [8], "the newer id stays");
        assert_eq!(aged(&[], limits), [0i64; 0]);
    }
}
