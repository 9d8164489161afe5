//! Twenty times new data for our server while clients ask half as often as it could answer.

use std::io;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::figure::{Figure, Target, median};
use crate::latency::p99;
use crate::load::{Answered, OpenLoop};
use crate::questions::{self, Kind};
use crate::rows::Bench;
use crate::swap::Swapped;
use crate::{ours, saturation};

const SWAPS: usize = 20;

/// How long it takes to find how often our server could answer.
const PROBE: Duration = Duration::from_secs(2);

/// Between two swaps.
const PAUSE: Duration = Duration::from_millis(600);

/// How long after it the old data may still be on its way out.
const ECHO: Duration = Duration::from_millis(100);

/// From every form of the cache.
///
/// # Errors
/// The server does not start, or does not take new data.
pub fn row(bench: &Bench) -> io::Result<()> {
    let inputs = bench.inputs()?;
    let questions = questions::of(Kind::Mirrorlist, inputs);
    for cache in &inputs.caches {
        let mut swapped = Swapped::new(cache, bench.folder())?;
        let server = ours::start(inputs, swapped.cache(), None)?;
        let rate = saturation::of(&server, &questions, PROBE)?.rate / 2.0;
        let clients = OpenLoop::start(server.address(), &questions, rate)?;
        sleep(PAUSE);
        let mut times = Vec::new();
        let mut seconds = Vec::new();
        for _ in 0..SWAPS {
            let began = Instant::now();
            swapped.swap(&server)?;
            seconds.push(began.elapsed().as_secs_f64());
            times.push((began, Instant::now() + ECHO));
            sleep(ECHO + PAUSE);
        }
        let seen = clients.stop()?;
        let during = |answer: &Answered| {
            // Whoever asked before may wait until after.
            times.iter().any(|(began, ended)| answer.due < *ended && answer.due + answer.took > *began)
        };
        let p99_ms = |inside: bool| {
            let answers = seen.answered.iter().filter(|answer| during(answer) == inside);
            p99(answers.map(|answer| answer.took)).as_secs_f64() * 1e3
        };
        let name = |what| format!("swaps_{}_{what}", cache.format.name());
        let failed = seen.failed as f64;
        bench.report(&Figure::of_value(name("failed_requests"), "", Target::AtMost(0.0), failed));
        let pair = [(p99_ms(true), p99_ms(false))];
        bench.report(&Figure::of_pairs(name("p99_during"), "ms", Target::AtMost(3.0), pair));
        bench.report(&Figure::of_value(name("time_of_one"), "s", Target::None, median(&seconds)));
    }
    Ok(())
}
