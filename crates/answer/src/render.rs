//! Decisions and failures as bodies and headers.

pub(crate) mod explanation;
pub(crate) mod failure;
pub(crate) mod json;
pub(crate) mod links;
pub(crate) mod metalink;
pub(crate) mod metalink4;
pub(crate) mod mirrorlist;
pub(crate) mod redirect;

use chrono::{DateTime, Utc};

use crate::decide::Decision;
use crate::question::Format;
use crate::reply::{Answer, Kind};

pub(crate) const TEXT: &str = "text/plain";
pub(crate) use crate::accept::{JSON, METALINK, METALINK4};

/// The decision in the form that was asked for.
pub(crate) fn answer(decision: &Decision<'_>, now: DateTime<Utc>) -> Answer {
    match decision.question.format {
        Format::Mirrorlist => Answer::new(200, Kind::Mirrorlist, Some(TEXT), mirrorlist::render(decision)),
        Format::Metalink => {
            let body = metalink::render(decision, now).unwrap_or_default();
            Answer::new(200, Kind::Metalink, Some(METALINK), body)
        }
        Format::Metalink4 => metalink4::answer(decision, now),
        Format::Json => json::answer(decision),
        Format::Redirect => redirect::answer(decision),
    }
}

/// Appends a number in decimal digits.
pub(crate) fn push_number(number: u64, to: &mut String) {
    to.push_str(itoa::Buffer::new().format(number));
}
