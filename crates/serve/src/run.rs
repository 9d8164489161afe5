//! The server as a process: signals, and what a service manager gives and is told.
//!
//! | signal | effect |
//! |---|---|
//! | SIGHUP | reload the data that has changed, reopen the access log |
//! | SIGUSR1 | reload all data, and take it even if it is older or far smaller than what is in use |
//! | SIGTERM, SIGINT | stop accepting, let open connections finish, exit; a second one exits at once |

use std::sync::Arc;

use model::clock::Clock;
use sd_notify::NotifyState;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::error::StartError;
use crate::listen::Inherited;
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
    let inherited = Inherited::take().map_err(StartError::Inherited)?;
    let running = Server::start_on(inherited, options, clock).await?;
    started(&running);
    tell(&[NotifyState::Ready]);
    loop {
        tokio::select! {
            _ = hangup.recv() => {
                reloading();
                hung_up(&running).await;
                tell(&[NotifyState::Ready]);
            }
            _ = accept.recv() => {
                reloading();
                // A refusal is logged where it happens.
                let _ = running.accept_now().await;
                tell(&[NotifyState::Ready]);
            }
            () = told_to_stop(&mut terminate, &mut interrupt) => break,
        }
    }
    tell(&[NotifyState::Stopping]);
    tracing::info!("stopping");
    tokio::select! {
        () = running.stop() => tracing::info!("stopped"),
        () = told_to_stop(&mut terminate, &mut interrupt) => tracing::warn!("stopped without waiting for open connections"),
    }
    Ok(())
}

/// Tells the service manager, if there is one that listens.
fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "failed to tell the service manager");
    }
}

fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(_) => tell(&[NotifyState::Reloading]),
    }
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
