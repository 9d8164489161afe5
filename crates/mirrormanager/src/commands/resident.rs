//! A command that stays and tells of what happens, until it is told to stop or nobody reads its output any more.

use std::io;

use tokio_util::sync::CancellationToken;

use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::signals::Watch;

pub(super) struct Resident {
    stop: CancellationToken,
    signals: Watch,
    closed: Option<Failure>,
}

impl Resident {
    /// From here on SIGTERM and Ctrl-C end the command, not the process.
    pub(super) fn start() -> io::Result<Self> {
        let stop = CancellationToken::new();
        Ok(Self { signals: Watch::start(stop.clone())?, stop, closed: None })
    }

    /// Is cancelled when the command has to stop.
    pub(super) fn stop(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Takes what came of telling something: a failure means that nobody reads it any more.
    pub(super) fn told(&mut self, outcome: Outcome<()>) {
        if let Err(failure) = outcome {
            self.closed = Some(failure);
            self.stop.cancel();
        }
    }

    /// How the command ends when its work has ended like this.
    pub(super) async fn end(self, work: Outcome<()>) -> Outcome {
        let _ = self.signals.end().await;
        work?;
        self.closed.map_or(Ok(Exit::Success), Err)
    }
}
