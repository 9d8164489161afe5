//! The mirrors of an answer as JSON.

use serde::Serialize;

use crate::decide::Decision;
use crate::explain;
use crate::render::JSON;
use crate::reply::{Answer, Kind};

/// The mirrors of an answer with all their URLs.
pub(crate) fn answer(decision: &Decision<'_>) -> Answer {
    Answer::new(200, Kind::Json, Some(JSON), text(&explain::list(decision)))
}

/// A value as one line of JSON.
pub(crate) fn text(value: &impl Serialize) -> String {
    // What is written here has no map with keys that are no text, the one thing that can fail.
    let mut text = serde_json::to_string(value).unwrap_or_default();
    text.push('\n');
    text
}
