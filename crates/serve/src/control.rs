//! The control listener: health and metrics, for the operator and never on the public port.
//!
//! | path | answer |
//! |---|---|
//! | `/health/live` | 200 while the process runs |
//! | `/health/ready` | 200 while clients should be sent here; 503 before the first load and while stopping |
//! | `/metrics` | all numbers, in the text form of Prometheus |
//!
//! `/healthz/live` and `/healthz/ready` are the same two.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use arc_swap::ArcSwapOption;
use hyper::body::Incoming;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use model::clock::Clock;

use crate::body::Pieces;
use crate::data::Loaded;
use crate::http::Handler;
use crate::metrics::{DataFacts, Metrics};

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const OPEN_METRICS: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

/// Whether clients should be sent here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readiness {
    /// Nothing is loaded yet.
    Starting,
    /// Answering.
    Ready,
    /// Told to stop.
    Stopping,
}

/// What the control listener tells.
pub(crate) struct Control {
    readiness: AtomicU8,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) data: Arc<ArcSwapOption<Loaded>>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Control {
    pub(crate) fn new(
        metrics: Arc<Metrics>,
        data: Arc<ArcSwapOption<Loaded>>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { readiness: AtomicU8::new(Readiness::Starting as u8), metrics, data, clock }
    }

    pub(crate) fn set(&self, readiness: Readiness) {
        self.readiness.store(readiness as u8, Ordering::Release);
    }

    fn readiness(&self) -> Readiness {
        match self.readiness.load(Ordering::Acquire) {
            0 => Readiness::Starting,
            1 => Readiness::Ready,
            _ => Readiness::Stopping,
        }
    }

    /// Status, content type and body for a path.
    fn answer(&self, path: &str) -> (StatusCode, HeaderValue, String) {
        match path {
            "/health/live" | "/healthz/live" => (StatusCode::OK, TEXT, "live\n".into()),
            "/health/ready" | "/healthz/ready" => {
                let (status, text) = match self.readiness() {
                    Readiness::Starting => (StatusCode::SERVICE_UNAVAILABLE, "starting\n"),
                    Readiness::Ready => (StatusCode::OK, "ready\n"),
                    Readiness::Stopping => (StatusCode::SERVICE_UNAVAILABLE, "stopping\n"),
                };
                (status, TEXT, text.into())
            }
            "/metrics" => match self.metrics.text(self.facts()) {
                Ok(text) => (StatusCode::OK, OPEN_METRICS, text),
                Err(error) => {
                    tracing::error!(%error, "failed to write the metrics");
                    (StatusCode::INTERNAL_SERVER_ERROR, TEXT, String::new())
                }
            },
            _ => (StatusCode::NOT_FOUND, TEXT, "there are /health/live, /health/ready and /metrics\n".into()),
        }
    }

    fn facts(&self) -> Option<DataFacts> {
        let data = self.data.load();
        data.as_deref().map(|loaded| DataFacts::of(loaded, self.clock.now().timestamp()))
    }
}

impl Handler for Arc<Control> {
    async fn handle(&self, _peer: IpAddr, request: Request<Incoming>) -> Response<Pieces> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let mut response = Response::new(Pieces::default());
            *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return response;
        }
        let (status, kind, text) = self.answer(request.uri().path());
        let mut response = Response::new(Pieces::from(text));
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, kind);
        response
    }
}

#[cfg(test)]
mod tests {
    use model::clock::FixedClock;

    use super::*;

    #[test]
    fn ready_only_between_load_and_stop_but_live_throughout() {
        let control = Control::new(Arc::default(), Arc::default(), Arc::new(FixedClock::at(0)));
        let status = |path| control.answer(path).0.as_u16();
        assert_eq!((status("/health/live"), status("/health/ready")), (200, 503));
        control.set(Readiness::Ready);
        assert_eq!((status("/health/live"), status("/health/ready")), (200, 200));
        control.set(Readiness::Stopping);
        assert_eq!((status("/health/live"), status("/health/ready")), (200, 503));
        assert_eq!(control.answer("/health/ready").2, "stopping\n");
        assert_eq!(status("/mirrorlist"), 404);
    }
}
