//! A limit on how often one mirror is the first of a list.

/// Mirrors from which on the limit holds: with fewer, one of them must be first more often.
pub(crate) const LEAST_MIRRORS: usize = 3;

/// How likely each item is to be first when it is drawn by weight and none may be first in more than this share
/// of the draws. What is above it goes to the others by weight; if that lifts another one above it, again.
///
/// When the share is below one in as many as there are, all are equally likely. Weights are above 0.
pub(crate) fn capped(weights: &[f64], share: f64) -> Vec<f64> {
    let share = share.max(1.0 / weights.len().max(1) as f64);
    let mut order: Vec<usize> = (0..weights.len()).collect();
    let weight = |place: &usize| weights.get(*place).copied().unwrap_or_default();
    order.sort_by(|a, b| weight(b).total_cmp(&weight(a)));
    let mut probabilities = vec![0.0; weights.len()];
    // Only a heavier one than those that are capped already can come above the limit, so one pass is enough.
    let mut rest: f64 = weights.iter().sum();
    let mut free = 1.0;
    for place in order {
        let probability = (free * weight(&place) / rest).clamp(0.0, share);
        if let Some(own) = probabilities.get_mut(place) {
            *own = probability;
        }
        rest -= weight(&place);
        free -= probability;
    }
    probabilities
}

/// The place that this luck draws from items with these probabilities.
pub(crate) fn draw(probabilities: &[f64], luck: u64) -> usize {
    let sum: f64 = probabilities.iter().sum();
    let mut left = (luck >> 11) as f64 / (1u64 << 53) as f64 * sum;
    for (place, probability) in probabilities.iter().enumerate() {
        if left < *probability {
            return place;
        }
        left -= probability;
    }
    // Rounding: the last one that can be drawn.
    probabilities.iter().rposition(|probability| *probability > 0.0).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{capped, draw};

    fn near(found: &[f64], expected: &[f64]) {
        assert!(
            found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12),
            "{found:?}, not {expected:?}"
        );
    }

    #[test]
    fn the_excess_goes_to_the_others_by_weight() {
        near(&capped(&[100.0, 200.0, 300.0], 1.0), &[1.0 / 6.0, 1.0 / 3.0, 0.5]);
        near(&capped(&[10.0, 10.0, 980.0], 0.5), &[0.25, 0.25, 0.5]);
        // 0.5 is left for weights 100 and 10 and 10: 5/12 would be too much, too.
        near(&capped(&[10.0, 100.0, 880.0, 10.0], 0.4), &[0.1, 0.4, 0.4, 0.1]);
        near(&capped(&[1.0, 2.0, 9.0], 0.1), &[1.0 / 3.0; 3]);
        near(&capped(&[5.0], 0.1), &[1.0]);
        assert!(capped(&[], 0.5).is_empty());
    }

    /// The words of the rule: cap, spread what is above by weight over those below, again until none is above.
    fn spread(weights: &[f64], share: f64) -> Vec<f64> {
        let mut is_capped = vec![false; weights.len()];
        loop {
            let free = 1.0 - share * is_capped.iter().filter(|capped| **capped).count() as f64;
            let open = |place: &usize| !is_capped[*place];
            let rest: f64 = (0..weights.len()).filter(open).map(|place| weights[place]).sum();
            let probability =
                |place: usize| if is_capped[place] { share } else { free * weights[place] / rest };
            let probabilities: Vec<f64> = (0..weights.len()).map(probability).collect();
            let above: Vec<usize> = (0..weights.len())
                .filter(|place| !is_capped[*place] && probabilities[*place] > share + 1e-12)
                .collect();
            if above.is_empty() {
                return probabilities;
            }
            above.into_iter().for_each(|place| is_capped[place] = true);
        }
    }

    proptest! {
        #[test]
        fn capping_in_one_pass_is_capping_again_and_again(
            weights in prop::collection::vec((1..10_000u32).prop_map(f64::from), 3..12),
            share in 0.0..1.0f64,
        ) {
            let share = share.max(1.0 / weights.len() as f64 + 1e-6);
            let found = capped(&weights, share);
            let expected = spread(&weights, share);
            for (found, expected) in found.iter().zip(&expected) {
                prop_assert!((found - expected).abs() < 1e-9, "{found} {expected}");
                prop_assert!(*found <= share + 1e-12);
            }
            prop_assert!((found.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        }

        #[test]
        fn something_is_drawn(probabilities in prop::collection::vec(0.0..1.0f64, 1..6), luck in any::<u64>()) {
            prop_assert!(draw(&probabilities, luck) < probabilities.len());
        }
    }

    #[test]
    fn what_can_not_be_is_not_drawn() {
        assert_eq!(draw(&[0.0, 1.0, 0.0], 0), 1);
        assert_eq!(draw(&[0.0, 1.0, 0.0], u64::MAX), 1);
        assert_eq!(draw(&[0.5, 0.5], u64::MAX / 2 - (1 << 20)), 0);
        assert_eq!(draw(&[0.5, 0.5], u64::MAX / 2 + (1 << 20)), 1);
    }
}
