//! Which version a repository belongs to, by its path (`spec/umdl.md` 9.4,
//! `spec/scan-primary-mirror.md` 7, decision 17: the full path counts, so that new major versions
//! appear by themselves).

use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::directory_name::{has_component, join, last_component};
use crate::policy::Policy;

/// What a version named `development` does to `development/<number>/…` in policy `umdl`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BranchedVersion {
    /// Takes it, as upstream; `move-devel-to-release` corrects it later.
    #[default]
    Development,
    /// Leaves it to the number.
    Number,
}

/// The version of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionGuess {
    /// The name of the `version` row.
    pub row: String,
    /// The name that prefix rules print: the row's, but `rawhide` for rawhide in policy `spm`.
    pub shown: String,
    /// Whether the product has this version; otherwise the row is to be made.
    pub known: bool,
}

/// The version of the repository at `relative` below `topdir`. `known` are the names of the product's
/// versions, by ascending id. `None` when the path names no version.
pub fn version<'a>(
    policy: Policy,
    branched: BranchedVersion,
    topdir: &str,
    relative: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<VersionGuess> {
    let full = format!("/{}", join(topdir, relative));
    let known: Vec<&str> = known.into_iter().collect();
    let rawhide = full.contains("rawhide");
    let found = known.iter().find(|name| match (policy, **name, branched) {
        (_, "", _) => false,
        (Policy::Spm, "development", _) => has_component(&full, "rawhide"),
        (Policy::Umdl, "development", BranchedVersion::Number) => {
            rawhide && has_component(&full, "development")
        }
        (_, name, _) => has_component(&full, name),
    });
    match found {
        Some(name) => Some(guess(policy, name, &known)),
        None => candidate(policy, &full).map(|name| guess(policy, &name, &known)),
    }
}

/// The version of an ostree repository: its last component when that is a version, else as
/// [`version`] with a slash behind.
pub fn ostree_version<'a>(
    policy: Policy,
    topdir: &str,
    relative: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<VersionGuess> {
    let known: Vec<&str> = known.into_iter().collect();
    let last = last_component(relative);
    if !last.is_empty() && known.contains(&last) {
        return Some(guess(policy, last, &known));
    }
    candidate(policy, &format!("/{}/", join(topdir, relative))).map(|name| guess(policy, &name, &known))
}

fn guess(policy: Policy, row: &str, known: &[&str]) -> VersionGuess {
    let shown = if policy == Policy::Spm && row == "development" { "rawhide" } else { row };
    VersionGuess { row: row.to_owned(), shown: shown.to_owned(), known: known.contains(&row) }
}

/// The name of the version that a path asks for when the product has none that fits.
///
/// A number needs a slash on both sides; callers put one before the full name.
pub fn candidate(policy: Policy, path: &str) -> Option<String> {
    let number = || first_group(NUMBER.as_ref(), path);
    let rawhide = || path.contains("rawhide").then(|| "development".to_owned());
    match policy {
        Policy::Umdl => first_group(DISTRIBUTION.as_ref(), path).or_else(number).or_else(rawhide),
        Policy::Spm => rawhide().or_else(number),
    }
}

/// `dists/<word>/` of Debian trees.
static DISTRIBUTION: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"dists/(\w+)/").ok());
/// Digits and dots, at least one digit, with an optional `-word` or `_word`.
static NUMBER: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"/(\.*[0-9][.0-9]*(?:[-_]\w+)?)/").ok());

fn first_group(pattern: Option<&Regex>, path: &str) -> Option<String> {
    Some(pattern?.captures(path)?.get(1)?.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const AS_UPSTREAM: BranchedVersion = BranchedVersion::Development;

    fn row(policy: Policy, relative: &str, known: &[&str]) -> Option<(String, String, bool)> {
        version(policy, AS_UPSTREAM, "pub/x", relative, known.iter().copied())
            .map(|guess| (guess.row, guess.shown, guess.known))
    }

    fn some(row: &str, shown: &str, known: bool) -> Option<(String, String, bool)> {
        Some((row.to_owned(), shown.to_owned(), known))
    }

    #[test]
    fn names_are_compared_literally_and_as_components() {
        assert_eq!(row(Policy::Umdl, "10x0/x86_64", &["10.0"]), None);
        assert_eq!(row(Policy::Spm, "8x8/x86_64", &["8.8"]), None);
        assert_eq!(row(Policy::Umdl, "41/x", &["4", "41"]), some("41", "41", true));
        assert_eq!(row(Policy::Umdl, "a/6/b/7/c", &["7", "6"]), some("7", "7", true), "lowest id wins");
        assert_eq!(row(Policy::Umdl, "x86_64", &[""]), None, "an empty name is no version");
    }

    #[test]
    fn decision_17_new_majors_appear_by_themselves() {
        assert_eq!(row(Policy::Umdl, "9/Everything/x86_64", &[]), some("9", "9", false));
        let centos = version(Policy::Spm, AS_UPSTREAM, "", "11-stream/BaseOS/x86_64/os", []);
        assert_eq!(centos.unwrap().row, "11-stream");
    }

    #[test]
    fn rawhide_rows_are_called_development() {
        let path = "development/rawhide/Everything/x86_64/os";
        assert_eq!(row(Policy::Umdl, path, &["development"]), some("development", "development", true));
        assert_eq!(row(Policy::Spm, path, &["development"]), some("development", "rawhide", true));
        // Fixed: upstream calls the very first one by the row's name.
        assert_eq!(row(Policy::Spm, path, &[]), some("development", "rawhide", false));
    }

    #[test]
    fn branched_releases() {
        let path = "development/42/Everything/x86_64/os";
        assert_eq!(row(Policy::Umdl, path, &["development"]), some("development", "development", true));
        assert_eq!(row(Policy::Spm, path, &["development"]), some("42", "42", false));
        let number = version(Policy::Umdl, BranchedVersion::Number, "pub/x", path, ["development"]);
        assert_eq!(number.unwrap().row, "42");
        let rawhide =
            version(Policy::Umdl, BranchedVersion::Number, "pub/x", "development/rawhide/x", ["development"]);
        assert!(rawhide.unwrap().known);
    }

    #[test]
    fn ostree_takes_the_last_component() {
        let of = |relative, known: &[&str]| {
            ostree_version(Policy::Umdl, "pub/x", relative, known.iter().copied()).map(|g| (g.row, g.known))
        };
        assert_eq!(of("atomic/21", &["21"]), Some(("21".to_owned(), true)));
        assert_eq!(of("atomic/21", &[]), Some(("21".to_owned(), false)));
        assert_eq!(of("compose/ostree/repo", &["21"]), None);
    }
}
