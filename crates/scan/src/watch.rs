//! A scan that stays: it reads what has changed, soon after it has changed.
//!
//! What announces changes of a category, each by itself enough:
//!
//! * the kernel, where the tree is walked on this machine (`tree`): then only the touched directories are read;
//! * stamps: files that are new when the tree is, above all the `fullfiletimelist-*` that a category is read from;
//! * somebody who asks ([`Requests`], also over HTTP);
//! * an interval, where there is nothing else.
//!
//! After `scan.watch.full_seconds` a category is scanned as a whole all the same. While a busy marker is there
//! nothing is read, and what was announced stays so; likewise when a scan has failed. A change is never forgotten
//! before a scan that began after it has ended well (`spec/production.md` P-6 to P-8, without `scan --if-changed`).

mod category;
mod control;
mod requests;
mod stamps;
mod tree;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use model::clock::Clock;
use settings::Scan;
use settings::scan::SourceType;
use store::Store;
use store::master::Master;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use self::category::{Begun, Category, Due, Look};
use self::control::Control;
use crate::metrics::Metrics;
use crate::options::ScanOptions;
use crate::progress::Progress;
use crate::report::ScanReport;
use crate::run::{ScanError, run_on};
use crate::selection::{place, select};

pub use category::Why;
pub use requests::Requests;

/// Changes that never cease are read after as many times the quiet period.
const PATIENCE: u32 = 10;

/// What to watch and how.
pub struct Watch<'a> {
    /// The database.
    pub store: &'a Store,
    /// Where the trees are, and `scan.watch`.
    pub settings: &'a Scan,
    /// What to scan. `reading` is that of the first scan of each category.
    pub options: &'a ScanOptions,
    /// What time it is.
    pub clock: &'a dyn Clock,
    /// Told what each scan is doing.
    pub progress: Arc<dyn Progress>,
    /// Scans that somebody asks for.
    pub requests: Requests,
    /// Gets the figures of every scan.
    pub metrics: Metrics,
}

/// What happens while watching.
#[derive(Debug)]
pub enum Event<'e> {
    /// The watch begins; the control listener's address, if there is one.
    Begins(Option<SocketAddr>),
    /// A category was scanned, well or not.
    Scanned {
        /// Why.
        why: Why,
        /// What came of it.
        report: &'e ScanReport,
    },
    /// A category is not read, because its tree is being changed.
    Busy {
        /// Its name.
        category: &'e str,
        /// The marker that says so.
        marker: &'e str,
    },
    /// A category is not read, because it can not be found out whether it should be.
    Unknown {
        /// Its name.
        category: &'e str,
        /// Why not.
        reason: &'e str,
    },
}

/// Why there is no watch.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// No scan would begin.
    #[error(transparent)]
    Scan(#[from] ScanError),
    /// A category can not be watched.
    #[error("category {category} can not be watched: {reason}")]
    Category {
        /// Its name.
        category: String,
        /// Why not.
        reason: String,
    },
    /// There is no category that could be watched.
    #[error("there is no category to watch; add one with its top directory, then begin again")]
    Nothing,
    /// The control listener can not be.
    #[error("setting scan.watch.control: cannot listen on {address}: {error}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why not.
        error: std::io::Error,
    },
    /// Fetched lists can not be kept.
    #[error("cannot make a folder for fetched lists: {0}; set scan.list_folder")]
    Folder(std::io::Error),
}

