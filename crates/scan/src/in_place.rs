//! Indexes that were rewritten in place, which the time of their directory does not tell.
//!
//! Policy `spm` looks for them (`spec/scan-primary-mirror.md` 11, row 13): one look at each `repomd.xml` whose
//! directory has been read before. With policy `umdl` only the directory's time counts, as upstream.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use model::directory_name::last_component;
use model::file_name::FileName;
use model::files;
use model::ids::DirectoryId;
use store::StoreError;
use store::master::Master;
use tokio::task::{JoinError, spawn_blocking};

use crate::compare::Recorded;
use crate::source::TreeSource;

/// Recorded file lists by the relative names of their directories.
type Stored = Vec<(Arc<str>, Option<Vec<u8>>)>;

/// The directories whose `repomd.xml` is not as recorded.
pub(crate) async fn rewritten<E: From<StoreError> + From<JoinError>>(
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
                    if differs(source, name, files.as_deref()) {
                        out.lock().unwrap_or_else(PoisonError::into_inner).insert(Arc::clone(name));
                    }
                }
            });
        }
    });
    out.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// A file that can not be looked at is left to the walk, which reports it.
fn differs(source: &dyn TreeSource, directory: &str, stored: Option<&[u8]>) -> bool {
    let index = FileName::from("repomd.xml");
    let Ok(Some(now)) = source.entry(directory, &index) else { return false };
    let Some(Ok(files)) = stored.map(files::decode) else { return false };
    files.get(index.as_bytes()).is_some_and(|then| (then.size, then.timestamp) != (now.size, now.timestamp))
}
