//! The names of all settings, and the nearest one to a name that nothing knows.

use crate::docs;

/// `; did you mean crawl.threads?`, or nothing when no known name is near.
pub(crate) fn hint(key: &str) -> String {
    nearest(key).map_or_else(String::new, |near| format!("; did you mean {near}?"))
}

/// The known dotted path nearest to `key`: a small misspelling of the whole path, or the right name in
/// another group.
pub(crate) fn nearest(key: &str) -> Option<String> {
    let known = docs::keys();
    let close = known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(candidate, key), candidate))
        .min()
        .filter(|(distance, candidate)| *distance <= 3.min(candidate.len() / 3).max(1));
    if let Some((_, candidate)) = close {
        return Some(candidate.clone());
    }
    let last = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    let name = last(key);
    known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(&last(candidate), &name), candidate))
        .min()
        .filter(|(distance, _)| *distance <= 2.min(name.len() / 3))
        .map(|(_, candidate)| candidate.clone())
}
