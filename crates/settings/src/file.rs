//! The settings file: TOML, with the line of every key.

use std::path::Path;

use serde::Deserialize;
use toml::de::{DeTable, DeValue};

use crate::error::SettingsError;
use crate::known;
use crate::origin::{Origin, Origins};
use crate::root::Settings;

/// The largest settings file that is read, bytes.
const LIMIT: usize = 4 * 1024 * 1024;

/// Reads one file: its values, and the line of each.
pub(crate) fn read(path: &Path) -> Result<(toml::Table, Origins), SettingsError> {
    let fail = |reason: String| SettingsError::Read { path: path.to_path_buf(), reason };
    let bytes = std::fs::read(path).map_err(|e| fail(e.to_string()))?;
    if bytes.len() > LIMIT {
        return Err(fail(format!("larger than {LIMIT} bytes")));
    }
    let text = String::from_utf8(bytes).map_err(|_| fail("it is not UTF-8 text".into()))?;
    parse(path, &text)
}

/// Parses and checks the text of one file, alone: since every key has a default, each layer is valid
/// or not without the others, and the mistake is named with its own line.
pub(crate) fn parse(path: &Path, text: &str) -> Result<(toml::Table, Origins), SettingsError> {
    let at = |offset: usize| Origin::File { path: path.to_path_buf(), line: line_of(text, offset) };
    let syntax = |e: &toml::de::Error| SettingsError::Syntax {
        origin: at(e.span().map_or(0, |span| span.start)).to_string(),
        reason: e.message().replace('\n', ", "),
    };
    let document = DeTable::parse(text).map_err(|e| syntax(&e))?;
    let mut places = Vec::new();
    walk(document.get_ref(), "", &mut places);

    if let Err(e) = toml::Deserializer::parse(text).and_then(Settings::deserialize) {
        let offset = e.span().map_or(0, |span| span.start);
        let key = places.iter().find(|place| place.key_at == offset || place.value_at == offset);
        let origin = at(offset).to_string();
        return Err(refusal(e.message(), origin, key.map(|place| place.path.clone()).unwrap_or_default()));
    }
    let table = toml::from_str(text).map_err(|e| syntax(&e))?;
    let origins = places.into_iter().filter(|p| p.leaf).map(|p| (p.path, at(p.key_at))).collect();
    Ok((table, origins))
}

/// Turns serde's words about a key into ours.
pub(crate) fn refusal(message: &str, origin: String, key: String) -> SettingsError {
    if let Some(rest) = message.strip_prefix("unknown field `") {
        let name = rest.split('`').next().unwrap_or_default();
        let key = if key.is_empty() { name.to_owned() } else { key };
        SettingsError::Unknown { hint: known::hint(&key), origin, key }
    } else {
        SettingsError::Value { origin, key, reason: message.replace('\n', ", ") }
    }
}

struct Place {
    path: String,
    key_at: usize,
    value_at: usize,
    leaf: bool,
}

fn walk(table: &DeTable<'_>, prefix: &str, places: &mut Vec<Place>) {
    for (key, value) in table {
        let name = key.get_ref();
        let path = if prefix.is_empty() { name.to_string() } else { format!("{prefix}.{name}") };
        let inner = value.get_ref();
        places.push(Place {
            path: path.clone(),
            key_at: key.span().start,
            value_at: value.span().start,
            leaf: !inner.is_table(),
        });
        walk_value(inner, &path, places);
    }
}

fn walk_value(value: &DeValue<'_>, path: &str, places: &mut Vec<Place>) {
    if let Some(table) = value.as_table() {
        walk(table, path, places);
    } else if let Some(items) = value.as_array() {
        for (number, item) in items.iter().enumerate() {
            let path = format!("{path}[{number}]");
            places.push(Place {
                path: path.clone(),
                key_at: item.span().start,
                value_at: item.span().start,
                leaf: false,
            });
            let before = places.len();
            walk_value(item.get_ref(), &path, places);
            for place in places.iter_mut().skip(before) {
                place.leaf = false;
            }
        }
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|b| *b == b'\n').count() + 1
}
