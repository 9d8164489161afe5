//! HTTP requests to mirrors: HEAD, and GET for a digest ([`crate::fetch`] keeps the body). What an answer means is not decided here.
//!
//! One client for all mirrors: HTTP/1.1 with kept connections, HTTP/2 where TLS agrees on it, no
//! proxies, no `.netrc`, no cookies, no decompression. Redirects are followed here, not by the client,
//! because each hop must be counted, limited and passed through the guard.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::capture_connection;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use sha2::{Digest, Sha256};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use crate::connect::GuardedConnector;
use crate::counters::Counters;
use crate::fetch::Validators;
use crate::guard::AddressGuard;
use crate::limits::Limits;
use crate::outcome::{body_failure, content_length, request_failure};
use crate::resolve::Resolver;
use crate::target::{Target, TargetError};

pub use crate::outcome::{
    Failure, Fetched, FetchedBody, GetOutcome, Head, HeadOutcome, Length, Moved, Phase, Redirects,
};

/// Interim answers (1xx) accepted before the real one.
const MAX_INTERIM: u32 = 10;

type Inner = Client<HttpsConnector<GuardedConnector>, Empty<Bytes>>;

/// The client. Cheap to clone; all clones share their connections.
#[derive(Debug, Clone)]
pub struct Http {
    client: Inner,
    connector: GuardedConnector,
    limits: Limits,
    user_agent: HeaderValue,
}

/// The client can not be built: a fault of the program's set-up, not of a mirror.
#[derive(Debug, thiserror::Error)]
#[error("cannot set up the HTTP client: {0}")]
pub struct SetUpError(String);

