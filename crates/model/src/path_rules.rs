//! Which paths have no repository, make test versions or hidden versions: word lists with the defaults of
//! both policies (`spec/umdl.md` 3, 9.1, 9.4, `spec/scan-primary-mirror.md` 2).

use crate::directory_name::join;
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

    /// The word because of which there is no repository in the directory `relative`, which holds `repodata`.
    pub fn repository_skip(&self, relative: &str) -> Option<&str> {
        first_in(&join(relative, "repodata"), &self.skip_repository_paths)
    }

    /// The beginning of this full name because of which its version is not guessed and no repository made.
    pub fn version_skip(&self, full: &str) -> Option<&str> {
        let begins = |prefix: &&String| !prefix.is_empty() && full.starts_with(prefix.as_str());
        self.skip_paths_for_version.iter().find(begins).map(String::as_str)
    }

    /// The word that makes a new version at this full name a test version.
    pub fn test_mark(&self, full: &str) -> Option<&str> {
        first_in(&format!("/{full}/"), &self.test_paths)
    }

    /// The word because of which a new version at this full name is not displayed.
    pub fn hidden_mark(&self, full: &str) -> Option<&str> {
        first_in(&format!("/{full}/"), &self.do_not_display_paths)
    }
}

fn first_in<'a>(path: &str, words: &'a [String]) -> Option<&'a str> {
    words.iter().find(|word| !word.is_empty() && path.contains(word.as_str())).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_of_the_policies() {
        let umdl = PathRules::shipped(Policy::Umdl).unwrap();
        let spm = PathRules::shipped(Policy::Spm).unwrap();
        for (skipped, word) in [
            ("releases/41/Server/x86_64/os", "Server"),
            ("Cloud", "Cloud"),
            ("a/Workstation-x", "Workstation"),
        ] {
            assert_eq!(umdl.repository_skip(skipped), Some(word));
            assert_eq!(spm.repository_skip(skipped), Some(word));
        }
        assert_eq!(spm.repository_skip("updates/41/drpms"), Some("drpms"));
        assert_eq!(umdl.repository_skip("updates/41/drpms"), None);
        assert_eq!(umdl.repository_skip("releases/41/server/os"), None, "case counts");
        assert_eq!(umdl.version_skip("pub/alternative"), Some("pub/alt"));
        assert_eq!(umdl.version_skip("pub/archive/x"), None);
        assert_eq!(spm.version_skip("pub/archive/x"), Some("pub/archive"));
        assert_eq!(umdl.test_mark("pub/fedora/linux/releases/test/42_Beta/x"), Some("/test/"));
        assert_eq!(umdl.test_mark("stage"), Some("/stage/"), "a component at either end is one, too");
        assert_eq!(umdl.test_mark("pub/latest/x"), None);
        assert_eq!(spm.hidden_mark("pub/x/43_Beta/y"), Some("_Beta"));
        assert_eq!(umdl.hidden_mark("pub/x/43_Beta/y"), None);
    }

    #[test]
    fn a_word_may_be_about_the_repodata_directory_itself() {
        let rules = PathRules {
            skip_repository_paths: vec!["os/repodata".to_owned()],
            ..PathRules::shipped(Policy::Spm).unwrap()
        };
        assert_eq!(rules.repository_skip("41/x86_64/os"), Some("os/repodata"));
        assert_eq!(rules.repository_skip("41/os/x86_64"), None);
        assert_eq!(rules.repository_skip(""), None);
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
        assert_eq!((rules.repository_skip("a"), rules.version_skip("a")), (None, None));
        assert_eq!((rules.test_mark("a"), rules.hidden_mark("a")), (None, None));
    }
}
