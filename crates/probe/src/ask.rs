//! One request: its seat, its hops, its deadline, its body, and what is noted about it.
//!
//! Redirects are followed here, not by the client, because each hop must be counted, limited and passed through
//! the guard. Two failures are not believed at once: one that came over HTTP/2 is tried again over HTTP/1.1, and
//! a timeout while other requests were on their way is tried again alone (`spec/crawler.md` 11.3, 11.4).

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Method, Request, Response, StatusCode, Version};
use hyper_util::client::legacy::connect::capture_connection;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use crate::budget::{Budget, Seat};
use crate::counters::{Counters, Exchange};
use crate::http::{Failure, Head, Http, Length, Moved, Phase, Redirects};
use crate::outcome::{body_failure, connect_failure, content_length, request_failure};
use crate::pace::Sign;
use crate::target::{Target, TargetError};

/// Interim answers (1xx) accepted before the real one.
const MAX_INTERIM: u32 = 10;

/// What is asked.
pub(crate) struct Ask<'a> {
    pub(crate) method: Method,
    pub(crate) target: &'a Target,
    pub(crate) redirects: Redirects,
    /// Beside those that every request has.
    pub(crate) headers: HeaderMap,
    /// For the request in all, with its redirects and body; waiting for one's turn does not count.
    pub(crate) limit: Duration,
}

impl<'a> Ask<'a> {
    pub(crate) fn new(method: Method, target: &'a Target, redirects: Redirects, limit: Duration) -> Self {
        Self { method, target, redirects, headers: HeaderMap::new(), limit }
    }
}

/// What becomes of a body.
pub(crate) trait Sink: Send {
    /// Whether the body is wanted. Asked anew when the request had to be repeated.
    fn begin(&mut self, head: &Head, headers: &HeaderMap) -> bool;
    /// Takes the next piece; `false`: that is enough.
    fn take(&mut self, piece: &[u8]) -> bool;
    /// Whether the request may be repeated: nothing has left the sink yet.
    fn is_repeatable(&self) -> bool {
        true
    }
}

/// The body is not wanted.
pub(crate) struct NoBody;

impl Sink for NoBody {
    fn begin(&mut self, _head: &Head, _headers: &HeaderMap) -> bool {
        false
    }

    fn take(&mut self, _piece: &[u8]) -> bool {
        false
    }
}

/// A failure and what it came under.
struct Trouble {
    failure: Failure,
    /// Other requests were on their way to the same machine.
    crowded: bool,
    /// The host, if it was asked over HTTP/2.
    http2: Option<Arc<Budget>>,
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self { failure, crowded: false, http2: None }
    }
}

/// A request that is on its way, until all of its answer is there.
struct Flight {
    host: Arc<Budget>,
    seat: Seat,
    began: Instant,
    crowded: bool,
    http2: bool,
}

impl Flight {
    /// It has failed.
    fn fail(self, failure: Failure) -> Trouble {
        let crowded = self.crowded || self.seat.is_crowded();
        let is_too_much = matches!(failure, Failure::Timeout(_) | Failure::Lost(_));
        self.seat.leave(if is_too_much { Sign::Overloaded } else { Sign::None });
        Trouble { failure, crowded, http2: self.http2.then_some(self.host) }
    }

    /// The head of an answer is there: what it says about the machine's load.
    fn sign(&self, status: StatusCode, headers: &HeaderMap) -> Sign {
        if !matches!(status.as_u16(), 429 | 503) {
            return Sign::Answered(self.began.elapsed());
        }
        if let Some(wanted) = retry_after(headers) {
            self.host.pause(wanted);
        }
        Sign::Overloaded
    }
}

