//! Index pages in JSON: an array of objects, by nginx (`type`) and Caddy (`is_dir`).

use std::collections::HashMap;

use serde::Deserialize;

use super::Size;

#[derive(Deserialize)]
struct Entry {
    name: String,
    size: Option<u64>,
    #[serde(rename = "type")]
    kind: Option<String>,
    is_dir: Option<bool>,
}

/// The files of a page; `None` when it is something else.
pub(super) fn read(page: &[u8]) -> Option<HashMap<Vec<u8>, Size>> {
    let entries: Vec<Entry> = serde_json::from_slice(page).ok()?;
    let is_file = |entry: &Entry| match (&entry.kind, entry.is_dir) {
        (Some(kind), _) => kind == "file",
        (None, is_dir) => is_dir == Some(false),
    };
    let files = entries.into_iter().filter(is_file).map(|entry| {
        let size = entry.size.map_or(Size::Unknown, Size::Exact);
        (entry.name.into_bytes(), size)
    });
    Some(files.collect())
}
