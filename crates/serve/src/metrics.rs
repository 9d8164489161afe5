//! What the server counts, and its text for Prometheus.
//!
//! The request path only adds to atomic numbers in fixed places: no lock, no look-up by label. The
//! labels come in when somebody asks, in [`Metrics::text`].

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use std::{fmt, iter};

use answer::{Kind, Tier};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};

/// The places of the tiers: one for none, then each.
const TIERS: usize = Tier::ALL.len() + 1;

/// The statuses that are sent; the last one stands for any other.
const STATUSES: [u16; 8] = [200, 302, 400, 403, 404, 405, 500, 0];

/// Upper bounds of the latency's buckets, in microseconds.
const BOUNDS_US: [u64; 12] = [10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 100_000, 1_000_000];

const CELLS: usize = Kind::ALL.len() * STATUSES.len() * TIERS;

/// The numbers of one server.
#[derive(Debug)]
pub(crate) struct Metrics {
    requests: [AtomicU64; CELLS],
    latency: [AtomicU64; BOUNDS_US.len() + 1],
    latency_sum_ns: AtomicU64,
    body_bytes: AtomicU64,
    panics: AtomicU64,
    connections: AtomicI64,
    log_dropped: AtomicU64,
    swaps: AtomicU64,
    refusals: AtomicU64,
    last_reload_failed: AtomicU64,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            requests: [const { AtomicU64::new(0) }; CELLS],
            latency: [const { AtomicU64::new(0) }; BOUNDS_US.len() + 1],
            latency_sum_ns: AtomicU64::new(0),
            body_bytes: AtomicU64::new(0),
            panics: AtomicU64::new(0),
            connections: AtomicI64::new(0),
            log_dropped: AtomicU64::new(0),
            swaps: AtomicU64::new(0),
            refusals: AtomicU64::new(0),
            last_reload_failed: AtomicU64::new(0),
        }
    }
}

/// What is known about the data in use when the numbers are asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DataFacts {
    /// When the cache was made, seconds since 1970.
    pub(crate) made_at_seconds: u64,
    /// Seconds since then; negative if the cache is from the future.
    pub(crate) age_seconds: i64,
    /// Directories in the cache.
    pub(crate) directories: u64,
}

impl Metrics {
    /// One answer: what it was, its status, the tier of its first mirror, its body, how long it took.
    pub(crate) fn answered(&self, kind: Kind, status: u16, tier: Option<Tier>, bytes: usize, took: Duration) {
        let kind = Kind::ALL.iter().position(|known| *known == kind).unwrap_or_default();
        let tier = tier
            .and_then(|tier| Tier::ALL.iter().position(|known| *known == tier))
            .map_or(0, |place| place + 1);
        let status = STATUSES.iter().position(|known| *known == status).unwrap_or(STATUSES.len() - 1);
        if let Some(cell) = self.requests.get((kind * STATUSES.len() + status) * TIERS + tier) {
            cell.fetch_add(1, Relaxed);
        }
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        if let Some(bucket) = self.latency.get(BOUNDS_US.partition_point(|bound| *bound < us)) {
            bucket.fetch_add(1, Relaxed);
        }
        self.latency_sum_ns.fetch_add(u64::try_from(took.as_nanos()).unwrap_or(0), Relaxed);
        self.body_bytes.fetch_add(bytes as u64, Relaxed);
    }

    /// Answering panicked; the client got 500.
    pub(crate) fn panicked(&self) {
        self.panics.fetch_add(1, Relaxed);
    }

    pub(crate) fn connected(&self) {
        self.connections.fetch_add(1, Relaxed);
    }

    pub(crate) fn disconnected(&self) {
        self.connections.fetch_sub(1, Relaxed);
    }

    /// Lines of the access log that were lost.
    pub(crate) fn log_dropped(&self, lines: u64) {
        self.log_dropped.fetch_add(lines, Relaxed);
    }

    #[cfg(test)]
    pub(crate) fn log_drops(&self) -> u64 {
        self.log_dropped.load(Relaxed)
    }

    /// New data is in use.
    pub(crate) fn swapped(&self) {
        self.swaps.fetch_add(1, Relaxed);
        self.last_reload_failed.store(0, Relaxed);
    }

    /// New data was refused; the old one stays.
    pub(crate) fn refused(&self) {
        self.refusals.fetch_add(1, Relaxed);
        self.last_reload_failed.store(1, Relaxed);
    }

    /// The data that was refused is gone from the disk again.
    pub(crate) fn withdrawn(&self) {
        self.last_reload_failed.store(0, Relaxed);
    }

    /// All numbers in the text form of Prometheus. `data` is absent until the first load.
    pub(crate) fn text(self: &Arc<Self>, data: Option<DataFacts>) -> Result<String, fmt::Error> {
        let mut registry = Registry::with_prefix("mirrormanager_serve");
        registry.register_collector(Box::new(Scrape { metrics: Arc::clone(self), data }));
        let mut text = String::new();
        encode(&mut text, &registry)?;
        Ok(text)
    }

