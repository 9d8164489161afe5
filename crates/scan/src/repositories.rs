//! Which directories are repositories, and of what (`spec/umdl.md` 9).
//!
//! Directories are taken in ascending order of their names, so that of two that want to be the same
//! repository the winner never depends on the order of a listing.

use std::collections::{HashMap, HashSet};

use model::directory_name::join;
use model::ids::{ArchId, DirectoryId, RepositoryId, VersionId};
use model::policy::Policy;
use settings::scan::NullPrefix;
use store::master::{NewVersion, RepositoryRow};

use crate::changes::ChangedRepository;
use crate::guess::{self, Target};
use crate::problem::Problem;
use crate::rules::Rules;
use crate::source::Found;

/// What the database knows.
pub(crate) struct Known<'a> {
    pub(crate) category: &'a str,
    pub(crate) topdir: &'a str,
    pub(crate) repositories: &'a [RepositoryRow],
    pub(crate) versions: &'a [(VersionId, String)],
    pub(crate) arches: &'a [(ArchId, String)],
    /// The ids of the directories that are there, by relative name.
    pub(crate) ids: &'a HashMap<&'a str, DirectoryId>,
    /// Directories that this scan deletes: their repositories are free.
    pub(crate) deleted: &'a HashSet<DirectoryId>,
}

/// What is to be done.
#[derive(Debug, Default)]
pub(crate) struct Repositories {
    pub(crate) versions: Vec<NewVersion>,
    pub(crate) new: Vec<PlannedRepository>,
    pub(crate) attach: Vec<PlannedAttachment>,
    /// Whose directories are deleted, for the report.
    pub(crate) orphaned: Vec<ChangedRepository>,
    pub(crate) problems: Vec<Problem>,
}

/// A repository to be made; `directory` is relative, `version` the name of its row.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PlannedRepository {
    pub(crate) directory: String,
    pub(crate) prefix: Option<String>,
    pub(crate) version: String,
    pub(crate) arch: ArchId,
    pub(crate) arch_name: String,
}

/// A repository that gets a directory again.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PlannedAttachment {
    pub(crate) repository: RepositoryId,
    pub(crate) directory: String,
    pub(crate) prefix: Option<String>,
    /// Its new name.
    pub(crate) name: String,
    pub(crate) arch_name: String,
}

