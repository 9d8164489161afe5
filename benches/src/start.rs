//! From the start of our server to its first answer, with its files in the kernel's memory.

use std::io;
use std::time::Instant;

use crate::figure::{Figure, Target, median};
use crate::inputs::Format;
use crate::questions::{self, Kind};
use crate::rows::Bench;
use crate::saturation::ROUNDS;
use crate::{load, ours};

/// From every form of the cache.
///
/// # Errors
/// The server does not start, or its answer is not a 200.
pub fn row(bench: &Bench) -> io::Result<()> {
    let inputs = bench.inputs()?;
    let questions = questions::of(Kind::Mirrorlist, inputs);
    let question = questions.first().ok_or(io::ErrorKind::InvalidInput)?;
    for cache in &inputs.caches {
        let target = match cache.format {
            Format::Protobuf => 3.0,
            Format::Native => 0.3,
        };
        let mut seconds = Vec::new();
        // The first one only warms up.
        for _ in 0..=ROUNDS {
            let began = Instant::now();
            let server = ours::start(inputs, cache, None)?;
            load::ask(server.address(), question)?;
            seconds.push(began.elapsed().as_secs_f64());
        }
        let seconds = median(seconds.get(1..).unwrap_or_default());
        let name = format!("start_{}_to_first_answer", cache.format.name());
        bench.report(&Figure::of_value(name, "s", Target::AtMost(target), seconds));
    }
    Ok(())
}
