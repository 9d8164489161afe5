//! Errors E0–E7 (spec C.7), and those of the forms that the old server does not have.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::data::Data;
use crate::escape;
use crate::policy::Policy;
use crate::question::{Form, Format};
use crate::render::{JSON, METALINK, TEXT, json, metalink};
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
    match format {
        Format::Metalink4 => return page(failure, Form::Text),
        Format::Json => return page(failure, Form::Json),
        Format::Mirrorlist | Format::Redirect | Format::Metalink => {}
    }
    let status = match failure {
        Failure::Parameters | Failure::Disabled => 200,
        Failure::Address if !policy.is_native() => 500,
        _ => status(failure),
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
    Answer::new(status, Kind::Error(failure), wrapped.then_some(METALINK), body)
}

/// The answer for a failure where there is no old client to please: a fitting status and one line.
pub(crate) fn page(failure: Failure, form: Form) -> Answer {
    #[derive(Serialize)]
    struct Error {
        error: &'static str,
    }
    let error = failure.text();
    let (content_type, body) = match form {
        Form::Text => (TEXT, format!("error: {error}\n")),
        Form::Json => (JSON, json::text(&Error { error })),
    };
    Answer::new(status(failure), Kind::Error(failure), Some(content_type), body)
}

/// The status that says it; the old server has 200 for some.
fn status(failure: Failure) -> u16 {
    match failure {
        Failure::Parameters | Failure::Address => 400,
        Failure::NotTrusted => 403,
        Failure::NotServed
        | Failure::Path
        | Failure::Disabled
        | Failure::Repository
        | Failure::File
        | Failure::NoMirror => 404,
        Failure::Cache => 500,
    }
}

/// The old server's texts.
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
        Failure::NoMirror | Failure::NotTrusted => String::new(),
    }
}