/// Who has a (prefix, arch) or a name.
#[derive(Clone, Copy)]
enum Holder<'a> {
    Row(&'a RepositoryRow),
    Planned(&'a str),
}

/// Compares the tree with the repositories that are there.
pub(crate) fn plan(found: &[Found], known: &Known<'_>, rules: &Rules) -> Repositories {
    let mut out = Repositories::default();
    let candidates = candidates(found, known, rules);
    if candidates.is_empty() {
        out.orphaned = orphaned(known, &HashSet::new());
        return out;
    }
    let mut holders: HashMap<(Option<String>, ArchId), Holder<'_>> = HashMap::new();
    let mut names: HashMap<String, Holder<'_>> = HashMap::new();
    for row in known.repositories {
        names.entry(row.name.clone()).or_insert(Holder::Row(row));
        if let Some(arch) = row.arch {
            holders.entry((row.prefix.clone(), arch)).or_insert(Holder::Row(row));
        }
    }
    let mut attached: HashSet<RepositoryId> = HashSet::new();
    let paths: HashMap<DirectoryId, &str> = known.ids.iter().map(|(name, id)| (*id, *name)).collect();
    let mut versions: Vec<String> = known.versions.iter().map(|(_, name)| name.clone()).collect();
    for directory in candidates {
        let full = join(known.topdir, &directory.name);
        if let Some(skipped) = rules.paths.version_skip(&full) {
            tracing::debug!(directory = full, skipped, "no repository: the path is skipped");
            continue;
        }
        let Some(place) = place(directory, &full, known, rules, &mut versions, &mut out) else { continue };
        let free = |row: &RepositoryRow| {
            row.directory.is_none_or(|id| known.deleted.contains(&id)) && !attached.contains(&row.id)
        };
        let key = (place.prefix.clone(), place.arch);
        let holder = match (&place.prefix, rules.null_prefix) {
            (None, NullPrefix::None) => {
                // Its rules are meant to name every repository; those of the other policy are not.
                if rules.policy == Policy::Spm {
                    out.problems.push(Problem::NoPrefix { directory: full });
                }
                continue;
            }
            (None, NullPrefix::All) => None,
            _ => holders.get(&key).copied(),
        };
        match holder.or_else(|| names.get(&full).copied()) {
            Some(Holder::Row(row)) if free(row) => {
                // Names are unique: one that another row has already can not be taken over.
                let other = matches!(names.get(&full), Some(Holder::Row(named)) if named.id != row.id);
                let attachment = PlannedAttachment {
                    repository: row.id,
                    directory: directory.name.clone(),
                    prefix: row.prefix.clone(),
                    name: if other { row.name.clone() } else { full.clone() },
                    arch_name: place.arch_name,
                };
                attached.insert(row.id);
                holders.insert(key, Holder::Planned(&directory.name));
                if let Some(arch) = row.arch {
                    holders.insert((row.prefix.clone(), arch), Holder::Planned(&directory.name));
                }
                names.remove(&row.name);
                names.insert(attachment.name.clone(), Holder::Planned(&directory.name));
                out.attach.push(attachment);
            }
            Some(holder) => out.problems.extend(conflict(&full, holder, known, &paths, place)),
            None => {
                holders.insert(key, Holder::Planned(&directory.name));
                names.insert(full, Holder::Planned(&directory.name));
                out.new.push(PlannedRepository {
                    directory: directory.name.clone(),
                    prefix: place.prefix,
                    version: place.version,
                    arch: place.arch,
                    arch_name: place.arch_name,
                });
            }
        }
    }
    out.orphaned = orphaned(known, &attached);
    out
}

/// The directories that may become repositories, in the order in which they get what two of them want: by name
/// (`spec/umdl.md` 9), in policy `spm` the shortest name first (`spec/scan-primary-mirror.md` 11, row 16).
fn candidates<'a>(found: &'a [Found], known: &Known<'_>, rules: &Rules) -> Vec<&'a Found> {
    let has_one: HashSet<DirectoryId> = known.repositories.iter().filter_map(|r| r.directory).collect();
    // That program knows nothing of ostree.
    let is_one = |d: &&Found| d.is_repository || (d.is_atomic && rules.policy == Policy::Umdl);
    let mut out: Vec<&Found> = found
        .iter()
        .filter(is_one)
        .filter(|d| !known.ids.get(d.name.as_str()).is_some_and(|id| has_one.contains(id)))
        .filter(|d| rules.paths.repository_skip(&d.name).is_none())
        .collect();
    if rules.policy == Policy::Spm {
        out.sort_by_key(|d| (d.name.len(), d.name.as_str()));
    }
    out
}

/// The repositories whose directories this scan deletes and that get no other one.
fn orphaned(known: &Known<'_>, attached: &HashSet<RepositoryId>) -> Vec<ChangedRepository> {
    let lost = |row: &&RepositoryRow| {
        row.directory.is_some_and(|id| known.deleted.contains(&id)) && !attached.contains(&row.id)
    };
    let arch = |id: ArchId| known.arches.iter().find(|(arch, _)| *arch == id).map(|(_, name)| name.clone());
    let repository = |row: &RepositoryRow| ChangedRepository {
        directory: row.name.clone(),
        prefix: row.prefix.clone(),
        version: None,
        arch: row.arch.and_then(arch).unwrap_or_default(),
    };
    known.repositories.iter().filter(lost).map(repository).collect()
}

struct Place {
    prefix: Option<String>,
    version: String,
    arch: ArchId,
    arch_name: String,
}

/// Version, architecture and prefix of a directory; plans a version that is not there yet.
fn place(
    directory: &Found,
    full: &str,
    known: &Known<'_>,
    rules: &Rules,
    versions: &mut Vec<String>,
    out: &mut Repositories,
) -> Option<Place> {
    let target = if directory.is_repository { Target::Yum } else { Target::Ostree };
    let place =
        guess::Place { category: known.category, topdir: known.topdir, relative: &directory.name, target };
    let guess = guess::guess(&place, versions, known.arches, rules);
    let version = guess.version.filter(|version| version.known || rules.create_versions);
    // A version is made even if no architecture is found, as upstream does.
    if let Some(version) = version.as_ref().filter(|version| !version.known) {
        versions.push(version.row.clone());
        out.versions.push(NewVersion {
            name: version.row.clone(),
            is_test: rules.paths.test_mark(full).is_some(),
            display: rules.paths.hidden_mark(full).is_none(),
        });
    }
    let (Some(version), Some((arch, arch_name))) = (&version, guess.arch) else {
        let none = || "none".to_owned();
        out.problems.push(Problem::Unguessed {
            directory: full.to_owned(),
            version: version.map_or_else(none, |version| version.row),
            arch: guess.arch.map_or_else(none, |(_, name)| name.to_owned()),
        });
        return None;
    };
    Some(Place {
        prefix: guess.prefix.prefix,
        version: version.row.clone(),
        arch,
        arch_name: arch_name.to_owned(),
    })
}

/// The complaint about a repository that another directory has, if it is worth one.
fn conflict(
    full: &str,
    holder: Holder<'_>,
    known: &Known<'_>,
    paths: &HashMap<DirectoryId, &str>,
    place: Place,
) -> Option<Problem> {
    let kept = match holder {
        Holder::Row(row) if row.prefix != place.prefix => {
            return Some(Problem::NameTaken { directory: full.to_owned() });
        }
        Holder::Row(row) => {
            let current = row.directory.and_then(|id| paths.get(&id));
            current.map_or_else(|| row.name.clone(), |name| join(known.topdir, name))
        }
        Holder::Planned(name) => join(known.topdir, name),
    };
    // One without prefix per architecture is all there ever is: nothing to complain about.
    let prefix = place.prefix?;
    Some(Problem::Conflict { prefix, arch: place.arch_name, kept, ignored: full.to_owned() })
}
