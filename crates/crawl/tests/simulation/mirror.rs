//! A mirror in memory, asked as any other.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use crawl::master::{Expected, Tree};
use crawl::plan::{Ask, Extent};
use crawl::sweep::MirrorCopy;
use futures_util::future::BoxFuture;
use probe::classify::Reason;
use probe::connector::{Finding, Proof};
use probe::{Connector, DirectoryCheck, Wanted, WantedFile};

use super::{Content, File};

/// Files by name.
pub type Files = BTreeMap<String, File>;

pub struct MemoryMirror<'a> {
    content: &'a Content,
    requests: AtomicUsize,
}

/// A stand-in for the SHA-256 of a file's content.
pub fn digest(file: File) -> [u8; 32] {
    let mut digest = [0; 32];
    digest[..8].copy_from_slice(&file.content.to_le_bytes());
    digest
}

impl<'a> MemoryMirror<'a> {
    pub fn new(content: &'a Content) -> Self {
        Self { content, requests: AtomicUsize::new(0) }
    }

    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }

    /// Whether a question gets a good answer; not counted.
    pub fn holds(&self, tree: &Tree, ask: &Ask) -> bool {
        let directory = &tree.directories[ask.at];
        let Expected::Files(files) = &directory.files else { return false };
        let files = match ask.extent {
            Extent::Whole => &files[..],
            Extent::One(file) => &files[file..=file],
        };
        files.iter().all(|file| self.look(tree.path(directory), file).is_ok())
    }

    fn file(&self, path: &str, wanted: &WantedFile) -> Result<(), Reason> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.look(path, wanted)
    }

    fn look(&self, path: &str, wanted: &WantedFile) -> Result<(), Reason> {
        let name = if path.is_empty() { "t".to_owned() } else { format!("t/{path}") };
        let file = String::from_utf8_lossy(wanted.name.as_bytes()).into_owned();
        let found = self.content.get(&name).and_then(|list| list.get(&file)).ok_or(Reason::Status(404))?;
        match &wanted.proof {
            Proof::Size(expected) if found.size == *expected => Ok(()),
            Proof::Size(expected) => Err(Reason::Size { expected: *expected, found: found.size }),
            Proof::Digest { sha256: Some(expected), .. } if digest(*found) == *expected => Ok(()),
            Proof::Digest { sha256: Some(expected), .. } => {
                Err(Reason::Digest { expected: *expected, found: digest(*found) })
            }
            Proof::Digest { sha256: None, .. } => Err(Reason::NoDigest),
        }
    }
}

impl Connector for MemoryMirror<'_> {
    fn check<'a>(&'a self, wanted: Wanted<'a>, from: usize) -> BoxFuture<'a, DirectoryCheck> {
        Box::pin(async move {
            for (proven, file) in wanted.files.iter().enumerate().skip(from) {
                if let Err(reason) = self.file(wanted.path, file) {
                    return DirectoryCheck::Stale(Finding { proven, file: file.name.clone(), reason });
                }
            }
            DirectoryCheck::Current
        })
    }
}

impl MirrorCopy for MemoryMirror<'_> {
    fn is_there(&self) -> BoxFuture<'_, Result<(), Reason>> {
        Box::pin(async { Ok(()) })
    }
}
