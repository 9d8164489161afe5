//! Time as a parameter. Only this file asks the machine for the time of day.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};

/// Where a component gets the time from.
pub trait Clock: Send + Sync {
    /// Now, UTC, cut to whole microseconds (what both database engines keep).
    fn now(&self) -> DateTime<Utc>;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> DateTime<Utc> {
        let now = Utc::now();
        now.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(now)
    }
}

/// A clock that stands still, for tests and reproducible output.
#[derive(Debug, Clone, Copy)]
pub struct FixedClock(
    /// The time it always tells.
    pub DateTime<Utc>,
);

impl FixedClock {
    /// A clock that stands at this many seconds since 1970-01-01 UTC.
    ///
    /// A second outside of what a calendar can express becomes 1970-01-01.
    pub fn at(seconds: i64) -> Self {
        Self(DateTime::from_timestamp(seconds, 0).unwrap_or_default())
    }
}

impl Clock for FixedClock {
    fn now(&self) -> DateTime<Utc> {
        self.0
    }
}
