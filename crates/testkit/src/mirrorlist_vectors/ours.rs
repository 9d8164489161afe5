//! The answers of our own mode, derived from the recorded ones by named rules. Nothing here is recorded from our
//! own output, and nothing is written by hand.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::Case;

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

/// A question for two countries, with a question for each: their hosts are one group. Percent-encoding is
/// decoded in lists of countries, so this is one: `US%2CDE`.
const BOTH_COUNTRIES: [(&str, [&str; 2]); 1] = [("A233", ["A209", "A238"])];

/// The recorded cases, by their ids.
#[derive(Debug)]
pub struct Ours<'a> {
    recorded: BTreeMap<&'a str, &'a Value>,
}

impl<'a> Ours<'a> {
    /// For these recorded cases.
    ///
    /// # Panics
    /// When a rule names a case that is not there.
    pub fn of(cases: &'a [Case]) -> Self {
        let recorded: BTreeMap<&str, &Value> =
            cases.iter().map(|case| (case.id.as_str(), &case.expect)).collect();
        let same = SAME_AS.iter().flat_map(|same| [same.case, same.other]);
        let both = BOTH_COUNTRIES.iter().flat_map(|(case, others)| [*case].into_iter().chain(*others));
        for id in same.chain(both) {
            assert!(recorded.contains_key(id), "{id}");
        }
        Self { recorded }
    }

    /// The answer that is wanted of the engine; `None` where the old server dropped the connection, so that
    /// there is nothing to derive from.
    pub fn wanted(&self, case: &Case) -> Option<Value> {
        let id = case.id.as_str();
        let mut expect = if let Some(same) = SAME_AS.iter().find(|same| same.case == id) {
            replaced(self.recorded[same.other], same.replace)
        } else if let Some((_, [one, other])) = BOTH_COUNTRIES.iter().find(|(case, _)| *case == id) {
            joined(self.recorded[one], self.recorded[other])
        } else {
            case.expect.clone()
        };
        if expect["kind"] == "closed" {
            return None;
        }
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
        Some(expect)
    }

    /// The same of a server: methods other than GET, HEAD and POST are refused (spec C.1).
    pub fn wanted_over_http(&self, case: &Case) -> Option<Value> {
        match case.method.as_str() {
            "GET" | "HEAD" | "POST" => self.wanted(case),
            _ => Some(json!({"kind": "text", "status": 405, "content_type": null, "body": "", "log": []})),
        }
    }
}

/// The line of the log without what we add behind the fields that are counted: who really asked (decision 11).
///
/// # Panics
/// When that is not there.
pub fn counted(line: &str) -> String {
    match line.split_once("; PEER: ") {
        Some((counted, peer)) if peer.parse::<std::net::IpAddr>().is_ok() => counted.to_owned(),
        _ => panic!("{line:?} does not say who asked"),
    }
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

/// Two answers with one group of hosts each as one, with the log of the first.
fn joined(one: &Value, other: &Value) -> Value {
    let mut both = one.clone();
    let country = |answer: &Value| answer["header"][1].clone();
    let (end, begin) = (&one["header"][2], &one["header"][0]);
    both["header"] = json!([begin, country(one), country(other), end]);
    let group = |answer: &Value| answer["groups"][0].as_array().cloned().unwrap_or_default();
    let hosts: BTreeSet<String> = group(one)
        .iter()
        .chain(&group(other))
        .map(|block| block[0].as_str().unwrap_or("").to_owned())
        .collect();
    let blocks: Vec<Value> = hosts.into_iter().map(|url| json!([url])).collect();
    both["groups"] = json!([blocks]);
    both
}

/// Decision 24: a host's list of allowed countries counts in the tiers geoip and continent too. Host 40 serves
/// France only, host 41 Brazil and Argentina.
fn without_host(expect: &mut Value, host: &str) {
    let Some(groups) = expect["groups"].as_array_mut() else { return };
    let mut gone = 0;
    for group in groups.iter_mut().filter_map(Value::as_array_mut) {
        let before = group.len();
        group.retain(|block| !block.to_string().contains(host));
        gone += before - group.len();
    }
    groups.retain(|group| group != &json!([]));
    if let Some(preferences) = expect["preferences"].as_array_mut() {
        preferences.truncate(preferences.len() - gone);
    }
}
