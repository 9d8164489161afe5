//! Why there is no listing.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use crate::lines::Flood;

/// Why there is no listing. What was handed out before is worth nothing.
#[derive(Debug, thiserror::Error)]
pub enum RsyncError {
    /// The URL or path would be taken for an option, or is empty.
    #[error("{0:?} is no rsync source: give a URL such as rsync://host/module or a path")]
    Source(String),
    /// The program can not be started.
    #[error("cannot start {}: {reason}; is rsync installed?", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// What the system says.
        reason: io::Error,
    },
    /// Its output can not be read.
    #[error("cannot read what rsync prints: {0}")]
    Output(io::Error),
    /// It failed.
    #[error("rsync ended with {}", ended(*.0, .1))]
    Failed(ExitStatus, String),
    /// It ended well, but in the middle of a line.
    #[error("rsync's listing ends in the middle of a line")]
    Cut,
    /// It printed too much.
    #[error("rsync was stopped: {0}")]
    Flood(#[from] Flood),
    /// It printed nothing for this long.
    #[error("rsync was stopped: nothing came for {} s", .0.as_secs())]
    Silent(Duration),
    /// It ran for this long.
    #[error("rsync was stopped: it did not end within {} s", .0.as_secs())]
    Late(Duration),
}

/// The status and, if there is one, the first complaint.
fn ended(with: ExitStatus, said: &str) -> String {
    let status = status(with);
    if said.is_empty() { status } else { format!("{status}: {said}") }
}

/// rsync's own words for the statuses that a listing ends with.
fn status(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt as _;
    let Some(code) = status.code() else {
        return format!("signal {}", status.signal().unwrap_or_default());
    };
    let meaning = match code {
        1 => "wrong options",
        2 => "protocol incompatibility",
        3 => "errors selecting files",
        5 => "error starting the client-server protocol",
        10 => "error in socket I/O: is the address right?",
        11 => "error in file I/O",
        12 => "error in the protocol data stream",
        13 => "errors with program diagnostics",
        14 => "error in IPC code",
        19 | 20 => "it was told to stop",
        30 => "timeout in data send or receive",
        35 => "timeout waiting for the daemon",
        _ => return format!("status {code}"),
    };
    format!("status {code} ({meaning})")
}
