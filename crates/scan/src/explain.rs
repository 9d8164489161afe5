//! What the rules make of a path, and why not. Nothing is read from the tree and nothing is written.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use model::directory_name::{join, last_component, parent, relative};
use model::excludes::PatternError;
use model::policy::Policy;
use model::rule_table::RuleError;
use serde::Serialize;
use settings::Scan;
use settings::scan::NullPrefix;
use store::master::{CategoryRow, Master};
use store::{Store, StoreError};

use crate::guess::{self, Guess, Target};
use crate::repositories::{self, Known, Repositories};
use crate::rules::Rules;
use crate::source::{Found, Inside};

/// One category's view of a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The category.
    pub category: String,
    /// Full name of the directory.
    pub directory: String,
    /// Its name relative to the category's top directory.
    pub relative: String,
    /// What the database knows of it.
    pub recorded: Option<RecordedDirectory>,
    /// Why it is not scanned at all.
    pub left_out: Option<String>,
    /// Its version, if its path names one.
    pub version: Option<ExplainedVersion>,
    /// Its architecture, if its path names one.
    pub arch: Option<String>,
    /// What clients ask for.
    pub prefix: Option<String>,
    /// The rule that decided about the prefix.
    pub rule: Option<String>,
    /// Whether a scan that finds `repodata` (or an ostree `summary`) in it makes a repository of it.
    pub repository: bool,
    /// Why, or why not.
    pub reason: String,
}

/// A directory in the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordedDirectory {
    /// Whether everybody may read it.
    pub readable: bool,
    /// Its time, seconds.
    pub ctime: Option<i64>,
    /// The repositories that it has: prefix and name.
    pub repositories: Vec<(Option<String>, String)>,
}

/// A version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExplainedVersion {
    /// Its name.
    pub name: String,
    /// As it stands in a prefix.
    pub shown: String,
    /// Whether the product has it already; otherwise it would be made.
    pub known: bool,
    /// The word of the path that makes a new one a test version.
    pub test: Option<String>,
    /// The word of the path because of which a new one is not displayed.
    pub hidden: Option<String>,
}

