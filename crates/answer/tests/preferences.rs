//! How often a mirror is first where the operator limits that, or lets distance count. All draws are seeded: a test
//! that passes once passes always.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod world;

use std::collections::BTreeMap;

use answer::{Data, Distance, Policy};
use geo::Coordinates;
use world::mmdb::located;
use world::{Host, V4_ONLY, V6_ONLY, World, ask, host, ids};

const DRAWS: u64 = 6_000;

/// 4 standard deviations: by chance alone one in 16,000 checks fails.
const DEVIATIONS: f64 = 4.0;

type Theory = Vec<(Vec<i64>, f64)>;

fn weighted(weights: &[i64]) -> Vec<Host> {
    (1..).zip(weights).map(|(id, weight)| Host { weight: *weight, ..host(id, "DE") }).collect()
}

fn check(data: &Data, policy: &Policy, length: usize, theory: &Theory) {
    let mut counts: BTreeMap<Vec<i64>, u64> = BTreeMap::new();
    for seed in 0..DRAWS {
        let mut order = ids(&ask(data, policy, "/mirrorlist?repo=r&arch=a", "10.1.0.1", seed));
        order.truncate(length);
        *counts.entry(order).or_default() += 1;
    }
    let sum: f64 = theory.iter().map(|(_, probability)| probability).sum();
    assert!((sum - 1.0).abs() < 1e-9, "{sum}");
    for (order, probability) in theory {
        let expected = DRAWS as f64 * probability;
        let deviation = (expected * (1.0 - probability)).sqrt();
        let observed = counts.remove(order).unwrap_or_default() as f64;
        assert!(
            (observed - expected).abs() <= DEVIATIONS * deviation,
            "{order:?}: {observed}, not {expected:.0}"
        );
    }
    assert!(counts.is_empty(), "impossible: {counts:?}");
}

fn share(share: f64) -> Policy {
    Policy { max_first_share: share, ..Policy::default() }
}

#[test]
fn a_heavy_mirror_is_first_no_more_often_than_allowed_and_the_rest_is_by_weight() {
    let data = World::of(weighted(&[100, 300, 9600])).data();
    let first = [(1, 0.125), (2, 0.375), (3, 0.5)];
    check(&data, &share(0.5), 1, &first.map(|(id, probability)| (vec![id], probability)).to_vec());
    // Behind the first place nothing is capped.
    let order = |order: [i64; 3], probability: f64| (order.to_vec(), probability);
    check(
        &data,
        &share(0.5),
        3,
        &vec![
            order([1, 2, 3], 0.125 * 300.0 / 9900.0),
            order([1, 3, 2], 0.125 * 9600.0 / 9900.0),
            order([2, 1, 3], 0.375 * 100.0 / 9700.0),
            order([2, 3, 1], 0.375 * 9600.0 / 9700.0),
            order([3, 1, 2], 0.5 * 0.25),
            order([3, 2, 1], 0.5 * 0.75),
        ],
    );
}

#[test]
fn the_excess_is_spread_again_when_it_lifts_another_above_the_limit() {
    let data = World::of(weighted(&[100, 1000, 8800, 100])).data();
    let first = [(1, 0.1), (2, 0.4), (3, 0.4), (4, 0.1)];
    check(&data, &share(0.4), 1, &first.map(|(id, probability)| (vec![id], probability)).to_vec());
}

#[test]
fn without_need_nothing_is_limited() {
    let data = World::of(weighted(&[100, 200, 300])).data();
    let usual = vec![(vec![1], 1.0 / 6.0), (vec![2], 1.0 / 3.0), (vec![3], 0.5)];
    check(&data, &share(1.0), 1, &usual);
    check(&data, &share(0.5), 1, &usual);
    check(&data, &Policy { max_first_share: 0.1, ..Policy::upstream() }, 1, &usual);
    check(&data, &share(0.1), 1, &vec![(vec![1], 1.0 / 3.0), (vec![2], 1.0 / 3.0), (vec![3], 1.0 / 3.0)]);
    let two = World::of(weighted(&[100, 900])).data();
    check(&two, &share(0.5), 1, &vec![(vec![1], 0.1), (vec![2], 0.9)]);
}

