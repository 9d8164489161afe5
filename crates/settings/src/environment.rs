//! The environment overlay and `--set`: one key each, written `MM_GROUP__KEY=value` or `group.key=value`.
//!
//! The value is TOML (`8`, `true`, `["a", "b"]`); what is no TOML, or is of the wrong type as TOML,
//! is taken as text, so that quotes are never needed on a command line.

use serde::Deserialize;

use crate::error::SettingsError;
use crate::file::refusal;
use crate::known;
use crate::origin::Origin;
use crate::root::Settings;

/// Variables with our prefix that are no settings.
const RESERVED: [&str; 1] = ["MM_CONFIG"];

/// The dotted key of a variable (`MM_CRAWL__THREADS` gives `crawl.threads`), or `None` if it is no setting.
pub(crate) fn key_of_variable(name: &str) -> Option<String> {
    let rest = name.strip_prefix("MM_")?;
    if RESERVED.contains(&name) || rest.starts_with("TEST_") {
        return None;
    }
    Some(rest.to_ascii_lowercase().replace("__", "."))
}

/// A table that holds just this key, checked.
pub(crate) fn single(key: &str, text: &str, origin: &Origin) -> Result<toml::Table, SettingsError> {
    let unknown =
        || SettingsError::Unknown { origin: origin.to_string(), key: key.to_owned(), hint: known::hint(key) };
    if key.is_empty() || key.split('.').any(str::is_empty) {
        return Err(unknown());
    }
    let as_text = nest(key, toml::Value::String(text.to_owned()));
    let as_toml = toml::from_str::<toml::Table>(&format!("value = {text}"))
        .ok()
        .filter(|table| table.len() == 1)
        .and_then(|mut table| table.remove("value"))
        .map(|value| nest(key, value));
    let typed = as_toml.map(|table| (Settings::deserialize(table.clone()), table));
    if let Some((Ok(_), table)) = typed {
        return Ok(table);
    }
    let complaint = match Settings::deserialize(as_text.clone()) {
        Ok(_) => return Ok(as_text),
        // The complaint about the value as it was meant (a number out of range) is the better one.
        Err(e) => match typed {
            Some((Err(typed), _)) => typed,
            _ => e,
        },
    };
    let message = complaint.message();
    if message.starts_with("unknown field") {
        return Err(unknown());
    }
    Err(refusal(message, origin.to_string(), key.to_owned()))
}

fn nest(key: &str, value: toml::Value) -> toml::Table {
    let (first, rest) = match key.split_once('.') {
        Some((first, rest)) => (first, toml::Value::Table(nest(rest, value))),
        None => (key, value),
    };
    toml::Table::from_iter([(first.to_owned(), rest)])
}
