//! Metalink 4 (RFC 5854).

use chrono::{DateTime, SecondsFormat, Utc};
use snapshot::{DigestKind, FileDetail};

use crate::data::Data;
use crate::decide::Decision;
use crate::escape;
use crate::question::Form;
use crate::render::{METALINK4, failure, push_number};
use crate::reply::{Answer, Failure, Kind};
use crate::urls::Ending;

/// The largest value of `priority`.
const LAST_PRIORITY: u64 = 999_999;

/// The metalink. Without a mirror there is none, since a file must have a URL (section 4.1.2).
pub(crate) fn answer(decision: &Decision<'_>, now: DateTime<Utc>) -> Answer {
    let mut urls = String::with_capacity(decision.picks.len() * 256);
    push_urls(decision, &mut urls);
    if urls.is_empty() {
        return failure::page(Failure::NoMirror, Form::Text);
    }
    let name = decision.target.file.as_deref().unwrap_or_default();
    let file = decision.target.directory.file(name);
    let mut body = String::with_capacity(urls.len() + 1024);
    body.push_str("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
    body.push_str("<metalink xmlns=\"urn:ietf:params:xml:ns:metalink\">\n");
    body.push_str(" <generator>mirrormanager</generator>\n <published>");
    body.push_str(&now.to_rfc3339_opts(SecondsFormat::Secs, true));
    body.push_str("</published>\n <file name=\"");
    escape::push_xml(name, &mut body);
    body.push_str("\">\n");
    let current = file.and_then(|file| file.details().next());
    if let Some(current) = current.filter(|_| decision.has_hashes()) {
        push_detail(current, &mut body);
    }
    body.push_str(&urls);
    body.push_str(" </file>\n</metalink>\n");
    Answer::new(200, Kind::Metalink4, Some(METALINK4), body)
}

fn push_detail(detail: FileDetail<'_>, to: &mut String) {
    if detail.size() > 0 {
        to.push_str("  <size>");
        push_number(detail.size(), to);
        to.push_str("</size>\n");
    }
    for kind in DigestKind::ALL.into_iter().filter(|kind| detail.has(*kind)) {
        to.extend(["  <hash type=\"", registered(kind), "\">"]);
        let mut digest = String::with_capacity(128);
        detail.push_digest(kind, &mut digest);
        escape::push_xml(&digest, to);
        to.push_str("</hash>\n");
    }
}

/// The name in IANA's registry of hash functions.
fn registered(kind: DigestKind) -> &'static str {
    match kind {
        DigestKind::Md5 => "md5",
        DigestKind::Sha1 => "sha-1",
        DigestKind::Sha256 => "sha-256",
        DigestKind::Sha512 => "sha-512",
    }
}

fn push_urls(decision: &Decision<'_>, to: &mut String) {
    let Decision { data, policy, .. } = *decision;
    let directory = decision.target.directory;
    let choice = decision.choice();
    let ending = Ending::of(&decision.target, policy);
    let mut priority = 1u64;
    for pick in &decision.picks {
        let Some(offer) = directory.offer(pick.host) else { continue };
        let location = country(data, pick.host);
        let mut given = false;
        for base in choice.kept(offer).filter_map(|url| ending.base(url)) {
            given = true;
            to.push_str("  <url");
            if let Some(location) = &location {
                to.extend([" location=\"", location, "\""]);
            }
            to.push_str(" priority=\"");
            push_number(priority, to);
            to.push_str("\">");
            escape::push_xml(&ending.joined(base), to);
            to.push_str("</url>\n");
        }
        priority = (priority + u64::from(given)).min(LAST_PRIORITY);
    }
}

/// The country of a host as these formats want it: two letters in lower case, or nothing.
pub(crate) fn country(data: &Data, host: snapshot::HostNo) -> Option<String> {
    let country = data.snapshot.host(host)?.country?;
    let code = data.snapshot.country_code(country);
    let is_code = code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_alphabetic());
    is_code.then(|| code.to_ascii_lowercase())
}
