//! Accepting connections and speaking HTTP on them: 1.0, 1.1 with keep-alive and pipelining, and
//! HTTP/2 by prior knowledge, told apart by the first bytes.
//!
//! Both listeners, the public one and the control one, run through [`serve`]; they differ only in their
//! [`Handler`]. Each thread that serves has a runtime, listeners and connections of its own, so that
//! nothing here is shared or locked. What is malformed never reaches a handler: hyper answers 400, 414 or
//! 431.

use std::convert::Infallible;
use std::future::Future;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use futures_util::FutureExt as _;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::sync::{mpsc, watch};
use tokio::task::spawn_local;

use crate::body::Pieces;
use crate::deadline::{Cut, Deadline, Deadlines};
use crate::limits::{Limits, Room};
use crate::listen::{Listener, Stream};
use crate::socket::{Socket, Version};

/// How long nothing is accepted after the kernel refused to (out of file descriptors).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Requests of one HTTP/2 connection at one time.
const STREAMS: u32 = 64;

/// Who answers. Each thread has one of its own.
pub(crate) trait Handler: 'static {
    /// The answer to one request.
    fn handle(&self, peer: IpAddr, request: Request<Incoming>) -> impl Future<Output = Response<Pieces>>;

    /// A connection begins.
    fn connected(&self) {}

    /// A connection has ended, however that came.
    fn disconnected(&self) {}

    /// A connection is cut off.
    fn cut_off(&self, _cause: Cut) {}
}

/// What a server is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Course {
    /// Accept and answer.
    Serve,
    /// Accept nothing new, let open connections finish.
    Drain,
}

/// Accepts until told to stop, then lets the open connections finish for as long as the limits give. Runs
/// on a runtime of one thread (`LocalRuntime`). Ends at once when the sender of `course` is gone.
pub(crate) async fn serve<H: Handler>(
    listeners: Vec<Listener>,
    limits: Limits,
    room: Room,
    handler: H,
    mut course: watch::Receiver<Course>,
) {
    let server = Rc::new(Server {
        deadlines: Rc::new(Deadlines::new(limits.times)),
        http1: http1_builder(&limits),
        http2: http2_builder(&limits),
        room,
        handler,
    });
    let enforcing = Rc::clone(&server.deadlines);
    let enforcer = spawn_local(async move { enforcing.enforce().await });
    let (hold, mut released) = mpsc::channel::<Infallible>(1);
    for listener in listeners {
        let accepting = accept(listener, Rc::clone(&server), course.clone());
        let hold = hold.clone();
        spawn_local(async move {
            accepting.await;
            drop(hold);
        });
    }
    drop(hold);
    let draining = drained(&mut course).await;
    // Every listener has accepted what the kernel had for it.
    let _ = released.recv().await;
    let deadlines = &server.deadlines;
    deadlines.finish();
    let ended = async {
        deadlines.leave().await;
        deadlines.ended().await;
    };
    if draining && tokio::time::timeout(limits.drain, ended).await.is_err() {
        tracing::warn!(connections = deadlines.open(), "cut off connections that did not end in time");
    }
    deadlines.cut();
    deadlines.ended().await;
    enforcer.abort();
}

/// Waits until there is no more serving; whether there is time to drain.
pub(crate) async fn drained(course: &mut watch::Receiver<Course>) -> bool {
    course.wait_for(|course| *course == Course::Drain).await.is_ok()
}

/// What all connections of a thread share.
struct Server<H> {
    deadlines: Rc<Deadlines>,
    http1: http1::Builder,
    http2: http2::Builder<Local>,
    room: Room,
    handler: H,
}

/// Runs the parts of an HTTP/2 connection on its own thread.
#[derive(Clone, Copy)]
struct Local;

impl<F: Future + 'static> hyper::rt::Executor<F> for Local {
    fn execute(&self, future: F) {
        spawn_local(async move {
            future.await;
        });
    }
}

