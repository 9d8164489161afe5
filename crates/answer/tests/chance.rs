//! The order by chance has the distribution it promises (spec C.5): drawing hosts one by one, each with
//! probability weight / weights of the remaining.
//!
//! Every check is a chi-square test of 20,000 draws at p > 0.001, for each of five seeds. All draws are seeded:
//! a test that passes once passes always. That the tests can fail is shown with one weight changed by 10 %.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod replay;

use std::collections::BTreeMap;
use std::sync::Arc;

use answer::{Data, Policy, Request, Tier, shuffle, weighted_shuffle};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use snapshot::{Snapshot, proto};
use statrs::distribution::{ChiSquared, ContinuousCDF as _};

const SEEDS: [u64; 5] = [1, 2, 3, 4, 5];
const DRAWS: usize = 20_000;
const LEAST_P: f64 = 0.001;

/// An order of hosts, by their places in the list of weights.
type Order = Vec<usize>;

/// How often each order came up.
type Counts = BTreeMap<Order, usize>;

/// How probable each order is.
type Theory = BTreeMap<Order, f64>;

/// The probability of every order when hosts are drawn one by one by weight.
fn theory(weights: &[u32]) -> Theory {
    fn extend(weights: &[u32], drawn: &[usize], probability: f64, to: &mut Theory) {
        let left: Order = (0..weights.len()).filter(|n| !drawn.contains(n)).collect();
        if left.is_empty() {
            to.insert(drawn.to_vec(), probability);
        }
        let sum: u32 = left.iter().map(|n| weights[*n].max(1)).sum();
        for next in left {
            let chance = f64::from(weights[next].max(1)) / f64::from(sum);
            extend(weights, &[drawn, &[next]].concat(), probability * chance, to);
        }
    }
    let mut orders = Theory::new();
    extend(weights, &[], 1.0, &mut orders);
    orders
}

/// The same of the first places only.
fn firsts<T: Copy + Default + std::ops::AddAssign>(orders: &BTreeMap<Order, T>) -> BTreeMap<Order, T> {
    let mut firsts = BTreeMap::new();
    for (order, value) in orders {
        *firsts.entry(order[..1].to_vec()).or_default() += *value;
    }
    firsts
}

/// Pearson's test: the probability of counts at least as far from the theory as these.
fn p_value(counts: &Counts, theory: &Theory) -> f64 {
    assert!(counts.keys().all(|order| theory.contains_key(order)), "impossible: {counts:?}");
    let draws: usize = counts.values().sum();
    let (mut statistic, mut cells) = (0.0, 0usize);
    let mut add = |observed: f64, expected: f64| {
        statistic += (observed - expected).powi(2) / expected;
        cells += 1;
    };
    // Orders too rare to be tested one by one are tested together.
    let (mut rare_observed, mut rare_expected) = (0.0, 0.0);
    for (order, probability) in theory {
        let observed = counts.get(order).copied().unwrap_or(0) as f64;
        let expected = probability * draws as f64;
        if expected < 10.0 {
            rare_observed += observed;
            rare_expected += expected;
        } else {
            add(observed, expected);
        }
    }
    if rare_expected > 0.0 {
        add(rare_observed, rare_expected);
    }
    ChiSquared::new((cells - 1) as f64).unwrap().sf(statistic)
}

/// Whether the counts are as the theory says, in the first place and in the whole order.
fn is_right(counts: &Counts, theory: &Theory) -> bool {
    p_value(&firsts(counts), &firsts(theory)) > LEAST_P && p_value(counts, theory) > LEAST_P
}

/// Every way to change one weight by 10 %.
fn changed(weights: &[u32]) -> impl Iterator<Item = Vec<u32>> {
    (0..weights.len()).flat_map(move |place| {
        [11, 9].map(|tenths| {
            let mut weights = weights.to_vec();
            weights[place] = weights[place] * tenths / 10;
            weights
        })
    })
}

fn drawn(seed: u64, mut draw: impl FnMut(&mut StdRng) -> Order) -> Counts {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut counts = Counts::new();
    for _ in 0..DRAWS {
        *counts.entry(draw(&mut rng)).or_default() += 1;
    }
    counts
}

fn weighted(weights: &[u32], rng: &mut StdRng) -> Order {
    let mut items: Vec<(usize, u32)> = weights.iter().copied().enumerate().collect();
    weighted_shuffle(&mut items, rng);
    items.iter().map(|(place, _)| *place).collect()
}

