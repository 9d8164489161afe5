//! Recorded mirrorlist questions and answers, and the check of an observed answer against them.
//!
//! The order inside of a tier is by chance. So a recorded list is a sequence of groups: what is observed must
//! fall into them in order, and inside of a group any order is right. The check knows nothing of how an
//! answer is made: it is used on the engine directly and on a server over real sockets.

#![expect(clippy::indexing_slicing, reason = "an absent member of a JSON value is null")]

pub mod ours;

use std::collections::BTreeMap;
use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use serde_json::Value;

/// A request and what it was answered.
#[derive(Debug, Clone)]
pub struct Case {
    /// Short name.
    pub id: String,
    /// What it is about.
    pub note: String,
    /// The server's `--minimum`.
    pub minimum: usize,
    /// HTTP method.
    pub method: String,
    /// Request target as it stands in the request line.
    pub target: String,
    /// Headers, values as bytes.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The client's address.
    pub source: IpAddr,
    /// The recorded answer.
    pub expect: Value,
}

/// An answer as it was observed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observed {
    /// HTTP status; `None` when the connection was closed without an answer.
    pub status: Option<u16>,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `Location`.
    pub location: Option<String>,
    /// The body.
    pub body: String,
    /// New lines of the access log.
    pub log: Vec<String>,
}

/// Reads `cases.json` of a folder.
///
/// # Panics
/// The file is not there or not as it was recorded.
pub fn load(folder: &Path) -> Vec<Case> {
    let file = folder.join("cases.json");
    let text = fs::read_to_string(&file).unwrap_or_else(|e| panic!("read {}: {e}", file.display()));
    let document: Value =
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("parse {}: {e}", file.display()));
    list(&document["cases"]).iter().map(|case| read(case, &document["profiles"])).collect()
}

fn read(case: &Value, profiles: &Value) -> Case {
    let request = &case["request"];
    let headers = list(&request["headers"]).iter().map(|pair| {
        // Recorded as Latin-1: one character is one byte.
        (text(&pair[0]), latin1(&text(&pair[1])))
    });
    let minimum = profiles[text(&case["profile"])]["minimum"].as_u64();
    let source = request["source"]
        .as_str()
        .map_or(Ipv4Addr::LOCALHOST, |s| s.parse().unwrap_or_else(|e| panic!("{e}: {s}")));
    Case {
        id: text(&case["id"]),
        note: text(&case["note"]),
        minimum: minimum.and_then(|n| n.try_into().ok()).unwrap_or_else(|| panic!("no minimum in {case}")),
        method: request["method"].as_str().unwrap_or("GET").to_owned(),
        target: text(&request["target"]),
        headers: headers.collect(),
        source: source.into(),
        expect: case["expect"].clone(),
    }
}

fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(c).unwrap_or_else(|_| panic!("{c:?} is no byte"))).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

impl Case {
    /// Compares an answer with the recorded one.
    ///
    /// # Errors
    /// What is different.
    pub fn check(&self, observed: &Observed) -> Result<(), String> {
        check(&self.expect, observed)
    }
}

/// Compares an answer with one in the form of `expect` of a case.
///
/// # Errors
/// What is different.
pub fn check(expect: &Value, observed: &Observed) -> Result<(), String> {
    let parsed = parse(observed);
    same("status", &expect["status"], &observed.status.map_or(Value::Null, Value::from))?;
    same("kind", &expect["kind"], &parsed.kind.into())?;
    if parsed.kind != "closed" {
        let content_type = observed.content_type.as_deref().map_or(Value::Null, Value::from);
        same("content type", &expect["content_type"], &content_type)?;
    }
    for (name, value) in &parsed.fixed {
        same(name, &expect[name], value)?;
    }
    if parsed.kind == "redirect" {
        let location = observed.location.as_deref().map_or(Value::Null, Value::from);
        if !list(&expect["location_any_of"]).contains(&location) {
            return Err(format!("location {location} is none of {}", expect["location_any_of"]));
        }
    }
    if parsed.kind == "mirrorlist" {
        fits("first line", &expect["header"], &parsed.header)?;
    }
    if parsed.kind == "mirrorlist" || parsed.kind == "metalink" {
        fits("list", &expect["groups"], &parsed.blocks)?;
    }
    let log: Vec<String> = observed.log.iter().map(|line| without_date(line)).collect();
    same("log", &expect["log"], &log.into())
}

fn same(what: &str, expected: &Value, observed: &Value) -> Result<(), String> {
    match expected == observed {
        true => Ok(()),
        false => Err(format!("{what} is {observed}, not {expected}")),
    }
}

/// Whether the items fall into the groups, in order.
fn fits(what: &str, groups: &Value, items: &[Value]) -> Result<(), String> {
    let mut rest = items;
    for group in list(groups) {
        let group = list(group);
        let (part, behind) = rest
            .split_at_checked(group.len())
            .ok_or_else(|| format!("{what} is too short: {}, expected {groups}", Value::from(items)))?;
        if sorted(part) != sorted(group) {
            return Err(format!("{what} has {} where {} is expected", Value::from(part), Value::from(group)));
        }
        rest = behind;
    }
    match rest.is_empty() {
        true => Ok(()),
        false => Err(format!("{what} has more than expected: {}", Value::from(rest))),
    }
}

