//! `/explain` and `/allowlist`: who may see what, as text or JSON.

use std::fmt::Display;

use rand::Rng;
use serde::Serialize;

use crate::answer::Request;
use crate::client;
use crate::data::Data;
use crate::explain::{self, Explanation, Insight};
use crate::policy::{Explain, Policy};
use crate::question::{Form, Question};
use crate::render::{JSON, TEXT, failure, json};
use crate::reply::{Answer, Failure, Kind};

/// The explanation of the answer to a question.
///
/// Whoever asks from a trusted network may name any client by `ip=` and sees private hosts; the others may, by
/// default, only ask about themselves.
pub(crate) fn explanation(
    data: &Data,
    policy: &Policy,
    request: &Request<'_>,
    question: &Question<'_>,
    form: Form,
    rng: &mut impl Rng,
) -> Answer {
    shown(explained(data, policy, request, question, rng), Kind::Explanation, form)
}

/// All mirrors that the client can be sent to. It tells no more than the answers themselves.
pub(crate) fn allow_list(
    data: &Data,
    policy: &Policy,
    request: &Request<'_>,
    question: &Question<'_>,
    form: Form,
    rng: &mut impl Rng,
) -> Answer {
    let client = client::client(policy, question, request.forwarded_for, request.peer);
    let list = client
        .map_err(Failure::from)
        .and_then(|client| crate::allow_list(data, policy, question, client, rng));
    shown(list, Kind::AllowList, form)
}

fn shown<T: Display + Serialize>(page: Result<T, Failure>, kind: Kind, form: Form) -> Answer {
    match (page, form) {
        (Ok(page), Form::Text) => Answer::new(200, kind, Some(TEXT), page.to_string()),
        (Ok(page), Form::Json) => Answer::new(200, kind, Some(JSON), json::text(&page)),
        (Err(failure), form) => failure::page(failure, form),
    }
}

fn explained(
    data: &Data,
    policy: &Policy,
    request: &Request<'_>,
    question: &Question<'_>,
    rng: &mut impl Rng,
) -> Result<Explanation, Failure> {
    if policy.explain == Explain::Nobody {
        return Err(Failure::NotServed);
    }
    let asking = client::asking(policy, request.forwarded_for, request.peer)?;
    let client = client::client(policy, question, request.forwarded_for, request.peer)?;
    let trusted = client::is_trusted(asking, &policy.explain_networks);
    if client != asking && !trusted && policy.explain != Explain::Everybody {
        return Err(Failure::NotTrusted);
    }
    let insight = if trusted { Insight::Full } else { Insight::Public };
    explain::explain(data, policy, question, client, insight, rng)
}