#[test]
fn the_limit_counts_in_the_group_that_the_first_mirror_is_from() {
    let mut hosts = weighted(&[100, 100, 9800]);
    hosts.iter_mut().for_each(|host| host.country = "FR");
    hosts.push(Host { weight: 1, ..host(4, "DE") });
    let data = World::of(hosts).data();
    // One German mirror is first; what follows is not limited.
    let behind = vec![(vec![4, 1], 0.01), (vec![4, 2], 0.01), (vec![4, 3], 0.98)];
    check(&data, &share(0.5), 2, &behind);
}

#[test]
fn those_are_limited_that_the_client_reaches() {
    let mut hosts = weighted(&[100, 100, 800, 9000]);
    for (host, families) in hosts.iter_mut().zip([V4_ONLY, None, V4_ONLY, V6_ONLY]) {
        host.urls[0].1 = families;
    }
    let data = World::of(hosts).data();
    check(&data, &share(0.5), 1, &vec![(vec![1], 0.25), (vec![2], 0.25), (vec![3], 0.5)]);
}

/// Mirrors next door, 100 km and 900 km away, and one nobody knows where, all of the same weight.
fn spread(country: &'static str) -> World {
    let mut hosts: Vec<Host> = (1..=4).map(|id| host(id, country)).collect();
    let degree = 6371.0f64.to_radians();
    for (host, km) in hosts.iter_mut().zip([0.0, 100.0, 900.0]) {
        host.place = Coordinates::new(50.0 + km / degree, 10.0);
    }
    World { countries: Some(located(50.0, 10.0)), ..World::of(hosts) }
}

/// First places by these weights.
fn first(weights: [f64; 4]) -> Theory {
    let sum: f64 = weights.iter().sum();
    (1..).zip(weights).map(|(id, weight)| (vec![id], weight / sum)).collect()
}

#[test]
fn near_mirrors_come_first_more_often_where_distance_counts() {
    let german = spread("DE").data();
    let policy = |distance| Policy { distance, ..Policy::default() };
    check(&german, &policy(Distance::Off), 1, &first([1.0; 4]));
    // Where nobody knows is as far as the farthest.
    let near = first([1.0, 0.25, 0.01, 0.01]);
    check(&german, &policy(Distance::Country), 1, &near);
    check(&german, &policy(Distance::Continent), 1, &near);
    check(&german, &Policy { distance: Distance::Continent, ..Policy::upstream() }, 1, &first([1.0; 4]));
    let french = spread("FR").data();
    check(&french, &policy(Distance::Country), 1, &first([1.0; 4]));
    check(&french, &policy(Distance::Continent), 1, &near);
    check(&spread("JP").data(), &policy(Distance::Continent), 1, &first([1.0; 4]));
}

#[test]
fn bandwidth_still_counts_and_so_does_the_limit() {
    let mut world = spread("DE");
    world.hosts[2].weight = 100 * 100;
    let data = world.clone().data();
    let policy = Policy { distance: Distance::Country, ..Policy::default() };
    check(&data, &policy, 1, &first([1.0, 0.25, 1.0, 0.01]));
    let limited = Policy { max_first_share: 0.4, ..policy };
    // 0.8 for the two that are as heavy, 0.2 by weight for the others.
    let rest = 0.2 / 0.26;
    check(
        &data,
        &limited,
        1,
        &vec![(vec![1], 0.4), (vec![2], 0.25 * rest), (vec![3], 0.4), (vec![4], 0.01 * rest)],
    );
}

#[test]
fn a_client_or_mirrors_of_unknown_place_change_nothing() {
    let policy = Policy { distance: Distance::Continent, ..Policy::default() };
    let nowhere = World { countries: None, ..spread("DE") }.data();
    check(&nowhere, &policy, 1, &first([1.0; 4]));
    let mut world = spread("DE");
    world.hosts.iter_mut().for_each(|host| host.place = None);
    check(&world.data(), &policy, 1, &first([1.0; 4]));
}
