//! Our server as a child of the benchmark.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::clock::SystemClock;
use settings::serve::{AccessLogFormat, Serve};

use crate::child::{self, Server};
use crate::inputs::Inputs;

/// Starts it with this cache file and the other inputs; with `log`, it writes an access log there.
///
/// # Errors
/// It does not start.
pub fn start(inputs: &Inputs, cache: &Path, log: Option<&Path>) -> io::Result<Server> {
    let files = [cache, &inputs.countries, &inputs.netblocks, &inputs.continents];
    let files = files.into_iter().chain(log).map(|path| path.display().to_string());
    Server::start(&std::iter::once("serve".to_owned()).chain(files).collect::<Vec<_>>())
}

/// In the child: serves these files, with metrics on a port of their own.
///
/// # Errors
/// It does not start.
pub fn run(files: &[&str]) -> io::Result<()> {
    let mut files = files.iter().map(PathBuf::from);
    let any = ([127, 0, 0, 1], 0).into();
    let mut options = serve::Options {
        serve: Serve {
            listen: any,
            control: Some(any),
            cache: files.next().unwrap_or_default(),
            countries: files.next(),
            netblocks: files.next(),
            continents: files.next(),
            // A swap is asked for by a signal.
            watch_seconds: 0,
            ..Serve::default()
        },
        ..serve::Options::default()
    };
    if let Some(log) = files.next() {
        options.serve.access_log = AccessLogFormat::Upstream;
        options.serve.access_log_file = log;
    }
    let runtime = tokio::runtime::Runtime::new()?;
    let started = |running: &serve::Running| child::tell(running.address(), running.control_address());
    runtime.block_on(serve::run(&options, Arc::new(SystemClock), started)).map_err(io::Error::other)
}
