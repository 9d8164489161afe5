//! What the server counts, and its text for Prometheus.
//!
//! The request path only adds to numbers of its own thread in fixed places: no lock, no look-up by label.
//! The labels come in when somebody asks, in [`Metrics::text`].

mod facts;
mod traffic;

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::{fmt, iter};

use answer::{Kind, Tier};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};

use crate::data::Part;
use crate::deadline::Cut;
use crate::error::DataError;
use facts::gauge;
use traffic::{BOUNDS_US, Count, STATUSES};

pub(crate) use facts::DataFacts;
pub(crate) use traffic::Traffic;

/// The numbers of one server.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    /// Of each thread that serves.
    traffic: Mutex<Vec<Arc<Traffic>>>,
    log_dropped: AtomicU64,
    swaps: AtomicU64,
    /// By reason.
    refusals: [AtomicU64; DataError::REASONS.len()],
    last_reload_failed: AtomicU64,
    /// By part and result.
    pulls: [[AtomicU64; Pull::ALL.len()]; Part::ALL.len()],
}

/// What came of an attempt to pull a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pull {
    /// It is in use.
    New,
    /// There was nothing else than before.
    Unchanged,
    /// It came, and is not used.
    Refused,
    /// It did not come.
    Failed,
}

impl Pull {
    const ALL: [Self; 4] = [Self::New, Self::Unchanged, Self::Refused, Self::Failed];

    const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Unchanged => "unchanged",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

impl Metrics {
    /// Numbers for one more thread that serves.
    pub(crate) fn traffic(&self) -> Arc<Traffic> {
        let traffic = Arc::<Traffic>::default();
        self.traffic.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&traffic));
        traffic
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

    /// New data was refused for one of the [reasons](DataError::REASONS); the old one stays.
    pub(crate) fn refused(&self, reason: &str) {
        for (_, count) in DataError::REASONS.iter().zip(&self.refusals).filter(|(known, _)| **known == reason)
        {
            count.fetch_add(1, Relaxed);
        }
        self.last_reload_failed.store(1, Relaxed);
    }

