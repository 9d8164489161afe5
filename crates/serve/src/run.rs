//! The server as a process: signals.
//!
//! | signal | effect |
//! |---|---|
//! | SIGHUP | reload all data, reopen the access log |
//! | SIGUSR1 | reload all data, and take it even if it is older or far smaller than what is in use |
//! | SIGTERM, SIGINT | stop accepting, let open connections finish, exit; a second one exits at once |

use std::sync::Arc;

use model::clock::Clock;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::error::StartError;
use crate::server::{Options, Running, Server};

/// Serves until a signal says to stop. `started` is called once, when clients are answered.
///
/// # Errors
/// The server does not start.
pub async fn run(
    options: &Options,
    clock: Arc<dyn Clock>,
    started: impl FnOnce(&Running),
) -> Result<(), StartError> {
    let handler = |kind| signal(kind).map_err(StartError::Signals);
    let mut hangup = handler(SignalKind::hangup())?;
    let mut accept = handler(SignalKind::user_defined1())?;
    let mut terminate = handler(SignalKind::terminate())?;
    let mut interrupt = handler(SignalKind::interrupt())?;
    let running = Server::start(options, clock).await?;
    started(&running);
    loop {
        tokio::select! {
            _ = hangup.recv() => hung_up(&running).await,
            // A refusal is logged where it happens.
            _ = accept.recv() => { let _ = running.accept_now().await; }
            () = told_to_stop(&mut terminate, &mut interrupt) => break,
        }
    }
    tracing::info!("stopping");
    tokio::select! {
        () = running.stop() => tracing::info!("stopped"),
        () = told_to_stop(&mut terminate, &mut interrupt) => tracing::warn!("stopped without waiting for open connections"),
    }
    Ok(())
}

async fn told_to_stop(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// What can not be done is logged; the server goes on as it was.
async fn hung_up(running: &Running) {
    if let Err(error) = running.reopen_access_log().await {
        tracing::error!(%error, "failed to reopen the access log, writing to the old file");
    }
    // A refusal is logged where it happens.
    let _ = running.reload_now().await;
}
