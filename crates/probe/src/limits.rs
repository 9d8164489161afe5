//! How long and how much: the hard limits of `spec/crawler.md` 11.9.

use std::time::Duration;

use crate::pace::Politeness;

/// What one mirror may cost us. The defaults are the specification's.
#[derive(Debug, Clone)]
pub struct Limits {
    /// For resolving a name, connecting and, for https, shaking hands.
    pub connect: Duration,
    /// From the request to the first byte of the answer.
    pub first_byte: Duration,
    /// A HEAD request in all, with its redirects.
    pub head: Duration,
    /// A GET request in all, with its redirects and body.
    pub get: Duration,
    /// Redirects followed for one request.
    pub redirects: u32,
    /// Bytes of the headers of one answer. Below 8192 counts as 8192.
    pub header_bytes: usize,
    /// Headers of one answer.
    pub headers: usize,
    /// Bytes of a body that are read at most.
    pub body_bytes: u64,
    /// Bytes a second that a body must bring on average, once [`Limits::min_rate_after`] has passed.
    pub min_rate: u64,
    /// When [`Limits::min_rate`] begins to count.
    pub min_rate_after: Duration,
    /// Connections kept open to one host while nothing is asked.
    pub idle_connections: usize,
    /// How often and how much at once.
    pub politeness: Politeness,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            first_byte: Duration::from_secs(10),
            head: Duration::from_secs(20),
            get: Duration::from_secs(60),
            redirects: 3,
            header_bytes: 32 * 1024,
            headers: 100,
            body_bytes: 32 * 1024 * 1024,
            min_rate: 1024,
            min_rate_after: Duration::from_secs(10),
            idle_connections: 4,
            politeness: Politeness::default(),
        }
    }
}
