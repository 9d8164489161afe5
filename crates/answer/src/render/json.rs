//! The mirrors of an answer as JSON.

use serde::Serialize;

use crate::data::Data;
use crate::decide::Decision;
use crate::explain;
use crate::policy::Policy;
use crate::question::Question;
use crate::render::JSON;
use crate::reply::{Answer, Kind};

/// The mirrors of an answer with all their URLs.
pub(crate) fn answer(
    data: &Data,
    policy: &Policy,
    question: &Question<'_>,
    decision: &Decision<'_>,
) -> Answer {
    let list = explain::list(data, policy, question, decision);
    Answer::new(200, Kind::Json, Some(JSON), text(&list))
}

/// A value as one line of JSON.
pub(crate) fn text(value: &impl Serialize) -> String {
    // What is written here has no map with keys that are no text, the one thing that can fail.
    let mut text = serde_json::to_string(value).unwrap_or_default();
    text.push('\n');
    text
}