    /// A file was pulled, or not.
    pub(crate) fn pulled(&self, part: Part, outcome: Pull) {
        let of_part = Part::ALL.iter().zip(&self.pulls).find(|(known, _)| **known == part);
        let counts = of_part.into_iter().flat_map(|(_, counts)| Pull::ALL.iter().zip(counts));
        for (_, count) in counts.filter(|(known, _)| **known == outcome) {
            count.fetch_add(1, Relaxed);
        }
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

    /// Adds up one number of all threads.
    fn sum(&self, count: impl Fn(&Traffic) -> &Count) -> u64 {
        let traffic = self.traffic.lock().unwrap_or_else(PoisonError::into_inner);
        traffic.iter().map(|one| count(one).get()).sum()
    }

    /// Adds up a row of numbers of all threads.
    fn sums<const N: usize>(&self, counts: impl Fn(&Traffic) -> &[Count; N]) -> [u64; N] {
        let traffic = self.traffic.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sums = [0; N];
        for one in traffic.iter() {
            for (sum, count) in sums.iter_mut().zip(counts(one)) {
                *sum += count.get();
            }
        }
        sums
    }

    fn requests(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        let mut counts = self.sums(|one| &one.requests).into_iter();
        let tiers = || iter::once("none").chain(Tier::ALL.map(Tier::name));
        for kind in Kind::ALL {
            for status in STATUSES {
                for tier in tiers() {
                    let count = counts.next().unwrap_or_default();
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
        let buckets: Vec<(f64, u64)> = bounds.zip(self.sums(|one| &one.latency)).collect();
        let total = buckets.iter().map(|(_, count)| count).sum();
        let seconds = self.sum(|one| &one.latency_sum_ns) as f64 / 1e9;
        encoder.encode_histogram::<NoLabelSet>(seconds, total, &buckets, None)
    }

    fn cut_off(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        for (cause, count) in Cut::ALL.iter().zip(self.sums(|one| &one.cut_off)) {
            let labels = [("cause", cause.name())];
            encoder.encode_family(&labels)?.encode_counter::<NoLabelSet, _, u64>(&count, None)?;
        }
        Ok(())
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
        m.cut_off(encoder.encode_descriptor(
            "connections_cut_off",
            "Connections that took too long for something, or that a client had too many of",
            None,
            MetricType::Counter,
        )?)?;
        let connected = m.sum(|one| &one.connected);
        for (name, help, unit, value) in [
            ("body", "Bodies of answers", Some(Unit::Bytes), m.sum(|one| &one.body_bytes)),
            ("panics", "Answers that failed by a fault of ours", None, m.sum(|one| &one.panics)),
            ("connections_accepted", "Connections that began", None, connected),
            ("access_log_dropped_lines", "Lines that the access log lost", None, m.log_dropped.load(Relaxed)),
            ("data_swaps", "Times that new data was taken into use", None, m.swaps.load(Relaxed)),
        ] {
            encoder
                .encode_descriptor(name, help, unit.as_ref(), MetricType::Counter)?
                .encode_counter::<NoLabelSet, _, u64>(&value, None)?;
        }
        let mut refusals = encoder.encode_descriptor(
            "data_refusals",
            "Times that new data was refused",
            None,
            MetricType::Counter,
        )?;
        for (reason, count) in DataError::REASONS.iter().zip(&m.refusals) {
            refusals
                .encode_family(&[("reason", *reason)])?
                .encode_counter::<NoLabelSet, _, u64>(&count.load(Relaxed), None)?;
        }
        let mut pulls =
            encoder.encode_descriptor("pulls", "Attempts to pull files", None, MetricType::Counter)?;
        for (part, counts) in Part::ALL.iter().zip(&m.pulls) {
            for (outcome, count) in Pull::ALL.iter().zip(counts) {
                let count = count.load(Relaxed);
                if count > 0 {
                    pulls
                        .encode_family(&[("part", part.name()), ("result", outcome.name())])?
                        .encode_counter::<NoLabelSet, _, u64>(&count, None)?;
                }
            }
        }
        let failed = i64::from(m.last_reload_failed.load(Relaxed) > 0);
        gauge(&mut encoder, "reload_failed", "1 while the newest data on disk is refused", None, failed)?;
        let open = connected.saturating_sub(m.sum(|one| &one.disconnected));
        let open = i64::try_from(open).unwrap_or(i64::MAX);
        gauge(&mut encoder, "connections", "Open connections", None, open)?;
        match &self.data {
            Some(data) => data.encode(&mut encoder),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use answer::Failure;

    use super::*;

    #[test]
    fn an_answer_is_counted_under_its_labels_and_in_its_bucket() {
        let metrics = Arc::new(Metrics::default());
        let (one, other) = (metrics.traffic(), metrics.traffic());
        one.answered(Kind::Metalink, 200, Some(Tier::Country), 700, Duration::from_micros(40));
        other.answered(Kind::Metalink, 200, Some(Tier::Country), 300, Duration::from_micros(40));
        one.answered(Kind::Error(Failure::Path), 418, None, 0, Duration::from_secs(9));
        other.cut_off(Cut::Headers);
        let text = metrics.text(None).unwrap();
        let has = |line: &str| assert!(text.lines().any(|l| l == line), "{line:?} not in\n{text}");
        has(r#"mirrormanager_serve_requests_total{kind="metalink",status="200",tier="country"} 2"#);
        has(r#"mirrormanager_serve_requests_total{kind="error_path",status="other",tier="none"} 1"#);
        has(r#"mirrormanager_serve_latency_seconds_bucket{le="0.000025"} 0"#);
        has(r#"mirrormanager_serve_latency_seconds_bucket{le="0.00005"} 2"#);
        has(r#"mirrormanager_serve_latency_seconds_bucket{le="+Inf"} 3"#);
        has("mirrormanager_serve_latency_seconds_count 3");
        has("mirrormanager_serve_body_bytes_total 1000");
        has(r#"mirrormanager_serve_connections_cut_off_total{cause="headers"} 1"#);
        has(r#"mirrormanager_serve_connections_cut_off_total{cause="idle"} 0"#);
        assert!(!text.contains("snapshot"), "no data yet, so nothing about it:\n{text}");
    }

    #[test]
    fn a_refusal_shows_until_the_next_swap() {
        let metrics = Arc::new(Metrics::default());
        metrics.refused("older");
        let text = metrics.text(None).unwrap();
        assert!(text.contains("mirrormanager_serve_reload_failed 1\n"), "{text}");
        assert!(text.contains("mirrormanager_serve_data_refusals_total{reason=\"older\"} 1\n"), "{text}");
        assert!(text.contains("mirrormanager_serve_data_refusals_total{reason=\"damaged\"} 0\n"), "{text}");
        metrics.swapped();
        assert!(metrics.text(None).unwrap().contains("mirrormanager_serve_reload_failed 0\n"));
    }
}
