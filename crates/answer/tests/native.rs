//! The recorded questions with our defaults. Every answer that differs from the recorded one is derived from
//! it, or from that of another case, by one of the rules below; nothing is recorded from our own output.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod replay;

use std::collections::{BTreeMap, BTreeSet};

use answer::Policy;
use serde_json::{Value, json};
use testkit::mirrorlist_vectors::{self, Case};

/// A question that means the same as another one.
struct Same {
    case: &'static str,
    other: &'static str,
    /// Texts to be replaced in the other's answer.
    replace: &'static [(&'static str, &'static str)],
}

const fn same(
    case: &'static str,
    other: &'static str,
    replace: &'static [(&'static str, &'static str)],
) -> Same {
    Same { case, other, replace }
}

/// Decision 37 and spec C.3, C.6.
const SAME_AS: [Same; 10] = [
    // Percent-encoding is decoded in paths, repositories and addresses.
    same("A030", "A037", &[]),
    same("A087", "A086", &[("two%2Bplus", "two+plus")]),
    same("A130", "A047", &[]),
    // Of a redirection listed twice the first counts, and there is no repository `fedora-`.
    same("A083", "A093", &[("fedora-40 arch = i386", "fedora- arch = x86_64")]),
    // Of a repository listed twice the first counts.
    same("A084", "A072", &[("fedora-40", "dup")]),
    // Elements of X-Forwarded-For need no blank between them.
    same("A117", "A009", &[]),
    // Of several X-Forwarded-For headers the last counts.
    same("A122", "A009", &[]),
    // A byte that is not ASCII is no address.
    same("A123", "A118", &[]),
    // A v4 address inside of a v6 address is that v4 address.
    same("A137", "A009", &[]),
    // The smallest network decides about the country.
    same("A189", "A140", &[("127.0.0.5", "100.80.5.1")]),
];

/// The whole expected answer, where no recorded one is near.
fn written() -> BTreeMap<&'static str, Value> {
    let list = |header: Value, groups: Value, log: Value| {
        json!({"kind": "mirrorlist", "status": 200, "content_type": "text/plain",
               "header": header, "groups": groups, "log": log})
    };
    let log = |repo: &str, ip: &str, country: &str| {
        json!([format!("IP: {ip}; DATE: {{DATE}}; COUNTRY: {country}; REPO: {repo}; ARCH: x86_64")])
    };
    let os = |base: &str| json!([format!("{base}/releases/40/Everything/x86_64/os/")]);
    BTreeMap::from([
        // Percent-encoding is decoded in lists of countries.
        (
            "A233",
            list(
                json!([["# repo = fedora-40 arch = x86_64 "], ["country = DE "], ["country = US "], ["\n"]]),
                json!([[
                    os("http://h10.example/f"),
                    os("https://h11.example/f"),
                    os("http://h1.example/pub/fedora/linux"),
                    os("https://h2.example/fedora"),
                    os("http://h3.example/linux")
                ]]),
                log("fedora-40", "203.0.113.5", "DE"),
            ),
        ),
        // A host without a weight has the weight 1.
        (
            "A282",
            list(
                json!([["# path = pub/zero/one "], ["country = global "], ["\n"]]),
                json!([[
                    ["http://h1.example/pub/fedora/linux/zero/one/"],
                    ["https://h2.example/fedora/zero/one/"],
                    ["http://h3.example/linux/zero/one/"],
                    ["http://h61.example/f/zero/one/"]
                ]]),
                json!([]),
            ),
        ),
        (
            "A283",
            list(
                json!([["# path = pub/zero "], ["country = IT "], ["\n"]]),
                json!([[["http://h61.example/f/zero/"]]]),
                json!([]),
            ),
        ),
        (
            "A285",
            list(
                json!([
                    ["# repo = zero arch = x86_64 "],
                    ["country = IT "],
                    ["country = DE "],
                    ["country = global "],
                    ["\n"]
                ]),
                json!([[["http://h61.example/f/zero/"]], [["http://h10.example/f/zero/"]]]),
                log("zero", "100.76.0.1", "IT"),
            ),
        ),
    ])
}