impl Http {
    /// A client. `project_url` is told to mirrors in `User-Agent`.
    pub fn new(
        guard: AddressGuard,
        resolver: Arc<dyn Resolver>,
        limits: Limits,
        project_url: Option<&str>,
    ) -> Result<Self, SetUpError> {
        let guarded = GuardedConnector::new(guard, resolver, limits.connect);
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
            .map_err(|error| SetUpError(error.to_string()))?
            .https_or_http()
            .enable_http1()
            .enable_http2()
            .wrap_connector(guarded.clone());
        let header_bytes = limits.header_bytes.max(8192);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(30))
            .pool_max_idle_per_host(limits.idle_connections)
            .http1_max_buf_size(header_bytes)
            .http1_max_headers(limits.headers)
            .http2_max_header_list_size(u32::try_from(header_bytes).unwrap_or(u32::MAX))
            .build(connector);
        let product = concat!("mirrormanager-crawler/", env!("CARGO_PKG_VERSION"));
        let agent = project_url.map_or_else(|| product.to_owned(), |url| format!("{product} (+{url})"));
        let user_agent = HeaderValue::from_str(&agent)
            .map_err(|_| SetUpError(format!("the project's URL {agent:?} can not stand in a header")))?;
        Ok(Self { client, connector: guarded, limits, user_agent })
    }

    /// The same client under another name in `User-Agent`: a word without blanks.
    ///
    /// # Errors
    /// It can not stand in a header.
    pub fn named(self, product: &str) -> Result<Self, SetUpError> {
        let agent = format!("{product}/{}", env!("CARGO_PKG_VERSION"));
        let user_agent = HeaderValue::from_str(&agent)
            .map_err(|_| SetUpError(format!("the name {agent:?} can not stand in a header")))?;
        Ok(Self { user_agent, ..self })
    }

    /// The limits it keeps.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What it connects with.
    pub fn connector(&self) -> &GuardedConnector {
        &self.connector
    }

    /// A HEAD request.
    pub async fn head(&self, target: &Target, redirects: Redirects, counters: &Counters) -> HeadOutcome {
        let known = Validators::default();
        let work = self.follow(&Method::HEAD, target, redirects, &known, counters);
        let (_, head) =
            timeout(self.limits.head, work).await.unwrap_or(Err(Failure::Timeout(Phase::Total)))?;
        Ok(head)
    }

    /// A GET request of which only the digest is kept.
    ///
    /// `expected` is the size in bytes that the wanted file has: another announced length is not read
    /// at all, and reading stops behind it. Without it, reading stops at the general limit.
    pub async fn get_digest(
        &self,
        target: &Target,
        expected: Option<u64>,
        counters: &Counters,
    ) -> GetOutcome {
        let deadline = self.limits.get;
        let work = async {
            let known = Validators::default();
            let (response, head) =
                self.follow(&Method::GET, target, Redirects::Follow, &known, counters).await?;
            let hopeless = match (head.length, expected) {
                (Length::Bytes(found), Some(expected)) => found != expected,
                (Length::Unusable, _) => true,
                _ => false,
            };
            if head.status != StatusCode::OK.as_u16() || head.encoded || hopeless {
                return Ok(Fetched { head, body: FetchedBody::Skipped });
            }
            let body = self.digest(response.into_body(), expected, counters).await?;
            Ok(Fetched { head, body })
        };
        timeout(deadline, work).await.unwrap_or(Err(Failure::Timeout(Phase::Total)))
    }

    async fn digest(
        &self,
        body: Incoming,
        expected: Option<u64>,
        counters: &Counters,
    ) -> Result<FetchedBody, Failure> {
        let expected = expected.unwrap_or(u64::MAX);
        let ceiling = expected.min(self.limits.body_bytes);
        let mut hash = Sha256::new();
        let mut size = 0u64;
        let take = &mut |piece: &[u8]| {
            size = size.saturating_add(piece.len() as u64);
            hash.update(piece);
            size <= ceiling
        };
        self.read_body(body, counters, take).await?;
        Ok(match size {
            size if size > expected => FetchedBody::TooLong,
            size if size > ceiling => FetchedBody::Unread,
            size => FetchedBody::Whole { size, sha256: hash.finalize().into() },
        })
    }

    /// Reads a body to its end, or until `take` has had enough of it and says `false`.
    pub(crate) async fn read_body(
        &self,
        mut body: Incoming,
        counters: &Counters,
        take: &mut (dyn FnMut(&[u8]) -> bool + Send),
    ) -> Result<(), Failure> {
        let began = Instant::now();
        let mut size = 0u64;
        loop {
            let frame = match timeout(self.limits.first_byte, body.frame()).await {
                Err(_) => return Err(Failure::Timeout(Phase::Rate)),
                Ok(None) => return Ok(()),
                Ok(Some(frame)) => frame.map_err(|error| body_failure(&error))?,
            };
            let Ok(data) = frame.into_data() else { continue };
            counters.received(data.len());
            size = size.saturating_add(data.len() as u64);
            if !take(&data) {
                return Ok(());
            }
            let elapsed = began.elapsed();
            if elapsed > self.limits.min_rate_after
                && (size as f64) < self.limits.min_rate as f64 * elapsed.as_secs_f64()
            {
                return Err(Failure::Timeout(Phase::Rate));
            }
        }
    }

    /// Asks, following redirects if wanted, until there is a final answer.
    pub(crate) async fn follow(
        &self,
        method: &Method,
        target: &Target,
        redirects: Redirects,
        known: &Validators,
        counters: &Counters,
    ) -> Result<(Response<Incoming>, Head), Failure> {
        let mut at = target.clone();
        for _ in 0..=self.limits.redirects {
            let response = self.ask(method, &at, known, counters).await?;
            let location = match redirects {
                Redirects::Follow => location(response.status(), response.headers()),
                Redirects::Report => None,
            };
            match location {
                None => {
                    let head = head_of(&response, target, &at);
                    return Ok((response, head));
                }
                Some(location) => at = at.join(&location?).map_err(Failure::Location)?,
            }
        }
        Err(Failure::Redirects)
    }

    /// One request, one answer.
    async fn ask(
        &self,
        method: &Method,
        target: &Target,
        known: &Validators,
        counters: &Counters,
    ) -> Result<Response<Incoming>, Failure> {
        let mut request = Request::builder()
            .method(method)
            .uri(target.as_str())
            .header(header::USER_AGENT, &self.user_agent)
            .header(header::ACCEPT_ENCODING, "identity")
            .header(header::PRAGMA, "no-cache")
            .body(Empty::new())
            .map_err(|_| Failure::Location(TargetError::Malformed))?;
        request.headers_mut().extend(known.conditions());
        let flood = Arc::new(Notify::new());
        let (interim, notify) = (AtomicU32::new(0), Arc::clone(&flood));
        hyper::ext::on_informational(&mut request, move |_| {
            if interim.fetch_add(1, Ordering::Relaxed) >= MAX_INTERIM {
                notify.notify_one();
            }
        });
        let mut connection = capture_connection(&mut request);
        counters.asked();
        let answer = self.client.request(request);
        tokio::pin!(answer);
        let connected = async { drop(connection.wait_for_connection_metadata().await) };
        tokio::select! {
            biased;
            answer = &mut answer => {
                let answer = answer.map_err(|error| request_failure(&error))?;
                counters.answered();
                return Ok(answer);
            }
            () = connected => {}
            () = tokio::time::sleep(self.limits.connect) => return Err(Failure::Timeout(Phase::Connect)),
        }
        tokio::select! {
            biased;
            answer = &mut answer => {
                let answer = answer.map_err(|error| request_failure(&error))?;
                counters.answered();
                Ok(answer)
            }
            () = flood.notified() => Err(Failure::Protocol("too many interim answers".into())),
            () = tokio::time::sleep(self.limits.first_byte) => Err(Failure::Timeout(Phase::FirstByte)),
        }
    }
}

/// Where a redirecting answer points, if it is one. The header's text is bounded by the header limit.
fn location(status: StatusCode, headers: &HeaderMap) -> Option<Result<String, Failure>> {
    if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let value = headers.get(header::LOCATION)?;
    Some(value.to_str().map(str::to_owned).map_err(|_| Failure::Location(TargetError::Malformed)))
}

fn head_of(response: &Response<Incoming>, asked: &Target, answered: &Target) -> Head {
    let encoded = response
        .headers()
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"));
    let moved = match (asked == answered, asked.host() == answered.host()) {
        (true, _) => Moved::No,
        (false, true) if asked.authority() == answered.authority() || answered.is_secure() => Moved::Within,
        _ => {
            let (host, port) = answered.authority();
            Moved::Elsewhere(format!("{host}:{port}"))
        }
    };
    let length =
        content_length(response.headers().get_all(header::CONTENT_LENGTH).iter().map(HeaderValue::as_bytes));
    Head { status: response.status().as_u16(), length, encoded, moved }
}
