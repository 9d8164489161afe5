//! Connections that do nothing, or too little, are cut off: every state has a total deadline that no
//! trickle of bytes puts off.
//!
//! One of the times is a second, the others an hour, so that it is the right deadline that ends a connection.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serve::Running;
use settings::serve::Serve;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, timeout};

use crate::support::{Client, DEADLINE, Deployment, LIST, get, metric, until};

const LONG: u64 = 3600;

/// A server that has all the time in the world but for what `change` says.
async fn patient_but(change: impl FnOnce(&mut Serve)) -> Running {
    let mut deployment = Deployment::new();
    let serve = &mut deployment.options.serve;
    serve.header_timeout_seconds = LONG;
    serve.body_timeout_seconds = LONG;
    serve.answer_timeout_seconds = LONG;
    serve.idle_timeout_seconds = LONG;
    change(serve);
    deployment.start().await
}

/// Whether this many connections were cut off, each for this cause.
async fn counted(server: &Running, cause: &str, count: usize) -> bool {
    let line = format!("mirrormanager_serve_connections_cut_off_total{{cause=\"{cause}\"}} {count}");
    metric(server, &line).await
}

/// A request for the list, over and over, whose answers are not read.
fn many_requests() -> String {
    format!("GET {LIST} HTTP/1.1\r\nhost: t\r\n\r\n").repeat(1000)
}

#[tokio::test]
async fn a_silent_connection_ends() {
    let server = patient_but(|serve| serve.idle_timeout_seconds = 1).await;
    assert!(Client::connect(server.address()).await.closed().await);
    until("it is counted", || counted(&server, "idle", 1)).await;
}

#[tokio::test]
async fn an_unused_connection_ends_after_its_answer() {
    let server = patient_but(|serve| serve.idle_timeout_seconds = 1).await;
    let mut client = Client::connect(server.address()).await;
    assert_eq!(client.get(LIST).await.status, 200);
    assert!(client.closed().await);
    until("it is counted", || counted(&server, "idle", 1)).await;
}

#[tokio::test]
async fn a_half_sent_request_ends() {
    let server = patient_but(|serve| serve.header_timeout_seconds = 1).await;
    for part in ["G", "GET / HTTP/1.1\r\nhost:", "PRI * HTTP/2.0\r\n"] {
        let mut client = Client::connect(server.address()).await;
        client.send(part).await;
        client.end().await;
    }
    let mut used = Client::connect(server.address()).await;
    assert_eq!(used.get(LIST).await.status, 200);
    used.send("GET / HT").await;
    used.end().await;
    until("they are counted", || counted(&server, "headers", 4)).await;
}

#[tokio::test]
async fn trickling_headers_do_not_keep_a_connection_open() {
    let server = patient_but(|serve| serve.header_timeout_seconds = 1).await;
    let mut client = Client::connect(server.address()).await;
    client.send("GET / HTTP/1.1\r\n").await;
    let began = Instant::now();
    while client.trickle(b"x: y\r\n").await {
        assert!(began.elapsed() < DEADLINE, "still taking headers");
    }
    until("it is counted", || counted(&server, "headers", 1)).await;
}

#[tokio::test]
async fn a_half_sent_or_trickling_body_is_not_waited_for() {
    let server = patient_but(|serve| serve.body_timeout_seconds = 1).await;
    let head = format!("POST {LIST} HTTP/1.1\r\nhost: t\r\ncontent-length: 9000\r\n\r\n");
    let mut client = Client::connect(server.address()).await;
    client.send(format!("{head}abc")).await;
    assert_eq!(client.reply().await.unwrap().status, 200, "the answer does not depend on it");
    assert!(client.closed().await);

    let mut client = Client::connect(server.address()).await;
    client.send(&head).await;
    let began = Instant::now();
    while client.nothing_yet() {
        assert!(client.trickle(b"x").await || began.elapsed() < DEADLINE, "still taking the body");
    }
    assert_eq!(client.reply().await.unwrap().status, 200);
    client.end().await;
}

