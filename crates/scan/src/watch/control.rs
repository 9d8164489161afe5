//! The control listener of a scan that stays.
//!
//! | request | answer |
//! |---|---|
//! | `GET /health/live` | 200 while the process runs |
//! | `GET /metrics` | the figures of the last scan of each category |
//! | `POST /api/scan/CATEGORY` | 202: the category will be scanned; wants `Authorization: Bearer TOKEN` |

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, AUTHORIZATION, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use percent_encoding::percent_decode_str;
use settings::Secret;
use settings::scan::ScanWatch;
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::{Requests, WatchError};
use crate::metrics::Metrics;

/// Connections at the same time.
const CONNECTIONS: usize = 64;
/// A connection with no request for so long is closed, and one that lasts ten times as long.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long nothing is accepted after the system refused to.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const OPEN_METRICS: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

/// A listener that answers while this lives.
pub(super) struct Control {
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Drop for Control {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Control {
    /// Listens, if there is an address for it.
    pub(super) async fn start(
        settings: &ScanWatch,
        requests: Requests,
        metrics: Metrics,
    ) -> Result<Option<Self>, WatchError> {
        let Some(address) = settings.control else { return Ok(None) };
        let fail = |error| WatchError::Listen { address, error };
        let listener = TcpListener::bind(address).await.map_err(fail)?;
        let address = listener.local_addr().map_err(fail)?;
        let desk = Desk { requests, metrics, token: settings.token.as_ref().map(digest_of) };
        Ok(Some(Self { address, accepting: tokio::spawn(accept(listener, Arc::new(desk))) }))
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

async fn accept(listener: TcpListener, desk: Arc<Desk>) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else { return };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "failed to accept a connection, trying again");
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let desk = Arc::clone(&desk);
        tokio::spawn(async move {
            let _place = place;
            let service = service_fn(|request| {
                let response = desk.answer(&request);
                async move { Ok::<_, Infallible>(response) }
            });
            let mut server = http1::Builder::new();
            server.timer(TokioTimer::new()).header_read_timeout(PATIENCE);
            let connection = server.serve_connection(TokioIo::new(stream), service);
            // How it ends is the client's affair.
            let _ = timeout(PATIENCE * 10, connection).await;
        });
    }
}

/// Who answers.
struct Desk {
    requests: Requests,
    metrics: Metrics,
    /// The token's digest, so that the time of a comparison tells nothing about it.
    token: Option<[u8; 32]>,
}

impl Desk {
    fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        let given = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        self.reply(request.method(), request.uri().path(), given)
    }

    fn reply(&self, method: &Method, path: &str, given: Option<&str>) -> Response<Full<Bytes>> {
        let category = path.strip_prefix("/api/scan/");
        let is_read = matches!(*method, Method::GET | Method::HEAD);
        match (path, category) {
            (_, Some(_)) if method != Method::POST => not_allowed("POST"),
            (_, Some(category)) => self.ask(category, given),
            ("/health/live" | "/metrics", _) if !is_read => not_allowed("GET, HEAD"),
            ("/health/live", _) => text(StatusCode::OK, "live"),
            ("/metrics", _) => match self.metrics.text() {
                Ok(figures) => of(StatusCode::OK, OPEN_METRICS, figures),
                Err(_) => text(StatusCode::INTERNAL_SERVER_ERROR, "failed to write the metrics"),
            },
            _ => text(StatusCode::NOT_FOUND, "there are /health/live, /metrics and POST /api/scan/CATEGORY"),
        }
    }

    fn ask(&self, category: &str, given: Option<&str>) -> Response<Full<Bytes>> {
        let Some(token) = self.token else {
            return text(StatusCode::FORBIDDEN, "nobody may ask: scan.watch.token is not set");
        };
        let given = given.and_then(|given| given.strip_prefix("Bearer ")).map(|given| digest(given.trim()));
        if given != Some(token) {
            let mut response = text(StatusCode::UNAUTHORIZED, "give the token: Authorization: Bearer TOKEN");
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            return response;
        }
        match percent_decode_str(category).decode_utf8() {
            Ok(name) if self.requests.ask(&name) => {
                text(StatusCode::ACCEPTED, &format!("{name} will be scanned"))
            }
            _ => text(StatusCode::NOT_FOUND, "no such category is watched"),
        }
    }
}

fn digest_of(token: &Secret) -> [u8; 32] {
    digest(token.expose().trim())
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

fn not_allowed(allowed: &'static str) -> Response<Full<Bytes>> {
    let mut response = text(StatusCode::METHOD_NOT_ALLOWED, &format!("only {allowed}"));
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    response
}

fn text(status: StatusCode, line: &str) -> Response<Full<Bytes>> {
    of(status, TEXT, format!("{line}\n"))
}

fn of(status: StatusCode, kind: HeaderValue, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_has_the_token_may_ask_and_only_for_what_is_watched() {
        let requests = Requests::default();
        requests.know(["Fedora EPEL".to_owned()]);
        let mut desk =
            Desk { requests: requests.clone(), metrics: Metrics::default(), token: Some(digest("secret")) };
        let post = |desk: &Desk, path: &str, given: Option<&str>| {
            desk.reply(&Method::POST, path, given).status().as_u16()
        };
        let path = "/api/scan/Fedora%20EPEL";
        for wrong in [None, Some("secret"), Some("Bearer secreT"), Some("Bearer "), Some("Basic secret")] {
            assert_eq!(post(&desk, path, wrong), 401, "{wrong:?}");
        }
        assert_eq!(post(&desk, "/api/scan/CentOS", Some("Bearer secret")), 404);
        assert_eq!(post(&desk, "/api/scan/%ff", Some("Bearer secret")), 404);
        assert!(!requests.take("Fedora EPEL"));
        assert_eq!(post(&desk, path, Some("Bearer secret")), 202);
        assert!(requests.take("Fedora EPEL"));
        desk.token = None;
        assert_eq!(post(&desk, path, Some("Bearer secret")), 403, "without a token nobody may");

        let get = |path: &str| desk.reply(&Method::GET, path, None).status().as_u16();
        assert_eq!((get("/health/live"), get("/metrics"), get("/"), get(path)), (200, 200, 404, 405));
        assert_eq!(post(&desk, "/metrics", None), 405);
    }
}
