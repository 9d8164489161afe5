//! The straight line from a request to an answer.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use rand::Rng;

use crate::access::AccessRecord;
use crate::client::{self, Unusable};
use crate::data::Data;
use crate::decide::{self, Decision};
use crate::policy::Policy;
use crate::question::{Format, Question};
use crate::render::{METALINK, TEXT, failure, metalink, mirrorlist, redirect};
use crate::reply::{Answer, Body, Failure, Kind};
use crate::target::{self, Target};

/// A request as the HTTP layer got it.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Path of the request line, not decoded.
    pub path: &'a str,
    /// What stands behind the `?`, not decoded; empty when there is none.
    pub query: &'a str,
    /// The values of all `X-Forwarded-For` headers, in order.
    pub forwarded_for: &'a [&'a [u8]],
    /// The other end of the connection.
    pub peer: IpAddr,
    /// The time of the answer.
    pub now: DateTime<Utc>,
}

/// Answers a request.
pub fn answer(data: &Data, policy: &Policy, request: &Request<'_>, rng: &mut impl Rng) -> Answer {
    let fail =
        |format, failure, header: &str| failure::answer(data, policy, format, failure, header, request.now);
    let Some(question) = Question::parse(request.path, request.query, policy.compatibility) else {
        return fail(Format::Mirrorlist, Failure::NotServed, "");
    };
    let mut header = String::with_capacity(256);
    let target = match target::find(&data.snapshot, policy, &question, &mut header) {
        Ok(target) => target,
        Err(failure) => return fail(question.format, failure, &header),
    };
    let Ok(client) = client::client(policy, &question, request.forwarded_for, request.peer) else {
        return fail(question.format, Failure::Address, "");
    };
    let country = decide::country(data, policy, client);
    let access = record(policy, &question, &target, request, client, country);
    if question.format == Format::Metalink && !has_file(&target) {
        let name = [target.directory.name(), "/", target.file.as_deref().unwrap_or_default()].concat();
        return Answer { access, ..fail(question.format, Failure::File, &name) };
    }
    let decision = decide::decide(data, policy, &question, target, (client, country), header, rng);
    let reply = render(data, policy, &question, &decision, request.now);
    let tier = decision.picks.first().map(|pick| pick.tier);
    Answer { access, tier, ..reply }
}

/// The question and the decision alone, for explanations: calls `explain` with both, or gives the failure.
///
/// # Errors
/// Why there is no decision.
pub fn decide_only<T>(
    data: &Data,
    policy: &Policy,
    request: &Request<'_>,
    rng: &mut impl Rng,
    explain: impl FnOnce(&Question<'_>, &Decision<'_>) -> T,
) -> Result<T, Failure> {
    let question =
        Question::parse(request.path, request.query, policy.compatibility).ok_or(Failure::NotServed)?;
    let mut header = String::new();
    let target = target::find(&data.snapshot, policy, &question, &mut header)?;
    let client = client::client(policy, &question, request.forwarded_for, request.peer)
        .map_err(|Unusable| Failure::Address)?;
    let country = decide::country(data, policy, client);
    let decision = decide::decide(data, policy, &question, target, (client, country), header, rng);
    Ok(explain(&question, &decision))
}

fn has_file(target: &Target<'_>) -> bool {
    target.directory.file(target.file.as_deref().unwrap_or_default()).is_some()
}

/// What is logged: requests that name a repository and an architecture, also if they have a path.
fn record(
    policy: &Policy,
    question: &Question<'_>,
    target: &Target<'_>,
    request: &Request<'_>,
    client: IpAddr,
    country: &str,
) -> Option<AccessRecord> {
    let (Some(repo), Some(_)) = (&question.repo, &question.arch) else { return None };
    let peer = policy.is_native().then(|| {
        client::asking(policy, request.forwarded_for, request.peer)
            .unwrap_or_else(|Unusable| request.peer.to_canonical())
    });
    Some(AccessRecord {
        client,
        peer,
        time: request.now,
        country: country.to_owned(),
        repo: repo.as_ref().to_owned(),
        arch: target.arch.as_ref().to_owned(),
    })
}

fn render(
    data: &Data,
    policy: &Policy,
    question: &Question<'_>,
    decision: &Decision<'_>,
    now: DateTime<Utc>,
) -> Answer {
    let plain = |status, kind, body: Body| Answer {
        status,
        content_type: Some(TEXT),
        location: None,
        headers: Vec::new(),
        body,
        access: None,
        kind,
        tier: None,
    };
    match question.format {
        Format::Metalink => {
            let body = metalink::render(data, policy, question, decision, now).unwrap_or_default();
            Answer { content_type: Some(METALINK), ..plain(200, Kind::Metalink, body.into()) }
        }
        Format::Mirrorlist if question.wants_redirect() => {
            match redirect::location(policy, question, decision) {
                Some(location) => {
                    Answer { location: Some(location), ..plain(302, Kind::Redirect, Body::default()) }
                }
                None => plain(404, Kind::Error(Failure::NoMirror), Body::default()),
            }
        }
        Format::Mirrorlist => {
            let body = mirrorlist::render(data, policy, question, decision);
            plain(200, Kind::Mirrorlist, body.into())
        }
    }
}
