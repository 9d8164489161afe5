//! The reference of all settings, taken from the doc comments of the structs themselves.
//!
//! The sources of the groups are compiled in as text and read once: struct, field, type, comment. That
//! keeps one place per setting, the field; a test fails for a key without a comment and for a default
//! file that does not parse back to the defaults.

use std::sync::LazyLock;

use crate::root::Settings;

/// The sources that declare settings. A new group adds its file here.
const SOURCES: &[&str] = &[
    include_str!("root.rs"),
    include_str!("database.rs"),
    include_str!("log.rs"),
    include_str!("scan.rs"),
    include_str!("scan/source.rs"),
    include_str!("crawl.rs"),
    include_str!("cache.rs"),
    include_str!("serve.rs"),
    include_str!("answer.rs"),
];

/// One declared field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) owner: String,
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) doc: Vec<String>,
}

static FIELDS: LazyLock<Vec<Field>> = LazyLock::new(|| SOURCES.iter().flat_map(|s| fields(s)).collect());

/// Every dotted key (groups are not listed, only what can be set).
pub fn keys() -> Vec<String> {
    let mut keys = Vec::new();
    collect("Settings", "", &mut keys);
    keys.into_iter().map(|(path, _)| path).collect()
}

/// The doc comment of a key, or of a group, as lines. Empty if there is none.
pub fn doc(path: &str) -> Vec<String> {
    find("Settings", path).map(|field| field.doc.clone()).unwrap_or_default()
}

fn find(owner: &str, path: &str) -> Option<&'static Field> {
    let (first, rest) = match path.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (path, None),
    };
    let field = FIELDS.iter().find(|field| field.owner == owner && field.name == first)?;
    match rest {
        Some(rest) => find(&field.kind, rest),
        None => Some(field),
    }
}

fn collect(owner: &str, prefix: &str, out: &mut Vec<(String, &'static Field)>) {
    for field in FIELDS.iter().filter(|field| field.owner == owner) {
        let path = if prefix.is_empty() { field.name.clone() } else { format!("{prefix}.{}", field.name) };
        if FIELDS.iter().any(|inner| inner.owner == field.kind) {
            collect(&field.kind, &path, out);
        } else {
            out.push((path, field));
        }
    }
}

/// A settings file with every setting: its comment, and its default commented out.
pub fn default_file() -> String {
    let defaults = toml::Table::try_from(Settings::default()).unwrap_or_default();
    let mut out = String::from(
        "# All settings with their defaults. Remove the `#` in front of a key to change it.\n\
         # A variable MM_GROUP__KEY of the environment, and --set group.key=value, win over this file.\n",
    );
    write_group("Settings", "", &defaults, &mut out);
    out
}

fn write_group(owner: &str, path: &str, defaults: &toml::Table, out: &mut String) {
    let is_group = |field: &&Field| FIELDS.iter().any(|inner| inner.owner == field.kind);
    let own = || FIELDS.iter().filter(|field| field.owner == owner);
    for field in own().filter(|field| !is_group(field)) {
        out.push('\n');
        comment(&field.doc, out);
        match defaults.get(&field.name) {
            Some(value) => out.push_str(&format!("#{} = {}\n", field.name, inline(value))),
            None => out.push_str(&format!("# (not set) {} =\n", field.name)),
        }
    }
    for field in own().filter(is_group) {
        let path = if path.is_empty() { field.name.clone() } else { format!("{path}.{}", field.name) };
        out.push('\n');
        comment(&field.doc, out);
        out.push_str(&format!("[{path}]\n"));
        let empty = toml::Table::new();
        let inner = defaults.get(&field.name).and_then(toml::Value::as_table).unwrap_or(&empty);
        write_group(&field.kind, &path, inner, out);
    }
}

fn comment(doc: &[String], out: &mut String) {
    for line in doc {
        out.push_str(if line.is_empty() { "#" } else { "# " });
        out.push_str(line);
        out.push('\n');
    }
}

/// A value on one line, as TOML.
pub(crate) fn inline(value: &toml::Value) -> String {
    match value {
        toml::Value::Array(items) => {
            format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", "))
        }
        toml::Value::Table(table) if table.is_empty() => "{}".into(),
        toml::Value::Table(table) => {
            let pairs: Vec<String> =
                table.iter().map(|(key, value)| format!("{} = {}", inline_key(key), inline(value))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        toml::Value::String(text) if text.contains(['\n', '\r']) => quoted(text),
        other => other.to_string(),
    }
}

/// A text with line breaks as a basic string on one line.
fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A key, quoted where TOML wants it.
pub(crate) fn inline_key(key: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !key.is_empty() && key.chars().all(bare) {
        key.to_owned()
    } else {
        toml::Value::String(key.to_owned()).to_string()
    }
}

/// The documented fields of the structs in one of our source files, up to its tests.
fn fields(source: &str) -> Vec<Field> {
    let mut out = Vec::new();
    let mut owner = None;
    let mut doc = Vec::new();
    for line in source.lines().take_while(|line| !line.starts_with("#[cfg(test)]")) {
        let text = line.trim();
        if let Some(rest) = text.strip_prefix("///") {
            doc.push(rest.strip_prefix(' ').unwrap_or(rest).to_owned());
        } else if let Some(rest) = line.strip_prefix("pub struct ") {
            owner = rest.strip_suffix(" {").map(str::to_owned);
            doc.clear();
        } else if line.starts_with('}') {
            owner = None;
            doc.clear();
        } else if let (Some(owner), Some(rest)) = (&owner, text.strip_prefix("pub ")) {
            if let Some((name, kind)) = rest.split_once(": ") {
                out.push(Field {
                    owner: owner.clone(),
                    name: name.to_owned(),
                    kind: last_segment(kind.trim_end_matches(',')),
                    doc: std::mem::take(&mut doc),
                });
            }
        } else if !text.starts_with("#[") {
            doc.clear();
        }
    }
    out
}

/// The name of a type without its path; generic types stay whole and so never match a struct.
fn last_segment(kind: &str) -> String {
    if kind.contains('<') { kind.to_owned() } else { kind.rsplit("::").next().unwrap_or(kind).to_owned() }
}
