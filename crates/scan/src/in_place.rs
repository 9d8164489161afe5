//! Indexes that were rewritten in place, which the time of their directory does not tell.
//!
//! Policy `spm` looks for them (`spec/scan-primary-mirror.md` 11, row 13): one look at each `repomd.xml` whose
//! directory has been read before. With policy `umdl` only the directory's time counts, as upstream.

use std::sync::{Arc, Mutex, PoisonError};

use model::directory_name::last_component;
use model::file_name::FileName;
use model::files;
use store::StoreError;
use store::master::Master;
use tokio::task::{JoinError, spawn_blocking};

use crate::compare::Recorded;
use crate::source::{KnownTimes, TreeSource};

/// Recorded file lists by the relative names of their directories.
type Stored = Vec<(String, Option<Vec<u8>>)>;

/// Takes the directories whose `repomd.xml` is not as recorded out of `known`, so that they are read.
pub(crate) async fn forget<E: From<StoreError> + From<JoinError>>(
    master: &Master,
    source: &Arc<dyn TreeSource>,
    threads: usize,
    recorded: &Recorded,
    known: &mut KnownTimes,
) -> Result<(), E> {
    let names = known.keys().filter(|name| last_component(name) == "repodata");
    let by_id: std::collections::HashMap<_, _> =
        names.filter_map(|name| Some((recorded.row(name)?.id, name.clone()))).collect();
    let ids: Vec<_> = by_id.keys().copied().collect();
    let stored = master.files(&ids).await?.into_iter();
    let stored: Stored = stored.filter_map(|(id, files)| Some((by_id.get(&id)?.clone(), files))).collect();
    let source = Arc::clone(source);
    for name in spawn_blocking(move || rewritten(source.as_ref(), &stored, threads)).await? {
        known.remove(&name);
    }
    Ok(())
}

fn rewritten(source: &dyn TreeSource, stored: &Stored, threads: usize) -> Vec<String> {
    let out = Mutex::new(Vec::new());
    let share = stored.len().div_ceil(threads.max(1)).max(1);
    std::thread::scope(|scope| {
        for part in stored.chunks(share) {
            let out = &out;
            scope.spawn(move || {
                for (name, files) in part {
                    if differs(source, name, files.as_deref()) {
                        out.lock().unwrap_or_else(PoisonError::into_inner).push(name.clone());
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
