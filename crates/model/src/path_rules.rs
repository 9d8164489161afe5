//! Which paths have no repository, make test versions or hidden versions: word lists with the defaults of
//! both policies (`spec/umdl.md` 3, 9.1, 9.4, `spec/scan-primary-mirror.md` 2).

use crate::policy::Policy;
use crate::rule_table::{RuleError, ShippedRules};

/// The word lists. All comparisons are case-sensitive and know nothing of components.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathRules {
    /// No repository where the relative name, with `/repodata` behind it, contains one of these.
    pub skip_repository_paths: Vec<String>,
    /// No repository where the full name begins with one of these (`pub/alt` hits `pub/alternative`).
    pub skip_paths_for_version: Vec<String>,
    /// A new version is a test version where the full name contains one of these.
    pub test_paths: Vec<String>,
    /// A new version is not displayed where the full name contains one of these.
    pub do_not_display_paths: Vec<String>,
}

impl PathRules {
    /// The shipped lists of a policy. `Err` only if a shipped file is damaged, which a test excludes.
    pub fn shipped(policy: Policy) -> Result<Self, RuleError> {
        let rules = ShippedRules::of(policy)?;
        Ok(Self {
            skip_repository_paths: rules.skip_repository_paths,
            skip_paths_for_version: rules.skip_paths_for_version,
            test_paths: rules.test_paths,
            do_not_display_paths: rules.do_not_display_paths,
        })
    }

    /// Whether the directory `relative` (that holds `repodata`) is skipped by a word of its relative name.
    pub fn has_no_repository(&self, relative: &str) -> bool {
        let path = if relative.is_empty() { "repodata".to_owned() } else { format!("{relative}/repodata") };
        contains_any(&path, &self.skip_repository_paths)
    }

    /// Whether no repository is made below this full name, because its version is not guessed.
    pub fn has_no_version(&self, full: &str) -> bool {
        self.skip_paths_for_version
            .iter()
            .any(|prefix| !prefix.is_empty() && full.starts_with(prefix.as_str()))
    }

    /// Whether a new version at this full name is a test version.
    pub fn is_test(&self, full: &str) -> bool {
        contains_any(&format!("/{full}"), &self.test_paths)
    }

    /// Whether a new version at this full name is displayed.
    pub fn is_displayed(&self, full: &str) -> bool {
        !contains_any(full, &self.do_not_display_paths)
    }
}

fn contains_any(path: &str, words: &[String]) -> bool {
    words.iter().any(|word| !word.is_empty() && path.contains(word.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_of_the_policies() {
        let umdl = PathRules::shipped(Policy::Umdl).unwrap();
        let spm = PathRules::shipped(Policy::Spm).unwrap();
        for skipped in ["releases/41/Server/x86_64/os", "Cloud", "a/Workstation-x"] {
            assert!(umdl.has_no_repository(skipped) && spm.has_no_repository(skipped), "{skipped}");
        }
        assert!(spm.has_no_repository("updates/41/drpms") && !umdl.has_no_repository("updates/41/drpms"));
        assert!(!umdl.has_no_repository("releases/41/server/os"), "case counts");
        assert!(umdl.has_no_version("pub/alternative") && !umdl.has_no_version("pub/archive/x"));
        assert!(spm.has_no_version("pub/archive/x"));
        assert!(umdl.is_test("pub/fedora/linux/releases/test/42_Beta/x") && !umdl.is_test("pub/latest/x"));
        assert!(!spm.is_displayed("pub/x/43_Beta/y") && umdl.is_displayed("pub/x/43_Beta/y"));
    }

    #[test]
    fn an_empty_word_matches_nothing() {
        let empty = vec![String::new()];
        let rules = PathRules {
            skip_repository_paths: empty.clone(),
            skip_paths_for_version: empty.clone(),
            test_paths: empty.clone(),
            do_not_display_paths: empty,
        };
        assert!(!rules.has_no_repository("a") && !rules.has_no_version("a") && !rules.is_test("a"));
        assert!(rules.is_displayed("a"));
    }
}
