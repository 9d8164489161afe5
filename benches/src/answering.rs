//! What an answer costs, and how many a second there are, beside a server that sends a constant body of the
//! same mean size.

use std::io;

use crate::figure::{Figure, Target};
use crate::questions::{self, Kind};
use crate::rows::Bench;
use crate::{ours, saturation};

/// One kind of question. The clients' own CPU time is told too, since they share the cores.
///
/// # Errors
/// A server does not start, or gives an answer that is not a 200.
pub fn row(bench: &Bench, kind: Kind) -> io::Result<()> {
    let cpu = match kind {
        Kind::Mirrorlist => 2.5,
        Kind::Metalink | Kind::MetalinkPath => 2.6,
    };
    measure(bench, kind, kind.name(), false, (Target::AtMost(cpu), Target::AtLeast(0.5)))
}

/// `/mirrorlist` with an access log.
///
/// # Errors
/// As [`row`].
pub fn logging(bench: &Bench) -> io::Result<()> {
    measure(bench, Kind::Mirrorlist, "mirrorlist_with_access_log", true, (Target::None, Target::None))
}

fn measure(
    bench: &Bench,
    kind: Kind,
    name: &str,
    logging: bool,
    (cpu, rate): (Target, Target),
) -> io::Result<()> {
    let inputs = bench.inputs()?;
    let questions = questions::of(kind, inputs);
    let log = bench.folder().join("access.log");
    let ours = ours::start(inputs, inputs.cache()?, logging.then_some(log.as_path()))?;
    let limit = saturation::limit_of(&ours, &questions)?;
    let pairs = saturation::pairs(&ours, &limit, &questions)?;
    let figure = |what, unit, target, of: fn(&saturation::Saturation) -> f64| {
        let pairs = pairs.iter().map(|(ours, limit)| (of(ours), of(limit)));
        bench.report(&Figure::of_pairs(format!("{name}_{what}"), unit, target, pairs));
    };
    figure("cpu_per_request", "us", cpu, |one| one.cpu_us);
    figure("requests_per_second", "1/s", rate, |one| one.rate);
    figure("clients_cpu_per_request", "us", Target::None, |one| one.clients_us);
    Ok(())
}
