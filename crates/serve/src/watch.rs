//! Taking new data into use while answering.
//!
//! Files are looked at by size, time and inode, not through the kernel's notifications, which network
//! file systems do not send. A changed file is loaded once it has stopped changing; what can not be
//! loaded, or is refused, leaves everything as it was and is not tried again before it changes again.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use snapshot::Replacement;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::data::{self, Acceptance, Loaded, Part, Signatures, Sources};
use crate::error::DataError;
use crate::loader;
use crate::metrics::Metrics;

/// Times that a load that was asked for is tried while a file is being replaced.
const TRIES: u32 = 5;

/// Loads data into its place.
pub(crate) struct Reloader {
    sources: Sources,
    place: Arc<ArcSwapOption<Loaded>>,
    metrics: Arc<Metrics>,
    /// What the watcher remembers; also keeps two loads from running at the same time.
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    /// A change, and since when the files look like this.
    pending: Option<(Signatures, Instant)>,
    /// Files that were refused.
    refused: Option<Signatures>,
}

/// Which files are read again, and why.
enum Wanted {
    /// Somebody asked: what looks different, or all if it is to be taken in any case.
    Asked(Acceptance),
    /// What has changed.
    Changed,
    /// One that came from elsewhere and is not in its place yet.
    Pulled(Part, Replacement),
}

impl Reloader {
    pub(crate) fn new(sources: Sources, place: Arc<ArcSwapOption<Loaded>>, metrics: Arc<Metrics>) -> Self {
        Self { sources, place, metrics, memory: Mutex::default() }
    }

    /// Loads all files for the first time.
    ///
    /// # Errors
    /// The first file that can not be used.
    pub(crate) async fn first(&self) -> Result<(), DataError> {
        let sources = self.sources.clone();
        let load = move || until_still(|| data::load(&sources, None));
        // Nobody is answered yet, so nobody is in its way.
        let loading = tokio::task::spawn_blocking(load);
        let loaded = loading.await.map_err(|error| DataError::Thread(io::Error::other(error)))??;
        self.place.store(Some(Arc::new(loaded)));
        Ok(())
    }

    /// Loads the files now, those that look as before only if they are to be taken in any case, and takes them
    /// into use.
    ///
    /// # Errors
    /// The reason why the data in use stays.
    pub(crate) async fn reload(&self, acceptance: Acceptance) -> Result<(), DataError> {
        let mut memory = self.memory.lock().await;
        self.load(&mut memory, Wanted::Asked(acceptance)).await
    }

    /// Takes a file that came from elsewhere: into its place if it can be read, and into use if it should be.
    ///
    /// # Errors
    /// The reason why the data in use stays.
    pub(crate) async fn pulled(&self, part: Part, replacement: Replacement) -> Result<(), DataError> {
        let mut memory = self.memory.lock().await;
        self.load(&mut memory, Wanted::Pulled(part, replacement)).await
    }

    /// Where a part's file is, if it has one.
    pub(crate) fn file(&self, part: Part) -> Option<&Path> {
        self.sources.files().get(part)
    }

    /// Looks at the files every `interval`, for ever.
    pub(crate) async fn watch(&self, interval: Duration, settle: Duration) {
        loop {
            let waiting = self.memory.lock().await.pending.is_some();
            let pause = if waiting { settle.min(interval) } else { interval };
            tokio::time::sleep(pause).await;
            self.look(settle).await;
        }
    }

    /// One look at the files.
    async fn look(&self, settle: Duration) {
        let mut memory = self.memory.lock().await;
        let sources = self.sources.clone();
        let Ok(signatures) = tokio::task::spawn_blocking(move || sources.files().signatures()).await else {
            return;
        };
        if self.place.load().as_ref().is_some_and(|loaded| *loaded.signatures() == signatures) {
            if memory.refused.is_some() {
                self.metrics.withdrawn();
            }
            *memory = Memory::default();
            return;
        }
        if memory.refused.as_ref() == Some(&signatures) {
            return;
        }
        let since = match memory.pending.take() {
            Some((seen, since)) if seen == signatures => since,
            _ => Instant::now(),
        };
        if since.elapsed() < settle {
            memory.pending = Some((signatures, since));
            return;
        }
        // The outcome is counted and logged; there is nobody else to tell.
        let _ = self.load(&mut memory, Wanted::Changed).await;
    }

