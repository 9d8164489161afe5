//! Version, architecture and prefix of one directory as a repository, by its path alone.
//!
//! The plan of a scan and `scan explain` ask here, so that what is explained is what is done.

use model::arch_guess;
use model::ids::ArchId;
use model::prefix_rules::{PrefixDecision, RepositoryPlace};
use model::version_guess::{self, VersionGuess};

use crate::rules::Rules;

/// The architecture of every ostree repository.
const OSTREE_ARCH: &str = "x86_64";

/// What kind of repository a directory is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// It holds `repodata`.
    Yum,
    /// It holds `summary` and `objects`.
    Ostree,
}

/// A directory of a category.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) category: &'a str,
    pub(crate) topdir: &'a str,
    pub(crate) relative: &'a str,
    pub(crate) target: Target,
}

/// What the rules say of it.
#[derive(Debug)]
pub(crate) struct Guess<'a> {
    pub(crate) version: Option<VersionGuess>,
    pub(crate) arch: Option<(ArchId, &'a str)>,
    /// Without a version the prefix is of no use.
    pub(crate) prefix: PrefixDecision<'a>,
}

/// Asks the rules. `versions` are the names of the product's versions and `arches` all architectures, both by
/// ascending id.
pub(crate) fn guess<'a>(
    place: &Place<'_>,
    versions: &[String],
    arches: &'a [(ArchId, String)],
    rules: &'a Rules,
) -> Guess<'a> {
    let Place { category, topdir, relative, target } = *place;
    let known = versions.iter().map(String::as_str);
    let names = arches.iter().map(|(_, name)| name.as_str());
    let (version, arch) = match target {
        Target::Yum => (
            version_guess::version(rules.policy, rules.branched, topdir, relative, known),
            arch_guess::arch(rules.policy, topdir, relative, names),
        ),
        Target::Ostree => (
            version_guess::ostree_version(rules.policy, topdir, relative, known),
            Some(OSTREE_ARCH).filter(|wanted| arches.iter().any(|(_, name)| name == wanted)),
        ),
    };
    let arch = arches.iter().find(|(_, name)| Some(name.as_str()) == arch);
    let prefix = rules.prefixes.decide(&RepositoryPlace {
        category,
        topdir,
        relative,
        version: version.as_ref().map(|guess| guess.shown.as_str()),
        arch: arch.map(|(_, name)| name.as_str()),
    });
    Guess { version, arch: arch.map(|(id, name)| (*id, name.as_str())), prefix }
}
