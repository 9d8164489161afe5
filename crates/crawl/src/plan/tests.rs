use std::collections::HashMap;

use model::evidence::{BackOff, Evidence, Method, Record, Standing};
use model::ids::{CategoryId, DirectoryId};
use proptest::prelude::*;
use settings::crawl::RepositoryTop;
use store::crawl_master::{CategoryRow, DirectoryRow, MasterRows, RepomdRow};
use store::evidence::Located;

use super::*;
use crate::master::Master;

const NOW: i64 = 1_800_000_000;

/// `t/<subtree>/d<n>`, the first `repositories` of them with `repodata` below them.
fn tree(directories: usize, repositories: usize, subtrees: usize) -> std::sync::Arc<Tree> {
    let files = r#"[{"name":"a","size":1,"timestamp":1},{"name":"b","size":2,"timestamp":1}]"#;
    let repomd = r#"[{"name":"repomd.xml","size":2,"timestamp":1},{"name":"a","size":1,"timestamp":1}]"#;
    let row = |id: usize, name: String, files: &str| DirectoryRow {
        id: DirectoryId(id as i32 + 1),
        name,
        files: Some(files.into()),
        ctime: None,
    };
    let mut rows = vec![row(0, "t".into(), "[]")];
    let mut repomds = HashMap::new();
    for n in 0..directories {
        let name = format!("t/s{}/d{n}", n % subtrees.max(1));
        if n < repositories {
            repomds.insert(rows.len() as i32 + 1, RepomdRow { sha256: Some("0".repeat(64)), size: Some(2) });
            rows.push(row(rows.len(), format!("{name}/repodata"), repomd));
        }
        rows.push(row(rows.len(), name, files));
    }
    let id = CategoryId(1);
    let category = CategoryRow { id, name: "C".into(), topdir: Some("t".into()) };
    let rows = MasterRows { directories: vec![(id, rows)], repomds };
    Master::new(&[category], rows).tree(id).unwrap().clone()
}

/// Evidence about all of a tree.
fn belief(tree: &Tree, swept_at: i64, of: impl Fn(usize) -> (i64, Standing)) -> Belief {
    let record = |(at, directory): (usize, &Directory)| {
        let (checked_at, standing) = of(at);
        Record {
            directory: directory.id,
            fingerprint: directory.against,
            checked_at,
            method: Method::Http,
            standing,
        }
    };
    let records = tree.directories.iter().enumerate().map(record).collect();
    let located = Located { evidence: Evidence::new(swept_at, records), ..Located::default() };
    let is_listed = |at: &usize| of(*at).1.is_current();
    let listed = (0..tree.directories.len()).filter(is_listed).map(|at| tree.directories[at].id.0).collect();
    Belief::new(tree, &located, &listed, RepositoryTop::Files)
}

fn pace(reverify: i64, reverify_repodata: i64) -> Pace {
    Pace { now: NOW, reverify, reverify_repodata, sentinels: SENTINELS }
}

