//! How much memory our server takes: while it reads its data, when it answers, and when it takes new data.

use std::io;
use std::time::Duration;

use crate::figure::{Figure, Target};
use crate::questions::{self, Kind};
use crate::rows::Bench;
use crate::swap::Swapped;
use crate::{load, ours, process};

/// How long each kind of question is asked before memory counts as steady.
const WARM_UP: Duration = Duration::from_secs(1);

/// From every form of the cache.
///
/// # Errors
/// The server does not start, or does not take new data.
pub fn row(bench: &Bench) -> io::Result<()> {
    let inputs = bench.inputs()?;
    for cache in &inputs.caches {
        let mut swapped = Swapped::new(cache, bench.folder())?;
        let server = ours::start(inputs, swapped.cache(), None)?;
        let reading = process::memory(server.id())?.peak;
        for kind in Kind::ALL {
            load::saturate(server.address(), &questions::of(kind, inputs), WARM_UP)?;
        }
        let steady = process::memory(server.id())?;
        process::forget_peak(server.id())?;
        swapped.swap(&server)?;
        let swap = process::memory(server.id())?;

        let name = |what| format!("memory_{}_{what}", cache.format.name());
        let value = |what, bytes, target| {
            bench.report(&Figure::of_value(name(what), "MB", target, megabytes(bytes)));
        };
        value("peak_while_reading", reading, Target::AtMost(700.0));
        value("steady", steady.resident(), Target::AtMost(250.0));
        value("steady_anonymous", steady.anonymous, Target::None);
        value("steady_file", steady.file, Target::None);
        let beside_steady = |what, bytes, target| {
            let pair = [(megabytes(bytes), megabytes(steady.resident()))];
            bench.report(&Figure::of_pairs(name(what), "MB", target, pair));
        };
        beside_steady("peak_during_swap", swap.peak, Target::AtMost(2.0));
        beside_steady("after_swap", swap.resident(), Target::None);
    }
    Ok(())
}

/// In millions of bytes.
pub fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