/// The configuration of hyper, the same for every connection. Times are kept by [`Deadlines`]. Not
/// `pipeline_flush`: with it, hyper keeps back its answer to a malformed request. A request has at most 100
/// headers, hyper's own limit.
fn http1_builder(limits: &Limits) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .header_read_timeout(None)
        // A client that has sent all it has to say still wants its answers.
        .half_close(true)
        .max_buf_size(limits.header_bytes);
    builder
}

fn http2_builder(limits: &Limits) -> http2::Builder<Local> {
    let mut builder = http2::Builder::new(Local);
    builder
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(u32::try_from(limits.header_bytes).unwrap_or(u32::MAX));
    builder
}

/// Accepts from one listener until told to stop, and then what is waiting already.
async fn accept<H: Handler>(listener: Listener, server: Rc<Server<H>>, mut course: watch::Receiver<Course>) {
    loop {
        let next = async {
            let accepted = listener.accept().await;
            // Accepted first, so that no thread keeps a place free that another one needs.
            (accepted, server.room.of_all().await)
        };
        let (accepted, place) = tokio::select! {
            draining = drained(&mut course) => {
                for (stream, peer) in if draining { listener.into_waiting() } else { Vec::new() } {
                    begin(&server, stream, peer, server.room.of_all().now_or_never().flatten());
                }
                return;
            }
            next = next => next,
        };
        match accepted {
            Ok((stream, peer)) => begin(&server, stream, peer, place),
            Err(error) => {
                tracing::warn!(%error, "failed to accept a connection, trying again");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Begins a connection. Its places, and that it is open, last as long as it does.
fn begin<H: Handler>(server: &Rc<Server<H>>, stream: Stream, peer: IpAddr, place: impl Sized + 'static) {
    let Some(own_place) = server.room.of_client(peer) else {
        server.handler.cut_off(Cut::Client);
        return;
    };
    let connected = Connected::new(Rc::clone(server));
    // From now on, so that a stop knows of it.
    let deadline = server.deadlines.begin();
    let server = Rc::clone(server);
    spawn_local(async move {
        let _until_the_end = (connected, own_place, place);
        match stream {
            Stream::Tcp(stream) => connection(&server, stream, peer, deadline).await,
            Stream::Unix(stream) => connection(&server, stream, peer, deadline).await,
        }
    });
}

/// One connection from its first byte to its end. How it ends is the client's affair: a reset, a
/// time-out or a malformed request is no event for the operator.
async fn connection<H: Handler, S>(server: &Rc<Server<H>>, stream: S, peer: IpAddr, deadline: Rc<Deadline>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + 'static,
{
    let opening = Socket::open(stream, Rc::clone(&deadline));
    if let Some(opened) = deadline.guard(opening).await {
        match opened {
            Ok((socket, version)) => {
                let service = service_fn(|request| {
                    let (server, mut turn) = (Rc::clone(server), deadline.turn());
                    async move {
                        let response = server.handler.handle(peer, request).await;
                        turn.answer();
                        Ok::<_, Infallible>(response.map(|body| body.of(turn)))
                    }
                });
                let io = TokioIo::new(socket);
                match version {
                    Version::One => {
                        let connection = server.http1.serve_connection(io, service);
                        deadline.run(connection, |connection| connection.graceful_shutdown()).await;
                    }
                    Version::Two => {
                        deadline.multiplex();
                        let connection = server.http2.serve_connection(io, service);
                        deadline.run(connection, |connection| connection.graceful_shutdown()).await;
                    }
                }
            }
            Err(error) => tracing::debug!(%error, "connection ended"),
        }
    }
    if let Some(cause) = deadline.cause() {
        server.handler.cut_off(cause);
    }
}

/// Tells the handler about the end of a connection however it comes.
struct Connected<H: Handler>(Rc<Server<H>>);

impl<H: Handler> Connected<H> {
    fn new(server: Rc<Server<H>>) -> Self {
        server.handler.connected();
        Self(server)
    }
}

impl<H: Handler> Drop for Connected<H> {
    fn drop(&mut self) {
        self.0.handler.disconnected();
    }
}