impl Watch<'_> {
    /// Watches until told to stop. A scan under way is given up then; it has written all or nothing.
    ///
    /// # Errors
    /// Only before the watch begins; what fails later is an event and tried again.
    pub async fn run(
        &self,
        stop: &CancellationToken,
        mut on_event: impl FnMut(Event<'_>),
    ) -> Result<(), WatchError> {
        let mut settings = self.settings.clone();
        // An unchanged list is not fetched again, whether or not somebody wants to keep it.
        let kept = match &settings.list_folder {
            Some(_) => None,
            None => Some(tempfile::tempdir().map_err(WatchError::Folder)?),
        };
        settings.list_folder =
            settings.list_folder.or_else(|| kept.as_ref().map(|kept| kept.path().to_owned()));
        let bell = Arc::clone(&self.requests.bell);
        let mut categories = self.categories(&settings, &bell).await?;
        self.requests.know(categories.iter().map(|category| category.name.clone()));
        let control = Control::start(&settings.watch, self.requests.clone(), self.metrics.clone()).await?;
        on_event(Event::Begins(control.as_ref().map(Control::address)));
        let watching = async {
            loop {
                for category in &mut categories {
                    self.attend(&settings, category, &mut on_event).await;
                }
                let Some(next) = categories.iter().map(Category::next).min() else { return };
                tokio::select! {
                    () = bell.notified() => quiet(&bell, Duration::from_millis(settings.watch.settle_ms)).await,
                    () = sleep_until(next) => {}
                }
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = watching => {}
        }
        Ok(())
    }

    /// The selected categories that can be scanned.
    async fn categories(&self, settings: &Scan, bell: &Arc<Notify>) -> Result<Vec<Category>, WatchError> {
        let rows = Master::new(self.store).categories().await.map_err(ScanError::from)?;
        let mut out: Vec<Category> = Vec::new();
        for source in select(settings, self.options, &rows)? {
            let fail = |reason: String| WatchError::Category { category: source.category.clone(), reason };
            if source.source_type() == Some(SourceType::File) && source.url.as_deref() == Some("-") {
                return Err(fail("standard input can be read only once".to_owned()));
            }
            let row = rows.iter().find(|row| row.name == source.category);
            let Some((_, topdir)) = row.and_then(|row| row.topdir.as_ref()) else {
                tracing::error!(
                    category = source.category,
                    "not watched: it has no top directory or does not exist"
                );
                continue;
            };
            let root = place(settings, &source, topdir).map_err(|e| fail(e.to_string()))?;
            let added = match out.iter_mut().find(|category| category.name == source.category) {
                Some(category) => category.also(settings, &source, topdir, &root),
                None => Category::new(settings, &source, topdir, root, bell).map(|new| out.push(new)),
            };
            added.map_err(|e| fail(e.to_string()))?;
        }
        if out.is_empty() { Err(WatchError::Nothing) } else { Ok(out) }
    }

    /// Scans a category if there is reason to.
    async fn attend(&self, settings: &Scan, category: &mut Category, on_event: &mut impl FnMut(Event<'_>)) {
        let is_asked = self.requests.take(&category.name);
        match category.look(is_asked).await {
            Look::Idle => {}
            Look::Busy(marker) => on_event(Event::Busy { category: &category.name, marker: &marker }),
            Look::Failed(reason) => {
                tracing::warn!(category = category.name, "not scanned: {reason}");
                on_event(Event::Unknown { category: &category.name, reason: &reason });
            }
            Look::Scan(begun) => self.scan(settings, category, begun, on_event).await,
        }
    }

    async fn scan(
        &self,
        settings: &Scan,
        category: &mut Category,
        begun: Begun,
        on_event: &mut impl FnMut(Event<'_>),
    ) {
        let options = ScanOptions {
            only: vec![category.name.clone()],
            except: Vec::new(),
            deleted_before: if matches!(begun.due, Due::Touched(_)) { category.deleted } else { 0 },
            reading: Category::reading(&begun, &self.options.reading),
            ..self.options.clone()
        };
        let why = begun.due.why();
        tracing::info!(category = category.name, "scanning: {why}");
        let progress = Arc::clone(&self.progress);
        match run_on(category.disk(), self.store, settings, &options, self.clock, progress).await {
            Ok(report) => {
                self.metrics.record(&report);
                match report.categories.iter().all(|category| category.outcome.is_stored()) {
                    true => {
                        category.done(begun, report.categories.iter().map(|c| c.counts.deleted).sum());
                    }
                    false => category.failed(begun),
                }
                on_event(Event::Scanned { why, report: &report });
            }
            Err(error) => {
                category.failed(begun);
                let reason = error.to_string();
                tracing::error!(category = category.name, "not scanned: {reason}");
                on_event(Event::Unknown { category: &category.name, reason: &reason });
            }
        }
    }
}

/// Waits until the bell has been silent for a while.
async fn quiet(bell: &Notify, settle: Duration) {
    let end = Instant::now() + settle * PATIENCE;
    while Instant::now() < end {
        if timeout(settle, bell.notified()).await.is_err() {
            return;
        }
        // Not to be woken for every single one of very many.
        sleep(settle / PATIENCE).await;
    }
    // What rang last is dealt with now, too, and again if it was in the middle of something.
    bell.notify_one();
}
