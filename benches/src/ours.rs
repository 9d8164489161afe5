//! Our server as a child of the benchmark.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::clock::SystemClock;
use settings::serve::{AccessLogFormat, Serve};

use crate::arrangement;
use crate::child::{self, Server};
use crate::inputs::{Cache, Format, Inputs};

/// Starts it with this cache file and the other inputs that the file does not bring; with `log`, it writes an
/// access log there.
///
/// # Errors
/// It does not start.
pub fn start(inputs: &Inputs, cache: &Cache, log: Option<&Path>) -> io::Result<Server> {
    let files = [&cache.path, &inputs.continents, &inputs.countries, &inputs.netblocks];
    let files = match cache.format {
        Format::Protobuf => &files[..],
        Format::Native => &files[..2],
    };
    let mut words = vec!["serve".to_owned(), log.map_or_else(String::new, |log| log.display().to_string())];
    words.extend(files.iter().map(|path| path.display().to_string()));
    Server::start(&words)
}

/// In the child: serves these files, with metrics on a port of their own, and logs if the name of a log is not
/// empty.
///
/// # Errors
/// It does not start.
pub fn run(log: &str, files: &[&str]) -> io::Result<()> {
    let mut files = files.iter().map(PathBuf::from);
    let any = ([127, 0, 0, 1], 0).into();
    let mut options = serve::Options {
        serve: Serve {
            listen: any,
            control: Some(any),
            threads: arrangement::threads(),
            cache: files.next().unwrap_or_default(),
            continents: files.next(),
            countries: files.next(),
            netblocks: files.next(),
            // A swap is asked for by a signal.
            watch_seconds: 0,
            ..Serve::default()
        },
        ..serve::Options::default()
    };
    if !log.is_empty() {
        options.serve.access_log = AccessLogFormat::Upstream;
        options.serve.access_log_file = log.into();
    }
    let runtime = tokio::runtime::Runtime::new()?;
    let started = |running: &serve::Running| child::tell(running.address(), running.control_address());
    runtime.block_on(serve::run(&options, Arc::new(SystemClock), started)).map_err(io::Error::other)
}
