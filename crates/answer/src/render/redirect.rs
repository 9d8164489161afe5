//! The redirect to the first mirror (spec C.7).

use crate::decide::Decision;
use crate::escape;
use crate::render::{TEXT, links};
use crate::reply::{Answer, Body, Failure, Kind};
use crate::urls::Ending;

/// The redirect; 404 when there is no mirror with a usable URL.
pub(crate) fn answer(decision: &Decision<'_>) -> Answer {
    let reply = |status, kind| Answer::new(status, kind, Some(TEXT), Body::default());
    let Some(location) = location(decision) else {
        return reply(404, Kind::Error(Failure::NoMirror));
    };
    let headers = match decision.policy.is_native() {
        true => links::headers(decision),
        false => Vec::new(),
    };
    Answer { location: Some(location), headers, ..reply(302, Kind::Redirect) }
}

/// Where to; `None` when there is no mirror with a usable URL.
///
/// A URL that may not stand in a header is escaped; in upstream compatibility the next host is not tried and
/// there is no redirect, where the old server dropped the connection.
fn location(decision: &Decision<'_>) -> Option<String> {
    let ending = Ending::of(&decision.target, decision.policy);
    let choice = decision.choice();
    let mut bases = decision.picks.iter().filter_map(|pick| {
        let offer = decision.target.directory.offer(pick.host)?;
        choice.kept(offer).find_map(|url| ending.base(url))
    });
    let base = bases.next()?;
    let mut location = String::with_capacity(base.len() + ending.len());
    if decision.policy.is_native() {
        escape::push_header(base, &mut location);
        location.push_str(ending.after(base));
        return Some(location);
    }
    location.extend([base, ending.after(base)]);
    escape::fits_header(&location).then_some(location)
}
