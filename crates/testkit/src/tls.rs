//! TLS in front of a [`Mirror`](crate::mirror::Mirror): HTTP/1.1 and HTTP/2 by ALPN, and servers that make a mess of
//! HTTP/2.
//!
//! HTTP/1.1 is passed through byte by byte. A request over HTTP/2 is made anew over HTTP/1.1, so that a mirror's
//! behaviour is seen in both; where its answer is no HTTP, the stream is reset.

#![expect(clippy::unwrap_used, reason = "test support: a panic is the report")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// What a server does with HTTP/2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Http2 {
    /// It does not offer it.
    Off,
    /// As it should.
    Good,
    /// It agrees on it, then sends these bytes and closes.
    Raw(Vec<u8>),
}

/// A certificate authority made for one test.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

impl Authority {
    /// A new one.
    pub fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap().der().clone();
        Self { issuer: Issuer::new(params, key), certificate }
    }

    /// What a client has to trust.
    pub fn certificate(&self) -> CertificateDer<'static> {
        self.certificate.clone()
    }

    /// A certificate for these names or addresses, valid from year to year.
    fn issue(&self, names: &[&str], years: (i32, i32)) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.not_before = rcgen::date_time_ymd(years.0, 1, 1);
        params.not_after = rcgen::date_time_ymd(years.1, 1, 1);
        let certificate = params.signed_by(&key, &self.issuer).unwrap().der().clone();
        (certificate, PrivateKeyDer::try_from(key.serialize_der()).unwrap())
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

/// A running TLS server. It stops when it is dropped.
#[derive(Debug)]
pub struct TlsFront {
    address: SocketAddr,
    http2: Arc<AtomicUsize>,
    server: JoinHandle<()>,
}

impl TlsFront {
    /// Serves `mirror` at a free port of 127.0.0.1 with a certificate for `names` that is valid in `years`.
    pub async fn start(
        mirror: SocketAddr,
        authority: &Authority,
        names: &[&str],
        years: (i32, i32),
        http2: Http2,
    ) -> Self {
        let (certificate, key) = authority.issue(names, years);
        let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        let mut config = builder.with_single_cert(vec![certificate], key).unwrap();
        config.alpn_protocols = match http2 {
            Http2::Off => vec![b"http/1.1".to_vec()],
            _ => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        };
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let count = Arc::new(AtomicUsize::new(0));
        let server = tokio::spawn(accept(listener, acceptor, mirror, http2, Arc::clone(&count)));
        Self { address, http2: count, server }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `https://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// Connections so far that agreed on HTTP/2.
    pub fn http2_connections(&self) -> usize {
        self.http2.load(Ordering::SeqCst)
    }
}

impl Drop for TlsFront {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn accept(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    mirror: SocketAddr,
    http2: Http2,
    count: Arc<AtomicUsize>,
) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let (acceptor, http2, count) = (acceptor.clone(), http2.clone(), Arc::clone(&count));
        connections.spawn(async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            if stream.get_ref().1.alpn_protocol() != Some(b"h2") {
                if let Ok(mut plain) = TcpStream::connect(mirror).await {
                    let _ = copy_bidirectional(&mut stream, &mut plain).await;
                }
                return;
            }
            count.fetch_add(1, Ordering::SeqCst);
            if let Http2::Raw(bytes) = http2 {
                let mut preface = [0; 24];
                let _ = stream.read_exact(&mut preface).await;
                let _ = stream.write_all(&bytes).await;
                let _ = stream.shutdown().await;
                return;
            }
            let service = service_fn(move |request| again(request, mirror));
            let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            let _ = server.serve_connection(TokioIo::new(stream), service).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

/// Makes a request anew, over HTTP/1.1.
async fn again(request: Request<Incoming>, mirror: SocketAddr) -> Result<Response<Incoming>, Failed> {
    let stream = TcpStream::connect(mirror).await.map_err(|_| Failed)?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|_| Failed)?;
    tokio::spawn(connection);
    let mut plain = Request::builder()
        .method(request.method())
        .uri(request.uri().path_and_query().map_or("/", |path| path.as_str()))
        .header("host", mirror.to_string());
    for (name, value) in request.headers() {
        plain = plain.header(name, value);
    }
    let plain = plain.body(Empty::<Bytes>::new()).map_err(|_| Failed)?;
    let mut answer = sender.send_request(plain).await.map_err(|_| Failed)?;
    for name in ["connection", "transfer-encoding", "keep-alive"] {
        answer.headers_mut().remove(name);
    }
    Ok(answer)
}

#[derive(Debug)]
struct Failed;

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the mirror behind made no answer")
    }
}

impl std::error::Error for Failed {}
