//! The borders of ARCHITECTURE.md: who may use whom, and what the answering side must never link.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeSet;
use std::process::Command;

/// For each crate the crates of ours that it may use; dependencies point left along the way of the data.
const MAY_USE: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("entities", &["model"]),
    ("settings", &["model"]),
    ("store", &["entities", "model"]),
    ("probe", &["model"]),
    ("frozen", &[]),
    ("geo", &["frozen", "model"]),
    ("snapshot", &["frozen", "geo", "model"]),
    ("answer", &["geo", "model", "snapshot"]),
    ("scan", &["entities", "model", "probe", "settings", "store"]),
    ("crawl", &["entities", "model", "probe", "settings", "store"]),
    ("cache", &["entities", "model", "settings", "snapshot", "store"]),
    ("serve", &["answer", "geo", "model", "settings", "snapshot"]),
];

/// The names of every package that a crate links, itself included, tests and build scripts aside.
fn linked(package: &str) -> BTreeSet<String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let out = Command::new(cargo)
        .args(["tree", "--locked", "--package", package, "--edges", "normal", "--prefix", "none"])
        .args(["--format", "{p}", "--no-dedupe"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(out.status.success(), "cargo tree: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout)
        .unwrap()
        .lines()
        .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
        .collect()
}

#[test]
fn dependencies_point_left() {
    let ours: BTreeSet<&str> =
        MAY_USE.iter().map(|(name, _)| *name).chain(["mirrormanager", "testkit", "benches"]).collect();
    for (name, allowed) in MAY_USE {
        // Whatever an allowed crate may use comes along with it.
        let mut reach: BTreeSet<&str> = BTreeSet::from([*name]);
        let mut open: Vec<&str> = allowed.to_vec();
        while let Some(next) = open.pop() {
            if reach.insert(next) {
                open.extend(MAY_USE.iter().filter(|(n, _)| *n == next).flat_map(|(_, a)| a.iter()));
            }
        }
        let linked = linked(name);
        for other in ours.iter().filter(|o| linked.contains(**o)) {
            assert!(reach.contains(other), "{name} must not use {other}");
        }
    }
}

#[test]
fn the_answering_side_links_no_database() {
    for name in ["answer", "serve"] {
        let linked = linked(name);
        for driver in ["sea-orm", "sqlx", "sqlx-core", "libsqlite3-sys", "store", "entities"] {
            assert!(!linked.contains(driver), "{name} must not link {driver}");
        }
    }
}

#[test]
fn answer_knows_no_http_framework() {
    let linked = linked("answer");
    for framework in ["hyper", "axum", "tokio"] {
        assert!(!linked.contains(framework), "answer must not link {framework}");
    }
}
