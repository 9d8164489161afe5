//! Starting and stopping: the order in which things come up and go down.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use answer::{Policy, Recorded};
use arc_swap::ArcSwapOption;
use model::clock::Clock;
use settings::answer::{Answer, Compatibility};
use settings::serve::{AccessLogFormat, Serve};
use tokio::sync::{oneshot, watch};
use tokio::task::spawn_local;

use crate::access_log::{AccessLog, Addresses, Form, Timing};
use crate::control::{Control, Readiness};
use crate::data::{Acceptance, Sources};
use crate::error::{DataError, StartError};
use crate::http::{self, Course, drained};
use crate::limits::{Limits, Room};
use crate::listen::{self, Bound, Inherited, Listener, SocketFile};
use crate::metrics::Metrics;
use crate::policy::policy;
use crate::public::Public;
use crate::pull::Puller;
use crate::watch::Reloader;
use crate::worker::Worker;

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
        Self::start_on(Inherited::default(), options, clock).await
    }

    /// The same on sockets that are open already, in the place of those that the settings name.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn start_on(
        inherited: Inherited,
        options: &Options,
        clock: Arc<dyn Clock>,
    ) -> Result<Running, StartError> {
        let recorded = match options.serve.access_log {
            AccessLogFormat::Off => Recorded::Nothing,
            AccessLogFormat::Upstream => Recorded::Repositories,
            AccessLogFormat::Json => Recorded::All,
        };
        let policy = Policy { recorded, ..policy(&options.answer)? };
        let limits = Limits::of(&options.serve)?;
        let metrics = Arc::new(Metrics::default());
        let data = Arc::new(ArcSwapOption::empty());
        let access_log = open_access_log(options, &metrics)?;

        let control = Arc::new(Control::new(Arc::clone(&metrics), Arc::clone(&data), Arc::clone(&clock)));
        let sources = Sources::of(&options.serve)?;
        let reloader = Arc::new(Reloader::new(sources, Arc::clone(&data), Arc::clone(&metrics)));
        let (course, on_course) = watch::channel(Course::Serve);
        let (control_course, on_control_course) = watch::channel(Course::Serve);
        let control_sockets = match options.serve.control {
            Some(address) if inherited.control.is_empty() => bind(address, 1, "serve.control")?,
            _ => inherited.control,
        };
        let control_address = control_sockets.iter().find_map(Bound::address);
        let mut pullers = Puller::all(&options.serve, &reloader, &metrics)?;
        let (begin_pulling, pulling) = oneshot::channel::<Vec<Puller>>();
        let background = {
            let control = Arc::clone(&control);
            let watching = watching(&options.serve, Arc::clone(&reloader), on_course.clone());
            Worker::start("control".into(), move || {
                let listeners = control_sockets.into_iter().map(Listener::of).collect::<io::Result<_>>()?;
                Ok(async move {
                    spawn_local(watching);
                    spawn_local(async move {
                        for puller in pulling.await.unwrap_or_default() {
                            spawn_local(puller.run());
                        }
                    });
                    let room = Room::new(usize::MAX, 0);
                    http::serve(listeners, limits.brief(), room, control, on_control_course).await;
                })
            })
            .await
            .map_err(StartError::Thread)?
        };

        for puller in &mut pullers {
            puller.first().await?;
        }
        reloader.first().await?;

        let threads = match options.serve.threads {
            0 => available_parallelism().map_or(1, usize::from),
            threads => threads,
        };
        let (sockets, socket_file) = public_sockets(inherited.public, threads, &options.serve)?;
        let address = sockets.iter().flatten().find_map(Bound::address);
        let room = Room::new(options.serve.max_connections, options.serve.max_connections_per_client);
        let mut workers = Vec::new();
        for (number, sockets) in sockets.into_iter().enumerate() {
            let public = Public {
                policy: policy.clone(),
                data: Arc::clone(&data),
                traffic: metrics.traffic(),
                access_log: access_log
                    .as_ref()
                    .map(|log| log.thread(options.serve.access_log_queue / threads)),
                clock: Arc::clone(&clock),
                compression: options.serve.compression,
                max_body_bytes: options.serve.max_body_bytes,
                body_time: Duration::from_secs(options.serve.body_timeout_seconds),
            };
            let (room, on_course) = (room.clone(), on_course.clone());
            let worker = Worker::start(format!("answer-{number}"), move || {
                let listeners = sockets.into_iter().map(Listener::of).collect::<io::Result<_>>()?;
                Ok(http::serve(listeners, limits, room, public, on_course))
            });
            workers.push(worker.await.map_err(StartError::Thread)?);
        }
        let _ = begin_pulling.send(pullers);
        control.set(Readiness::Ready);
        tracing::info!(address = address.map(tracing::field::display), threads, "answering");
        Ok(Running {
            address,
            _socket_file: socket_file,
            control_address,
            control,
            reloader,
            access_log,
            course,
            workers,
            control_course,
            background,
        })
    }
}

