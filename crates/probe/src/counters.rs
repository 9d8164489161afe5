//! What was asked of one mirror, counted where it is asked, and shown to who wants to see it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// One request and what came of it, in any protocol.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Exchange {
    /// `HEAD`, `GET`, an FTP command, `rsync`.
    pub method: &'static str,
    /// What was asked for.
    pub url: String,
    /// The status of the answer, in the protocol's own numbers.
    pub status: Option<u16>,
    /// Bytes that the file has, by the answer.
    pub length: Option<u64>,
    /// Bytes of the body that came.
    pub bytes: u64,
    /// From the request to the last byte.
    #[serde(rename = "seconds", serialize_with = "seconds")]
    pub time: Duration,
    /// Why there is no answer, or no whole one; in our own words.
    pub failure: Option<String>,
}

fn seconds<S: serde::Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(time.as_secs_f64())
}

/// Told of every request, as it ends.
pub trait Watch: Send + Sync {
    /// A request has ended.
    fn saw(&self, exchange: &Exchange);
}

/// Requests, bytes and time of one mirror.
#[derive(Default)]
pub struct Counters {
    requests: AtomicU64,
    answers: AtomicU64,
    bytes: AtomicU64,
    nanoseconds: AtomicU64,
    watch: Option<Arc<dyn Watch>>,
}

impl std::fmt::Debug for Counters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Counters").field("requests", &self.requests()).field("bytes", &self.bytes()).finish()
    }
}

impl Counters {
    /// Counters whose every request is told to `watch`, too.
    pub fn watched(watch: Arc<dyn Watch>) -> Self {
        Self { watch: Some(watch), ..Self::default() }
    }

    /// Requests sent, each hop of a redirect and each attempt counted.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Answers received, of any status.
    pub fn answers(&self) -> u64 {
        self.answers.load(Ordering::Relaxed)
    }

    /// Bytes of bodies received.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// The time that requests took, from sending them to the last byte of their answers; those that ran at the
    /// same time are added up.
    pub fn time(&self) -> Duration {
        Duration::from_nanos(self.nanoseconds.load(Ordering::Relaxed))
    }

    pub(crate) fn asked(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn answered(&self) {
        self.answers.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn received(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// A request has ended. What `exchange` says is only put together when somebody watches.
    pub(crate) fn ended(&self, time: Duration, exchange: impl FnOnce() -> Exchange) {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
        if let Some(watch) = &self.watch {
            watch.saw(&exchange());
        }
    }
}