#[test]
fn a_weighted_shuffle_is_drawing_one_by_one() {
    for weights in [&[100, 200, 300, 400][..], &[1, 1, 1], &[0, 1, 10_000], &[7, 1, 3, 100], &[10_000, 1]] {
        let theory = theory(weights);
        for seed in SEEDS {
            assert!(
                is_right(&drawn(seed, |rng| weighted(weights, rng)), &theory),
                "{weights:?}, seed {seed}"
            );
        }
    }
}

#[test]
fn one_weight_that_is_wrong_by_a_tenth_is_seen() {
    const RIGHT: [u32; 4] = [100, 200, 300, 400];
    let theory = theory(&RIGHT);
    for weights in changed(&RIGHT) {
        for seed in SEEDS {
            assert!(
                !is_right(&drawn(seed, |rng| weighted(&weights, rng)), &theory),
                "{weights:?}, seed {seed}"
            );
        }
    }
}

/// Too many hosts for all orders to be counted: the first places, and for every two hosts which of them is first.
#[test]
fn among_many_hosts_each_place_is_by_weight() {
    const HOSTS: usize = 12;
    let weights: Vec<u32> = (0..HOSTS as u32).map(|place| 100 + 75 * place).collect();
    let sum = f64::from(weights.iter().sum::<u32>());
    let first: Theory = (0..HOSTS).map(|place| (vec![place], f64::from(weights[place]) / sum)).collect();
    for seed in SEEDS {
        let counts = drawn(seed, |rng| weighted(&weights, rng));
        assert!(p_value(&firsts(&counts), &first) > LEAST_P, "seed {seed}");
        for one in 0..HOSTS {
            for other in 0..one {
                let mut before = Counts::new();
                for (order, count) in &counts {
                    let earlier = order.iter().find(|place| [one, other].contains(place)).unwrap();
                    *before.entry(vec![*earlier]).or_default() += count;
                }
                let theory = theory(&[weights[one], weights[other]]);
                let theory = theory.iter().map(|(order, p)| (vec![[one, other][order[0]]], *p)).collect();
                // All pairs together must not fail more often than one test does.
                let pairs = (HOSTS * (HOSTS - 1) / 2) as f64;
                assert!(p_value(&before, &theory) > LEAST_P / pairs, "seed {seed}: {one} and {other}");
            }
        }
    }
}

#[test]
fn a_plain_shuffle_makes_every_order_equally_likely() {
    let even = theory(&[1, 1, 1, 1]);
    for seed in SEEDS {
        let counts = drawn(seed, |rng| {
            let mut items = vec![0, 1, 2, 3];
            shuffle(&mut items, rng);
            items
        });
        assert!(is_right(&counts, &even), "seed {seed}");
    }
}

/// The recorded data with these weights of the hosts 1, 2 and 3.
fn data(weights: &[u32]) -> Data {
    let recorded = replay::data();
    let mut cache = proto::read(&replay::folder().join("inputs/cache.proto")).unwrap();
    for pair in &mut cache.host_bandwidth_cache {
        if let Some(weight) = usize::try_from(pair.key - 1).ok().and_then(|place| weights.get(place)) {
            pair.value = i64::from(*weight);
        }
    }
    let snapshot = Arc::new(Snapshot::from_proto(&cache).unwrap());
    Data::new(snapshot, recorded.countries.clone(), recorded.asns.clone(), recorded.continents.clone())
}

fn answered(data: &Data, seed: u64) -> Counts {
    let policy = Policy::upstream();
    let request = Request {
        path: "/mirrorlist",
        query: "path=pub/weighted&country=US",
        accept: "",
        forwarded_for: &[],
        peer: [127, 0, 0, 1].into(),
        now: replay::now(),
    };
    drawn(seed, |rng| {
        let answer = answer::answer(data, &policy, &request, rng);
        assert_eq!(answer.tier, Some(Tier::Country));
        let body = String::from_utf8(answer.body.to_vec()).unwrap();
        let hosts = body.lines().skip(1).map(|line| line.split("://h").nth(1).unwrap()[..1].parse().unwrap());
        hosts.map(|host: usize| host - 1).collect()
    })
}

#[test]
fn whole_answers_have_the_distribution_of_the_weights() {
    // As they were recorded.
    const RECORDED: [u32; 3] = [100, 200, 300];
    let theory = theory(&RECORDED);
    let (recorded, wrong) = (replay::data(), data(&[100, 200, 330]));
    for seed in SEEDS {
        assert!(is_right(&answered(&recorded, seed), &theory), "seed {seed}");
        assert!(!is_right(&answered(&wrong, seed), &theory), "seed {seed}: a wrong weight is not seen");
    }
}
