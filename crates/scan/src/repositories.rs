//! Which directories are repositories, and of what (`spec/umdl.md` 9).
//!
//! Directories are taken in ascending order of their names, so that of two that want to be the same
//! repository the winner never depends on the order of a listing.

use std::collections::{HashMap, HashSet};

use model::arch_guess;
use model::directory_name::join;
use model::ids::{ArchId, DirectoryId, RepositoryId, VersionId};
use model::prefix_rules::RepositoryPlace;
use model::version_guess::{self, VersionGuess};
use settings::scan::NullPrefix;
use store::master::{NewVersion, RepositoryRow};

use crate::problem::Problem;
use crate::rules::Rules;
use crate::source::Found;

/// The architecture of every ostree repository.
const OSTREE_ARCH: &str = "x86_64";

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
    pub(crate) problems: Vec<Problem>,
}

/// A repository to be made; `directory` is relative, `version` the name of its row.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PlannedRepository {
    pub(crate) directory: String,
    pub(crate) prefix: Option<String>,
    pub(crate) version: String,
    pub(crate) arch: ArchId,
}

/// A repository that gets a directory again.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PlannedAttachment {
    pub(crate) repository: RepositoryId,
    pub(crate) directory: String,
    pub(crate) prefix: Option<String>,
    /// Its new name.
    pub(crate) name: String,
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
    let has_one: HashSet<DirectoryId> = known.repositories.iter().filter_map(|r| r.directory).collect();
    let candidates: Vec<&Found> = found
        .iter()
        .filter(|d| d.is_repository || d.is_atomic)
        .filter(|d| !known.ids.get(d.name.as_str()).is_some_and(|id| has_one.contains(id)))
        .filter(|d| !rules.skip_repository_paths.iter().any(|word| d.name.contains(word.as_str())))
        .collect();
    if candidates.is_empty() {
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
        if rules.skip_paths_for_version.iter().any(|skipped| full.starts_with(skipped.as_str())) {
            tracing::debug!(directory = full, "no repository: the path is skipped");
            continue;
        }
        let Some(place) = place(directory, &full, known, rules, &mut versions, &mut out) else { continue };
        let free = |row: &RepositoryRow| {
            row.directory.is_none_or(|id| known.deleted.contains(&id)) && !attached.contains(&row.id)
        };
        let key = (place.prefix.clone(), place.arch);
        let holder = match (&place.prefix, rules.null_prefix) {
            (None, NullPrefix::None) => continue,
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
                });
            }
        }
    }
    out
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
    let name = directory.name.as_str();
    let arches = || known.arches.iter().map(|(_, name)| name.as_str());
    let known_versions = || versions.iter().map(String::as_str);
    let (version, arch) = if directory.is_repository {
        (
            version_guess::version(rules.policy, rules.branched, known.topdir, name, known_versions()),
            arch_guess::arch(rules.policy, known.topdir, name, arches()),
        )
    } else {
        (
            version_guess::ostree_version(rules.policy, known.topdir, name, known_versions()),
            arches().find(|arch| *arch == OSTREE_ARCH),
        )
    };
    let version = version.filter(|guess| guess.known || rules.create_versions);
    // A version is made even if no architecture is found, as upstream does.
    if let Some(guess) = version.as_ref().filter(|guess| !guess.known) {
        versions.push(guess.row.clone());
        out.versions.push(new_version(guess, full, rules));
    }
    let arch_id = known.arches.iter().find(|(_, name)| Some(name.as_str()) == arch);
    let (Some(version), Some((arch, arch_name))) = (version.as_ref(), arch_id) else {
        let none = || "none".to_owned();
        out.problems.push(Problem::Unguessed {
            directory: full.to_owned(),
            version: version.map_or_else(none, |guess| guess.row),
            arch: arch.map_or_else(none, str::to_owned),
        });
        return None;
    };
    let prefix = rules.prefixes.prefix(&RepositoryPlace {
        category: known.category,
        topdir: known.topdir,
        relative: name,
        version: Some(&version.shown),
        arch: Some(arch_name),
    });
    Some(Place { prefix, version: version.row.clone(), arch: *arch, arch_name: arch_name.clone() })
}

fn new_version(guess: &VersionGuess, full: &str, rules: &Rules) -> NewVersion {
    let path = format!("/{full}/");
    let any = |words: &[String]| words.iter().any(|word| path.contains(word.as_str()));
    NewVersion {
        name: guess.row.clone(),
        is_test: any(&rules.test_paths),
        display: !any(&rules.do_not_display_paths),
    }
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