/// Why nothing can be explained.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// No category has it.
    #[error("{path:?} lies below the top directory of no category; there are {topdirs}")]
    Nowhere {
        /// What was asked.
        path: String,
        /// The top directories there are.
        topdirs: String,
    },
    /// It is not a path.
    #[error("{0:?} is no path of a directory: write it without \".\" and \"..\"")]
    Path(String),
    /// A prefix rule can not be used.
    #[error("setting scan.repository_mapping: {0}")]
    Rule(#[from] RuleError),
    /// An exclude pattern can not be used.
    #[error("setting scan.excludes: {0}")]
    Pattern(#[from] PatternError),
    /// The database can not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Explains a path: one explanation for each category that has it, by id.
///
/// # Errors
/// When no category has it, or rules or the database can not be read.
pub async fn explain(store: &Store, settings: &Scan, path: &str) -> Result<Vec<Explanation>, ExplainError> {
    let rules = Rules::new(settings)?;
    let master = Master::new(store);
    let categories = master.categories().await?;
    let (path, target) = directory(path)?;
    let places = places(path, &categories, settings);
    if places.is_empty() {
        let topdirs: Vec<&str> =
            categories.iter().filter_map(|c| Some(c.topdir.as_ref()?.1.as_str())).collect();
        return Err(ExplainError::Nowhere { path: path.to_owned(), topdirs: topdirs.join(", ") });
    }
    let mut out = Vec::with_capacity(places.len());
    for (row, topdir, relative) in places {
        out.push(one(&master, settings, &rules, row, topdir, &relative, target).await?);
    }
    Ok(out)
}

/// The directory that is meant, and what kind of repository.
fn directory(path: &str) -> Result<(&str, Target), ExplainError> {
    if path.split('/').any(|part| matches!(part, "." | "..")) || path.trim().is_empty() {
        return Err(ExplainError::Path(path.to_owned()));
    }
    let path = path.trim_end_matches('/');
    let without = |last: &str| path.strip_suffix(last).and_then(|rest| rest.strip_suffix('/'));
    for (last, target) in [
        ("repodata/repomd.xml", Target::Yum),
        ("repodata", Target::Yum),
        ("summary", Target::Ostree),
        ("objects", Target::Ostree),
    ] {
        if let Some(directory) = without(last) {
            return Ok((directory, target));
        }
    }
    Ok((path, Target::Yum))
}

/// The categories that have it, with their topdirs and its name below them. A path of this machine comes first.
fn places<'a>(
    path: &str,
    categories: &'a [CategoryRow],
    settings: &Scan,
) -> Vec<(&'a CategoryRow, &'a str, String)> {
    let with_topdir = || categories.iter().filter_map(|row| Some((row, row.topdir.as_ref()?.1.as_str())));
    if path.starts_with('/') {
        let on_disk: Vec<_> = with_topdir()
            .filter_map(|(row, topdir)| {
                let default = settings.content_root.join(topdir.trim_matches('/'));
                let configured = settings
                    .sources
                    .iter()
                    .filter(|s| s.category == row.name)
                    .filter_map(|s| s.path.as_ref());
                let mut roots = configured.chain([&default]);
                let below = roots.find_map(|root| Path::new(path).strip_prefix(root).ok())?;
                Some((row, topdir, below.to_str()?.to_owned()))
            })
            .collect();
        if !on_disk.is_empty() {
            return on_disk;
        }
    }
    with_topdir()
        .filter_map(|(row, topdir)| Some((row, topdir, relative(topdir, path)?.to_owned())))
        .collect()
}

async fn one(
    master: &Master,
    settings: &Scan,
    rules: &Rules,
    row: &CategoryRow,
    topdir: &str,
    name: &str,
    target: Target,
) -> Result<Explanation, ExplainError> {
    let full = join(topdir, name);
    let repositories = master.repositories().await?;
    let arches = master.arches().await?;
    let versions = match row.product {
        Some(product) => master.versions(product).await?,
        None => Vec::new(),
    };
    let rows = master.directories_named(&[&full]).await?;
    let directory = rows.first();
    let ids: HashMap<&str, _> = directory.map(|row| (name, row.id)).into_iter().collect();
    let deleted = HashSet::new();
    let known = Known {
        category: &row.name,
        topdir,
        repositories: &repositories,
        versions: &versions,
        arches: &arches,
        ids: &ids,
        deleted: &deleted,
    };
    let found = Found {
        name: name.to_owned(),
        ctime: 0,
        readable: None,
        inside: Inside::Unchanged(Vec::new()),
        is_repository: target == Target::Yum,
        is_atomic: target == Target::Ostree,
    };
    // The plan of a scan that finds just this directory: what is said here is what would be done.
    let plan = repositories::plan(&[found], &known, rules);
    let names: Vec<String> = versions.iter().map(|(_, name)| name.clone()).collect();
    let place = guess::Place { category: &row.name, topdir, relative: name, target };
    let guess = guess::guess(&place, &names, &arches, rules);
    let recorded = directory.map(|directory| RecordedDirectory {
        readable: directory.readable,
        ctime: directory.ctime,
        repositories: repositories
            .iter()
            .filter(|repository| repository.directory == Some(directory.id))
            .map(|repository| (repository.prefix.clone(), repository.name.clone()))
            .collect(),
    });
    let left_out = match row.product {
        None => Some(format!("category {} has no product", row.name)),
        Some(_) => left_out(settings, rules, &row.name, topdir, name)?,
    };
    let (repository, reason) = match &left_out {
        Some(reason) => (false, reason.clone()),
        None => reason(&plan, &guess, recorded.as_ref(), rules, name, &full, target),
    };
    let words = |found: Option<&str>| found.map(str::to_owned);
    Ok(Explanation {
        category: row.name.clone(),
        recorded,
        left_out,
        version: guess.version.map(|version| ExplainedVersion {
            test: words(rules.paths.test_mark(&full).filter(|_| !version.known)),
            hidden: words(rules.paths.hidden_mark(&full).filter(|_| !version.known)),
            name: version.row,
            shown: version.shown,
            known: version.known,
        }),
        arch: guess.arch.map(|(_, name)| name.to_owned()),
        prefix: guess.prefix.prefix,
        rule: guess.prefix.rule.map(|rule| rule.to_string()),
        repository,
        reason,
        relative: name.to_owned(),
        directory: full,
    })
}

/// Why a scan does not come to this directory.
fn left_out(
    settings: &Scan,
    rules: &Rules,
    category: &str,
    topdir: &str,
    name: &str,
) -> Result<Option<String>, PatternError> {
    let own = settings.sources.iter().filter(|source| source.category == category);
    let own: Vec<String> = own.flat_map(|source| source.excludes.clone()).collect();
    let excludes = rules.excludes(&own)?;
    // The topmost one decides: below it nothing is looked at.
    let mut above = Vec::new();
    let mut at = Some(name);
    while let Some(name) = at.filter(|name| !name.is_empty()) {
        above.push(name);
        at = parent(name);
    }
    for name in above.into_iter().rev() {
        let full = join(topdir, name);
        if let Some(pattern) = excludes.matching(&full) {
            return Ok(Some(format!("not scanned: pattern {pattern:?} excludes {full}")));
        }
        if rules.policy == Policy::Spm && last_component(name).starts_with('.') {
            return Ok(Some(format!("not scanned: policy spm leaves out hidden names such as {full}")));
        }
    }
    Ok(None)
}

fn reason(
    plan: &Repositories,
    guess: &Guess<'_>,
    recorded: Option<&RecordedDirectory>,
    rules: &Rules,
    name: &str,
    full: &str,
    target: Target,
) -> (bool, String) {
    let not = |reason: String| (false, format!("no repository: {reason}"));
    if let Some((prefix, name)) = recorded.and_then(|directory| directory.repositories.first()) {
        let prefix = prefix.as_deref().unwrap_or("no prefix");
        return (
            true,
            format!("it is a repository already ({prefix}, named {name}); the rules are not asked again"),
        );
    }
    if target == Target::Ostree && rules.policy == Policy::Spm {
        return not("policy spm knows nothing of ostree".to_owned());
    }
    if let Some(word) = rules.paths.repository_skip(name) {
        return not(format!("its name contains {word:?} (setting scan.skip_repository_paths)"));
    }
    if let Some(prefix) = rules.paths.version_skip(full) {
        return not(format!("its name begins with {prefix:?} (setting scan.skip_paths_for_version)"));
    }
    match (&guess.version, guess.arch) {
        (None, _) => return not("its path names no version".to_owned()),
        (Some(version), _) if !version.known && !rules.create_versions => {
            return not(format!(
                "there is no version {} and setting scan.auto_create_versions is off",
                version.row
            ));
        }
        (Some(_), None) => return not("its path names no known architecture".to_owned()),
        (Some(_), Some(_)) => {}
    }
    if let Some(problem) = plan.problems.first() {
        return (false, problem.to_string());
    }
    if let Some(attached) = plan.attach.first() {
        return (
            true,
            format!("the repository {}, which has no directory, is given this one", attached.name),
        );
    }
    if plan.new.is_empty() {
        return not(match rules.null_prefix {
            NullPrefix::None => "no rule gives it a prefix".to_owned(),
            NullPrefix::First | NullPrefix::All => {
                "no rule gives it a prefix, and of such there is one for each \
                                                    architecture (setting scan.null_prefix_repositories)"
                    .to_owned()
            }
        });
    }
    let index = if target == Target::Yum { "repodata" } else { "summary and objects" };
    (true, format!("a scan makes it one as soon as it holds {index}"))
}
