//! Repository prefix rules as they stand in settings and in the shipped files (decision 21).

use serde::{Deserialize, Serialize};

use crate::excludes::PatternError;
use crate::policy::Policy;

/// One `[[repository_mapping]]`: the prefix of the repositories whose full name matches.
///
/// Exactly one of `prefix` and `name` is given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MappingRule {
    /// Searched in the full name of the directory above `repodata`; not anchored by itself.
    pub regex: String,
    /// What the prefix begins with; suffix, version prefix and version follow. May hold `$1`, `${name}`.
    /// Empty: such repositories have no prefix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// The whole prefix, with `$1` and `${name}`; nothing is added (decision 29).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Put directly before the version, e.g. `f`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_prefix: Option<String>,
    /// Only for this category (exact name).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Only for this architecture (exact name).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arch: Option<String>,
}

/// One `[[repository_aliases]]`: replaces what stands before version prefix and version when it is equal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AliasRule {
    /// Compared with prefix + suffix + `-`.
    pub from: String,
    /// Put in its place.
    pub to: String,
}

/// Why rules can not be used. The texts name the rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// A mapping's regex.
    #[error("repository mapping {number}: {source}")]
    Regex {
        /// Counted from 1.
        number: usize,
        /// What is wrong with it.
        source: PatternError,
    },
    /// Both or neither of `prefix` and `name`.
    #[error("repository mapping {0}: give either \"prefix\" or \"name\"")]
    PrefixOrName(usize),
    /// More rules than sensible.
    #[error("{0} repository mappings and aliases are more than {MAX_RULES}: join some")]
    TooMany(usize),
    /// A file of rules is not what it should be.
    #[error("rule table is not usable: {0}")]
    Table(String),
}

/// Most mappings and aliases together.
pub const MAX_RULES: usize = 10_000;

/// The keys of the shipped rule files that are settings of a scan.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShippedRules {
    /// Days after which the newest state of a file counts as known to mirrors.
    pub max_propagation_days: u32,
    /// Days after which an older state is no longer served.
    pub max_stale_days: u32,
    /// Patterns of directories that are left out.
    pub excludes: Vec<String>,
    /// Full-name prefixes without repositories.
    pub skip_paths_for_version: Vec<String>,
    /// Parts of full names whose new versions are test versions.
    pub test_paths: Vec<String>,
    /// Parts of relative names without repositories.
    pub skip_repository_paths: Vec<String>,
    /// Parts of full names whose new versions are not displayed.
    pub do_not_display_paths: Vec<String>,
    /// Rules in order.
    pub repository_mapping: Vec<MappingRule>,
    /// Aliases in order.
    pub repository_aliases: Vec<AliasRule>,
}

impl ShippedRules {
    /// The shipped defaults of a policy. `Err` only if a shipped file is damaged, which a test excludes.
    pub fn of(policy: Policy) -> Result<Self, RuleError> {
        match policy {
            Policy::Spm => toml::from_str(include_str!("../rules/fedora.toml"))
                .map_err(|error| RuleError::Table(error.to_string())),
            Policy::Umdl => Ok(Self {
                max_propagation_days: 3,
                max_stale_days: 4,
                excludes: Vec::new(),
                skip_paths_for_version: words(&["pub/alt"]),
                test_paths: words(&["/test/", "/stage/"]),
                skip_repository_paths: words(&["Cloud", "Workstation", "Server"]),
                do_not_display_paths: Vec::new(),
                repository_mapping: Vec::new(),
                repository_aliases: Vec::new(),
            }),
        }
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}
