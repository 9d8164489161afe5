//! Setting up the log, once per process.

use std::io::{self, IsTerminal, Write};

use settings::Log;
use settings::log::LogFormat;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::failure::{Failure, Outcome};
use crate::progress;

/// Sends log lines to standard error in the form the settings ask for. A second call changes nothing.
///
/// # Errors
/// [`Failure::Input`] when `log.level` is no filter.
pub fn start(log: &Log) -> Outcome<()> {
    let filter = EnvFilter::builder()
        .parse(&log.level)
        .map_err(|e| Failure::input(format!("setting log.level: {:?} is no log filter: {e}", log.level)))?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| Beside)
        .with_span_events(FmtSpan::NONE);
    let terminal = io::stderr().is_terminal();
    let _ = match log.format {
        LogFormat::Json => builder.json().try_init(),
        LogFormat::Auto if !terminal => builder.json().try_init(),
        LogFormat::Text | LogFormat::Auto => builder.with_ansi(terminal).with_target(false).try_init(),
    };
    Ok(())
}

/// Whether a text is one filter of `log.level`: a level, a module, or both.
pub fn is_filter(text: &str) -> bool {
    !text.trim().is_empty() && EnvFilter::builder().parse(text).is_ok()
}

/// Standard error beside progress bars; each write is a whole line.
struct Beside;

impl Write for Beside {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        progress::beside(|| io::stderr().lock().write_all(bytes)).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().lock().flush()
    }
}
