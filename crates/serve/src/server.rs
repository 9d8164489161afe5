//! Starting and stopping: the order in which things come up and go down.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use model::clock::Clock;
use settings::answer::{Answer, Compatibility};
use settings::serve::{AccessLogFormat, Serve};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::access_log::{AccessLog, Timing};
use crate::control::{Control, Readiness};
use crate::data::Sources;
use crate::error::{DataError, StartError};
use crate::http::{self, Limits};
use crate::listen::listen;
use crate::metrics::Metrics;
use crate::policy::policy;
use crate::public::Public;
use crate::watch::Reloader;

/// The settings of a server: both groups.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Sockets, files, limits.
    pub serve: Serve,
    /// What clients are told.
    pub answer: Answer,
}

/// The mirrorlist server.
pub struct Server;

impl Server {
    /// Opens the access log, loads all data, then listens, in the order of the old server (spec mirrorlist
    /// C.1); the control listener comes before the data, and says "not ready" until it is there.
    ///
    /// Returns once clients are answered.
    ///
    /// # Errors
    /// The first thing that does not work; nothing is left running.
    pub async fn start(options: &Options, clock: Arc<dyn Clock>) -> Result<Running, StartError> {
        let policy = policy(&options.answer)?;
        let limits = Limits::of(&options.serve)?;
        let metrics = Arc::new(Metrics::default());
        let data = Arc::new(ArcSwapOption::empty());
        let access_log = open_access_log(options, &metrics)?;

        let control = Arc::new(Control::new(Arc::clone(&metrics), Arc::clone(&data), Arc::clone(&clock)));
        let (stop_control, control_stopped) = watch::channel(false);
        let control_listener = match options.serve.control {
            Some(address) => Some(bind(address, "serve.control")?),
            None => None,
        };
        let mut tasks = Tasks { control: None, public: None, watcher: None };
        let control_address = match control_listener {
            Some((listener, address)) => {
                let serving = http::serve(listener, limits.brief(), Arc::clone(&control), control_stopped);
                tasks.control = Some(tokio::spawn(serving));
                Some(address)
            }
            None => None,
        };

        let reloader =
            Arc::new(Reloader::new(Sources::of(&options.serve), Arc::clone(&data), Arc::clone(&metrics)));
        reloader.first().await?;

        let (listener, address) = bind(options.serve.listen, "serve.listen")?;
        let (stop, stopped) = watch::channel(false);
        let public = Public::new(
            policy,
            Arc::clone(&data),
            Arc::clone(&metrics),
            access_log.clone(),
            clock,
            &options.serve,
        );
        tasks.public = Some(tokio::spawn(http::serve(listener, limits, Arc::new(public), stopped.clone())));
        if options.serve.watch_seconds > 0 {
            let interval = Duration::from_secs(options.serve.watch_seconds);
            let settle = Duration::from_secs(options.serve.settle_seconds);
            let reloader = Arc::clone(&reloader);
            tasks.watcher =
                Some(tokio::spawn(async move { reloader.watch(interval, settle, stopped).await }));
        }
        control.set(Readiness::Ready);
        tracing::info!(%address, "answering");
        Ok(Running { address, control_address, control, reloader, access_log, stop, stop_control, tasks })
    }
}

/// A server that answers. Dropping it stops it without waiting.
pub struct Running {
    address: SocketAddr,
    control_address: Option<SocketAddr>,
    control: Arc<Control>,
    reloader: Arc<Reloader>,
    access_log: Option<AccessLog>,
    stop: watch::Sender<bool>,
    stop_control: watch::Sender<bool>,
    tasks: Tasks,
}

impl Running {
    /// Where clients are answered; with the real port if the settings said 0.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where health and metrics are. `None` if the settings name no address for them.
    pub fn control_address(&self) -> Option<SocketAddr> {
        self.control_address
    }

    /// Loads all data anew and takes it into use; requests are answered all the while.
    ///
    /// # Errors
    /// The reason why the old data stays in use. It is logged and counted too.
    pub async fn reload_now(&self) -> Result<(), DataError> {
        self.reloader.reload().await
    }

    /// Opens the access log anew at its path, after a rotation. Nothing happens if there is none.
    ///
    /// # Errors
    /// What the system says; the old file is then written further.
    pub async fn reopen_access_log(&self) -> std::io::Result<()> {
        match &self.access_log {
            Some(log) => log.reopen().await,
            None => Ok(()),
        }
    }

    /// Accepts nothing new, lets open connections finish (at most `serve.drain_seconds`), writes the
    /// access log to its end.
    pub async fn stop(mut self) {
        self.control.set(Readiness::Stopping);
        let _ = self.stop.send(true);
        for task in [self.tasks.public.take(), self.tasks.watcher.take()].into_iter().flatten() {
            let _ = task.await;
        }
        if let Some(log) = &self.access_log {
            log.close().await;
        }
        let _ = self.stop_control.send(true);
        if let Some(task) = self.tasks.control.take() {
            let _ = task.await;
        }
    }
}

/// The tasks of a server. Dropped before their time, they end.
struct Tasks {
    control: Option<JoinHandle<()>>,
    public: Option<JoinHandle<()>>,
    watcher: Option<JoinHandle<()>>,
}

impl Drop for Tasks {
    fn drop(&mut self) {
        for task in [&self.control, &self.public, &self.watcher].into_iter().flatten() {
            task.abort();
        }
    }
}

fn open_access_log(options: &Options, metrics: &Arc<Metrics>) -> Result<Option<AccessLog>, StartError> {
    let settings = &options.serve;
    let timing = match options.answer.compatibility {
        Compatibility::Upstream => Timing::BeforeAnswer,
        Compatibility::Native => Timing::Queued(settings.access_log_queue),
    };
    match settings.access_log {
        AccessLogFormat::Off => Ok(None),
        AccessLogFormat::Upstream => {
            let file = &settings.access_log_file;
            AccessLog::open(file, timing, Arc::clone(metrics))
                .map(Some)
                .map_err(|source| StartError::AccessLog { file: file.clone(), source })
        }
    }
}

fn bind(address: SocketAddr, setting: &'static str) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Listen { address, setting, source };
    let listener = listen(address).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}
