//! Being told to stop: Ctrl-C and SIGTERM are the same request, with different exit statuses.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::exit::Exit;

/// Both signals.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) -> Exit {
        tokio::select! {
            _ = self.interrupt.recv() => Exit::Interrupted,
            _ = self.terminate.recv() => Exit::Terminated,
        }
    }
}

/// Waits until the process is told to stop; how it should end then.
///
/// # Errors
/// When the system lets us have no handler.
pub async fn told_to_stop() -> io::Result<Exit> {
    Ok(Signals::new()?.next().await)
}

/// Cancels a token when the process is told to stop.
pub struct Watch(JoinHandle<Exit>);

impl Watch {
    /// Begins to watch. From here on the signals do not end the process by themselves.
    ///
    /// # Errors
    /// When the system lets us have no handler.
    pub fn start(cancel: CancellationToken) -> io::Result<Self> {
        let mut signals = Signals::new()?;
        Ok(Self(tokio::spawn(async move {
            let exit = signals.next().await;
            cancel.cancel();
            exit
        })))
    }

    /// Stops watching. The exit status of the signal, if one came.
    pub async fn end(self) -> Option<Exit> {
        if !self.0.is_finished() {
            self.0.abort();
        }
        self.0.await.ok()
    }
}

/// Calls `each` for every SIGHUP until this is dropped.
pub struct Hangups(JoinHandle<()>);

impl Hangups {
    /// Begins to watch. From here on the signal does not end the process.
    ///
    /// # Errors
    /// When the system lets us have no handler.
    pub fn start(each: impl Fn() + Send + 'static) -> io::Result<Self> {
        let mut hangups = signal(SignalKind::hangup())?;
        Ok(Self(tokio::spawn(async move {
            while hangups.recv().await.is_some() {
                each();
            }
        })))
    }
}

impl Drop for Hangups {
    fn drop(&mut self) {
        self.0.abort();
    }
}