impl Http {
    /// Asks, and hands the body to the sink if it wants it. The headers are those of the final answer.
    pub(crate) async fn exchange(
        &self,
        ask: &Ask<'_>,
        sink: &mut (dyn Sink + '_),
        counters: &Counters,
    ) -> Result<(Head, HeaderMap), Failure> {
        let (mut alone, mut fell_back) = (false, false);
        loop {
            let trouble = match self.attempt(ask, alone, sink, counters).await {
                Ok(answer) => return Ok(answer),
                Err(trouble) => trouble,
            };
            let is_broken = matches!(trouble.failure, Failure::Lost(_) | Failure::Protocol(_));
            match trouble.http2 {
                _ if !sink.is_repeatable() => return Err(trouble.failure),
                Some(host) if is_broken && !fell_back => {
                    tracing::debug!(url = %ask.target, "{} over HTTP/2; HTTP/1.1 from now on", trouble.failure);
                    host.only_http1();
                    self.budgets.speaks(&host, false);
                    fell_back = true;
                }
                _ if trouble.failure.is_timeout() && trouble.crowded && !alone => alone = true,
                _ => return Err(trouble.failure),
            }
        }
    }

    /// Follows redirects if wanted, until there is a final answer.
    async fn attempt(
        &self,
        ask: &Ask<'_>,
        alone: bool,
        sink: &mut (dyn Sink + '_),
        counters: &Counters,
    ) -> Result<(Head, HeaderMap), Trouble> {
        let mut at = ask.target.clone();
        let mut left = ask.limit;
        for _ in 0..=self.limits.redirects {
            let mut flight = self.depart(&at, alone).await?;
            let mut note = Note { status: None, length: None, bytes: 0 };
            counters.asked();
            let work = async {
                let response = self.send(ask, &at, &mut flight).await?;
                counters.answered();
                let head = head_of(&response, ask.target, &at);
                note.status = Some(head.status);
                note.length = head.length.bytes();
                let sign = flight.sign(response.status(), response.headers());
                let next = match ask.redirects {
                    Redirects::Follow => location(response.status(), response.headers()),
                    Redirects::Report => None,
                };
                let (parts, body) = response.into_parts();
                if next.is_none() && sink.begin(&head, &parts.headers) {
                    self.read_body(body, counters, &mut note.bytes, sink).await?;
                }
                Ok((head, parts.headers, sign, next))
            };
            let outcome = timeout(left, work).await.unwrap_or(Err(Failure::Timeout(Phase::Total)));
            let time = flight.began.elapsed();
            left = left.saturating_sub(time);
            counters.ended(time, || note.exchange(ask, &at, time, outcome.as_ref().err()));
            let (head, headers, sign, next) = match outcome {
                Ok(answer) => answer,
                Err(failure) => return Err(flight.fail(failure)),
            };
            flight.seat.leave(sign);
            match next {
                None => return Ok((head, headers)),
                Some(location) => at = at.join(&location?).map_err(Failure::Location)?,
            }
        }
        Err(Failure::Redirects.into())
    }

    /// Waits for a seat at the host and at its addresses, which the guard judges here for the first time.
    async fn depart(&self, target: &Target, alone: bool) -> Result<Flight, Failure> {
        let port = target.authority().1;
        self.connector.guard().check_port(port).map_err(Failure::Refused)?;
        let (budget, addresses) = self.machine(target.host(), port).await?;
        let seat = self.budgets.seat(&budget, &addresses, alone).await.map_err(Failure::Deferred)?;
        let crowded = seat.is_crowded();
        Ok(Flight { host: budget, seat, began: Instant::now(), crowded, http2: false })
    }

    /// The budget of a host and its addresses, all of them judged by the guard within the last minute.
    pub(crate) async fn machine(&self, host: &str, port: u16) -> Result<(Arc<Budget>, Vec<IpAddr>), Failure> {
        let budget = self.budgets.host(host, port);
        if let Some(addresses) = budget.addresses() {
            return Ok((budget, addresses));
        }
        let found = timeout(self.limits.connect, self.connector.addresses(host)).await;
        let found = found.map_err(|_| Failure::Timeout(Phase::Connect))?;
        let addresses = found.map_err(|error| connect_failure(&error))?;
        budget.found(&addresses);
        Ok((budget, addresses))
    }

    /// One request, one answer.
    async fn send(
        &self,
        ask: &Ask<'_>,
        target: &Target,
        flight: &mut Flight,
    ) -> Result<Response<Incoming>, Failure> {
        let mut request = self.request(ask, target)?;
        let flood = Arc::new(Notify::new());
        let (interim, notify) = (AtomicU32::new(0), Arc::clone(&flood));
        hyper::ext::on_informational(&mut request, move |_| {
            if interim.fetch_add(1, Ordering::Relaxed) >= MAX_INTERIM {
                notify.notify_one();
            }
        });
        let mut connection = capture_connection(&mut request);
        let only_http1 = flight.host.is_only_http1();
        let client = if only_http1 { &self.clients.http1 } else { &self.clients.any };
        let answer = client.request(request);
        tokio::pin!(answer);
        let connected = async {
            let connected = connection.wait_for_connection_metadata().await;
            connected.as_ref().is_some_and(|connected| connected.is_negotiated_h2())
        };
        tokio::select! {
            biased;
            http2 = connected => flight.http2 = http2,
            answer = &mut answer => return self.answered(answer.map_err(|error| request_failure(&error))?, flight),
            () = tokio::time::sleep(self.limits.connect) => return Err(Failure::Timeout(Phase::Connect)),
        }
        tokio::select! {
            biased;
            answer = &mut answer => self.answered(answer.map_err(|error| request_failure(&error))?, flight),
            () = flood.notified() => Err(Failure::Protocol("too many interim answers".into())),
            () = tokio::time::sleep(self.limits.first_byte) => Err(Failure::Timeout(Phase::FirstByte)),
        }
    }

    fn answered(
        &self,
        answer: Response<Incoming>,
        flight: &mut Flight,
    ) -> Result<Response<Incoming>, Failure> {
        flight.http2 = answer.version() == Version::HTTP_2;
        self.budgets.speaks(&flight.host, flight.http2);
        Ok(answer)
    }

    fn request(&self, ask: &Ask<'_>, target: &Target) -> Result<Request<Empty<Bytes>>, Failure> {
        let mut request = Request::builder()
            .method(&ask.method)
            .uri(target.as_str())
            .header(header::USER_AGENT, &self.user_agent)
            .header(header::ACCEPT_ENCODING, "identity")
            .header(header::PRAGMA, "no-cache")
            .body(Empty::new())
            .map_err(|_| Failure::Location(TargetError::Malformed))?;
        for (name, value) in &ask.headers {
            request.headers_mut().insert(name, value.clone());
        }
        Ok(request)
    }

    /// Reads a body to its end, or until the sink has had enough of it.
    async fn read_body(
        &self,
        mut body: Incoming,
        counters: &Counters,
        size: &mut u64,
        sink: &mut (dyn Sink + '_),
    ) -> Result<(), Failure> {
        let began = Instant::now();
        loop {
            let frame = match timeout(self.limits.first_byte, body.frame()).await {
                Err(_) => return Err(Failure::Timeout(Phase::Rate)),
                Ok(None) => return Ok(()),
                Ok(Some(frame)) => frame.map_err(|error| body_failure(&error))?,
            };
            let Ok(data) = frame.into_data() else { continue };
            counters.received(data.len());
            *size = size.saturating_add(data.len() as u64);
            if !sink.take(&data) {
                return Ok(());
            }
            let elapsed = began.elapsed();
            if elapsed > self.limits.min_rate_after
                && (*size as f64) < self.limits.min_rate as f64 * elapsed.as_secs_f64()
            {
                return Err(Failure::Timeout(Phase::Rate));
            }
        }
    }
}

/// What is noted about a request while it runs.
struct Note {
    status: Option<u16>,
    length: Option<u64>,
    bytes: u64,
}

impl Note {
    fn exchange(&self, ask: &Ask<'_>, at: &Target, time: Duration, failure: Option<&Failure>) -> Exchange {
        Exchange {
            method: if ask.method == Method::HEAD { "HEAD" } else { "GET" },
            url: at.as_str().to_owned(),
            status: self.status,
            length: self.length,
            bytes: self.bytes,
            time,
            failure: failure.map(ToString::to_string),
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

/// Seconds of `Retry-After`. A date, which needs clocks that agree, is not looked at.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    // A mirror that says a year says goodbye; more than a day is all the same.
    text.trim().parse().ok().map(|seconds: u32| Duration::from_secs(u64::from(seconds.min(86_400))))
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

impl Length {
    /// The number, if there is one.
    pub fn bytes(self) -> Option<u64> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::Absent | Self::Unusable => None,
        }
    }
}
