//! Which categories are scanned, and where each of them lies.

use std::path::{Path, PathBuf};

use settings::Scan;
use settings::scan::{ScanSource, SourceType};
use store::master::CategoryRow;

use crate::options::ScanOptions;
use crate::run::ScanError;
use crate::source::SourceError;

/// What a configured source reads, for comparison and messages: a path, or what is listed.
pub(crate) fn place(settings: &Scan, source: &ScanSource, topdir: &str) -> Result<PathBuf, SourceError> {
    let default_root = below(&settings.content_root, topdir)?;
    Ok(match source.source_type() {
        Some(SourceType::Directory) => source.path.clone().unwrap_or(default_root),
        _ => PathBuf::from(source.url.clone().unwrap_or_default()),
    })
}

/// Where a top directory is by default. Its name comes from the database, where anything may stand.
pub(crate) fn below(content_root: &Path, topdir: &str) -> Result<PathBuf, SourceError> {
    let name = topdir.trim_matches('/');
    if name.split('/').any(|part| matches!(part, "." | "..")) {
        return Err(SourceError::Topdir(topdir.to_owned()));
    }
    Ok(content_root.join(name))
}

/// The configured sources, or all categories; of these the selected ones.
pub(crate) fn select(
    settings: &Scan,
    options: &ScanOptions,
    rows: &[CategoryRow],
) -> Result<Vec<ScanSource>, ScanError> {
    let plain = |name: &String| ScanSource { category: name.clone(), ..ScanSource::default() };
    let mut all = settings.sources.clone();
    if all.is_empty() {
        all = rows.iter().map(|row| plain(&row.name)).collect();
    }
    for name in options.only.iter().chain(&options.except) {
        if !all.iter().any(|s| s.category == *name) && !rows.iter().any(|row| row.name == *name) {
            let near = rows.iter().find(|row| row.name.eq_ignore_ascii_case(name));
            let hint = near.map_or_else(String::new, |row| format!("; did you mean {:?}?", row.name));
            return Err(ScanError::UnknownCategory { name: name.clone(), hint });
        }
    }
    all.retain(|s| {
        (options.only.is_empty() || options.only.contains(&s.category))
            && !options.except.contains(&s.category)
    });
    // A category that is in the database but in no configured source may still be asked for by name.
    for name in &options.only {
        if !all.iter().any(|s| s.category == *name) && !options.except.contains(name) {
            all.push(plain(name));
        }
    }
    Ok(all)
}
