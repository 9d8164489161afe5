//! Merging the layers.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::check::{Mistake, check};
use crate::environment;
use crate::error::SettingsError;
use crate::expand;
use crate::file;
use crate::origin::{Origin, Origins};
use crate::root::Settings;

/// The file that is read when none is named, if it exists.
pub const DEFAULT_FILE: &str = "/etc/mirrormanager/mirrormanager.toml";

/// Where to look for settings. All of it is a parameter, so that tests need no environment.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// A file that must exist (`--config`, else the variable `MM_CONFIG`).
    pub file: Option<PathBuf>,
    /// A file that is read if it exists and [`Sources::file`] is `None`.
    pub default_file: Option<PathBuf>,
    /// Environment variables; those without the prefix `MM_` are ignored.
    pub environment: Vec<(String, String)>,
    /// `group.key=value` from the command line, later ones win.
    pub assignments: Vec<String>,
}

impl Sources {
    /// What a process is started with: `--config`, its environment, `--set`.
    pub fn of_process(config: Option<PathBuf>, assignments: Vec<String>) -> Self {
        let environment: Vec<(String, String)> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| name.starts_with("MM_"))
            .collect();
        let from_variable =
            || environment.iter().find(|(name, _)| name == "MM_CONFIG").map(|(_, path)| PathBuf::from(path));
        Self {
            file: config.or_else(from_variable),
            default_file: Some(PathBuf::from(DEFAULT_FILE)),
            environment,
            assignments,
        }
    }
}

/// Reads all layers: the settings, and where each one that was set came from.
///
/// # Errors
/// One line that names file and line, variable or flag, the key, and what is wrong with it.
pub fn load(sources: &Sources) -> Result<(Settings, Origins), SettingsError> {
    let mut merged = toml::Table::new();
    let mut origins = Origins::new();

    if let Some(path) = chosen_file(sources) {
        let (table, lines) = file::read(path)?;
        merge(&mut merged, table);
        origins.extend(lines);
    }

    let mut variables: Vec<(&String, String, &String)> = sources
        .environment
        .iter()
        .filter_map(|(name, value)| Some((name, environment::key_of_variable(name)?, value)))
        .collect();
    // A table given whole comes before its single keys.
    variables.sort_by(|a, b| (a.1.len(), &a.1).cmp(&(b.1.len(), &b.1)));
    for (name, key, value) in variables {
        set(&mut merged, &mut origins, &key, value, Origin::Environment(name.clone()))?;
    }

    for assignment in &sources.assignments {
        let Some((key, value)) = assignment.split_once('=') else {
            return Err(SettingsError::Syntax {
                origin: format!("--set {assignment}"),
                reason: "expected group.key=value".into(),
            });
        };
        set(&mut merged, &mut origins, key.trim(), value.trim(), Origin::CommandLine)?;
    }

    finish(merged, origins)
}

fn chosen_file(sources: &Sources) -> Option<&Path> {
    sources.file.as_deref().or_else(|| sources.default_file.as_deref().filter(|path| path.exists()))
}

fn set(
    merged: &mut toml::Table,
    origins: &mut Origins,
    key: &str,
    value: &str,
    origin: Origin,
) -> Result<(), SettingsError> {
    let table = environment::single(key, value, &origin)?;
    let mut leaves = Vec::new();
    leaf_paths(&table, "", &mut leaves);
    merge(merged, table);
    origins.extend(leaves.into_iter().map(|path| (path, origin.clone())));
    Ok(())
}

/// Expands `${file:…}` and gives the tree its types.
fn finish(mut merged: toml::Table, origins: Origins) -> Result<(Settings, Origins), SettingsError> {
    let mut leaves = Vec::new();
    leaf_paths(&merged, "", &mut leaves);
    for path in &leaves {
        if let Some(value) = get_mut(&mut merged, path) {
            expand::expand(value).map_err(|reason| SettingsError::Value {
                origin: origins.get(path).map_or_else(|| "settings".into(), ToString::to_string),
                key: path.clone(),
                reason,
            })?;
        }
    }
    let settings = Settings::deserialize(merged)
        .map_err(|e| file::refusal(e.message(), "settings, all layers together".into(), String::new()))?;
    check(&settings).map_err(|Mistake { key, reason }| {
        let set = key.split('[').next().unwrap_or_default();
        let origin = origins.get(set).map_or_else(|| "settings".into(), ToString::to_string);
        SettingsError::Value { origin, key, reason }
    })?;
    Ok((settings, origins))
}

/// Tables are merged key by key; anything else is replaced.
fn merge(into: &mut toml::Table, from: toml::Table) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(toml::Value::Table(old)), toml::Value::Table(new)) => merge(old, new),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

pub(crate) fn leaf_paths(table: &toml::Table, prefix: &str, out: &mut Vec<String>) {
    for (key, value) in table {
        let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match value {
            toml::Value::Table(inner) => leaf_paths(inner, &path, out),
            _ => out.push(path),
        }
    }
}

fn get_mut<'a>(table: &'a mut toml::Table, path: &str) -> Option<&'a mut toml::Value> {
    match path.split_once('.') {
        Some((first, rest)) => get_mut(table.get_mut(first)?.as_table_mut()?, rest),
        None => table.get_mut(path),
    }
}

/// Entry for fuzzing: any bytes as the text of a settings file.
pub fn fuzz_file(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = file::parse(Path::new("fuzz.toml"), text);
    }
}