/// Whether the recorded log says that the client is in this country.
fn is_in(expect: &Value, country: &str) -> bool {
    expect["log"][0].as_str().is_some_and(|line| line.contains(&format!("COUNTRY: {country};")))
}

fn replaced(value: &Value, pairs: &[(&str, &str)]) -> Value {
    match value {
        Value::String(text) => {
            pairs.iter().fold(text.clone(), |text, (from, to)| text.replace(from, to)).into()
        }
        Value::Array(items) => items.iter().map(|item| replaced(item, pairs)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), replaced(value, pairs))).collect()
        }
        other => other.clone(),
    }
}

/// Decision 24: a host's list of allowed countries counts in the tiers geoip and continent too. Host 40 serves
/// France only, host 41 Brazil and Argentina.
fn without_host(expect: &mut Value, host: &str) {
    let Some(groups) = expect["groups"].as_array_mut() else { return };
    let mut gone = 0;
    for group in groups.iter_mut() {
        let blocks = group.as_array_mut().unwrap();
        let before = blocks.len();
        blocks.retain(|block| !block.to_string().contains(host));
        gone += before - blocks.len();
    }
    groups.retain(|group| group != &json!([]));
    if let Some(preferences) = expect["preferences"].as_array_mut() {
        preferences.truncate(preferences.len() - gone);
    }
}

/// The answer we want.
fn wanted(case: &Case, recorded: &BTreeMap<&str, &Value>) -> Value {
    let id = case.id.as_str();
    if let Some(written) = written().get(id) {
        return written.clone();
    }
    let mut expect = match SAME_AS.iter().find(|same| same.case == id) {
        Some(same) => replaced(recorded[same.other], same.replace),
        None => case.expect.clone(),
    };
    // Decision 25: one slash between base and path.
    expect = replaced(&expect, &[("h14.example/f//", "h14.example/f/")]);
    if !is_in(&expect, "FR") {
        without_host(&mut expect, "//h40.example/");
    }
    if !is_in(&expect, "BR") {
        without_host(&mut expect, "//h41.example/");
    }
    if expect["content_type"] == "application/metalink+xml" {
        // Decision 37: escaped in XML, and in comments.
        expect = replaced(&expect, &[("/a&b/", "/a&amp;b/"), ("a--b arch = %3Cx", "a- -b arch = <x")]);
    }
    if expect["body"].as_str().is_some_and(|body| body.contains("Cannot parse client IP")) {
        // Decision 36.
        expect["status"] = 400.into();
    }
    expect
}

#[test]
fn our_defaults_differ_from_the_recorded_answers_by_named_rules_only() {
    let data = replay::data();
    let cases = replay::cases();
    let recorded: BTreeMap<&str, &Value> =
        cases.iter().map(|case| (case.id.as_str(), &case.expect)).collect();
    let mut wrong = Vec::new();
    for case in &cases {
        let policy = Policy { minimum: case.minimum, ..Policy::default() };
        let expect = wanted(case, &recorded);
        for seed in 0..8 {
            let mut observed = replay::ask(&data, &policy, case, seed);
            for line in &mut observed.log {
                // Decision 11: who really asked comes behind the fields that are counted.
                let (counted, peer) = line.split_once("; PEER: ").unwrap();
                assert!(peer.parse::<std::net::IpAddr>().is_ok(), "{peer}");
                *line = counted.to_owned();
            }
            if let Err(why) = mirrorlist_vectors::check(&expect, &observed) {
                wrong.push(format!("{} {:.120}: {why}", case.id, case.target));
                break;
            }
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_rules_name_cases_that_exist() {
    let cases = replay::cases();
    let ids: BTreeSet<&str> = cases.iter().map(|case| case.id.as_str()).collect();
    let same = SAME_AS.iter().flat_map(|same| [same.case, same.other]);
    for id in same.chain(written().into_keys()) {
        assert!(ids.contains(id), "{id}");
    }
}
