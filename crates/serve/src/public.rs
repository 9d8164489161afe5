//! The public listener: an HTTP request becomes a question, an answer becomes an HTTP response.
//!
//! A straight line: method, body, question, answer, log, count, headers. The headers are those of the old
//! server and no more: `content-length`, `date`, and where there is one `content-type` and `location`; and what
//! answers beyond the old server's carry (`link`).

use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use answer::{Answer, Failure, Kind, Policy};
use arc_swap::ArcSwapOption;
use chrono::{DateTime, Utc};
use hyper::body::{Body as _, Incoming};
use hyper::header::{
    ACCEPT, ALLOW, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION, USER_AGENT,
};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode, Uri};
use model::clock::Clock;
use settings::serve::Compression;

use crate::access_log::{Entry, ThreadLog};
use crate::body::Pieces;
use crate::data::Loaded;
use crate::deadline::Cut;
use crate::drain::drain;
use crate::http::Handler;
use crate::metrics::Traffic;
use crate::{conditional, encoding};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// What is needed to answer. Each thread that serves has its own.
pub(crate) struct Public {
    pub(crate) policy: Policy,
    pub(crate) data: Arc<ArcSwapOption<Loaded>>,
    pub(crate) traffic: Arc<Traffic>,
    pub(crate) access_log: Option<ThreadLog>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) compression: Compression,
    /// How much of a request's body is read.
    pub(crate) max_body_bytes: usize,
    /// For how long.
    pub(crate) body_time: Duration,
}

impl Public {
    /// The response to a request whose body is read.
    fn respond(&self, peer: IpAddr, request: &Parts) -> Response<Pieces> {
        let began = Instant::now();
        if !self.allows(&request.method) {
            self.traffic.answered(Kind::Error(Failure::NotServed), 405, None, 0, began.elapsed());
            return not_allowed();
        }
        let data = self.data.load();
        let now = self.clock.now();
        let mut answer = match data.as_deref() {
            Some(loaded) => self.answer(loaded, peer, request, now),
            // The server listens only once data is there.
            None => failed(),
        };
        if let Some(loaded) = data.as_deref().filter(|_| !self.is_upstream()) {
            conditional::answer(&mut answer, &request.headers);
            encoding::encode(&mut answer, self.compression, &request.headers, loaded.prepared());
        }
        let took = began.elapsed();
        self.log(peer, request, &answer, now, took);
        self.traffic.answered(answer.kind, answer.status, answer.tier, answer.body.len(), took);
        response(answer, &request.method)
    }

    /// The answer to a request; a panic on the way becomes a 500 for this one client.
    fn answer(&self, loaded: &Loaded, peer: IpAddr, request: &Parts, now: DateTime<Utc>) -> Answer {
        let forwarded_for: Vec<&[u8]> =
            request.headers.get_all(FORWARDED_FOR).iter().map(HeaderValue::as_bytes).collect();
        let question = answer::Request {
            path: request.uri.path(),
            query: request.uri.query().unwrap_or_default(),
            accept: request.headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default(),
            forwarded_for: &forwarded_for,
            peer,
            now,
        };
        guarded(&self.traffic, &request.uri, || {
            answer::answer(loaded.data(), &self.policy, &question, &mut rand::rng())
        })
    }

    fn log(&self, peer: IpAddr, request: &Parts, answer: &Answer, time: DateTime<Utc>, took: Duration) {
        let Some(log) = &self.access_log else { return };
        log.write(&Entry {
            record: answer.access.as_ref(),
            peer,
            time,
            path: request.uri.path(),
            kind: answer.kind,
            status: answer.status,
            tier: answer.tier,
            bytes: answer.body.len(),
            took,
            agent: request.headers.get(USER_AGENT).map(HeaderValue::as_bytes),
        });
    }

    fn allows(&self, method: &Method) -> bool {
        self.is_upstream() || matches!(*method, Method::GET | Method::HEAD | Method::POST)
    }

    fn is_upstream(&self) -> bool {
        self.policy.compatibility == answer::Compatibility::Upstream
    }
}

impl Handler for Public {
    async fn handle(&self, peer: IpAddr, request: Request<Incoming>) -> Response<Pieces> {
        let (head, body) = request.into_parts();
        if !body.is_end_stream() {
            drain(body, self.max_body_bytes, self.body_time).await;
        }
        self.respond(peer, &head)
    }

    fn connected(&self) {
        self.traffic.connected();
    }

    fn disconnected(&self) {
        self.traffic.disconnected();
    }

    fn cut_off(&self, cause: Cut) {
        self.traffic.cut_off(cause);
    }
}

/// Runs `answering`; a panic in it is counted, logged and becomes a 500.
fn guarded(traffic: &Traffic, target: &Uri, answering: impl FnOnce() -> Answer) -> Answer {
    catch_unwind(AssertUnwindSafe(answering)).unwrap_or_else(|_| {
        traffic.panicked();
        tracing::error!(%target, "answering panicked; please report this with the target");
        failed()
    })
}

/// An answer to a request with this method.
fn response(answer: Answer, method: &Method) -> Response<Pieces> {
    let body = Pieces::from(answer.body);
    // HTTP/1 says the length of what is sent by itself; it can not know that of a body left out, and
    // HTTP/2 says nothing about an empty one.
    let is_empty = *method == Method::HEAD || body.len() == 0;
    // Of an answer that the client has already it would have to be the length of that.
    let length = (is_empty && answer.status != 304).then(|| body.len());
    let mut response = Response::new(if *method == Method::HEAD { Pieces::default() } else { body });
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers: &mut HeaderMap = response.headers_mut();
    if let Some(kind) = answer.content_type {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    if let Some(location) = answer.location.and_then(|url| HeaderValue::try_from(url).ok()) {
        headers.insert(LOCATION, location);
    }
    for (name, value) in answer.headers {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.append(name, value);
        }
    }
    if let Some(length) = length {
        headers.insert(CONTENT_LENGTH, length.into());
    }
    response
}

fn not_allowed() -> Response<Pieces> {
    let mut response = Response::new(Pieces::default());
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    response
}

/// The answer when there is none, by a fault of ours.
fn failed() -> Answer {
    Answer {
        status: 500,
        content_type: None,
        location: None,
        headers: Vec::new(),
        body: answer::Body::default(),
        access: None,
        kind: Kind::Error(Failure::Cache),
        tier: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Metrics;

    #[test]
    fn a_panic_is_a_500_for_one_client_and_is_counted() {
        let metrics = Arc::new(Metrics::default());
        let answer =
            guarded(&metrics.traffic(), &Uri::from_static("/mirrorlist"), || panic!("a fault of ours"));
        let response = response(answer, &Method::GET);
        assert_eq!(response.status(), 500);
        assert_eq!(response.headers().get(CONTENT_LENGTH), Some(&HeaderValue::from_static("0")));
        assert!(metrics.text(None).unwrap().contains("mirrormanager_serve_panics_total 1\n"));
    }
}
