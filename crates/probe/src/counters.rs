//! What was asked of one mirror, counted where it is asked.

use std::sync::atomic::{AtomicU64, Ordering};

/// Requests and bytes of one mirror.
#[derive(Debug, Default)]
pub struct Counters {
    requests: AtomicU64,
    answers: AtomicU64,
    bytes: AtomicU64,
}

impl Counters {
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

    pub(crate) fn asked(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn answered(&self) {
        self.answers.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn received(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}
