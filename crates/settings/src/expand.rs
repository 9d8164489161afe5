//! `${file:/path}` inside a text value: the content of that file, without its last line break.

use std::path::Path;

/// The largest secret file that is read, bytes.
const LIMIT: u64 = 64 * 1024;

/// Replaces every `${file:…}` in the strings of a value, or says which file is the trouble.
pub(crate) fn expand(value: &mut toml::Value) -> Result<(), String> {
    match value {
        toml::Value::String(text) => {
            if text.contains("${") {
                *text = expand_text(text)?;
            }
            Ok(())
        }
        toml::Value::Array(items) => items.iter_mut().try_for_each(expand),
        toml::Value::Table(table) => table.iter_mut().try_for_each(|(_, value)| expand(value)),
        _ => Ok(()),
    }
}

fn expand_text(text: &str) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${file:") {
        out.push_str(before);
        let Some((path, tail)) = after.split_once('}') else {
            return Err("${file: has no closing brace".into());
        };
        out.push_str(&read(Path::new(path))?);
        rest = tail;
    }
    out.push_str(rest);
    Ok(out)
}

fn read(path: &Path) -> Result<String, String> {
    let fail = |reason: String| format!("cannot read {}: {reason}", path.display());
    let size = std::fs::metadata(path).map_err(|e| fail(e.to_string()))?.len();
    if size > LIMIT {
        return Err(fail(format!("larger than {LIMIT} bytes")));
    }
    let text = std::fs::read_to_string(path).map_err(|e| fail(e.to_string()))?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok(text.strip_suffix('\r').unwrap_or(text).to_owned())
}
