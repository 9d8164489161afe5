//! Our server and the constant one, both saturated, in turn.

use std::io;
use std::time::Duration;

use crate::child::Server;
use crate::load::{self, Questions};
use crate::{constant, process};

/// Pairs of measurements.
pub const ROUNDS: usize = 5;

/// How long a server is asked before it is measured.
const WARM_UP: Duration = Duration::from_secs(1);

/// How long one measurement takes.
const ROUND: Duration = Duration::from_secs(2);

/// One saturated server.
#[derive(Debug, Clone, Copy)]
pub struct Saturation {
    /// Its CPU time per request, in microseconds.
    pub cpu_us: f64,
    /// The clients' CPU time per request, in microseconds.
    pub clients_us: f64,
    /// Requests per second.
    pub rate: f64,
}

/// A constant server with a body of the size that ours has on average for these questions. Both are warm.
///
/// # Errors
/// A server does not start, or gives an answer that is not a 200.
pub fn limit_of(ours: &Server, questions: &Questions) -> io::Result<Server> {
    let seen = load::saturate(ours.address(), questions, WARM_UP)?;
    let constant = constant::start(seen.body_bytes / seen.answers.max(1))?;
    load::saturate(constant.address(), questions, WARM_UP)?;
    Ok(constant)
}

/// Rounds of (ours, the limit).
///
/// # Errors
/// A server is gone or gives an answer that is not a 200.
pub fn pairs(
    ours: &Server,
    limit: &Server,
    questions: &Questions,
) -> io::Result<Vec<(Saturation, Saturation)>> {
    (0..ROUNDS).map(|_| Ok((of(ours, questions, ROUND)?, of(limit, questions, ROUND)?))).collect()
}

/// One measurement.
///
/// # Errors
/// The server is gone or gives an answer that is not a 200.
pub fn of(server: &Server, questions: &Questions, duration: Duration) -> io::Result<Saturation> {
    let before = process::cpu(server.id())?;
    let seen = load::saturate(server.address(), questions, duration)?;
    let cpu = process::cpu(server.id())? - before;
    let answers = seen.answers.max(1) as f64;
    let per_answer = |time: Duration| time.as_secs_f64() * 1e6 / answers;
    Ok(Saturation {
        cpu_us: per_answer(cpu),
        clients_us: per_answer(seen.cpu),
        rate: answers / seen.took.as_secs_f64(),
    })
}
