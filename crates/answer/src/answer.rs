//! The straight line from a request to an answer.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use rand::Rng;

use crate::access::{AccessRecord, Named};
use crate::client::{self, Unusable};
use crate::data::Data;
use crate::decide::{self, Decision};
use crate::place::Place;
use crate::policy::{Policy, Recorded};
use crate::question::{Format, Page, Question};
use crate::reply::{Answer, Failure};
use crate::target::{self, Target};
use crate::{page, render};

/// A request as the HTTP layer got it.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Path of the request line, not decoded.
    pub path: &'a str,
    /// What stands behind the `?`, not decoded; empty when there is none.
    pub query: &'a str,
    /// The value of the `Accept` header; empty when there is none, or one that is no text.
    pub accept: &'a str,
    /// The values of all `X-Forwarded-For` headers, in order.
    pub forwarded_for: &'a [&'a [u8]],
    /// The other end of the connection.
    pub peer: IpAddr,
    /// The time of the answer.
    pub now: DateTime<Utc>,
}

/// Answers a request.
pub fn answer(data: &Data, policy: &Policy, request: &Request<'_>, rng: &mut impl Rng) -> Answer {
    let fail = |format, failure, header: &str| {
        render::failure::answer(data, policy, format, failure, header, request.now)
    };
    let mut question = match Question::read(request.path, request.query, request.accept, policy) {
        Ok(question) => question,
        Err(failure) => return fail(Format::Mirrorlist, failure, ""),
    };
    if question.whole_path {
        question.negotiate(request.accept, |question| {
            target::find(&data.snapshot, policy, question, &mut String::new())
                .is_ok_and(|target| target.has_file())
        });
    }
    match question.page {
        Page::Answer => {}
        Page::Explanation(form) => {
            return page::explanation(data, policy, request, &question, form, rng);
        }
        Page::AllowList(form) => return page::allow_list(data, policy, request, &question, form, rng),
    }
    let mut header = String::with_capacity(512);
    let target = match target::find(&data.snapshot, policy, &question, &mut header) {
        Ok(target) => target,
        Err(failure) => return fail(question.format, failure, &header),
    };
    let Ok(client) = client::client(policy, &question, request.forwarded_for, request.peer) else {
        return fail(question.format, Failure::Address, "");
    };
    let place = Place::of(data, policy, client);
    let mut access = record(policy, &question, &target, request, &place);
    if question.format.is_metalink() && !target.has_file() {
        let name = [target.directory.name(), "/", target.file.as_deref().unwrap_or_default()].concat();
        return Answer { access, ..fail(question.format, Failure::File, &name) };
    }
    let decision = decide::decide(data, policy, &question, target, place, header, rng);
    let reply = render::answer(&decision, request.now);
    let mut headers = reply.headers;
    if question.whole_path {
        headers.push(("vary", "accept".to_owned()));
    }
    let first = decision.picks.first();
    let tier = first.map(|pick| pick.tier);
    if let Some(record) = &mut access {
        record.host = first.and_then(|pick| data.snapshot.host(pick.host)).map(|host| host.id);
    }
    Answer { access, tier, headers, ..reply }
}

/// The question and the decision alone: calls `explain` with both, or gives the failure.
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
    let question = Question::read(request.path, request.query, request.accept, policy)?;
    let client = client::client(policy, &question, request.forwarded_for, request.peer)?;
    let decision = decision(data, policy, &question, client, rng)?;
    Ok(explain(&question, &decision))
}

/// The decision about a question for a client.
///
/// # Errors
/// Why there is none: E1 to E5.
pub(crate) fn decision<'a>(
    data: &'a Data,
    policy: &'a Policy,
    question: &'a Question<'a>,
    client: IpAddr,
    rng: &mut impl Rng,
) -> Result<Decision<'a>, Failure> {
    let mut header = String::new();
    let target = target::find(&data.snapshot, policy, question, &mut header)?;
    let place = Place::of(data, policy, client);
    Ok(decide::decide(data, policy, question, target, place, header, rng))
}

/// What the access log may say.
fn record(
    policy: &Policy,
    question: &Question<'_>,
    target: &Target<'_>,
    request: &Request<'_>,
    place: &Place<'_>,
) -> Option<AccessRecord> {
    // Requests that name a repository and an architecture, also if they have a path.
    let repository = question.repo.as_ref().filter(|_| question.arch.is_some());
    match policy.recorded {
        Recorded::Repositories if repository.is_some() => {}
        Recorded::All => {}
        Recorded::Nothing | Recorded::Repositories => return None,
    }
    let peer = policy.is_native().then(|| match question.asks_for_other() {
        None => place.address,
        Some(_) => client::asking(policy, request.forwarded_for, request.peer)
            .unwrap_or_else(|Unusable| request.peer.to_canonical()),
    });
    Some(AccessRecord {
        client: place.address,
        peer,
        time: request.now,
        country: place.country.to_owned(),
        asn: place.asn.filter(|_| policy.recorded == Recorded::All).map(|asn| asn.text.to_owned()),
        repository: repository
            .map(|repo| Named { repo: repo.as_ref().to_owned(), arch: target.arch.as_ref().to_owned() }),
        host: None,
    })
}