#[tokio::test]
async fn a_client_that_never_reads_is_cut_off() {
    let server = patient_but(|serve| serve.answer_timeout_seconds = 1).await;
    let mut client = Client::connect(server.address()).await;
    let request = many_requests();
    let stuffing = async { while client.try_send(&request).await {} };
    timeout(DEADLINE, stuffing).await.expect("the server ends the connection");
    until("it is counted", || counted(&server, "answer", 1)).await;
    assert_eq!(get(server.address(), LIST).await.status, 200);
}

#[tokio::test]
async fn a_client_that_reads_a_byte_now_and_then_is_cut_off() {
    let server = patient_but(|serve| serve.answer_timeout_seconds = 1).await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(2048).unwrap();
    let (mut reading, mut writing) = socket.connect(server.address()).await.unwrap().into_split();
    let asking = async move {
        let request = many_requests();
        while writing.write_all(request.as_bytes()).await.is_ok() {}
    };
    let asking = tokio::spawn(asking);
    let mut pace = tokio::time::interval(Duration::from_millis(20));
    let trickling = async {
        while reading.read_u8().await.is_ok() {
            pace.tick().await;
            if asking.is_finished() {
                break;
            }
        }
    };
    timeout(DEADLINE, trickling).await.expect("the server ends the connection");
    until("it is counted", || counted(&server, "answer", 1)).await;
}

#[tokio::test]
async fn a_connection_does_not_live_for_ever() {
    let server = patient_but(|serve| serve.max_connection_seconds = 1).await;
    let mut client = Client::connect(server.address()).await;
    let began = Instant::now();
    let busy = async {
        loop {
            client.send(format!("GET {LIST} HTTP/1.1\r\nhost: t\r\n\r\n")).await;
            match client.reply().await {
                Some(reply) => assert_eq!(reply.status, 200),
                None => return,
            }
        }
    };
    timeout(DEADLINE, busy).await.expect("an end between two requests");
    assert!(began.elapsed() >= Duration::from_secs(1));
    assert!(counted(&server, "age", 0).await, "ended in peace");
}

mod http_2 {
    use super::*;

    type Sender = hyper::client::conn::http2::SendRequest<Full<Bytes>>;

    /// A connection that ends when the task does.
    async fn connect(server: &Running) -> (Sender, tokio::task::JoinHandle<hyper::Result<()>>) {
        let stream = TcpStream::connect(server.address()).await.unwrap();
        let handshake = hyper::client::conn::http2::Builder::new(TokioExecutor::new())
            // The least that a client may give.
            .initial_stream_window_size(1)
            .handshake(TokioIo::new(stream));
        let (sender, connection) = handshake.await.unwrap();
        (sender, tokio::spawn(connection))
    }

    fn list() -> hyper::Request<Full<Bytes>> {
        hyper::Request::get(format!("http://t{LIST}")).body(Full::default()).unwrap()
    }

    #[tokio::test]
    async fn a_connection_without_requests_ends() {
        let server = patient_but(|serve| serve.idle_timeout_seconds = 1).await;
        let (mut sender, connection) = connect(&server).await;
        let body = sender.send_request(list()).await.unwrap().into_body();
        assert!(!body.collect().await.unwrap().to_bytes().is_empty());
        let _ = timeout(DEADLINE, connection).await.expect("an end");
        until("it is counted", || counted(&server, "idle", 1)).await;
    }

    #[tokio::test]
    async fn trickling_frames_are_no_request() {
        let server = patient_but(|serve| serve.idle_timeout_seconds = 1).await;
        let mut client = Client::connect(server.address()).await;
        client.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
        // An empty SETTINGS frame, then HEADERS that go on without an end.
        client.send(b"\0\0\0\x04\0\0\0\0\0").await;
        client.send(b"\0\0\x01\x01\0\0\0\0\x01\x82").await;
        let began = Instant::now();
        while client.trickle(b"\0\0\0\x09\0\0\0\0\x01").await {
            assert!(began.elapsed() < DEADLINE, "still taking headers");
        }
        assert_eq!(get(server.address(), LIST).await.status, 200);
    }

