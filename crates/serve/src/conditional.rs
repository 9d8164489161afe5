//! Answers that a client has already (RFC 9110 section 13).
//!
//! Lists and metalinks are another one each time, by chance and by their time, and errors have no conditions. What
//! is the same until the data changes, and is asked for again and again, is the list for firewalls.

use answer::{Answer, Body, Kind};
use hyper::header::{HeaderMap, IF_NONE_MATCH};

/// Names the version of an answer, if it has one, and leaves the body out if the client has that version.
pub(crate) fn answer(answer: &mut Answer, request: &HeaderMap) {
    if answer.kind != Kind::AllowList || answer.status != 200 {
        return;
    }
    let tag = tag(&answer.body);
    let is_had = request.get_all(IF_NONE_MATCH).iter().any(|value| {
        let mut tags = value.to_str().unwrap_or_default().split(',').map(str::trim);
        // Weak comparison: the same content, in whatever encoding.
        tags.any(|had| had == "*" || had.strip_prefix("W/").unwrap_or(had) == tag)
    });
    answer.headers.push(("etag", format!("W/{tag}")));
    if is_had {
        answer.status = 304;
        answer.content_type = None;
        answer.body = Body::default();
    }
}

/// An opaque tag of the content.
fn tag(body: &Body) -> String {
    let mut hasher = blake3::Hasher::new();
    for piece in [&body.head, &body.shared, &body.tail] {
        hasher.update(piece);
    }
    let hash = hasher.finalize();
    let first = hash.as_bytes().first_chunk().copied().unwrap_or_default();
    format!("\"{:016x}\"", u64::from_be_bytes(first))
}
