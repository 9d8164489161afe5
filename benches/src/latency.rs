//! How long clients wait when they ask half as often as our server could answer.

use std::io;
use std::thread::sleep;
use std::time::Duration;

use crate::figure::{Figure, Target};
use crate::load::{OpenLoop, Questions};
use crate::questions::{self, Kind};
use crate::rows::Bench;
use crate::saturation::{self, ROUNDS};
use crate::{child, ours};

/// How long one measurement takes.
const ROUND: Duration = Duration::from_secs(2);

/// How long it takes to find how often our server could answer.
const PROBE: Duration = Duration::from_secs(1);

/// Every kind of question, beside the constant server when it is asked as often.
///
/// # Errors
/// A server does not start, or does not answer.
pub fn row(bench: &Bench) -> io::Result<()> {
    let inputs = bench.inputs()?;
    for kind in Kind::ALL {
        let questions = questions::of(kind, inputs);
        let ours = ours::start(inputs, inputs.cache()?, None)?;
        let limit = saturation::limit_of(&ours, &questions)?;
        let mut pairs = Vec::new();
        for _ in 0..ROUNDS {
            let rate = saturation::of(&ours, &questions, PROBE)?.rate / 2.0;
            pairs.push((p99_ms(&ours, &questions, rate)?, p99_ms(&limit, &questions, rate)?));
        }
        let name = format!("latency_{}_p99_at_half_load", kind.name());
        let mut figure = Figure::of_pairs(name, "ms", Target::AtMost(5.0), pairs);
        // The promise is about the time itself; the constant server's is there for comparison.
        figure.ratio = figure.value;
        bench.report(&figure);
    }
    Ok(())
}

fn p99_ms(server: &child::Server, questions: &Questions, rate: f64) -> io::Result<f64> {
    let clients = OpenLoop::start(server.address(), questions, rate)?;
    sleep(ROUND);
    let seen = clients.stop()?;
    if seen.failed > 0 {
        return Err(io::Error::other(format!("{} requests failed", seen.failed)));
    }
    Ok(p99(seen.answered.iter().map(|answer| answer.took)).as_secs_f64() * 1e3)
}

/// The time that 99 of 100 do not exceed; 0 of none.
pub fn p99(times: impl IntoIterator<Item = Duration>) -> Duration {
    let mut sorted: Vec<Duration> = times.into_iter().collect();
    sorted.sort_unstable();
    let at = (sorted.len() * 99).div_ceil(100).saturating_sub(1);
    sorted.get(at).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_a_hundred_may_take_longer() {
        let times = |count: u64| (1..=count).rev().map(Duration::from_millis);
        assert_eq!(p99(times(100)), Duration::from_millis(99));
        assert_eq!(p99(times(1000)), Duration::from_millis(990));
        assert_eq!(p99(times(1)), Duration::from_millis(1));
        assert_eq!(p99(times(0)), Duration::ZERO);
    }
}
