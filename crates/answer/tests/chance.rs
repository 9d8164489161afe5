//! The order by chance has the distribution it promises (spec C.5). All draws are seeded: a test that passes
//! once passes always.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod replay;

use std::collections::BTreeMap;

use answer::{Policy, Request, Tier, shuffle, weighted_shuffle};
use rand::SeedableRng as _;
use rand::rngs::StdRng;

/// 4.4 standard deviations: by chance alone one in 100,000 checks fails.
const DEVIATIONS: f64 = 4.4;

fn check(counts: &BTreeMap<Vec<usize>, usize>, theory: &BTreeMap<Vec<usize>, f64>, draws: usize) {
    assert_eq!(counts.keys().collect::<Vec<_>>(), theory.keys().collect::<Vec<_>>());
    for (order, probability) in theory {
        let expected = probability * draws as f64;
        let deviation = (expected * (1.0 - probability)).sqrt();
        let observed = counts[order] as f64;
        assert!(
            (observed - expected).abs() < DEVIATIONS * deviation,
            "{order:?}: {observed}, not {expected:.0}"
        );
    }
}

/// The probability of every order when hosts are drawn one by one by weight.
fn theory(weights: &[u32]) -> BTreeMap<Vec<usize>, f64> {
    fn extend(weights: &[u32], drawn: &[usize], probability: f64, to: &mut BTreeMap<Vec<usize>, f64>) {
        let left: Vec<usize> = (0..weights.len()).filter(|n| !drawn.contains(n)).collect();
        if left.is_empty() {
            to.insert(drawn.to_vec(), probability);
        }
        let sum: u32 = left.iter().map(|n| weights[*n].max(1)).sum();
        for next in left {
            let chance = f64::from(weights[next].max(1)) / f64::from(sum);
            extend(weights, &[drawn, &[next]].concat(), probability * chance, to);
        }
    }
    let mut orders = BTreeMap::new();
    extend(weights, &[], 1.0, &mut orders);
    orders
}

#[test]
fn a_weighted_shuffle_is_drawing_one_by_one() {
    const DRAWS: usize = 60_000;
    for weights in [vec![100, 200, 300], vec![1, 1, 1], vec![0, 1, 10_000], vec![7, 1, 3, 100]] {
        let mut rng = StdRng::seed_from_u64(17);
        let mut counts = BTreeMap::new();
        for _ in 0..DRAWS {
            let mut items: Vec<(usize, u32)> = weights.iter().copied().enumerate().collect();
            weighted_shuffle(&mut items, &mut rng);
            let order: Vec<usize> = items.iter().map(|(number, _)| *number).collect();
            *counts.entry(order).or_insert(0) += 1;
        }
        let mut theory = theory(&weights);
        // Orders too rare to be counted on: at most as often as they may be.
        theory.retain(|order, probability| {
            let rare = *probability * (DRAWS as f64) < 10.0;
            if rare {
                assert!(counts.remove(order).unwrap_or(0) < 40, "{order:?}");
            }
            !rare
        });
        check(&counts, &theory, DRAWS);
    }
}

#[test]
fn a_plain_shuffle_makes_every_order_equally_likely() {
    const DRAWS: usize = 60_000;
    let mut rng = StdRng::seed_from_u64(18);
    let mut counts = BTreeMap::new();
    for _ in 0..DRAWS {
        let mut items = [0, 1, 2, 3];
        shuffle(&mut items, &mut rng);
        *counts.entry(items.to_vec()).or_insert(0) += 1;
    }
    check(&counts, &theory(&[1, 1, 1, 1]), DRAWS);
}

#[test]
fn whole_answers_have_the_recorded_distribution() {
    const DRAWS: usize = 20_000;
    let data = replay::data();
    let policy = Policy::upstream();
    let request = Request {
        path: "/mirrorlist",
        query: "path=pub/weighted&country=US",
        forwarded_for: &[],
        peer: [127, 0, 0, 1].into(),
        now: replay::now(),
    };
    let mut rng = StdRng::seed_from_u64(19);
    let mut counts = BTreeMap::new();
    for _ in 0..DRAWS {
        let answer = answer::answer(&data, &policy, &request, &mut rng);
        assert_eq!(answer.tier, Some(Tier::Country));
        let body = String::from_utf8(answer.body.to_vec()).unwrap();
        let order: Vec<usize> = body
            .lines()
            .skip(1)
            .map(|line| line.split("://h").nth(1).unwrap()[..1].parse::<usize>().unwrap() - 1)
            .collect();
        *counts.entry(order).or_insert(0) += 1;
    }
    check(&counts, &theory(&[100, 200, 300]), DRAWS);
}
