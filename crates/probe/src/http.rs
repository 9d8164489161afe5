//! HTTP requests to mirrors: HEAD, and GET for a digest. What an answer means is not decided here.
//!
//! One client for all mirrors: HTTP/1.1 with kept connections, HTTP/2 where TLS agrees on it, no
//! proxies, no `.netrc`, no cookies, no decompression. Redirects are followed here, not by the client,
//! because each hop must be counted, limited and passed through the guard.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::capture_connection;
use hyper_util::client::legacy::{Client, Error as ClientError};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use sha2::{Digest, Sha256};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use crate::connect::{ConnectError, GuardedConnector};
use crate::counters::Counters;
use crate::guard::{AddressGuard, Refusal};
use crate::limits::Limits;
use crate::resolve::Resolver;
use crate::target::{Target, TargetError};

/// Interim answers (1xx) accepted before the real one.
const MAX_INTERIM: u32 = 10;
/// Bytes of a body that are read whatever size was expected.
const SMALL_BODY: u64 = 64 * 1024;

/// Which part of a request took too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Resolving, connecting, shaking hands.
    Connect,
    /// Waiting for the first byte of the answer.
    FirstByte,
    /// The request in all.
    Total,
    /// The body came too slowly.
    Rate,
}

/// Why there is no answer, or none that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Too slow.
    #[error("timeout: {}", match .0 {
        Phase::Connect => "no connection",
        Phase::FirstByte => "no answer",
        Phase::Total => "request not finished",
        Phase::Rate => "body too slow",
    })]
    Timeout(Phase),
    /// The guard refused the connection.
    #[error("refused by us: {0}")]
    Refused(Refusal),
    /// The host name has no address.
    #[error("host name does not resolve")]
    Name,
    /// The connection could not be made.
    #[error("no connection: {0}")]
    Connect(String),
    /// The certificate or the TLS handshake is not right.
    #[error("TLS: {0}")]
    Tls(String),
    /// The connection broke while the answer was awaited or read.
    #[error("connection lost: {0}")]
    Lost(String),
    /// The answer is not HTTP as it should be, or too big.
    #[error("answer breaks the protocol: {0}")]
    Protocol(String),
    /// More redirects than are followed, or a loop.
    #[error("too many redirects")]
    Redirects,
    /// A redirect to something that is not followed.
    #[error("redirect to a URL that is not followed: {0}")]
    Location(TargetError),
}

impl Failure {
    /// Whether the mirror was just too slow.
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::Timeout(_))
    }
}

/// What `Content-Length` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// There is none.
    Absent,
    /// This many bytes.
    Bytes(u64),
    /// It is there but says nothing: signs, exponents, several different values.
    Unusable,
}

/// Whether redirects are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redirects {
    /// Up to the limit.
    Follow,
    /// A redirect is the answer.
    Report,
}

/// The head of a final answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The status.
    pub status: u16,
    /// The length of the body, as announced.
    pub length: Length,
    /// Whether the body is encoded although we asked for it as it is.
    pub encoded: bool,
    /// Whether it came from the URL asked or after redirects.
    pub moved: Moved,
}

/// Where a final answer came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moved {
    /// From where it was asked.
    No,
    /// From the same machine, or the same over https.
    Within,
    /// From another machine: its host and port.
    Elsewhere(String),
}

/// The outcome of a HEAD request.
pub type HeadOutcome = Result<Head, Failure>;

/// What a GET brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The head of the answer.
    pub head: Head,
    /// What was read of the body.
    pub body: FetchedBody,
}

/// What was read of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FetchedBody {
    /// Not read: the status or the announced length made it pointless.
    Skipped,
    /// Read to its end.
    Whole {
        /// Bytes.
        size: u64,
        /// SHA-256.
        sha256: [u8; 32],
    },
    /// Not read to its end: it is longer than it may be.
    TooLong,
}

/// The outcome of a GET request.
pub type GetOutcome = Result<Fetched, Failure>;

type Inner = Client<HttpsConnector<GuardedConnector>, Empty<Bytes>>;

