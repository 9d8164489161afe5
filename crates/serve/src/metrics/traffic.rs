//! What one thread that serves counts.
//!
//! Only that thread writes, so an addition is a load and a store without a lock on the bus, and no two
//! threads write to the same piece of memory; [`super::Metrics`] adds up when somebody asks.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use answer::{Kind, Tier};

use crate::deadline::Cut;

/// The places of the tiers: one for none, then each.
pub(super) const TIERS: usize = Tier::ALL.len() + 1;

/// The statuses that are sent; the last one stands for any other.
pub(super) const STATUSES: [u16; 9] = [200, 302, 304, 400, 403, 404, 405, 500, 0];

/// Upper bounds of the latency's buckets, in microseconds.
pub(super) const BOUNDS_US: [u64; 12] =
    [10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 100_000, 1_000_000];

const CELLS: usize = Kind::ALL.len() * STATUSES.len() * TIERS;

/// The numbers of one thread.
#[derive(Debug)]
pub(crate) struct Traffic {
    /// By kind, status and tier.
    pub(super) requests: [Count; CELLS],
    pub(super) latency: [Count; BOUNDS_US.len() + 1],
    pub(super) latency_sum_ns: Count,
    pub(super) body_bytes: Count,
    pub(super) panics: Count,
    pub(super) connected: Count,
    pub(super) disconnected: Count,
    /// By cause.
    pub(super) cut_off: [Count; Cut::ALL.len()],
}

/// A number that one thread adds to and others read.
#[derive(Debug, Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    const fn zero() -> Self {
        Self(AtomicU64::new(0))
    }

    fn add(&self, more: u64) {
        self.0.store(self.0.load(Relaxed).wrapping_add(more), Relaxed);
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

impl Default for Traffic {
    fn default() -> Self {
        Self {
            requests: [const { Count::zero() }; CELLS],
            latency: [const { Count::zero() }; BOUNDS_US.len() + 1],
            latency_sum_ns: Count::zero(),
            body_bytes: Count::zero(),
            panics: Count::zero(),
            connected: Count::zero(),
            disconnected: Count::zero(),
            cut_off: [const { Count::zero() }; Cut::ALL.len()],
        }
    }
}

impl Traffic {
    /// One answer: what it was, its status, the tier of its first mirror, its body, how long it took.
    pub(crate) fn answered(&self, kind: Kind, status: u16, tier: Option<Tier>, bytes: usize, took: Duration) {
        let kind = Kind::ALL.iter().position(|known| *known == kind).unwrap_or_default();
        let tier = tier
            .and_then(|tier| Tier::ALL.iter().position(|known| *known == tier))
            .map_or(0, |place| place + 1);
        let status = STATUSES.iter().position(|known| *known == status).unwrap_or(STATUSES.len() - 1);
        if let Some(cell) = self.requests.get((kind * STATUSES.len() + status) * TIERS + tier) {
            cell.add(1);
        }
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        if let Some(bucket) = self.latency.get(BOUNDS_US.partition_point(|bound| *bound < us)) {
            bucket.add(1);
        }
        self.latency_sum_ns.add(u64::try_from(took.as_nanos()).unwrap_or(0));
        self.body_bytes.add(bytes as u64);
    }

    /// Answering panicked; the client got 500.
    pub(crate) fn panicked(&self) {
        self.panics.add(1);
    }

    pub(crate) fn connected(&self) {
        self.connected.add(1);
    }

    pub(crate) fn disconnected(&self) {
        self.disconnected.add(1);
    }

    pub(crate) fn cut_off(&self, cause: Cut) {
        let counts = Cut::ALL.iter().zip(&self.cut_off);
        for (_, count) in counts.filter(|(known, _)| **known == cause) {
            count.add(1);
        }
    }
}
