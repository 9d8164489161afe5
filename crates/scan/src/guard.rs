//! When a tree is not believed: an unmounted disk must not look like a deleted distribution (decision 18).

use crate::compare::Directories;
use crate::source::{Inside, Listing};

/// How far deletion may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeleteLimit {
    /// Percent of a category's directories.
    pub percent: u32,
    /// As many are always allowed.
    pub directories: usize,
    /// As many went since everything was looked at.
    pub before: usize,
}

/// Why the root is not believed, or `None`.
///
/// `known` are the category's directories by relative name, `excluded` tells which of them this scan leaves
/// out. A root that lists nothing, or nothing of what was
/// on its first level last time, is taken for an empty mount point.
pub(crate) fn root(
    listing: &Listing,
    known: &Directories,
    excluded: impl Fn(&str) -> bool,
) -> Option<String> {
    let empty = |inside: &Inside| match inside {
        Inside::Files(files) => files.is_empty(),
        Inside::Partly(_) | Inside::Unchanged(_) | Inside::Unlisted => false,
    };
    match listing.directories.as_slice() {
        [] => return Some("it has vanished".to_owned()),
        [only] if empty(&only.inside) && listing.excluded == 0 && listing.problems.is_empty() => {
            return Some("it is empty".to_owned());
        }
        [only] if matches!(only.inside, Inside::Unlisted) => return Some("it can not be listed".to_owned()),
        _ => {}
    }
    let first_level = |name: &str| !name.is_empty() && !name.contains('/') && !excluded(name);
    let mut before = known.keys().filter(|name| first_level(name)).peekable();
    before.peek()?;
    let now = |name: &str| listing.directories.binary_search_by(|d| d.name.as_str().cmp(name)).is_ok();
    if before.any(|name| now(name)) {
        return None;
    }
    Some("none of the directories known on its first level is there".to_owned())
}

/// Why so many directories are not deleted, or `None`. `is_empty`: there is no file in the tree.
pub(crate) fn deletion(
    candidates: usize,
    known: usize,
    is_empty: bool,
    limit: DeleteLimit,
) -> Option<String> {
    if candidates == 0 {
        return None;
    }
    if is_empty {
        return Some(format!("{candidates} directories are gone and there is not a single file left"));
    }
    let (candidates, known) = (candidates + limit.before, known + limit.before);
    let share = candidates as u128 * 100;
    if candidates > limit.directories && share > u128::from(limit.percent) * known as u128 {
        return Some(format!(
            "{candidates} of {known} directories are gone, more than {} % and more than {}",
            limit.percent, limit.directories
        ));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_limits_must_be_exceeded() {
        let limit = DeleteLimit { percent: 20, directories: 50, before: 0 };
        assert_eq!(deletion(0, 100, true, limit), None);
        assert_eq!(deletion(50, 60, false, limit), None, "few");
        assert_eq!(deletion(51, 255, false, limit), None, "exactly 20 %");
        assert!(deletion(51, 254, false, limit).is_some());
        assert_eq!(deletion(1_000, 100_000, false, limit), None, "a small share");
        assert!(deletion(1, 100, true, limit).is_some(), "no file at all");
        let after = DeleteLimit { before: 50, ..limit };
        assert!(deletion(1, 204, false, after).is_some(), "bit by bit is as much as at once");
        assert_eq!(deletion(0, 1, false, after), None);
    }
}
