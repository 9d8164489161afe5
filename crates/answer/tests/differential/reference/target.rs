//! C.2, 4: which directory and file.

use snapshot::proto::{FileDetailsType, MirrorListCacheType, StringStringMap};

use super::{Question, World};

/// Why there is no answer, in the order of E1 to E7.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    Parameters,
    Path,
    Disabled,
    Repository,
    Cache,
    Address,
    File,
}

/// What is asked for.
pub(crate) struct Target<'a> {
    pub(crate) directory: &'a MirrorListCacheType,
    pub(crate) file: Option<String>,
    /// As the access log has it.
    pub(crate) arch: String,
}

impl<'a> Target<'a> {
    /// M8: everything that is known of the file; `None` if it is not listed.
    pub(super) fn details(&self, world: &World<'a>) -> Option<Vec<&'a FileDetailsType>> {
        let name = self.file.as_deref().unwrap_or("");
        let mut directories = world.cache.file_details_cache.iter();
        let directory = directories.find(|files| files.directory == self.directory.directory)?;
        let same = directory.file_details_cache_files.iter().filter(|file| file.filename == name);
        let same: Vec<_> = same.collect();
        (!same.is_empty()).then(|| same.iter().flat_map(|file| &file.file_details).collect())
    }
}

pub(super) fn find<'a>(
    world: &World<'a>,
    question: &Question,
    header: &mut String,
) -> Result<Target<'a>, Failure> {
    let arch = question.arch.clone();
    let source = question.repo.as_ref().is_some_and(|repo| repo.contains("source"));
    match (&question.path, &question.repo, arch) {
        (Some(path), _, arch) => {
            let (directory, file) = by_path(world, path, header)?;
            Ok(Target { directory, file, arch: arch.unwrap_or_default() })
        }
        (None, Some(repo), Some(arch)) => {
            let arch = if source { "source".to_owned() } else { arch };
            let (directory, file) = by_repo(world, question.metalink, repo, &arch, header)?;
            Ok(Target { directory, file, arch })
        }
        _ => Err(Failure::Parameters),
    }
}

fn directory<'a>(world: &World<'a>, name: &str) -> Option<&'a MirrorListCacheType> {
    world.cache.mirror_list_cache.iter().find(|entry| entry.directory == name)
}

type Found<'a> = (&'a MirrorListCacheType, Option<String>);

fn by_path<'a>(world: &World<'a>, path: &str, header: &mut String) -> Result<Found<'a>, Failure> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let path = parts.join("/");
    header.push_str(&format!("# path = {} ", super::escape::line(&path)));
    if let Some(found) = directory(world, &path) {
        return Ok((found, None));
    }
    let (above, file) = parts.split_last().map_or((String::new(), ""), |(file, rest)| (rest.join("/"), file));
    match directory(world, &above) {
        Some(found) => Ok((found, Some((*file).to_owned()))),
        None => Err(Failure::Path),
    }
}

/// The value of a key: all of them joined as the old server did, else the first.
fn value(world: &World<'_>, map: &[StringStringMap], key: &str) -> String {
    let mut values = map.iter().filter(|pair| pair.key == key).map(|pair| pair.value.as_str());
    match world.native() {
        true => values.next().unwrap_or("").to_owned(),
        false => values.collect(),
    }
}

fn by_repo<'a>(
    world: &World<'a>,
    metalink: bool,
    asked: &str,
    arch: &str,
    header: &mut String,
) -> Result<Found<'a>, Failure> {
    let cache = world.cache;
    let redirected = value(world, &cache.repository_redirect_cache, asked);
    let repo = if redirected.is_empty() { asked } else { &redirected };
    header.push_str(&format!("# repo = {} arch = {} ", super::escape::line(repo), super::escape::line(arch)));
    let disabled = cache.disabled_repository_cache.iter().find(|pair| pair.key == repo);
    if disabled.is_some_and(|pair| pair.value) {
        return Err(Failure::Disabled);
    }
    let mut name = value(world, &cache.repo_arch_to_directory_name, &format!("{repo}+{arch}"));
    if name.is_empty() {
        return Err(Failure::Repository);
    }
    if metalink && !name.ends_with("/repodata") {
        name.push_str("/repodata");
    }
    let found = directory(world, &name).ok_or(Failure::Cache)?;
    Ok((found, metalink.then(|| "repomd.xml".to_owned())))
}
