//! Which directory or file a question is about (spec C.2).

use std::borrow::Cow;

use snapshot::{Directory, Snapshot};

use crate::escape;
use crate::policy::Policy;
use crate::question::{Format, Question};
use crate::reply::Failure;

/// What a question is about.
#[derive(Debug, Clone)]
pub struct Target<'a> {
    /// The directory.
    pub directory: Directory<'a>,
    /// The file in it; `None` when the directory itself is asked for.
    pub file: Option<Cow<'a, str>>,
    /// The architecture as the access log names it.
    pub arch: Cow<'a, str>,
}

impl Target<'_> {
    /// Whether anything is known about the file.
    pub(crate) fn has_file(&self) -> bool {
        self.directory.file(self.file.as_deref().unwrap_or_default()).is_some()
    }
}

/// Finds what the question is about. `header` gets the first words of a plain answer; it has them also when
/// the repository is not found, since the error shows them.
///
/// # Errors
/// E1 to E5.
pub(crate) fn find<'a>(
    snapshot: &'a Snapshot,
    policy: &Policy,
    question: &'a Question<'_>,
    header: &mut String,
) -> Result<Target<'a>, Failure> {
    match (&question.path, &question.repo, &question.arch) {
        (Some(path), ..) if question.whole_path && path.ends_with('/') => {
            let file = path.trim_end_matches('/');
            snapshot.directory(file).ok_or(Failure::Path)?;
            by_path(snapshot, path, "", header)
        }
        (Some(path), _, arch) => by_path(snapshot, path, arch.as_deref().unwrap_or_default(), header),
        (None, Some(repo), Some(arch)) => by_repo(snapshot, policy, question.format, repo, arch, header),
        _ => Err(Failure::Parameters),
    }
}

fn by_path<'a>(
    snapshot: &'a Snapshot,
    path: &'a str,
    arch: &'a str,
    header: &mut String,
) -> Result<Target<'a>, Failure> {
    let path = single_slashes(path);
    header.push_str("# path = ");
    escape::push_line(&path, header);
    header.push(' ');
    if let Some(directory) = snapshot.directory(&path) {
        return Ok(Target { directory, file: None, arch: arch.into() });
    }
    let (directory, file) = path.rsplit_once('/').unwrap_or(("", &path));
    let directory = snapshot.directory(directory).ok_or(Failure::Path)?;
    Ok(Target { directory, file: Some(file.to_owned().into()), arch: arch.into() })
}

/// Without slashes at the ends, and with single ones between.
fn single_slashes(path: &str) -> Cow<'_, str> {
    let path = path.trim_matches('/');
    if !path.contains("//") {
        return path.into();
    }
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    let mut single = String::with_capacity(path.len());
    single.push_str(parts.next().unwrap_or_default());
    for part in parts {
        single.push('/');
        single.push_str(part);
    }
    single.into()
}

fn by_repo<'a>(
    snapshot: &'a Snapshot,
    policy: &Policy,
    format: Format,
    asked: &'a str,
    arch: &'a str,
    header: &mut String,
) -> Result<Target<'a>, Failure> {
    let arch = if asked.contains("source") { "source" } else { arch };
    let repeated = policy.repeated();
    let repo = match snapshot.repository_redirect(asked, repeated) {
        Some(redirected) if !redirected.is_empty() => redirected,
        _ => asked,
    };
    header.push_str("# repo = ");
    escape::push_line(repo, header);
    header.push_str(" arch = ");
    escape::push_line(arch, header);
    header.push(' ');
    if snapshot.is_disabled(repo) {
        return Err(Failure::Disabled);
    }
    let name = snapshot
        .repository(repo, arch, repeated)
        .filter(|name| !name.is_empty())
        .ok_or(Failure::Repository)?;
    let (directory, file) = match format.is_metalink() {
        false => (snapshot.directory(name), None),
        true if name.ends_with("/repodata") => (snapshot.directory(name), Some("repomd.xml".into())),
        true => {
            let mut repodata = String::with_capacity(name.len() + "/repodata".len());
            repodata.extend([name, "/repodata"]);
            (snapshot.directory(&repodata), Some("repomd.xml".into()))
        }
    };
    Ok(Target { directory: directory.ok_or(Failure::Cache)?, file, arch: arch.into() })
}
