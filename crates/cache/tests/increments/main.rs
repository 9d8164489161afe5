//! An export that follows the change log is, after every write, what reading everything gives: the bytes of the
//! cache are the same.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is the report of a failed test")]

mod foreign;
mod steps;
mod world;

use cache::{Additions, Build, Compatibility, NoResolver};
use proptest::prelude::*;
use store::export::{self, Export, Refreshed, Resident, Why};
use testkit::stores::{self, TestStore};

use world::World;

/// The cache as bytes in both formats, and what was left out of it.
async fn built(reads: &Export) -> (Vec<u8>, Vec<u8>, Vec<String>) {
    let build = Build::prepare(reads, &NoResolver, world::now(), Compatibility::Native, &()).await;
    let (mut proto, mut native) = (Vec::new(), Vec::new());
    build.encode_proto(&mut proto, &()).unwrap();
    build.snapshot(&Additions::default(), &()).unwrap().write_to(7, None, &mut native).unwrap();
    (proto, native, build.report().skipped.iter().map(ToString::to_string).collect())
}

/// Compares an export with one that is read as a whole now.
async fn check(store: &TestStore, resident: &Resident, after: &str) {
    let whole = export::read(store).await.unwrap();
    let kept = resident.export();
    assert_eq!(kept.head, whole.head, "small tables after {after}");
    assert_eq!(kept.directories, whole.directories, "directories after {after}");
    assert_eq!(kept.up_to_date, whole.up_to_date, "what hosts hold after {after}");
    let (kept, whole) = (built(kept).await, built(&whole).await);
    assert!(kept == whole, "the caches differ after {after}");
}

/// Makes the writes and compares after each of them.
async fn follow(store: TestStore, steps: &[(u8, u16, u16)]) {
    let mut world = World::new(&store).await;
    let (mut resident, why) = Resident::read(&store, "test", world::now()).await.unwrap();
    assert_eq!(why, Why::First);
    let mut small = 0;
    for (kind, a, b) in steps {
        let what = world.step(&store, *kind, usize::from(*a), usize::from(*b)).await;
        let refreshed = resident.refresh(&store, world::now()).await.unwrap();
        assert!(!matches!(refreshed, Refreshed::Whole(_)), "{refreshed:?} after {what}");
        small += u32::from(matches!(refreshed, Refreshed::Changed { .. }));
        check(&store, &resident, &what).await;
    }
    assert!(small > 0 || steps.len() < 10, "nothing was ever changed");
    let again = resident.refresh(&store, world::now()).await.unwrap();
    assert_eq!(again, Refreshed::Unchanged);
    drop(world);
    store.close().await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, max_shrink_iters: 40, ..ProptestConfig::default() })]

    #[test]
    fn an_increment_is_what_a_full_build_is(steps in proptest::collection::vec(any::<(u8, u16, u16)>(), 25..60)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            follow(stores::sqlite().await, &steps).await;
            follow(stores::postgres().await, &steps).await;
        });
    }
}

/// Every kind of write in turn, also on databases that upstream's programs made.
#[tokio::test]
async fn every_write_path_is_followed() {
    let steps: Vec<(u8, u16, u16)> =
        (0..4 * steps::KINDS).map(|n| (n, u16::from(n) * 7 + 1, u16::from(n) * 13 + 5)).collect();
    stores::each_variant(|store| {
        let steps = steps.clone();
        async move { follow(store, &steps).await }
    })
    .await;
}
