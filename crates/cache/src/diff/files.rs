//! The current versions of files.

use serde::Serialize;
use snapshot::{DigestKind, Directory, FileDetail};

/// A file whose current version is another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileChange {
    /// Its directory.
    pub directory: String,
    /// Its base name.
    pub file: String,
    /// What it was; `None` when it was not known.
    pub before: Option<Version>,
    /// What it is; `None` when it is not known any more.
    pub after: Option<Version>,
}

/// A version of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Version {
    /// Unix seconds, 0 when unknown.
    pub timestamp: u64,
    /// Bytes, 0 when unknown.
    pub size: u64,
    /// The strongest digest, with its kind in front.
    pub digest: String,
}

pub(super) fn compare(before: Directory<'_>, after: Directory<'_>, changes: &mut Vec<FileChange>) {
    let mut note = |file: &str, old: Option<FileDetail<'_>>, new: Option<FileDetail<'_>>| {
        changes.push(FileChange {
            directory: before.name().to_owned(),
            file: file.to_owned(),
            before: old.map(version),
            after: new.map(version),
        });
    };
    for (name, file) in before.files() {
        let old = file.details().next();
        let new = after.file(name).and_then(|file| file.details().next());
        let same = match (old, new) {
            (Some(old), Some(new)) => is_same(old, new),
            (old, new) => old.is_none() && new.is_none(),
        };
        if !same {
            note(name, old, new);
        }
    }
    for (name, file) in after.files() {
        if before.file(name).is_none() {
            note(name, None, file.details().next());
        }
    }
}

fn is_same(old: FileDetail<'_>, new: FileDetail<'_>) -> bool {
    let same_digest = |kind| match (old.digest(kind), new.digest(kind)) {
        (Some(old), Some(new)) => old == new,
        (None, None) => text(old, kind) == text(new, kind),
        _ => false,
    };
    (old.timestamp(), old.size()) == (new.timestamp(), new.size())
        && DigestKind::ALL.into_iter().all(same_digest)
}

fn text(detail: FileDetail<'_>, kind: DigestKind) -> String {
    let mut text = String::new();
    detail.push_digest(kind, &mut text);
    text
}

fn version(detail: FileDetail<'_>) -> Version {
    let strongest = DigestKind::ALL.into_iter().rev().find(|kind| detail.has(*kind));
    let digest = strongest.map(|kind| format!("{} {}", kind.name(), text(detail, kind)));
    Version { timestamp: detail.timestamp(), size: detail.size(), digest: digest.unwrap_or_default() }
}
