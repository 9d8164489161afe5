//! Whole files over HTTP, handed on piece by piece: listings of a tree, `repomd.xml`, checksum files.

use std::io;

use hyper::StatusCode;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Response};
use tokio::time::timeout;

use crate::counters::Counters;
use crate::http::{Failure, Http, Phase, Redirects};
use crate::target::Target;

/// What names a version of a file, as the server gave it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validators {
    /// `ETag`
    pub etag: Option<String>,
    /// `Last-Modified`
    pub last_modified: Option<String>,
}

impl Validators {
    /// The headers that ask for another version only.
    pub(crate) fn conditions(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        let of = |name: HeaderName, value: &Option<String>| {
            Some((name, HeaderValue::from_str(value.as_deref()?).ok()?))
        };
        of(header::IF_NONE_MATCH, &self.etag)
            .into_iter()
            .chain(of(header::IF_MODIFIED_SINCE, &self.last_modified))
    }

    fn of(headers: &HeaderMap) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Self { etag: text(header::ETAG), last_modified: text(header::LAST_MODIFIED) }
    }
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetch {
    /// It is the version that was named.
    Unchanged,
    /// All of it was handed on.
    Whole(Validators),
}

/// Why there is no file. Pieces handed on before are worth nothing.
#[derive(Debug, thiserror::Error)]
pub enum FetchFailure {
    /// The server can not be asked, or broke off.
    #[error("{0}")]
    Failed(#[from] Failure),
    /// The answer is neither 200 nor 304.
    #[error("the server answered with status {0}")]
    Status(u16),
    /// The body is encoded although it was asked for as it is.
    #[error("the server sent it encoded although it was asked not to")]
    Encoded,
    /// It is longer than allowed.
    #[error("it is longer than {0} bytes")]
    TooLong(u64),
    /// The pieces can not be stored.
    #[error("cannot store it: {0}")]
    Store(io::Error),
}

impl Http {
    /// Fetches a file of at most `limit` bytes, unless it is the version named by `known`.
    ///
    /// # Errors
    /// There is no file, or it was not handed on as a whole.
    pub async fn fetch(
        &self,
        target: &Target,
        known: &Validators,
        limit: u64,
        each: &mut (dyn FnMut(&[u8]) -> io::Result<()> + Send),
    ) -> Result<Fetch, FetchFailure> {
        let counters = Counters::default();
        let work = async {
            let (response, head) =
                self.follow(&Method::GET, target, Redirects::Follow, known, &counters).await?;
            match response.status() {
                StatusCode::OK if head.encoded => return Err(FetchFailure::Encoded),
                StatusCode::OK => {}
                StatusCode::NOT_MODIFIED if *known != Validators::default() => return Ok(Fetch::Unchanged),
                status => return Err(FetchFailure::Status(status.as_u16())),
            }
            let found = Validators::of(response.headers());
            let body = Response::into_body(response);
            let mut stop = None;
            let mut size = 0u64;
            let take = &mut |piece: &[u8]| {
                size = size.saturating_add(piece.len() as u64);
                stop = match each(piece) {
                    _ if size > limit => Some(FetchFailure::TooLong(limit)),
                    Ok(()) => None,
                    Err(error) => Some(FetchFailure::Store(error)),
                };
                stop.is_none()
            };
            self.read_body(body, &counters, take).await?;
            stop.map_or(Ok(Fetch::Whole(found)), Err)
        };
        timeout(self.limits().get, work).await.unwrap_or(Err(Failure::Timeout(Phase::Total).into()))
    }
}