fn sorted(items: &[Value]) -> Vec<String> {
    let mut texts: Vec<String> = items.iter().map(Value::to_string).collect();
    texts.sort();
    texts
}

#[derive(Debug, Default)]
struct Parsed {
    kind: &'static str,
    /// Parts that are compared exactly.
    fixed: BTreeMap<&'static str, Value>,
    header: Vec<Value>,
    /// The lines of one host each.
    blocks: Vec<Value>,
}

fn parse(observed: &Observed) -> Parsed {
    let body = without_pubdate(&observed.body);
    if observed.status.is_none() {
        return Parsed { kind: "closed", ..Parsed::default() };
    }
    if observed.location.is_some() {
        return Parsed { kind: "redirect", fixed: [("body", body.into())].into(), ..Parsed::default() };
    }
    if body.contains("<resources maxconnections") {
        return metalink(&body);
    }
    if observed.status == Some(200) && observed.content_type.as_deref() == Some("text/plain") {
        return mirrorlist(&body);
    }
    Parsed { kind: "text", fixed: [("body", body.into())].into(), ..Parsed::default() }
}

fn metalink(body: &str) -> Parsed {
    let lines: Vec<&str> = body.split_inclusive('\n').collect();
    let begin = lines.iter().position(|line| line.starts_with("   <resources ")).map_or(0, |place| place + 1);
    let (head, rest) = lines.split_at(begin);
    let urls: Vec<&str> =
        rest.iter().copied().take_while(|line| line.starts_with("    <url protocol=\"")).collect();
    let tail: String = rest.iter().skip(urls.len()).copied().collect();
    let mut preferences: Vec<u64> = Vec::new();
    let mut blocks: Vec<Vec<Value>> = Vec::new();
    for url in urls {
        let (before, behind) = url.split_once("preference=\"").unwrap_or((url, "0\""));
        let (preference, behind) = behind.split_once('"').unwrap_or(("0", behind));
        let line = format!("{before}preference=\"{{P}}\"{behind}").into();
        let preference = preference.parse().unwrap_or(0);
        // Lines with one preference are one host.
        match blocks.last_mut().filter(|_| preferences.last() == Some(&preference)) {
            Some(block) => block.push(line),
            None => blocks.push(vec![line]),
        }
        preferences.push(preference);
    }
    preferences.sort_unstable_by(|a, b| b.cmp(a));
    preferences.dedup();
    let fixed = [("head", head.concat().into()), ("tail", tail.into()), ("preferences", preferences.into())];
    let blocks = blocks.into_iter().map(Value::from).collect();
    Parsed { kind: "metalink", fixed: fixed.into(), header: Vec::new(), blocks }
}

fn mirrorlist(body: &str) -> Parsed {
    let header: String = body.split_inclusive('\n').take_while(|line| line.starts_with("# ")).collect();
    let mut blocks: Vec<Vec<Value>> = Vec::new();
    let mut last = None;
    for line in body[header.len()..].lines() {
        let host = line.split_once("://").map(|(_, rest)| rest.split('/').next().unwrap_or(rest).to_owned());
        match blocks.last_mut().filter(|_| host.is_some() && last == host) {
            Some(block) => block.push(line.into()),
            None => blocks.push(vec![line.into()]),
        }
        last = host;
    }
    let blocks = blocks.into_iter().map(Value::from).collect();
    Parsed { kind: "mirrorlist", fixed: BTreeMap::new(), header: tokens(&header), blocks }
}

/// Every `country = XX ` is a token, and so is what stands between two of them, and the end.
fn tokens(header: &str) -> Vec<Value> {
    let mut tokens = Vec::new();
    let mut other = String::new();
    let mut rest = header;
    while let Some(c) = rest.chars().next() {
        let token = rest.strip_prefix("country = ").and_then(|value| {
            let end = value.find(' ').filter(|end| *end > 0)?;
            Some(&rest[.."country = ".len() + end + 1])
        });
        match token {
            Some(token) => {
                if !other.is_empty() {
                    tokens.push(std::mem::take(&mut other).into());
                }
                tokens.push(token.into());
                rest = &rest[token.len()..];
            }
            None => {
                other.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    tokens.push(other.into());
    tokens
}

fn without_pubdate(body: &str) -> String {
    replaced(body, "pubdate=\"", "\"", "{PUBDATE}")
}

fn without_date(line: &str) -> String {
    replaced(line, "DATE: ", ";", "{DATE}")
}

/// With the text between the first `begin` and the next `end` replaced.
fn replaced(text: &str, begin: &str, end: &str, by: &str) -> String {
    match text.split_once(begin).and_then(|(before, rest)| Some((before, rest.split_once(end)?.1))) {
        Some((before, behind)) => format!("{before}{begin}{by}{end}{behind}"),
        None => text.to_owned(),
    }
}
