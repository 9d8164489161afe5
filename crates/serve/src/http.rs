//! Accepting connections and speaking HTTP on them: 1.0, 1.1 with keep-alive and pipelining, and
//! HTTP/2 by prior knowledge, told apart by the first bytes.
//!
//! Both listeners, the public one and the control one, run through [`serve`]; they differ only in their
//! [`Handler`]. What is malformed never reaches a handler: hyper answers 400, 414 or 431.

use std::convert::Infallible;
use std::future::Future;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use settings::serve::Serve;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::body::Pieces;
use crate::error::StartError;
use crate::idle::Idle;

/// The least that hyper takes as the size of its buffer.
const LEAST_BUFFER: usize = 8192;

/// How long nothing is accepted after the kernel refused to (out of file descriptors).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The limits of a listener.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    connections: usize,
    header_bytes: usize,
    header_time: Duration,
    idle_time: Duration,
    drain_time: Duration,
}

impl Limits {
    /// The limits that the settings ask for.
    ///
    /// # Errors
    /// A time of 0, with which no request could be answered.
    pub(crate) fn of(settings: &Serve) -> Result<Self, StartError> {
        let time = |setting, seconds: u64| match seconds {
            0 => {
                Err(StartError::Setting { setting, value: "0".into(), expected: "number of seconds above 0" })
            }
            seconds => Ok(Duration::from_secs(seconds)),
        };
        Ok(Self {
            connections: settings.max_connections.clamp(1, Semaphore::MAX_PERMITS),
            header_bytes: settings.max_header_bytes.max(LEAST_BUFFER),
            header_time: time("serve.header_timeout_seconds", settings.header_timeout_seconds)?,
            idle_time: time("serve.idle_timeout_seconds", settings.idle_timeout_seconds)?,
            drain_time: Duration::from_secs(settings.drain_seconds),
        })
    }

    /// The same for a listener whose connections are not worth waiting for.
    pub(crate) fn brief(self) -> Self {
        Self { drain_time: Duration::from_secs(1), ..self }
    }
}

/// Who answers.
pub(crate) trait Handler: Send + Sync + 'static {
    /// The answer to one request from this peer.
    fn handle(
        &self,
        peer: IpAddr,
        request: Request<Incoming>,
    ) -> impl Future<Output = Response<Pieces>> + Send;

    /// A connection begins.
    fn connected(&self) {}

    /// A connection has ended.
    fn disconnected(&self) {}
}

/// Tells the handler about the end of a connection however it comes.
struct Connected<H: Handler>(Arc<H>);

impl<H: Handler> Connected<H> {
    fn new(handler: Arc<H>) -> Self {
        handler.connected();
        Self(handler)
    }
}

impl<H: Handler> Drop for Connected<H> {
    fn drop(&mut self) {
        self.0.disconnected();
    }
}

/// Accepts until `stop` says so, then lets the open connections finish for as long as the limits give.
pub(crate) async fn serve<H: Handler>(
    listener: TcpListener,
    limits: Limits,
    handler: Arc<H>,
    mut stop: watch::Receiver<bool>,
) {
    let builder = Arc::new(builder(&limits));
    let graceful = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(limits.connections));
    let mut connections = JoinSet::new();
    loop {
        let next = async {
            let permit = Arc::clone(&room).acquire_owned().await;
            (permit, listener.accept().await)
        };
        let (permit, accepted) = tokio::select! {
            () = stopped(&mut stop) => break,
            Some(_) = connections.join_next() => continue,
            next = next => next,
        };
        match accepted {
            Ok((stream, peer)) => {
                let connection =
                    connection(stream, peer.ip(), &limits, &builder, Arc::clone(&handler), &graceful);
                connections.spawn(async move {
                    connection.await;
                    drop(permit);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "failed to accept a connection, trying again");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    let finished = tokio::time::timeout(limits.drain_time, graceful.shutdown()).await;
    if finished.is_err() {
        tracing::warn!(connections = connections.len(), "cut off connections that did not end in time");
    }
    connections.shutdown().await;
}

/// Until the value is true or its sender is gone.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// The configuration of hyper, the same for every connection. Not `pipeline_flush`: with it, hyper keeps
/// back its answer to a malformed request. A request has at most 100 headers, hyper's own limit.
fn builder(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_time)
        // A client that has sent all it has to say still wants its answers.
        .half_close(true)
        .max_buf_size(limits.header_bytes);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(limits.header_bytes).unwrap_or(u32::MAX));
    builder
}

/// One connection from its first byte to its end. How it ends is the client's affair: a reset, a
/// time-out or a malformed request is no event for the operator.
fn connection<H: Handler>(
    stream: TcpStream,
    peer: IpAddr,
    limits: &Limits,
    builder: &auto::Builder<TokioExecutor>,
    handler: Arc<H>,
    graceful: &GracefulShutdown,
) -> impl Future<Output = ()> + Send + 'static {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "failed to set TCP_NODELAY");
    }
    let connected = Connected::new(Arc::clone(&handler));
    let service = service_fn(move |request| {
        let handler = Arc::clone(&handler);
        async move { Ok::<_, Infallible>(handler.handle(peer, request).await) }
    });
    let io = TokioIo::new(Idle::new(stream, limits.idle_time));
    let connection = graceful.watch(builder.serve_connection(io, service).into_owned());
    async move {
        let _connected = connected;
        if let Err(error) = connection.await {
            tracing::debug!(%error, "connection ended");
        }
    }
}
