//! Whole files over HTTP, handed on piece by piece: listings of a tree, `repomd.xml`, checksum files.

use std::io;

use hyper::Method;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};

use crate::ask::{Ask, Sink};
use crate::counters::Counters;
use crate::http::{Failure, Head, Http, Redirects};
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

    pub(crate) fn of(headers: &HeaderMap) -> Self {
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
        let mut ask = Ask::new(Method::GET, target, Redirects::Follow, self.limits.get);
        ask.headers.extend(known.conditions());
        let mut sink = Handing { each, limit, size: 0, stop: None };
        let (head, headers) = self.exchange(&ask, &mut sink, &Counters::default()).await?;
        match (head.status, sink.stop) {
            (_, Some(stop)) => Err(stop),
            (200, None) if head.encoded => Err(FetchFailure::Encoded),
            (200, None) => Ok(Fetch::Whole(Validators::of(&headers))),
            (304, None) if *known != Validators::default() => Ok(Fetch::Unchanged),
            (status, None) => Err(FetchFailure::Status(status)),
        }
    }
}

/// Hands a body on, piece by piece.
struct Handing<'a> {
    each: &'a mut (dyn FnMut(&[u8]) -> io::Result<()> + Send),
    limit: u64,
    size: u64,
    stop: Option<FetchFailure>,
}

impl Sink for Handing<'_> {
    fn begin(&mut self, head: &Head, _headers: &HeaderMap) -> bool {
        head.status == 200 && !head.encoded
    }

    fn take(&mut self, piece: &[u8]) -> bool {
        self.size = self.size.saturating_add(piece.len() as u64);
        self.stop = match (self.each)(piece) {
            _ if self.size > self.limit => Some(FetchFailure::TooLong(self.limit)),
            Ok(()) => None,
            Err(error) => Some(FetchFailure::Store(error)),
        };
        self.stop.is_none()
    }

    fn is_repeatable(&self) -> bool {
        self.size == 0
    }
}
