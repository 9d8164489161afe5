//! Threads that serve: each has a runtime, and with it sockets, timers and tasks, of its own.

use std::future::Future;
use std::io;
use std::thread::{self, JoinHandle};

use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::oneshot;

/// A thread that runs one future and all that it spawns. Dropping this does not end it.
#[derive(Debug)]
pub(crate) struct Worker(JoinHandle<()>);

impl Worker {
    /// Starts a thread. `work` is called on it, within its runtime, and makes the future.
    ///
    /// # Errors
    /// What the system says about the thread or its runtime, or what `work` says.
    pub(crate) async fn start<W, F>(name: String, work: W) -> io::Result<Self>
    where
        W: FnOnce() -> io::Result<F> + Send + 'static,
        F: Future<Output = ()> + 'static,
    {
        let (tell, told) = oneshot::channel();
        let body = move || {
            let runtime =
                match Builder::new_current_thread().enable_all().build_local(LocalOptions::default()) {
                    Ok(runtime) => runtime,
                    Err(error) => {
                        let _ = tell.send(Err(error));
                        return;
                    }
                };
            runtime.block_on(async move {
                match work() {
                    Ok(work) => {
                        let _ = tell.send(Ok(()));
                        work.await;
                    }
                    Err(error) => {
                        let _ = tell.send(Err(error));
                    }
                }
            });
        };
        let thread = thread::Builder::new().name(name).spawn(body)?;
        told.await.unwrap_or_else(|_| Err(io::Error::other("the thread panicked")))?;
        Ok(Self(thread))
    }

    /// Waits for the end of the thread.
    pub(crate) async fn ended(self) {
        // A panic was reported where it happened.
        let _ = tokio::task::spawn_blocking(move || self.0.join()).await;
    }
}
