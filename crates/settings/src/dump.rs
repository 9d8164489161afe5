//! The settings in effect as TOML, with the origin of each that is not a default.

use crate::docs::{inline, inline_key};
use crate::origin::Origins;
use crate::root::Settings;

/// One TOML text: every key, secrets hidden, `# from …` behind those that were set somewhere.
pub fn dump(settings: &Settings, origins: &Origins) -> String {
    let table = toml::Table::try_from(settings).unwrap_or_default();
    let mut out = String::new();
    write(&table, &[], origins, &mut out);
    out
}

fn write(table: &toml::Table, above: &[&str], origins: &Origins, out: &mut String) {
    let join = |key: &str| [above, &[key]].concat().join(".");
    for (key, value) in table.iter().filter(|(_, value)| !value.is_table()) {
        out.push_str(&format!("{} = {}", inline_key(key), inline(value)));
        if let Some(origin) = origins.get(&join(key)) {
            out.push_str(&format!("  # from {origin}"));
        }
        out.push('\n');
    }
    for (key, value) in table {
        if let toml::Value::Table(inner) = value {
            if !out.is_empty() {
                out.push('\n');
            }
            let path = [above, &[key.as_str()]].concat();
            let header: Vec<String> = path.iter().map(|key| inline_key(key)).collect();
            out.push_str(&format!("[{}]\n", header.join(".")));
            write(inner, &path, origins, out);
        }
    }
}
