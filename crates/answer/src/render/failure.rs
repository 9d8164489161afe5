//! Errors E0–E7 (spec C.7).

use bytes::Bytes;
use chrono::{DateTime, Utc};

use crate::data::Data;
use crate::escape;
use crate::policy::Policy;
use crate::question::Format;
use crate::render::{METALINK, metalink};
use crate::reply::{Answer, Body, Failure, Kind};

/// The answer for a failure. `header` is the first words of a plain answer, for those that show them.
pub(crate) fn answer(
    data: &Data,
    policy: &Policy,
    format: Format,
    failure: Failure,
    header: &str,
    now: DateTime<Utc>,
) -> Answer {
    let status = match failure {
        Failure::Parameters | Failure::Disabled => 200,
        Failure::NotServed | Failure::Path | Failure::Repository | Failure::File | Failure::NoMirror => 404,
        Failure::Cache => 500,
        Failure::Address if policy.is_native() => 400,
        Failure::Address => 500,
    };
    let wrapped = format == Format::Metalink && !matches!(failure, Failure::NotServed | Failure::Cache);
    let text = text(failure, header);
    let list = failure == Failure::Repository;
    let body = if wrapped {
        let mut head = String::with_capacity(512);
        metalink::push_opening(now, &mut head);
        head.push_str("<!-- ");
        if policy.is_native() {
            escape::push_comment(&text, &mut head)
        } else {
            head.push_str(&text)
        }
        let shared = match list {
            true if policy.is_native() => data.commented_list().clone(),
            true => data.snapshot.repository_list().clone(),
            false => Bytes::new(),
        };
        Body { head: head.into(), shared, tail: Bytes::from_static(b"\n-->\n</metalink>\n") }
    } else {
        let shared = if list { data.snapshot.repository_list().clone() } else { Bytes::new() };
        Body { head: text.into(), shared, tail: Bytes::new() }
    };
    Answer {
        status,
        content_type: wrapped.then_some(METALINK),
        location: None,
        headers: Vec::new(),
        body,
        access: None,
        kind: Kind::Error(failure),
        tier: None,
    }
}

fn text(failure: Failure, header: &str) -> String {
    match failure {
        Failure::NotServed => "We don't serve their kind here!".into(),
        Failure::Parameters => "# either path=, or repo= and arch= must be specified".into(),
        Failure::Path => "error: invalid path".into(),
        Failure::Disabled => "repo disabled".into(),
        Failure::Repository => {
            [header, "error: invalid repo or arch\n# following repositories are available:\n"].concat()
        }
        Failure::Cache => "mirrorlist cache index out of range, you broke it!".into(),
        Failure::Address => "Cannot parse client IP address. Aborting.".into(),
        // Here the header is the file's name.
        Failure::File => [header, " not found or has not metalink"].concat(),
        Failure::NoMirror => String::new(),
    }
}
