//! Indexes that were rewritten in place: their directory's time is the same, their own is not.
//!
//! A source that tells the size and time of every file without being asked makes it cheap to compare them with what is
//! recorded once the tree is listed ([`rows`], [`settle`]; `spec/umdl.md` 5.2.10). For a walk each costs a look
//! ([`looked_for`]), which only policy `spm` takes (`spec/scan-primary-mirror.md` 11, row 13); with policy `umdl` only the
//! directory's time counts, as upstream.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use model::directory_name::last_component;
use model::file_name::FileName;
use model::files::{self, FileEntry, Files};
use model::ids::DirectoryId;
use store::StoreError;
use store::master::Master;
use tokio::task::{JoinError, spawn_blocking};

use crate::compare::{Recorded, RecordedDirectory};
use crate::source::{Inside, Listing, TreeSource};

/// The files that matter.
const INDEXES: [&[u8]; 2] = [b"repomd.xml", b"summary"];

/// The rows of the directories whose recorded files are needed for [`settle`].
pub(crate) fn rows<'a>(
    listing: &'a Listing,
    recorded: &'a Recorded,
) -> impl Iterator<Item = &'a RecordedDirectory> {
    listing.unproven.iter().filter_map(|(name, _)| recorded.row(name))
}

/// Makes changed directories of those whose index is not the recorded one.
pub(crate) fn settle(listing: &mut Listing, recorded: &Recorded) {
    for (name, files) in std::mem::take(&mut listing.unproven) {
        let stored = recorded.row(&name).and_then(|row| recorded.files.get(&row.id)?.as_deref());
        let stored = stored.and_then(|stored| files::decode(stored).ok()).unwrap_or_default();
        if !INDEXES.iter().any(|name| differs(&stored, name, files.get(name))) {
            continue;
        }
        let at = listing.directories.binary_search_by(|found| found.name.as_str().cmp(&name));
        if let Some(found) = at.ok().and_then(|at| listing.directories.get_mut(at)) {
            found.inside = Inside::Files(files);
        }
    }
}

/// Recorded file lists by the relative names of their directories.
type Stored = Vec<(Arc<str>, Option<Vec<u8>>)>;

/// The directories whose `repomd.xml` is not as recorded, of a source that must be asked for each file. Found out
/// before the tree is listed, so that they are read.
pub(crate) async fn looked_for<E: From<StoreError> + From<JoinError>>(
    master: &Master,
    source: &Arc<dyn TreeSource>,
    threads: usize,
    recorded: &Recorded,
) -> Result<HashSet<Arc<str>>, E> {
    let indexes = recorded.known.iter().filter(|(name, _)| last_component(name) == "repodata");
    let names: HashMap<DirectoryId, &Arc<str>> = indexes.map(|(name, row)| (row.id, name)).collect();
    let ids: Vec<DirectoryId> = names.keys().copied().collect();
    let stored = master.files(&ids).await?.into_iter();
    let stored: Stored =
        stored.filter_map(|(id, files)| Some((Arc::clone(names.get(&id)?), files))).collect();
    let source = Arc::clone(source);
    Ok(spawn_blocking(move || different(source.as_ref(), &stored, threads)).await?)
}

fn different(source: &dyn TreeSource, stored: &Stored, threads: usize) -> HashSet<Arc<str>> {
    let out = Mutex::new(HashSet::new());
    let share = stored.len().div_ceil(threads.max(1)).max(1);
    std::thread::scope(|scope| {
        for part in stored.chunks(share) {
            let out = &out;
            scope.spawn(move || {
                for (name, files) in part {
                    if is_rewritten(source, name, files.as_deref()) {
                        out.lock().unwrap_or_else(PoisonError::into_inner).insert(Arc::clone(name));
                    }
                }
            });
        }
    });
    out.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// A file that can not be looked at is left to the walk, which reports it; so is one that was not there before.
fn is_rewritten(source: &dyn TreeSource, directory: &str, stored: Option<&[u8]>) -> bool {
    let [index, _] = INDEXES;
    let Ok(Some(now)) = source.entry(directory, &FileName::from(index)) else { return false };
    let Some(Ok(then)) = stored.map(files::decode) else { return false };
    then.get(index).is_some() && differs(&then, index, Some(&now))
}

/// Whether a file is another one than is recorded.
fn differs(then: &Files, name: &[u8], now: Option<&FileEntry>) -> bool {
    then.get(name) != now
}
