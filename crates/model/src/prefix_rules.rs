//! The prefix of a repository: what clients send as `repo=`, derived from where the repository lies.
//!
//! One value holds all rules, compiled once: mappings in order (settings or the shipped table of policy
//! `spm`), aliases, and behind them upstream's table by category (policy `umdl`). Every decision names
//! its rule. `spec/scan-primary-mirror.md` 8, `spec/umdl.md` 10, decisions 21 and 29.

use std::fmt;

use regex::Regex;

use crate::category_rules::CategoryRules;
use crate::directory_name::{has_component, join};
use crate::excludes;
use crate::policy::Policy;
use crate::rule_table::{AliasRule, MAX_RULES, MappingRule, RuleError, ShippedRules};

/// Whether upstream's table by category stands behind the mappings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CategoryTable {
    /// What no mapping matches is decided by `rules/umdl.toml`.
    Builtin,
    /// What no mapping matches has no prefix.
    None,
}

/// Compiled rules.
#[derive(Debug, Clone)]
pub struct PrefixRules {
    mappings: Vec<Mapping>,
    aliases: Vec<AliasRule>,
    table: Option<CategoryRules>,
}

#[derive(Debug, Clone)]
struct Mapping {
    regex: Regex,
    rule: MappingRule,
}

/// A repository whose prefix is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RepositoryPlace<'a> {
    /// Name of the category.
    pub category: &'a str,
    /// Full name of its topdir, may be empty.
    pub topdir: &'a str,
    /// Name relative to the topdir of the directory that holds `repodata`.
    pub relative: &'a str,
    /// The version ([`crate::version_guess::VersionGuess::shown`]), if one is known.
    pub version: Option<&'a str>,
    /// The architecture, if one is known.
    pub arch: Option<&'a str>,
}

/// A prefix with the rule that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrefixDecision<'a> {
    /// The prefix; `None`: the repository has none.
    pub prefix: Option<String>,
    /// The rule; `None`: no rule applies.
    pub rule: Option<RuleName<'a>>,
}

/// Which rule decided, for explanations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleName<'a> {
    /// A mapping, counted from 1, with its pattern.
    Mapping(usize, &'a str),
    /// A row of the table by category (`E1` … `X1`; `never`: the path holds `test/`).
    Table(&'a str),
}

impl fmt::Display for RuleName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mapping(number, regex) => write!(f, "repository mapping {number} ({regex})"),
            Self::Table(name) => write!(f, "built-in rule {name}"),
        }
    }
}

impl PrefixRules {
    /// Compiles rules of settings.
    pub fn compile(
        mappings: &[MappingRule],
        aliases: &[AliasRule],
        table: CategoryTable,
    ) -> Result<Self, RuleError> {
        if mappings.len().saturating_add(aliases.len()) > MAX_RULES {
            return Err(RuleError::TooMany(mappings.len().saturating_add(aliases.len())));
        }
        let mut compiled = Vec::with_capacity(mappings.len());
        for (index, rule) in mappings.iter().enumerate() {
            let number = index + 1;
            if rule.prefix.is_some() == rule.name.is_some() {
                return Err(RuleError::PrefixOrName(number));
            }
            let regex =
                excludes::compile(&rule.regex).map_err(|source| RuleError::Regex { number, source })?;
            compiled.push(Mapping { regex, rule: rule.clone() });
        }
        let table = match table {
            CategoryTable::Builtin => Some(CategoryRules::shipped()?),
            CategoryTable::None => None,
        };
        Ok(Self { mappings: compiled, aliases: aliases.to_vec(), table })
    }

    /// The shipped rules of a policy: upstream's table by category, or the table of `rules/fedora.toml`.
    pub fn shipped(policy: Policy) -> Result<Self, RuleError> {
        let rules = ShippedRules::of(policy)?;
        let table = match policy {
            Policy::Umdl => CategoryTable::Builtin,
            Policy::Spm => CategoryTable::None,
        };
        Self::compile(&rules.repository_mapping, &rules.repository_aliases, table)
    }

    /// The prefix of a repository; `None` when it has none.
    pub fn prefix(&self, place: &RepositoryPlace<'_>) -> Option<String> {
        self.decide(place).prefix
    }

    /// The prefix of a repository and the rule that made it.
    pub fn decide(&self, place: &RepositoryPlace<'_>) -> PrefixDecision<'_> {
        let full = join(place.topdir, place.relative);
        for (index, mapping) in self.mappings.iter().enumerate() {
            if mapping.applies(place)
                && let Some(prefix) = self.by_mapping(&mapping.regex, &mapping.rule, &full, place)
            {
                return PrefixDecision {
                    prefix: Some(prefix).filter(|prefix| !prefix.is_empty()),
                    rule: Some(RuleName::Mapping(index + 1, &mapping.rule.regex)),
                };
            }
        }
        match self.table.as_ref().and_then(|t| t.decide(place.category, place.relative, place.version)) {
            Some((prefix, rule)) => PrefixDecision { prefix, rule: Some(RuleName::Table(rule)) },
            None => PrefixDecision { prefix: None, rule: None },
        }
    }

    /// The prefix by a mapping, empty for none; `None` when it does not match.
    ///
    /// Templates are expanded alone: upstream replaces the matched part of the path instead, which is the
    /// same for every pattern that matches the whole path.
    fn by_mapping(
        &self,
        regex: &Regex,
        rule: &MappingRule,
        full: &str,
        place: &RepositoryPlace<'_>,
    ) -> Option<String> {
        let captures = regex.captures(full)?;
        let mut stem = String::new();
        if let Some(name) = &rule.name {
            captures.expand(name, &mut stem);
            return Some(stem);
        }
        captures.expand(rule.prefix.as_deref().unwrap_or_default(), &mut stem);
        if stem.is_empty() {
            return Some(stem);
        }
        stem.push_str(suffix(full));
        let version = match place.version {
            None => return Some(String::new()),
            Some(version) => version_in_prefix(version, full),
        };
        let Some(version) = version else { return Some(stem) };
        stem.push('-');
        for alias in &self.aliases {
            if stem == alias.from {
                stem.clone_from(&alias.to);
            }
        }
        stem.push_str(rule.version_prefix.as_deref().unwrap_or_default());
        stem.push_str(version);
        Some(stem)
    }
}

impl Mapping {
    fn applies(&self, place: &RepositoryPlace<'_>) -> bool {
        let equal = |wanted: &Option<String>, is: Option<&str>| wanted.is_none() || wanted.as_deref() == is;
        equal(&self.rule.category, Some(place.category)) && equal(&self.rule.arch, place.arch)
    }
}

/// Source wins over debug; the start of a component counts.
fn suffix(full: &str) -> &'static str {
    if ["/source", "/SRPMS", "/src"].iter().any(|part| full.contains(part)) {
        "-source"
    } else if full.contains("/debug") {
        "-debug"
    } else {
        ""
    }
}

/// The version as a mapping prints it; `None` for rawhide, which has no number.
///
/// A version row named `development` also holds branched releases in upstream's databases: there the
/// number in the path is printed.
fn version_in_prefix<'a>(version: &'a str, full: &'a str) -> Option<&'a str> {
    match version {
        "rawhide" => None,
        "development" if has_component(full, "rawhide") => None,
        "development" => {
            let mut components = full.split('/').skip_while(|component| *component != "development").skip(1);
            let number = components.next().filter(|c| !c.is_empty() && c.bytes().all(|b| b.is_ascii_digit()));
            Some(number.unwrap_or(version))
        }
        _ => Some(version),
    }
}