    async fn load(&self, memory: &mut Memory, wanted: Wanted) -> Result<(), DataError> {
        memory.pending = None;
        let asked = matches!(wanted, Wanted::Asked(_));
        let current = self.place.load_full();
        let sources = self.sources.clone();
        let reading = loader::run(move || read(&sources, wanted, current.as_deref()));
        let (on_disk, loaded) = match reading.await {
            Ok((on_disk, loaded)) => (on_disk, loaded),
            Err(error) => (None, Err(DataError::Thread(error))),
        };
        match loaded {
            Ok(loaded) => {
                memory.refused = None;
                let (serial, directories) = (loaded.snapshot().serial(), loaded.snapshot().directories());
                let old = self.place.swap(Some(Arc::new(loaded)));
                self.metrics.swapped();
                // Much memory: given back where nobody waits for it.
                tokio::spawn(loader::run(move || drop(old)));
                tracing::info!(serial, directories, "new data in use");
                Ok(())
            }
            Err(error @ DataError::Moving { .. }) => {
                if asked {
                    // Whoever asked may not ask again; without a watcher nothing else would load them.
                    tracing::warn!(%error, "the old data stays in use until the next look");
                } else {
                    tracing::debug!(%error, "waiting for the files to settle");
                }
                Err(error)
            }
            Err(error) => {
                memory.refused = on_disk;
                self.metrics.refused(error.reason());
                tracing::error!(%error, "new data refused, the old data stays in use");
                Err(error)
            }
        }
    }
}

/// Reads and verifies; also how the files look that the result is about, if they are in their places.
fn read(
    sources: &Sources,
    wanted: Wanted,
    current: Option<&Loaded>,
) -> (Option<Signatures>, Result<Loaded, DataError>) {
    let signatures = sources.files().signatures();
    let verified = |new: Loaded, acceptance| {
        data::verify(sources, &new, current, acceptance)?;
        Ok(new)
    };
    match wanted {
        Wanted::Asked(acceptance) => {
            // What looks as before is not held twice for the time of a swap.
            let reuse = current.filter(|_| acceptance == Acceptance::ByTheRules);
            let loaded = until_still(|| data::load(sources, reuse));
            (Some(signatures), loaded.and_then(|new| verified(new, acceptance)))
        }
        Wanted::Changed => {
            let loaded = data::load(sources, current);
            (Some(signatures), loaded.and_then(|new| verified(new, Acceptance::ByTheRules)))
        }
        Wanted::Pulled(part, replacement) => {
            let there = sources.with(part, replacement.temporary());
            let loaded = until_still(|| data::load(&there, current));
            match loaded.and_then(|new| Ok((replacement.commit()?, new))) {
                // By renaming it looks no different.
                Ok(((), new)) => (Some(*new.signatures()), verified(new, Acceptance::ByTheRules)),
                Err(error) => (None, Err(error)),
            }
        }
    }
}

/// Loads anew when a file was replaced meanwhile, a few times.
fn until_still<T>(mut load: impl FnMut() -> Result<T, DataError>) -> Result<T, DataError> {
    for _ in 1..TRIES {
        match load() {
            Err(DataError::Moving { .. }) => {}
            result => return result,
        }
    }
    load()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_replaced_while_it_is_read_is_read_again_but_not_for_ever() {
        let mut left = 0;
        let mut load = |moves: u32| {
            left = moves;
            until_still(|| {
                left = left.saturating_sub(1);
                match left {
                    0 => Ok(()),
                    _ => Err(DataError::Moving { file: "cache".into() }),
                }
            })
        };
        assert!(load(1).is_ok() && load(TRIES).is_ok());
        assert!(matches!(load(TRIES + 1), Err(DataError::Moving { .. })));
    }
}
