//! A builder that stays: it follows the change log and writes the files again after every change.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use model::clock::Clock;
use store::changes::{self, Listener};
use store::export::{Refreshed, Resident};
use store::{Store, StoreError};
use tokio_util::sync::CancellationToken;

use crate::build::Build;
use crate::compatibility::Compatibility;
use crate::output::{Output, OutputError, Written};
use crate::progress::Progress;
use crate::report::BuildReport;
use crate::resolve::Resolver;

/// What to follow and how.
pub struct Watch<'a> {
    /// The database.
    pub store: &'a Store,
    /// Name of the reader in the change log.
    pub reader: &'a str,
    /// Asked for the addresses of names.
    pub names: &'a dyn Resolver,
    /// Whose habits the cache follows.
    pub mode: Compatibility,
    /// What time it is.
    pub clock: &'a dyn Clock,
    /// How long is waited after a change for others that belong to it.
    pub settle: Duration,
    /// How long is waited for an announcement before the database is asked.
    pub poll: Duration,
    /// After how long the files are written although nothing has changed.
    pub rewrite: TimeDelta,
    /// After how long everything is read although nothing makes it necessary.
    pub reread: TimeDelta,
    /// Hears how far a build is.
    pub progress: &'a dyn Progress,
}

/// What happened.
#[derive(Debug)]
pub enum Event<'a> {
    /// Files were written.
    Built {
        /// What was read for it.
        refreshed: &'a Refreshed,
        /// What the cache holds and what was left out.
        report: &'a BuildReport,
        /// The files.
        written: &'a [Written],
    },
    /// A build failed. The files are as they were; it is tried again.
    Failed(&'a WatchError),
}

/// Why a build failed.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The files.
    #[error(transparent)]
    Output(#[from] OutputError),
}

/// How often the change log is pruned.
const PRUNE: TimeDelta = TimeDelta::hours(1);

/// How long a reader of the change log may be silent before it counts as gone.
const GONE: TimeDelta = TimeDelta::days(7);

/// When what was done last.
struct Done {
    written: DateTime<Utc>,
    reread: DateTime<Utc>,
    pruned: DateTime<Utc>,
    /// The last build failed.
    failed: bool,
}

impl Watch<'_> {
    /// Builds, and builds again after every change, until `stop`.
    ///
    /// # Errors
    /// When the first build fails. Later failures are told, and tried again.
    pub async fn run(
        &self,
        output: &mut Output,
        stop: &CancellationToken,
        mut told: impl FnMut(Event<'_>),
    ) -> Result<(), WatchError> {
        let begun = self.clock.now();
        let started = async {
            // First the ears, then the eyes: what changes in between is heard of.
            let listener = Listener::start(self.store).await?;
            Ok((listener, Resident::read(self.store, self.reader, begun).await?))
        };
        let (mut listener, (mut resident, why)) = tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(()),
            started = started => started.map_err(WatchError::Store)?,
        };
        self.write(&resident, &Refreshed::Whole(why), output, begun, &mut told).await?;
        let mut done = Done { written: begun, reread: begun, pruned: begun, failed: false };
        loop {
            let next = async {
                let heard = listener.wait(self.poll).await;
                tokio::time::sleep(self.settle).await;
                self.again(&mut resident, heard, output, &mut done, &mut told).await
            };
            let built = tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(()),
                built = next => built,
            };
            done.failed = built.is_err();
            if let Err(error) = built {
                told(Event::Failed(&error));
            }
        }
    }

    /// Brings the tables up to date and writes the files if that is due.
    async fn again(
        &self,
        resident: &mut Resident,
        heard: bool,
        output: &mut Output,
        done: &mut Done,
        told: &mut impl FnMut(Event<'_>),
    ) -> Result<(), WatchError> {
        let now = self.clock.now();
        // Without a log every look reads everything, so it is not taken without need.
        if !(resident.follows() || heard || done.failed) && now - done.written < self.rewrite {
            return Ok(());
        }
        let refreshed = if now - done.reread >= self.reread {
            Refreshed::Whole(resident.reread(self.store, now).await?)
        } else {
            resident.refresh(self.store, now).await?
        };
        if matches!(refreshed, Refreshed::Whole(_)) {
            done.reread = now;
        }
        if resident.follows() && now - done.pruned >= PRUNE {
            done.pruned = now;
            changes::prune(self.store, now - GONE).await?;
        }
        if refreshed == Refreshed::Unchanged && !done.failed && now - done.written < self.rewrite {
            return Ok(());
        }
        // Until the files are there, the last build has failed.
        done.failed = true;
        self.write(resident, &refreshed, output, now, told).await?;
        done.written = now;
        Ok(())
    }

    async fn write(
        &self,
        resident: &Resident,
        refreshed: &Refreshed,
        output: &mut Output,
        now: DateTime<Utc>,
        told: &mut impl FnMut(Event<'_>),
    ) -> Result<(), WatchError> {
        let build = Build::prepare(resident.export(), self.names, now, self.mode, self.progress).await;
        let written = output.write(&build, now, self.progress)?;
        told(Event::Built { refreshed, report: build.report(), written: &written });
        Ok(())
    }
}
