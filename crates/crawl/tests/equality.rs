//! An incremental crawl comes to the same verdicts as a full one: in simulated time, on random trees and mutations,
//! against a model that knows nothing of fingerprints, evidence or plans.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
#![allow(unreachable_pub, reason = "a module of a test program")]

#[path = "simulation/mod.rs"]
mod simulation;

use proptest::prelude::*;
use simulation::{DAY, World};

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn incremental_equals_full(
        seed in any::<u64>(),
        sentinels in 0..4usize,
        steps in proptest::collection::vec((0..6u8, any::<u64>(), 1..4usize), 1..25),
    ) {
        let mut world = World::new(seed, sentinels);
        world.crawl();
        prop_assert_eq!(&world.listed, &world.truth(), "a first crawl is a full one");
        for (hours, mutations, count) in steps {
            let hours = [1, 3, 6, 12, 24, 60][usize::from(hours)];
            world.now += hours * 3600;
            world.mutate(mutations, count);
            world.crawl_and_compare()?;
        }
        // Left alone, it comes to the truth within the time of re-verification.
        for _ in 0..8 {
            world.now += DAY;
            world.crawl_and_compare()?;
        }
        prop_assert_eq!(&world.listed, &world.truth(), "after V days");
    }
}

#[test]
fn the_model_sees_what_a_connector_can_not() {
    // Same size, other content: of repomd.xml it is seen, of anything else it is not.
    let mut world = World::new(1, 0);
    world.crawl();
    let before = world.truth();
    world.corrupt(|name| name != "repomd.xml");
    assert_eq!(world.truth(), before);
    world.corrupt(|name| name == "repomd.xml");
    assert_ne!(world.truth(), before);
    world.now += 3600;
    world.crawl();
    assert_eq!(world.listed, world.truth(), "every repomd.xml is a sentinel");
}

#[test]
fn a_first_crawl_asks_everything_and_a_second_one_little() {
    let mut world = World::new(7, 3);
    world.crawl();
    let first = world.requests;
    world.now += 3600;
    world.crawl();
    assert!(world.requests * 2 < first, "{} after {first}", world.requests);
}
