//! What clients ask for: repositories by prefix and arch, disabled prefixes, redirects.

use std::collections::{BTreeMap, HashMap, HashSet};

use snapshot::proto::{StringBoolMap, StringStringMap};
use store::export::{Export, Head, Repository};

use crate::compatibility::Compatibility;
use crate::report::BuildReport;

/// `prefix+arch` to directory, in the order of the directories' ids. Disabled repositories are included.
pub(crate) fn directories(reads: &Export, report: &mut BuildReport) -> Vec<StringStringMap> {
    let arches: HashMap<i32, &str> =
        reads.head.arches.iter().map(|arch| (arch.id, arch.name.as_str())).collect();
    let mut sorted: Vec<&Repository> = reads.head.repositories.iter().collect();
    sorted.sort_by_key(|repository| (repository.directory_id, repository.id));
    let mut seen = HashSet::new();
    let mut out = Vec::new();
    for repository in sorted {
        let Some(prefix) = repository.prefix.as_deref().filter(|prefix| !prefix.is_empty()) else { continue };
        let Some(arch) = arches.get(&repository.arch_id) else {
            report.skip(
                "repository",
                repository.id,
                format!("its arch {} does not exist; left out", repository.arch_id),
            );
            continue;
        };
        let Some(directory) = reads.directories.name_of(repository.directory_id) else {
            report.skip(
                "repository",
                repository.id,
                format!("its directory {} does not exist; left out", repository.directory_id),
            );
            continue;
        };
        let key = format!("{prefix}+{arch}");
        if seen.insert(key.clone()) {
            out.push(StringStringMap { key, value: directory.to_owned() });
        } else {
            report.skip(
                "repository",
                repository.id,
                format!("{prefix} for {arch} is there already; left out, give each its own prefix"),
            );
        }
    }
    out
}

/// Disabled prefixes. Readers know prefixes only, so one disabled arch disables all of them; when they
/// disagree, the report says so.
pub(crate) fn disabled(reads: &Head, mode: Compatibility, report: &mut BuildReport) -> Vec<StringBoolMap> {
    let mut enabled: BTreeMap<&str, i32> = BTreeMap::new();
    for repository in reads.repositories.iter().filter(|repository| !repository.disabled) {
        if let Some(prefix) = repository.prefix.as_deref() {
            enabled.entry(prefix).or_insert(repository.id);
        }
    }
    let mut seen = HashSet::new();
    let mut out = Vec::new();
    for repository in reads.repositories.iter().filter(|repository| repository.disabled) {
        let Some(prefix) = repository.prefix.as_deref() else { continue };
        if prefix.is_empty() && mode == Compatibility::Native {
            continue;
        }
        if !seen.insert(prefix) {
            continue;
        }
        if let Some(other) = enabled.get(prefix).filter(|_| !prefix.is_empty()) {
            report.skip(
                "repository",
                other,
                format!(
                    "disabled too, because repository {} of the same prefix {prefix:?} is; \
                     disable all of them or none",
                    repository.id
                ),
            );
        }
        out.push(StringBoolMap { key: prefix.to_owned(), value: true });
    }
    out
}

/// Aliases of prefixes. An empty target is written: readers take it as none.
pub(crate) fn redirects(reads: &Head) -> Vec<StringStringMap> {
    reads
        .repository_redirects
        .iter()
        .filter_map(|row| Some(StringStringMap { key: row.from_repo.clone(), value: row.to_repo.clone()? }))
        .collect()
}

/// Countries of another continent, as typed.
pub(crate) fn continents(reads: &Head) -> Vec<StringStringMap> {
    reads
        .continent_redirects
        .iter()
        .map(|row| StringStringMap { key: row.country.clone(), value: row.continent.clone() })
        .collect()
}