/// Looks at the input files until the server stops, if the settings want that.
fn watching(
    settings: &Serve,
    reloader: Arc<Reloader>,
    mut course: watch::Receiver<Course>,
) -> impl Future<Output = ()> + use<> {
    let interval = Duration::from_secs(settings.watch_seconds);
    let settle = Duration::from_secs(settings.settle_seconds);
    async move {
        if !interval.is_zero() {
            tokio::select! {
                _ = drained(&mut course) => {}
                () = reloader.watch(interval, settle) => {}
            }
        }
    }
}

/// A server that answers. Dropping it stops it without waiting.
pub struct Running {
    address: Option<SocketAddr>,
    _socket_file: Option<SocketFile>,
    control_address: Option<SocketAddr>,
    control: Arc<Control>,
    reloader: Arc<Reloader>,
    access_log: Option<AccessLog>,
    course: watch::Sender<Course>,
    workers: Vec<Worker>,
    control_course: watch::Sender<Course>,
    background: Worker,
}

impl Running {
    /// Where clients are answered; with the real port if the settings said 0. On inherited Unix sockets alone:
    /// port 0 of no address.
    pub fn address(&self) -> SocketAddr {
        self.address.unwrap_or(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 0))
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
        self.reloader.reload(Acceptance::ByTheRules).await
    }

    /// The same, but data that is older than what is in use, or far smaller, is taken too: an operator has
    /// looked at it.
    ///
    /// # Errors
    /// As [`reload_now`](Self::reload_now).
    pub async fn accept_now(&self) -> Result<(), DataError> {
        self.reloader.reload(Acceptance::Forced).await
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
    pub async fn stop(self) {
        self.control.set(Readiness::Stopping);
        let _ = self.course.send(Course::Drain);
        for worker in self.workers {
            worker.ended().await;
        }
        if let Some(log) = &self.access_log {
            log.close().await;
        }
        let _ = self.control_course.send(Course::Drain);
        self.background.ended().await;
    }
}

fn open_access_log(options: &Options, metrics: &Arc<Metrics>) -> Result<Option<AccessLog>, StartError> {
    let settings = &options.serve;
    let form = match settings.access_log {
        AccessLogFormat::Off => return Ok(None),
        AccessLogFormat::Upstream => Form::Upstream,
        AccessLogFormat::Json => Form::Json,
    };
    let timing = match (form, options.answer.compatibility) {
        (Form::Upstream, Compatibility::Upstream) => Timing::BeforeAnswer,
        _ => Timing::Soon,
    };
    let addresses = Addresses::of(settings.access_log_addresses, settings.access_log_key.as_ref());
    let file = &settings.access_log_file;
    AccessLog::open(file, form, addresses, timing, Arc::clone(metrics))
        .map(Some)
        .map_err(|source| StartError::AccessLog { file: file.clone(), source })
}

/// The public sockets of each thread, and the file of the Unix socket if there is one.
fn public_sockets(
    inherited: Vec<Bound>,
    threads: usize,
    settings: &Serve,
) -> Result<(Vec<Vec<Bound>>, Option<SocketFile>), StartError> {
    let mut shared = inherited;
    let mut own = Vec::new();
    let mut file = None;
    if shared.is_empty() {
        own = bind(settings.listen, threads, "serve.listen")?;
        if let Some(path) = &settings.unix_socket {
            let failed = |source| StartError::UnixSocket { path: path.clone(), source };
            let mode =
                u32::from_str_radix(&settings.unix_socket_mode, 8).map_err(|_| StartError::Setting {
                    setting: "serve.unix_socket_mode",
                    value: settings.unix_socket_mode.clone(),
                    expected: "mode in octal digits such as 0660",
                })?;
            let (socket, its_file) = listen::unix(path, mode).map_err(failed)?;
            shared.push(socket);
            file = Some(its_file);
        }
    }
    let mut own = own.into_iter();
    let of_thread = |_| own.next().into_iter().map(Ok).chain(shared.iter().map(Bound::share)).collect();
    let sockets = (0..threads).map(of_thread).collect::<io::Result<_>>().map_err(StartError::Inherited)?;
    Ok((sockets, file))
}

/// Listening sockets on one address.
fn bind(address: SocketAddr, count: usize, setting: &'static str) -> Result<Vec<Bound>, StartError> {
    listen::tcp(address, count).map_err(|source| StartError::Listen { address, setting, source })
}
