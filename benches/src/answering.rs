//! What an answer costs: CPU time of the server per request, as a ratio to a server that sends a constant
//! body of the same mean size.

use std::io;
use std::path::Path;
use std::sync::Arc;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::child::Server;
use crate::figure::{Figure, Target, median};
use crate::inputs::{self, Inputs};
use crate::load;

/// Pairs of measurements.
const ROUNDS: usize = 5;

/// Different questions.
const QUESTIONS: usize = 8192;

/// Questions of one measurement.
const REQUESTS: usize = 120_000;

/// Questions to measure the mean body, and to warm both servers up.
const WARM_UP: usize = 20_000;

/// Clients at one time.
const CONNECTIONS: usize = 16;

/// `/mirrorlist?repo=…&arch=…` from anywhere in the world.
pub fn mirrorlist_questions(inputs: &Inputs) -> Arc<Vec<String>> {
    let mut rng = StdRng::seed_from_u64(2);
    let question = |_| {
        let (repo, arch) = inputs
            .repositories
            .get(rng.random_range(0..inputs.repositories.len()))
            .cloned()
            .unwrap_or_default();
        let client = inputs::client(&mut rng);
        format!(
            "GET /mirrorlist?repo={repo}&arch={arch} HTTP/1.1\r\nhost: mirrors.example.org\r\n\
             user-agent: libdnf (Fedora Linux 43; server; Linux.x86_64)\r\naccept: */*\r\n\
             x-forwarded-for: {client}\r\n\r\n"
        )
    };
    Arc::new((0..QUESTIONS).map(question).collect())
}

/// CPU per request of a running server of ours beside a constant one, in microseconds.
///
/// # Errors
/// A server is gone or gives an answer that is not a 200.
pub async fn cpu_per_request(
    name: &'static str,
    ours: &Server,
    questions: &Arc<Vec<String>>,
    target: Target,
) -> io::Result<Figure> {
    let seen = load::ask(ours.address(), questions, WARM_UP, CONNECTIONS).await?;
    let mean = seen.body_bytes / seen.answers.max(1);
    let constant = Server::start(&["constant", &mean.to_string()])?;
    load::ask(constant.address(), questions, WARM_UP, CONNECTIONS).await?;
    let (mut values, mut limits, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let value = measure(ours, questions).await?;
        let limit = measure(&constant, questions).await?;
        values.push(value);
        limits.push(limit);
        ratios.push(value / limit);
    }
    Ok(Figure {
        name,
        value: median(&values),
        unit: "us",
        limit: Some(median(&limits)),
        ratio: median(&ratios),
        target,
    })
}

async fn measure(server: &Server, questions: &Arc<Vec<String>>) -> io::Result<f64> {
    let before = server.cpu()?;
    load::ask(server.address(), questions, REQUESTS, CONNECTIONS).await?;
    Ok((server.cpu()? - before).as_secs_f64() * 1e6 / REQUESTS as f64)
}

/// Starts our server as a child on these inputs; with `log`, it writes an access log there.
///
/// # Errors
/// It does not start.
pub fn start_ours(inputs: &Inputs, log: Option<&Path>) -> io::Result<Server> {
    let text = |path: &Path| path.display().to_string();
    let mut arguments = vec![
        "serve".to_owned(),
        text(&inputs.cache),
        text(&inputs.countries),
        text(&inputs.netblocks),
        text(&inputs.continents),
    ];
    arguments.extend(log.map(text));
    Server::start(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
}
