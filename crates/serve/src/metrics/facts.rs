//! What the metrics say of the data in use.

use std::fmt;

use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;

use crate::data::{Loaded, Part, Provenance};

/// What is known about the data in use when the numbers are asked for.
#[derive(Debug, Clone)]
pub(crate) struct DataFacts {
    serial: u64,
    made_at_seconds: u64,
    /// Negative if the cache is from the future.
    age_seconds: i64,
    directories: usize,
    repositories: usize,
    hosts: usize,
    parts: [(Part, Provenance); Part::ALL.len()],
}

impl DataFacts {
    /// The facts at this time, in seconds since 1970.
    pub(crate) fn of(loaded: &Loaded, now_seconds: i64) -> Self {
        let snapshot = loaded.snapshot();
        let counts = snapshot.counts();
        let made_at_seconds = snapshot.created();
        let made = i64::try_from(made_at_seconds).unwrap_or(i64::MAX);
        Self {
            serial: snapshot.serial(),
            made_at_seconds,
            age_seconds: now_seconds.saturating_sub(made),
            directories: counts.directories,
            repositories: counts.repositories,
            hosts: counts.hosts,
            parts: Part::ALL.map(|part| (part, loaded.provenance(part))),
        }
    }

    pub(super) fn encode(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let time = |seconds: u64| i64::try_from(seconds).unwrap_or(i64::MAX);
        let seconds = || Some(Unit::Seconds);
        let made = time(self.made_at_seconds);
        for (name, help, unit, value) in [
            ("snapshot_created_timestamp", "When the cache was made", seconds(), made),
            ("snapshot_age", "Age of the cache in use", seconds(), self.age_seconds),
            ("snapshot_serial", "Serial of the cache in use", None, time(self.serial)),
            ("snapshot_directories", "Directories in the cache in use", None, number(self.directories)),
            ("snapshot_repositories", "Repositories in the cache in use", None, number(self.repositories)),
            ("snapshot_hosts", "Hosts in the cache in use", None, number(self.hosts)),
        ] {
            gauge(encoder, name, help, unit, value)?;
        }
        let mut sources = encoder.encode_descriptor(
            "data_source",
            "Where each part of the data in use was taken from",
            None,
            MetricType::Gauge,
        )?;
        for (part, provenance) in &self.parts {
            let labels = [("part", part.name()), ("source", provenance.origin.name())];
            sources.encode_family(&labels)?.encode_gauge(&1i64)?;
        }
        let mut times = encoder.encode_descriptor(
            "data_made_timestamp",
            "When each part of the data in use was made",
            Some(&Unit::Seconds),
            MetricType::Gauge,
        )?;
        for (part, provenance) in &self.parts {
            if let Some(made) = provenance.made_at_seconds {
                times.encode_family(&[("part", part.name())])?.encode_gauge(&time(made))?;
            }
        }
        Ok(())
    }
}

/// One number without labels.
pub(super) fn gauge(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    unit: Option<Unit>,
    value: i64,
) -> fmt::Result {
    encoder.encode_descriptor(name, help, unit.as_ref(), MetricType::Gauge)?.encode_gauge(&value)
}
