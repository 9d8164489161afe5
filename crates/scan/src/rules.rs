//! The settings of a scan, resolved once: patterns compiled, defaults of the policy filled in.

use model::ageing::AgeLimits;
use model::excludes::{Excludes, PatternError};
use model::path_rules::PathRules;
use model::policy::Policy;
use model::prefix_rules::{CategoryTable, PrefixRules};
use model::rule_table::{RuleError, ShippedRules};
use model::version_guess::BranchedVersion;
use settings::Scan;
use settings::scan::NullPrefix;

/// What decides about repositories and file lists.
#[derive(Debug, Clone)]
pub struct Rules {
    pub(crate) policy: Policy,
    pub(crate) branched: BranchedVersion,
    pub(crate) prefixes: PrefixRules,
    pub(crate) null_prefix: NullPrefix,
    pub(crate) create_versions: bool,
    pub(crate) paths: PathRules,
    excludes: Vec<String>,
    stale_days: u32,
    propagation_days: u32,
}

impl Rules {
    /// Resolves settings.
    ///
    /// # Errors
    /// A rule or pattern that can not be used, with its text.
    pub fn new(scan: &Scan) -> Result<Self, RuleError> {
        let shipped = ShippedRules::of(scan.policy)?;
        let mut mappings = scan.repository_mapping.clone();
        let mut aliases = scan.repository_aliases.clone();
        let mut table = CategoryTable::None;
        if scan.builtin_prefix_rules {
            mappings.extend(shipped.repository_mapping);
            aliases.extend(shipped.repository_aliases);
            if scan.policy == Policy::Umdl {
                table = CategoryTable::Builtin;
            }
        }
        let or = |own: &Option<Vec<String>>, shipped: Vec<String>| own.clone().unwrap_or(shipped);
        let propagation_days = match (scan.max_propagation_days, scan.max_stale_days) {
            (Some(days), _) => days,
            (None, Some(stale)) => stale.saturating_sub(1),
            (None, None) => shipped.max_propagation_days,
        };
        Ok(Self {
            policy: scan.policy,
            branched: scan.branched_version,
            prefixes: PrefixRules::compile(&mappings, &aliases, table)?,
            null_prefix: scan.null_prefix_repositories.unwrap_or(match scan.policy {
                Policy::Umdl => NullPrefix::First,
                Policy::Spm => NullPrefix::None,
            }),
            create_versions: scan.auto_create_versions,
            paths: PathRules {
                skip_paths_for_version: or(&scan.skip_paths_for_version, shipped.skip_paths_for_version),
                skip_repository_paths: or(&scan.skip_repository_paths, shipped.skip_repository_paths),
                test_paths: or(&scan.test_paths, shipped.test_paths),
                do_not_display_paths: or(&scan.do_not_display_paths, shipped.do_not_display_paths),
            },
            excludes: shipped.excludes.into_iter().chain(scan.excludes.iter().cloned()).collect(),
            stale_days: scan.max_stale_days.unwrap_or(shipped.max_stale_days),
            propagation_days,
        })
    }

    /// The patterns of all categories and those of one.
    ///
    /// # Errors
    /// A pattern that can not be used.
    pub fn excludes(&self, own: &[String]) -> Result<Excludes, PatternError> {
        let all: Vec<&String> = self.excludes.iter().chain(own).collect();
        Excludes::compile(&all, self.policy)
    }

    /// The times that ageing compares with.
    pub fn age_limits(&self, now: i64) -> AgeLimits {
        AgeLimits::spm(now, self.stale_days, self.propagation_days)
    }
}