    /// Asks for the list, takes `window` bytes of the answer, and says that it is still there by pings.
    async fn takes_only(window: u8, server: &Running) {
        let mut client = Client::connect(server.address()).await;
        client.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
        // SETTINGS_INITIAL_WINDOW_SIZE: so much of a body may be sent.
        client.send([b"\0\0\x06\x04\0\0\0\0\0\0\x04\0\0\0".as_slice(), &[window]].concat()).await;
        // GET, http and the authority t by the static table of HPACK, the path in full.
        let path = [b"\x82\x86\x41\x01t\x04".as_slice(), &[LIST.len() as u8], LIST.as_bytes()].concat();
        let head = [0, 0, path.len() as u8, 1, 5, 0, 0, 0, 1];
        client.send([head.as_slice(), &path].concat()).await;
        let began = Instant::now();
        while client.trickle(b"\0\0\x08\x06\0\0\0\0\x0012345678").await {
            assert!(began.elapsed() < DEADLINE, "pings keep it open");
        }
    }

    #[tokio::test]
    async fn a_client_that_takes_nothing_of_an_answer_is_cut_off() {
        let server = patient_but(|serve| serve.answer_timeout_seconds = 1).await;
        takes_only(0, &server).await;
        until("it is counted", || counted(&server, "answer", 1)).await;
    }

    #[tokio::test]
    async fn a_client_that_takes_a_byte_of_an_answer_is_cut_off() {
        let server = patient_but(|serve| {
            serve.idle_timeout_seconds = 1;
            serve.answer_timeout_seconds = 1;
        })
        .await;
        takes_only(1, &server).await;
        until("it is gone", || metric(&server, "mirrormanager_serve_connections 0")).await;
        let metrics = get(server.control_address().unwrap(), "/metrics").await.body;
        assert!(metrics.contains(r#"kind="mirrorlist",status="200""#), "it was a good question:\n{metrics}");
    }
}

#[tokio::test]
async fn no_more_connections_than_allowed_are_served_at_once() {
    let server = patient_but(|serve| serve.max_connections = 2).await;
    let mut first = Client::connect(server.address()).await;
    let mut second = Client::connect(server.address()).await;
    assert_eq!(first.get(LIST).await.status, 200);
    assert_eq!(second.get(LIST).await.status, 200);
    // The third waits until there is room.
    let mut third = Client::connect(server.address()).await;
    third.send(format!("GET {LIST} HTTP/1.1\r\nhost: t\r\n\r\n")).await;
    assert_eq!(first.get(LIST).await.status, 200);
    assert!(third.nothing_yet());
    drop(second);
    assert_eq!(third.reply().await.unwrap().status, 200);
}

#[tokio::test]
async fn one_client_has_no_more_connections_than_allowed() {
    let server = patient_but(|serve| serve.max_connections_per_client = 2).await;
    let mut first = Client::connect(server.address()).await;
    let mut second = Client::connect(server.address()).await;
    assert_eq!(first.get(LIST).await.status, 200);
    assert_eq!(second.get(LIST).await.status, 200);
    assert!(Client::connect(server.address()).await.closed().await, "the third is closed at once");
    until("it is counted", || counted(&server, "client", 1)).await;
    assert_eq!(first.get(LIST).await.status, 200);
    drop(second);
    until("there is room again", || async {
        let mut client = Client::connect(server.address()).await;
        client.send(format!("GET {LIST} HTTP/1.1\r\nhost: t\r\n\r\n")).await;
        client.reply().await.is_some()
    })
    .await;
}

#[tokio::test]
async fn limits_hold_on_every_thread() {
    let server = patient_but(|serve| {
        serve.threads = 4;
        serve.idle_timeout_seconds = 1;
    })
    .await;
    let mut clients = Vec::new();
    for _ in 0..40 {
        clients.push(Client::connect(server.address()).await);
    }
    for client in &mut clients {
        assert_eq!(client.get(LIST).await.status, 200);
    }
    for client in &mut clients {
        assert!(client.closed().await);
    }
    until("all are counted", || counted(&server, "idle", 40)).await;
}
