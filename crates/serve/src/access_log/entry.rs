//! What one line says, in either form.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::Duration;

use answer::{AccessRecord, Kind, Tier};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use super::addresses::{Addresses, Shown};

/// Bytes of a path or a user agent that are kept.
const LONGEST: usize = 256;

/// The form of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// The old server's, of requests for a repository only.
    Upstream,
    /// One JSON object, of every request.
    Json,
}

/// What is known of a request and its answer.
#[derive(Debug, Clone)]
pub(crate) struct Entry<'a> {
    /// Who asked for what from where, if anybody looked at that.
    pub(crate) record: Option<&'a AccessRecord>,
    /// The other end of the connection. What is logged is rather who asked, if a proxy is believed about that.
    pub(crate) peer: IpAddr,
    pub(crate) time: DateTime<Utc>,
    /// Path of the request, without the query.
    pub(crate) path: &'a str,
    pub(crate) kind: Kind,
    pub(crate) status: u16,
    pub(crate) tier: Option<Tier>,
    /// Of the body.
    pub(crate) bytes: usize,
    /// To make the answer.
    pub(crate) took: Duration,
    pub(crate) agent: Option<&'a [u8]>,
}

/// The fields of a JSON line, in order. What is not known is left out.
#[derive(Serialize)]
struct Fields<'a> {
    time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<Shown>,
    peer: Shown,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    asn: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repo: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arch: Option<&'a str>,
    path: &'a str,
    kind: &'a str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    tier: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<i64>,
    bytes: usize,
    duration_us: u128,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<&'a str>,
}

impl Entry<'_> {
    /// Appends the line with its newline. `false` if this form has no line for such a request.
    pub(crate) fn write(&self, form: Form, addresses: &Addresses, to: &mut Vec<u8>) -> bool {
        match form {
            Form::Upstream => {
                let of_repository = |record: &&AccessRecord| record.repository.is_some();
                let Some(record) = self.record.filter(of_repository) else { return false };
                let mut line = String::with_capacity(128);
                // Writing into memory does not fail.
                let _ = record.write(|address| addresses.show(address), &mut line);
                let _ = line.write_char('\n');
                to.extend_from_slice(line.as_bytes());
            }
            Form::Json => {
                let begin = to.len();
                if serde_json::to_writer(&mut *to, &self.fields(addresses)).is_err() {
                    to.truncate(begin);
                    return false;
                }
                to.push(b'\n');
            }
        }
        true
    }

    fn fields(&self, addresses: &Addresses) -> Fields<'_> {
        let record = self.record;
        let named = record.and_then(|record| record.repository.as_ref());
        let asking = record.and_then(|record| record.peer).unwrap_or(self.peer.to_canonical());
        Fields {
            time: self.time.to_rfc3339_opts(SecondsFormat::Millis, true),
            client: record.map(|record| addresses.show(record.client)),
            peer: addresses.show(asking),
            country: record.map(|record| record.country.as_str()).filter(|country| *country != "N/A"),
            asn: record.and_then(|record| record.asn.as_deref()),
            repo: named.map(|named| named.repo.as_str()),
            arch: named.map(|named| named.arch.as_str()),
            path: cut(self.path),
            kind: self.kind.name(),
            status: self.status,
            tier: self.tier.map(Tier::name),
            host: record.and_then(|record| record.host),
            bytes: self.bytes,
            duration_us: self.took.as_micros(),
            user_agent: self.agent.and_then(|agent| std::str::from_utf8(agent).ok()).map(cut),
        }
    }
}

/// The beginning of a text that may be long.
fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(LONGEST)).unwrap_or(text)
}