    fn requests(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        let mut cells = self.requests.iter();
        let tiers = || iter::once("none").chain(Tier::ALL.map(Tier::name));
        for kind in Kind::ALL {
            for status in STATUSES {
                for tier in tiers() {
                    let count = cells.next().map_or(0, |cell| cell.load(Relaxed));
                    if count > 0 {
                        let status = if status == 0 { "other".to_owned() } else { status.to_string() };
                        let labels = [("kind", kind.name()), ("status", status.as_str()), ("tier", tier)];
                        encoder.encode_family(&labels)?.encode_counter::<NoLabelSet, _, u64>(&count, None)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn latency(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        let bounds = BOUNDS_US.iter().map(|us| *us as f64 / 1e6).chain([f64::INFINITY]);
        let counts = self.latency.iter().map(|bucket| bucket.load(Relaxed));
        let buckets: Vec<(f64, u64)> = bounds.zip(counts).collect();
        let total = buckets.iter().map(|(_, count)| count).sum();
        let seconds = self.latency_sum_ns.load(Relaxed) as f64 / 1e9;
        encoder.encode_histogram::<NoLabelSet>(seconds, total, &buckets, None)
    }
}

/// One look at the numbers.
#[derive(Debug)]
struct Scrape {
    metrics: Arc<Metrics>,
    data: Option<DataFacts>,
}

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let m = &self.metrics;
        m.requests(encoder.encode_descriptor(
            "requests",
            "Answers by what was asked for, status and nearest group of mirrors",
            None,
            MetricType::Counter,
        )?)?;
        m.latency(encoder.encode_descriptor(
            "latency",
            "Time to make an answer, without the network",
            Some(&Unit::Seconds),
            MetricType::Histogram,
        )?)?;
        for (name, help, unit, value) in [
            ("body", "Bodies of answers", Some(Unit::Bytes), &m.body_bytes),
            ("panics", "Answers that failed by a fault of ours", None, &m.panics),
            ("access_log_dropped_lines", "Lines that the access log lost", None, &m.log_dropped),
            ("data_swaps", "Times that new data was taken into use", None, &m.swaps),
            ("data_refusals", "Times that new data was refused", None, &m.refusals),
        ] {
            encoder
                .encode_descriptor(name, help, unit.as_ref(), MetricType::Counter)?
                .encode_counter::<NoLabelSet, _, u64>(&value.load(Relaxed), None)?;
        }
        let failed = i64::from(m.last_reload_failed.load(Relaxed) > 0);
        gauge(&mut encoder, "reload_failed", "1 while the newest data on disk is refused", None, failed)?;
        gauge(&mut encoder, "connections", "Open connections", None, m.connections.load(Relaxed))?;
        let Some(data) = self.data else { return Ok(()) };
        let made = i64::try_from(data.made_at_seconds).unwrap_or(i64::MAX);
        let directories = i64::try_from(data.directories).unwrap_or(i64::MAX);
        let seconds = Some(Unit::Seconds);
        gauge(&mut encoder, "snapshot_created_timestamp", "When the cache was made", seconds.clone(), made)?;
        gauge(&mut encoder, "snapshot_age", "Age of the cache in use", seconds, data.age_seconds)?;
        gauge(&mut encoder, "snapshot_directories", "Directories in the cache in use", None, directories)
    }
}

fn gauge(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    unit: Option<Unit>,
    value: i64,
) -> fmt::Result {
    encoder.encode_descriptor(name, help, unit.as_ref(), MetricType::Gauge)?.encode_gauge(&value)
}

#[cfg(test)]
mod tests {
    use answer::Failure;

    use super::*;

    #[test]
    fn an_answer_is_counted_under_its_labels_and_in_its_bucket() {
        let metrics = Arc::new(Metrics::default());
        metrics.answered(Kind::Metalink, 200, Some(Tier::Country), 700, Duration::from_micros(40));
        metrics.answered(Kind::Metalink, 200, Some(Tier::Country), 300, Duration::from_micros(40));
        metrics.answered(Kind::Error(Failure::Path), 418, None, 0, Duration::from_secs(9));
        let text = metrics.text(None).unwrap();
        let has = |line: &str| assert!(text.lines().any(|l| l == line), "{line:?} not in\n{text}");
        has(r#"mirrormanager_serve_requests_total{kind="metalink",status="200",tier="country"} 2"#);
        has(r#"mirrormanager_serve_requests_total{kind="error_path",status="other",tier="none"} 1"#);
        has(r#"mirrormanager_serve_latency_seconds_bucket{le="0.000025"} 0"#);
        has(r#"mirrormanager_serve_latency_seconds_bucket{le="0.00005"} 2"#);
        has(r#"mirrormanager_serve_latency_seconds_bucket{le="+Inf"} 3"#);
        has("mirrormanager_serve_latency_seconds_count 3");
        has("mirrormanager_serve_body_bytes_total 1000");
        assert!(!text.contains("snapshot"), "no data yet, so nothing about it:\n{text}");
    }

    #[test]
    fn a_refusal_shows_until_the_next_swap() {
        let metrics = Arc::new(Metrics::default());
        let facts = DataFacts { made_at_seconds: 1000, age_seconds: 25, directories: 7 };
        metrics.refused();
        let text = metrics.text(Some(facts)).unwrap();
        assert!(text.contains("mirrormanager_serve_reload_failed 1\n"), "{text}");
        assert!(text.contains("mirrormanager_serve_data_refusals_total 1\n"), "{text}");
        assert!(text.contains("mirrormanager_serve_snapshot_age_seconds 25\n"), "{text}");
        assert!(text.contains("mirrormanager_serve_snapshot_created_timestamp_seconds 1000\n"), "{text}");
        metrics.swapped();
        assert!(metrics.text(Some(facts)).unwrap().contains("mirrormanager_serve_reload_failed 0\n"));
    }
}
