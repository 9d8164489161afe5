//! The limit of an answer: the best server that hyper makes, of the same version, configuration and
//! arrangement as ours, that sends one constant body and does nothing else.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use settings::serve::Serve;
use tokio::net::TcpListener;
use tokio::task::spawn_local;

use crate::arrangement;
use crate::child::Server;

/// Starts one as a child, with a body of this size.
///
/// # Errors
/// It does not start.
pub fn start(body_bytes: u64) -> io::Result<Server> {
    Server::start(&["constant".into(), body_bytes.to_string()])
}

/// Listens on a free port, tells which, and serves until the process ends.
///
/// # Errors
/// What the system says about sockets.
pub fn run(body_bytes: usize, listening: impl FnOnce(SocketAddr)) -> io::Result<()> {
    arrangement::per_core(move |listener| serve(listener, body_bytes), listening)
}

async fn serve(listener: TcpListener, body_bytes: usize) -> io::Result<()> {
    let body = Bytes::from(vec![b'x'; body_bytes]);
    let mut builder = http1::Builder::new();
    builder.header_read_timeout(None).half_close(true).max_buf_size(Serve::default().max_header_bytes);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let body = body.clone();
        let service = service_fn(move |_: Request<Incoming>| {
            let mut response = Response::new(Full::new(body.clone()));
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
            std::future::ready(Ok::<_, Infallible>(response))
        });
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        spawn_local(async move {
            // A client that goes away is no failure of the measurement.
            let _ = connection.await;
        });
    }
}