/// The client. Cheap to clone; all clones share their connections.
#[derive(Debug, Clone)]
pub struct Http {
    client: Inner,
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
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
            .map_err(|error| SetUpError(error.to_string()))?
            .https_or_http()
            .enable_http1()
            .enable_http2()
            .wrap_connector(GuardedConnector::new(guard, resolver, limits.connect));
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
        Ok(Self { client, limits, user_agent })
    }

    /// The limits it keeps.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// A HEAD request.
    pub async fn head(&self, target: &Target, redirects: Redirects, counters: &Counters) -> HeadOutcome {
        let work = self.follow(&Method::HEAD, target, redirects, counters);
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
            let (response, head) = self.follow(&Method::GET, target, Redirects::Follow, counters).await?;
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
        mut body: Incoming,
        expected: Option<u64>,
        counters: &Counters,
    ) -> Result<FetchedBody, Failure> {
        let ceiling = match expected {
            Some(size) => size.min(size.saturating_mul(2).max(SMALL_BODY)),
            None => u64::MAX,
        };
        let ceiling = ceiling.min(self.limits.body_bytes);
        let began = Instant::now();
        let mut hash = Sha256::new();
        let mut size = 0u64;
        loop {
            let frame = match timeout(self.limits.first_byte, body.frame()).await {
                Err(_) => return Err(Failure::Timeout(Phase::Rate)),
                Ok(None) => break,
                Ok(Some(frame)) => frame.map_err(|error| body_failure(&error))?,
            };
            let Ok(data) = frame.into_data() else { continue };
            counters.received(data.len());
            size = size.saturating_add(data.len() as u64);
            if size > ceiling {
                return Ok(FetchedBody::TooLong);
            }
            hash.update(&data);
            let elapsed = began.elapsed();
            if elapsed > self.limits.min_rate_after
                && (size as f64) < self.limits.min_rate as f64 * elapsed.as_secs_f64()
            {
                return Err(Failure::Timeout(Phase::Rate));
            }
        }
        Ok(FetchedBody::Whole { size, sha256: hash.finalize().into() })
    }

    /// Asks, following redirects if wanted, until there is a final answer.
    async fn follow(
        &self,
        method: &Method,
        target: &Target,
        redirects: Redirects,
        counters: &Counters,
    ) -> Result<(Response<Incoming>, Head), Failure> {
        let mut at = target.clone();
        for _ in 0..=self.limits.redirects {
            let response = self.ask(method, &at, counters).await?;
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

/// Reads all values of `Content-Length`: only ASCII digits, all equal, within 64 bits. A fuzz target.
pub fn content_length<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Length {
    let mut found = Length::Absent;
    for value in values {
        let number = std::str::from_utf8(value)
            .ok()
            .filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|text| text.parse::<u64>().ok());
        found = match (number, found) {
            (Some(number), Length::Absent) => Length::Bytes(number),
            (Some(number), Length::Bytes(before)) if number == before => found,
            _ => return Length::Unusable,
        };
    }
    found
}

/// Our words for what the client reports. A mirror's own words never get in.
fn request_failure(error: &ClientError) -> Failure {
    let mut cause: Option<&(dyn StdError + 'static)> = error.source();
    while let Some(one) = cause {
        if let Some(refused) = one.downcast_ref::<ConnectError>() {
            return match refused {
                ConnectError::Refused(refusal) => Failure::Refused(*refusal),
                ConnectError::Name => Failure::Name,
                ConnectError::Timeout => Failure::Timeout(Phase::Connect),
                ConnectError::Io(io) => Failure::Connect(io.kind().to_string()),
            };
        }
        if let Some(tls) = one.downcast_ref::<rustls::Error>() {
            return Failure::Tls(tls_words(tls));
        }
        if let Some(io) = one.downcast_ref::<io::Error>() {
            if let Some(tls) = io.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
                return Failure::Tls(tls_words(tls));
            }
            return match error.is_connect() {
                true => Failure::Connect(io.kind().to_string()),
                false => Failure::Lost(io.kind().to_string()),
            };
        }
        if let Some(http) = one.downcast_ref::<hyper::Error>()
            && (http.is_parse() || http.is_parse_too_large())
        {
            let what = if http.is_parse_too_large() { "headers too big" } else { "not valid HTTP" };
            return Failure::Protocol(what.into());
        }
        cause = one.source();
    }
    match error.is_connect() {
        true => Failure::Connect("handshake failed".into()),
        false => Failure::Lost("closed before the answer".into()),
    }
}

fn tls_words(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(reason) => {
            let text = format!("{reason:?}");
            let word: String = text.chars().take_while(char::is_ascii_alphanumeric).collect();
            format!("invalid certificate ({word})")
        }
        _ => "handshake failed".into(),
    }
}

fn body_failure(error: &hyper::Error) -> Failure {
    if error.is_parse() {
        Failure::Protocol("body framing".into())
    } else {
        Failure::Lost("body ended early".into())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn content_length_is_digits_only_and_of_one_mind() {
        let of = |values: &[&str]| content_length(values.iter().map(|v| v.as_bytes()));
        assert_eq!(of(&[]), Length::Absent);
        assert_eq!(of(&["0"]), Length::Bytes(0));
        assert_eq!(of(&["18446744073709551615"]), Length::Bytes(u64::MAX));
        assert_eq!(of(&["5", "5"]), Length::Bytes(5));
        for bad in [
            &["1e3"][..],
            &["+5"],
            &["-5"],
            &["5, 5"],
            &["5", "6"],
            &["5", "x"],
            &["18446744073709551616"],
            &[""],
            &[" 5"],
            &["5.0"],
        ] {
            assert_eq!(of(bad), Length::Unusable, "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn content_length_never_panics(values in proptest::collection::vec(any::<Vec<u8>>(), 0..4)) {
            let _ = content_length(values.iter().map(Vec::as_slice));
        }
    }
}
