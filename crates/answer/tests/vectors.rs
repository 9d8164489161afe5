//! The recorded questions and answers, in upstream compatibility.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::expect_used, reason = "a test")]

mod replay;

use std::collections::BTreeMap;
use std::fs;

use answer::Policy;
use sha2::{Digest as _, Sha256};

/// Recorded answers that are not wanted, with the reason.
const EXPECTED_FAILURES: &[(&str, &str)] = &[
    ("A123", "closed the connection at a byte in X-Forwarded-For that is not ASCII; ours is error E6"),
    ("A282", "closed the connection since one host has no weight; ours counts it as 1"),
    ("A283", "closed the connection since one host has no weight; ours counts it as 1"),
    ("A285", "closed the connection since one host has no weight; ours counts it as 1"),
];

#[test]
fn upstream_compatibility_reproduces_the_recorded_answers() {
    let data = replay::data();
    let expected: BTreeMap<_, _> = EXPECTED_FAILURES.iter().copied().collect();
    let cases = replay::cases();
    assert_eq!(cases.len(), 290);
    let mut wrong = Vec::new();
    for case in &cases {
        let policy = Policy { minimum: case.minimum, ..Policy::upstream() };
        let result = (0..8).try_for_each(|seed| case.check(&replay::ask(&data, &policy, case, seed)));
        match (result, expected.contains_key(case.id.as_str())) {
            (Ok(()), false) | (Err(_), true) => {}
            (Ok(()), true) => wrong.push(format!("{} passes now: take it off the list", case.id)),
            (Err(why), false) => wrong.push(format!("{} {}: {why}", case.id, case.target)),
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_recorded_data_is_as_it_was_recorded() {
    let folder = replay::folder();
    let sums = fs::read_to_string(folder.join("SHA256SUMS")).unwrap();
    let mut listed = Vec::new();
    for line in sums.lines() {
        let (sum, name) = line.split_once("  ").unwrap();
        let content = fs::read(folder.join(name)).unwrap();
        let hex: String = Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, sum, "{name} was edited; list unwanted answers in the test instead");
        listed.push(name.trim_start_matches("./").to_owned());
    }
    let mut present: Vec<String> = ["", "inputs"]
        .iter()
        .flat_map(|sub| fs::read_dir(folder.join(sub)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| path.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned())
        .filter(|name| name != "README.md" && name != "SHA256SUMS")
        .collect();
    present.sort();
    listed.sort();
    assert_eq!(present, listed);
}
