//! Pulling input files from elsewhere, so that a server needs nothing but a URL.
//!
//! Each file has a task of its own that asks now and then for another version than the one it has. What
//! comes is written beside the local file, read from there, and only what can be used takes its place; whether
//! it is used is then decided as for any other change ([`Reloader::pulled`]).

mod remote;

use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use rand::RngExt as _;
use settings::SourceUrl;
use settings::serve::Serve;
use snapshot::{Replacement, WriteError};
use tokio::io::AsyncWriteExt as _;

use crate::data::Part;
use crate::error::DataError;
use crate::metrics::{Metrics, Pull};
use crate::watch::Reloader;
use remote::{FetchError, Fetched, Remote};

/// The longest pause after failures.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// Why a file could not be pulled.
#[derive(Debug, thiserror::Error)]
pub enum PullError {
    /// It could not be fetched.
    #[error("failed to pull {url}: {reason}")]
    Fetch {
        /// The URL, without what is secret in it.
        url: String,
        /// What went wrong.
        reason: String,
    },
    /// There is more than is taken.
    #[error("failed to pull {url}: it has more than {limit} bytes (serve.pull_max_bytes)")]
    TooLarge {
        /// The URL, without what is secret in it.
        url: String,
        /// The limit.
        limit: u64,
    },
    /// It took too long.
    #[error("failed to pull {url}: not done after {seconds} s (serve.pull_timeout_seconds)")]
    Late {
        /// The URL, without what is secret in it.
        url: String,
        /// The limit.
        seconds: u64,
    },
    /// The local file could not be written.
    #[error("failed to {0}")]
    Write(#[from] WriteError),
    /// What came can not be used.
    #[error(transparent)]
    Data(#[from] DataError),
}

/// Pulls one file.
pub(crate) struct Puller {
    part: Part,
    url: SourceUrl,
    remote: Remote,
    reloader: Arc<Reloader>,
    metrics: Arc<Metrics>,
    interval: Duration,
    time: Duration,
    max_bytes: u64,
    /// The version that came last, whether or not it was used.
    etag: Option<String>,
}

impl Puller {
    /// Those that the settings ask for.
    ///
    /// # Errors
    /// A URL that makes no sense.
    pub(crate) fn all(
        settings: &Serve,
        reloader: &Arc<Reloader>,
        metrics: &Arc<Metrics>,
    ) -> Result<Vec<Self>, PullError> {
        let mut pullers = Vec::new();
        for part in Part::ALL {
            let url = match part {
                Part::Cache => &settings.cache_url,
                Part::Countries => &settings.countries_url,
                Part::Netblocks => &settings.netblocks_url,
                Part::Continents => &settings.continents_url,
            };
            let Some(url) = url.clone() else { continue };
            // Where every client of these stores looks for its credentials.
            let remote = Remote::new(&url, std::env::vars()).map_err(|error| fetching(&url, &error))?;
            pullers.push(Self {
                part,
                url,
                remote,
                reloader: Arc::clone(reloader),
                metrics: Arc::clone(metrics),
                interval: Duration::from_secs(settings.pull_seconds),
                time: Duration::from_secs(settings.pull_timeout_seconds),
                max_bytes: settings.pull_max_bytes,
                etag: None,
            });
        }
        Ok(pullers)
    }

    /// Before the first load: gets the file if there is none.
    ///
    /// # Errors
    /// It can not be had.
    pub(crate) async fn first(&mut self) -> Result<(), PullError> {
        let missing = self.reloader.file(self.part).is_some_and(|file| !file.exists());
        if missing && let Some(replacement) = self.fetch().await? {
            let committing = tokio::task::spawn_blocking(move || replacement.commit());
            committing.await.map_err(|error| fetching(&self.url, &error))??;
        }
        Ok(())
    }

    /// Pulls, for ever.
    pub(crate) async fn run(mut self) {
        let mut failures = 0;
        loop {
            tokio::time::sleep(pause(self.interval, failures)).await;
            let result = match self.fetch().await {
                Ok(None) => Ok(Pull::Unchanged),
                Ok(Some(replacement)) => self
                    .reloader
                    .pulled(self.part, replacement)
                    .await
                    .map(|()| Pull::New)
                    .map_err(PullError::Data),
                Err(error) => Err(error),
            };
            failures = match &result {
                // A refusal says nothing against the server; it is logged where it happens.
                Ok(_) | Err(PullError::Data(_)) => 0,
                Err(error) => {
                    tracing::warn!(%error, failures = failures + 1, "the data in use stays");
                    failures + 1
                }
            };
            let outcome = match result {
                Ok(outcome) => outcome,
                Err(PullError::Data(error)) => {
                    // What was refused for what it is need not come again; what failed here must.
                    if error.reason() == "other" {
                        self.etag = None;
                    }
                    Pull::Refused
                }
                Err(_) => Pull::Failed,
            };
            self.metrics.pulled(self.part, outcome);
        }
    }

    /// Fetches another version than the last one; `None` if there is none.
    async fn fetch(&mut self) -> Result<Option<Replacement>, PullError> {
        match tokio::time::timeout(self.time, self.fetch_all()).await {
            Ok(result) => result,
            Err(_) => Err(PullError::Late { url: self.url.to_string(), seconds: self.time.as_secs() }),
        }
    }

    async fn fetch_all(&mut self) -> Result<Option<Replacement>, PullError> {
        let Some(target) = self.reloader.file(self.part) else { return Ok(None) };
        let failed = |error: FetchError| fetching(&self.url, &error);
        let (etag, mut pieces) = match self.remote.fetch(self.etag.as_deref()).await.map_err(failed)? {
            Fetched::Unchanged => return Ok(None),
            Fetched::Content { etag, pieces } => (etag, pieces),
        };
        let writing = |source| PullError::Write(WriteError { path: target.to_owned(), source });
        let mut replacement = Replacement::of(target)?;
        let mut file = tokio::fs::File::from_std(replacement.file_mut().try_clone().map_err(writing)?);
        let mut bytes = 0;
        while let Some(piece) = pieces.try_next().await.map_err(failed)? {
            bytes += piece.len() as u64;
            if bytes > self.max_bytes {
                return Err(PullError::TooLarge { url: self.url.to_string(), limit: self.max_bytes });
            }
            file.write_all(&piece).await.map_err(writing)?;
        }
        file.flush().await.map_err(writing)?;
        self.etag = etag;
        Ok(Some(replacement))
    }
}

fn fetching(url: &SourceUrl, error: &dyn std::error::Error) -> PullError {
    PullError::Fetch { url: url.to_string(), reason: error.to_string() }
}

/// The pause before the next pull: the interval, doubled by each failure in a row, with some chance in it, so that
/// many servers do not come at the same time.
fn pause(interval: Duration, failures: u32) -> Duration {
    let mut rng = rand::rng();
    match failures {
        0 => interval.mul_f64(rng.random_range(0.9..1.1)),
        _ => {
            let longest = LONGEST_PAUSE.max(interval);
            let doubled = interval.saturating_mul(1 << failures.min(16)).min(longest);
            doubled.mul_f64(rng.random_range(0.5..1.0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_with_failures_up_to_an_hour_and_are_never_all_the_same() {
        let minute = Duration::from_secs(60);
        let pauses = |failures| (0..100).map(move |_| pause(minute, failures)).collect::<Vec<_>>();
        let within = |failures, least: u64, most: u64| {
            let (least, most) = (Duration::from_secs(least), Duration::from_secs(most));
            pauses(failures).iter().all(|pause| (least..=most).contains(pause))
        };
        assert!(within(0, 54, 66) && within(1, 60, 120) && within(3, 240, 480));
        assert!(within(10, 1800, 3600) && within(u32::MAX, 1800, 3600));
        let first = pauses(0).first().copied();
        assert!(pauses(0).iter().any(|pause| Some(*pause) != first));
        // Who wants to wait for longer does so after a failure too.
        assert!(pause(Duration::from_secs(86_400), 5) >= Duration::from_secs(43_200));
    }
}