/// Questions that cost something: one each, where a directory's files are seen in one index page.
fn cost(tree: &Tree, asks: &[Ask]) -> usize {
    asks.iter().filter(|ask| tree.directories[ask.at].has_files()).count()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The promise about an unchanged mirror.
    #[test]
    fn an_unchanged_mirror_is_asked_little(
        directories in 0..600usize,
        share in 0..=10usize,
        subtrees in 1..12usize,
        passed in 0..(8 * DAY),
        ages in proptest::collection::vec(0..(9 * DAY), 1..50),
        seed in any::<u64>(),
        same in any::<bool>(),
    ) {
        let tree = tree(directories, directories * share / 10, subtrees);
        let belief = belief(&tree, NOW - passed, |at| (NOW - ages[at % ages.len()], Standing::Current));
        let (v, v_repodata) = (7 * DAY, if same { 7 * DAY } else { DAY });
        let asks = plan(&tree, &belief, Mode::Incremental, &pace(v, v_repodata), seed);
        let all = tree.directories.iter().filter(|directory| directory.has_files()).count();
        let repodata = tree.directories.iter().filter(|directory| directory.is_repodata()).count();
        let repomds = tree.directories.iter().filter(|directory| directory.has_repomd()).count();
        let due = |n: usize, v: i64| (n as f64 * passed as f64 / v as f64).min(n as f64);
        let due = if same { due(all, v) } else { due(all - repodata, v) + due(repodata, v_repodata) };
        // The base URL and the file that does not exist are two of the 64.
        let limit = repomds + 64 - 2 + due.ceil() as usize + subtrees;
        prop_assert!(cost(&tree, &asks) <= limit, "{} > {limit}", cost(&tree, &asks));
        let mut at: Vec<usize> = asks.iter().map(|ask| ask.at).collect();
        at.sort_unstable();
        at.dedup();
        prop_assert_eq!(at.len(), asks.len(), "asked twice");
        for (at, directory) in tree.directories.iter().enumerate().filter(|(_, d)| d.has_repomd()) {
            prop_assert!(asks.iter().any(|ask| ask.at == at), "{} is not asked", directory.name);
        }
        for n in 0..subtrees.min(directories) {
            let name = format!("s{n}");
            prop_assert!(asks.iter().any(|ask| tree.subtree(ask.at) == name), "nothing in {name}");
        }
    }

    /// However often a mirror is crawled, each directory is proven once more in time.
    #[test]
    fn everything_is_proven_once_more_in_time(
        directories in 1..80usize,
        steps in proptest::collection::vec(1..(3 * DAY), 1..40),
        seed in any::<u64>(),
    ) {
        let tree = tree(directories, directories / 4, 3);
        let mut checked = vec![NOW; tree.directories.len()];
        let (mut now, mut swept) = (NOW, NOW);
        for step in steps {
            now += step;
            let belief = belief(&tree, swept, |at| (checked[at], Standing::Current));
            let pace = Pace { now, ..pace(7 * DAY, DAY) };
            for ask in plan(&tree, &belief, Mode::Incremental, &pace, seed) {
                if ask.extent == Extent::Whole {
                    checked[ask.at] = now;
                }
            }
            swept = now;
            for (directory, checked) in tree.directories.iter().zip(&checked) {
                let limit = if directory.is_repodata() { DAY } else { 7 * DAY };
                prop_assert!(!directory.has_files() || now - checked < limit, "{}", directory.name);
            }
        }
    }
}

#[test]
fn the_most_urgent_comes_first() {
    let tree = tree(6, 2, 2);
    let name = |at: usize| tree.directories[at].name.as_str();
    let mut belief = belief(&tree, NOW, |at| match name(at) {
        "t/s0/d2" => (NOW - 5, Standing::Stale(BackOff::FIRST)),
        "t/s1/d3" => (NOW - 5, Standing::Stale(BackOff { tries: 3, wait: 2 })),
        "t/s0/d4" => (NOW - DAY, Standing::Unknown(BackOff { tries: 9, wait: 9 })),
        _ => (NOW - 5, Standing::Current),
    });
    let place = |wanted: &str| (0..tree.directories.len()).find(|at| name(*at) == wanted).unwrap();
    belief.directories[place("t/s1/d1/repodata")] = Believed::Nothing(Why::Changed);
    belief.directories[place("t/s1/d1")] = Believed::Nothing(Why::Changed);
    belief.directories[place("t/s1/d5")] = Believed::Nothing(Why::Contradicted);
    let asks = plan(&tree, &belief, Mode::Incremental, &pace(7 * DAY, DAY), 1);
    let shown: Vec<_> = asks.iter().map(|ask| (name(ask.at), ask.why, ask.extent == Extent::Whole)).collect();
    assert_eq!(
        shown,
        [
            ("t/s1/d1/repodata", Reason::ChangedRepository, true),
            ("t/s1/d1", Reason::Changed, true),
            ("t/s1/d5", Reason::Unproven, true),
            ("t/s0/d0", Reason::Sentinel, false),
            ("t/s0/d0/repodata", Reason::Sentinel, false),
            ("t/s0/d2", Reason::NotCurrent, true),
            ("t/s0/d4", Reason::NotCurrent, true),
        ],
        "and d3 is left alone"
    );
}

#[test]
fn other_modes_ask_what_they_are_named_for() {
    let tree = tree(3, 1, 1);
    let belief = Belief::none(&tree);
    let count = |mode| plan(&tree, &belief, mode, &pace(DAY, DAY), 1).len();
    assert_eq!([Mode::Full, Mode::Repodata, Mode::Canary, Mode::Incremental].map(count), [5, 1, 0, 5]);
}

#[test]
fn shares_are_rounded_up_and_never_more_than_all() {
    for (all, passed, period, expected) in
        [(0, 5, 10, 0), (7, 0, 10, 0), (7, 1, 10, 1), (7, 10, 10, 7), (7, 100, 10, 7), (7, -5, 10, 0)]
    {
        assert_eq!(share(all, passed, period), expected, "{all} {passed}");
    }
}
