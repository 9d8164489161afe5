//! `scan explain`

use scan::explain::{ExplainError, ExplainedVersion, Explanation, RecordedDirectory, explain};

use crate::arguments::ScanExplain;
use crate::commands::Context;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};

/// Says what the rules make of a path.
pub async fn run(arguments: &ScanExplain, context: &Context) -> Outcome {
    let store = context.store().await?;
    let explained = explain(&store, &context.settings.scan, &arguments.path).await;
    let explanations = explained.map_err(|error| match error {
        ExplainError::Store(error) => error.into(),
        error => Failure::input(error),
    })?;
    context.out.data(&explanations, |all| all.iter().map(describe).collect::<Vec<_>>().join("\n\n"))?;
    Ok(Exit::Success)
}

fn describe(explanation: &Explanation) -> String {
    let none = || "none".to_owned();
    let lines = [
        ("directory", explanation.directory.clone()),
        ("category", explanation.category.clone()),
        ("recorded", explanation.recorded.as_ref().map_or_else(|| "no".to_owned(), recorded)),
        ("version", explanation.version.as_ref().map_or_else(none, version)),
        ("architecture", explanation.arch.clone().unwrap_or_else(none)),
        ("prefix", explanation.prefix.clone().unwrap_or_else(none)),
        ("rule", explanation.rule.clone().unwrap_or_else(none)),
        (
            "repository",
            format!("{}: {}", if explanation.repository { "yes" } else { "no" }, explanation.reason),
        ),
    ];
    let line = |(name, value): &(&str, String)| {
        let clean: String = value.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
        format!("{name:<14}{clean}")
    };
    lines.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn recorded(directory: &RecordedDirectory) -> String {
    let readable = if directory.readable { "readable" } else { "not readable by everybody" };
    let time = directory.ctime.map_or_else(|| "no time".to_owned(), |time| format!("time {time}"));
    format!("yes, {readable}, {time}")
}

fn version(version: &ExplainedVersion) -> String {
    let mut text = version.name.clone();
    if version.shown != version.name {
        text.push_str(&format!(" (in prefixes: {})", version.shown));
    }
    if !version.known {
        text.push_str(", to be made");
    }
    if let Some(word) = &version.test {
        text.push_str(&format!(", as a test version because of {word:?}"));
    }
    if let Some(word) = &version.hidden {
        text.push_str(&format!(", not displayed because of {word:?}"));
    }
    text
}
