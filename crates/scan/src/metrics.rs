//! What is measured of scans, in the text form of Prometheus.
//!
//! A process that stays keeps one [`Metrics`] and records every run; a single run records itself and leaves a
//! file for a collector (`scan.metrics_file`). All figures are those of the last scan of each category, so that
//! both say the same.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::{Registry, Unit};

use crate::problem::Problem;
use crate::report::{CategoryReport, Counts, Outcome, ScanReport, Timings};

/// The last scan of each category. A clone is the same.
#[derive(Debug, Clone, Default)]
pub struct Metrics(Arc<Mutex<Known>>);

#[derive(Debug, Clone, Default)]
struct Known {
    categories: BTreeMap<String, Figures>,
    last_good: BTreeMap<String, i64>,
    details_aged: i64,
    ageing_failed: bool,
}

/// Figures of one category.
#[derive(Debug, Clone)]
struct Figures {
    elapsed: Duration,
    timings: Timings,
    counts: Counts,
    outcome: &'static str,
    /// How many of each of [`Problem::KINDS`].
    problems: [i64; Problem::KINDS.len()],
}

impl Figures {
    fn of(report: &CategoryReport) -> Self {
        let count = |kind| number(report.problems.iter().filter(|problem| problem.kind() == kind).count());
        Self {
            elapsed: report.elapsed,
            timings: report.timings,
            counts: report.counts,
            outcome: report.outcome.name(),
            problems: Problem::KINDS.map(count),
        }
    }
}

impl Metrics {
    /// Takes the figures of a run.
    pub fn record(&self, report: &ScanReport) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for category in &report.categories {
            known.categories.insert(category.name.clone(), Figures::of(category));
        }
        known.last_good.clone_from(&report.last_good);
        known.details_aged = number(report.details_aged);
        known.ageing_failed = report.ageing_failed.is_some();
    }

    /// Everything in the text form of Prometheus.
    ///
    /// # Errors
    /// None that could be helped.
    pub fn text(&self) -> Result<String, fmt::Error> {
        let mut registry = Registry::with_prefix("mirrormanager_scan");
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        registry.register_collector(Box::new(known));
        let mut text = String::new();
        encode(&mut text, &registry)?;
        Ok(text)
    }
}

impl Known {
    /// One gauge with a value for each category.
    fn gauge(
        &self,
        encoder: &mut DescriptorEncoder<'_>,
        name: &str,
        help: &str,
        value: impl Fn(&Figures) -> i64,
    ) -> fmt::Result {
        let mut gauge = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (category, figures) in &self.categories {
            let labels = [("category", category.as_str())];
            ConstGauge::new(value(figures)).encode(gauge.encode_family(&labels)?)?;
        }
        Ok(())
    }

