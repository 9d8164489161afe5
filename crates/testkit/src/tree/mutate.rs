//! Changing a tree the way a compose does.

use std::fs;
use std::io;
use std::path::Path;

use super::repodata::Package;
use super::write::Writer;
use super::{RepositoryOfTree, Tree};
use crate::rng::Rng;

const DAY: i64 = 86_400;

/// A day of composes: about `fraction` of all directories get new content.
///
/// In every directory hit one package is replaced by its next release and one is added; the metadata of its
/// repository is published anew. Gives the directories that changed, from the content root.
///
/// # Errors
/// Whatever the file system says.
pub fn touch(root: &Path, tree: &mut Tree, fraction: f64) -> io::Result<Vec<String>> {
    tree.generation += 1;
    let when = tree.epoch + i64::from(tree.generation) * DAY;
    let want = ((tree.directories as f64 * fraction) as usize).max(2);
    let mut rng = Rng::new(tree.seed, &format!("touch {}", tree.generation));
    let mut candidates: Vec<RepositoryOfTree> =
        tree.repositories.iter().filter(|r| r.updates || r.path.contains("rawhide")).cloned().collect();
    let mut changed = Vec::new();
    while changed.len() < want && !candidates.is_empty() {
        let chosen = rng.below(candidates.len() as u64) as usize;
        let repository = candidates.swap_remove(chosen);
        let base = format!("{}/Packages", repository.path);
        let mut places = folders(root, &base)?;
        if places.is_empty() {
            places.push(base);
        }
        let hits = (places.len() / 2).clamp(1, want - changed.len());
        let mut writer = Writer::new(root);
        for _ in 0..hits {
            let place = places.swap_remove(rng.below(places.len() as u64) as usize);
            replace_one(root, &place, &mut writer, &mut rng, when, &repository)?;
            writer.directory(&place, when)?;
            changed.push(place);
        }
        writer.settle()?;
        changed.push(publish(root, &repository.path, when)?);
    }
    changed.sort();
    Ok(changed)
}

/// Publishes the metadata of a repository anew: the new `repomd.xml` is renamed over the old one.
///
/// Gives its `repodata` directory, from the content root.
///
/// # Errors
/// Whatever the file system says.
pub fn publish(root: &Path, repository: &str, when: i64) -> io::Result<String> {
    let base = format!("{repository}/Packages");
    let mut packages = Vec::new();
    let mut places = folders(root, &base)?;
    places.push(base);
    for place in places {
        for name in files(root, &place)? {
            let size = fs::metadata(root.join(&place).join(&name))?.len();
            let href = format!(
                "{}/{name}",
                place.strip_prefix(repository).unwrap_or(&place).trim_start_matches('/')
            );
            packages.extend(described(&name, href, size));
        }
    }
    let mut writer = Writer::new(root);
    writer.repodata(repository, &packages, when)?;
    Ok(format!("{repository}/repodata"))
}

fn replace_one(
    root: &Path,
    place: &str,
    writer: &mut Writer<'_>,
    rng: &mut Rng,
    when: i64,
    repository: &RepositoryOfTree,
) -> io::Result<()> {
    let names = files(root, place)?;
    if let Some(old) = rng.pick(&names) {
        fs::remove_file(root.join(place).join(old))?;
        if let Some(p) = described(old, String::new(), 0) {
            let (number, rest) = p.release.split_once('.').unwrap_or(("0", "x"));
            let next = number.parse::<u32>().unwrap_or(0) + 1;
            let name = format!("{place}/{}-{}-{next}.{rest}.{}.rpm", p.name, p.version, p.arch);
            writer.sparse(&name, 7_000 + rng.below(900_000), when)?;
        }
    }
    let letter = place.rsplit('/').next().filter(|l| l.len() == 1).unwrap_or("n");
    let name = format!("{letter}new-{:x}", rng.bits());
    let file = format!("{place}/{name}-1.0-1.{}.{}.rpm", repository.dist, repository.arch);
    writer.sparse(&file, 7_000 + rng.below(900_000), when)
}

/// `name-version-release.arch.rpm` taken apart.
fn described(file: &str, href: String, size: u64) -> Option<Package> {
    let (rest, arch) = file.strip_suffix(".rpm")?.rsplit_once('.')?;
    let (rest, release) = rest.rsplit_once('-')?;
    let (name, version) = rest.rsplit_once('-')?;
    Some(Package {
        name: name.to_owned(),
        version: version.to_owned(),
        release: release.to_owned(),
        arch: arch.to_owned(),
        href,
        size,
    })
}

fn files(root: &Path, place: &str) -> io::Result<Vec<String>> {
    names(root, place, Kind::File)
}

fn folders(root: &Path, place: &str) -> io::Result<Vec<String>> {
    Ok(names(root, place, Kind::Folder)?.into_iter().map(|name| format!("{place}/{name}")).collect())
}

#[derive(PartialEq, Eq)]
enum Kind {
    File,
    Folder,
}

fn names(root: &Path, place: &str, kind: Kind) -> io::Result<Vec<String>> {
    let mut out = Vec::new();
    for entry in fs::read_dir(root.join(place))? {
        let entry = entry?;
        if entry.file_type()?.is_dir() == (kind == Kind::Folder) {
            out.extend(entry.file_name().into_string());
        }
    }
    out.sort();
    Ok(out)
}