    /// One gauge with values for each category and several kinds.
    fn kinds<const N: usize>(
        &self,
        encoder: &mut DescriptorEncoder<'_>,
        (name, help, label): (&str, &str, &str),
        values: impl Fn(&Figures) -> [(&'static str, i64); N],
    ) -> fmt::Result {
        let mut gauge = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (category, figures) in &self.categories {
            for (kind, value) in values(figures) {
                let labels = [("category", category.as_str()), (label, kind)];
                ConstGauge::new(value).encode(gauge.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }

    fn durations(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let seconds = Some(&Unit::Seconds);
        let mut whole =
            encoder.encode_descriptor("duration", "Time of the last scan", seconds, MetricType::Gauge)?;
        for (category, figures) in &self.categories {
            let labels = [("category", category.as_str())];
            ConstGauge::new(figures.elapsed.as_secs_f64()).encode(whole.encode_family(&labels)?)?;
        }
        let help = "Where the time of the last scan went";
        let mut parts = encoder.encode_descriptor("part_duration", help, seconds, MetricType::Gauge)?;
        for (category, Figures { timings, .. }) in &self.categories {
            for (part, time) in timings.parts() {
                let labels = [("category", category.as_str()), ("part", part)];
                ConstGauge::new(time.as_secs_f64()).encode(parts.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }

    fn good(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let help = "When the category was scanned well for the last time, seconds since 1970";
        let name = "last_good_timestamp";
        let mut times = encoder.encode_descriptor(name, help, Some(&Unit::Seconds), MetricType::Gauge)?;
        for (category, time) in &self.last_good {
            let labels = [("category", category.as_str())];
            ConstGauge::new(*time).encode(times.encode_family(&labels)?)?;
        }
        Ok(())
    }
}

impl Collector for Known {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let encoder = &mut encoder;
        self.good(encoder)?;
        self.durations(encoder)?;
        self.gauge(encoder, "directories", "Directories in the tree", |f| number(f.counts.directories))?;
        self.gauge(encoder, "files", "Files in the tree", |f| {
            i64::try_from(f.counts.files).unwrap_or(i64::MAX)
        })?;
        let changes = ("changes", "What the last scan changed", "kind");
        self.kinds(encoder, changes, |Figures { counts, .. }| {
            [
                ("new", number(counts.new)),
                ("changed", number(counts.changed)),
                ("gone", number(counts.gone)),
                ("deleted", number(counts.deleted)),
                ("repositories", number(counts.repositories)),
                ("reattached", number(counts.reattached)),
                ("versions", number(counts.versions)),
                ("details", number(counts.details)),
            ]
        })?;
        let errors = ("errors", "What was wrong with the tree at the last scan", "kind");
        self.kinds(encoder, errors, |figures| {
            let mut kinds = Problem::KINDS.map(|kind| (kind, 0));
            for ((_, to), count) in kinds.iter_mut().zip(figures.problems) {
                *to = count;
            }
            kinds
        })?;
        let outcome = ("outcome", "1 for how the last scan ended", "outcome");
        self.kinds(encoder, outcome, |figures| {
            Outcome::NAMES.map(|name| (name, i64::from(name == figures.outcome)))
        })?;
        for (name, help, value) in [
            ("aged_details", "File details of all categories that the last run removed", self.details_aged),
            ("ageing_failed", "1 if removing old file details failed", i64::from(self.ageing_failed)),
        ] {
            let gauge = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            ConstGauge::new(value).encode(gauge)?;
        }
        Ok(())
    }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(name: &str, outcome: Outcome, new: usize) -> CategoryReport {
        CategoryReport {
            name: name.to_owned(),
            outcome,
            counts: Counts { directories: 7, files: 9, new, ..Counts::default() },
            problems: vec![Problem::Device { root: "/srv".to_owned() }],
            changes: crate::ChangeSet::default(),
            elapsed: Duration::from_millis(1_500),
            timings: Timings { writing: Duration::from_millis(250), ..Timings::default() },
            statements: 5,
        }
    }

    #[test]
    fn the_last_scan_of_each_category_is_told() {
        let metrics = Metrics::default();
        let mut run = ScanReport {
            categories: vec![
                report("A", Outcome::Done, 3),
                report("B \"x\"", Outcome::Failed("y".into()), 0),
            ],
            last_good: BTreeMap::from([("A".to_owned(), 1_000), ("C".to_owned(), 500)]),
            ..ScanReport::default()
        };
        metrics.record(&run);
        run.categories = vec![report("A", Outcome::Done, 4)];
        metrics.record(&run);
        let text = metrics.text().unwrap();
        let has = |line: &str| assert!(text.lines().any(|l| l == line), "{line:?} not in\n{text}");
        has(r#"mirrormanager_scan_last_good_timestamp_seconds{category="A"} 1000"#);
        has(r#"mirrormanager_scan_last_good_timestamp_seconds{category="C"} 500"#);
        has(r#"mirrormanager_scan_duration_seconds{category="A"} 1.5"#);
        has(r#"mirrormanager_scan_part_duration_seconds{category="A",part="writing"} 0.25"#);
        has(r#"mirrormanager_scan_directories{category="A"} 7"#);
        has(r#"mirrormanager_scan_files{category="A"} 9"#);
        has(r#"mirrormanager_scan_changes{category="A",kind="new"} 4"#);
        has(r#"mirrormanager_scan_errors{category="A",kind="device"} 1"#);
        has(r#"mirrormanager_scan_errors{category="A",kind="file"} 0"#);
        has(r#"mirrormanager_scan_outcome{category="A",outcome="done"} 1"#);
        has(r#"mirrormanager_scan_outcome{category="B \"x\"",outcome="failed"} 1"#);
        has(r#"mirrormanager_scan_outcome{category="B \"x\"",outcome="done"} 0"#);
        has("mirrormanager_scan_ageing_failed 0");
        assert!(text.ends_with("# EOF\n"), "{text}");
    }
}
