//! HTTP requests to mirrors: HEAD, and GET for a digest ([`crate::fetch`] keeps the body). What an answer means is
//! not decided here; how one request is made is in [`crate::ask`].

use std::sync::Arc;

use hyper::Method;
use hyper::header::{HeaderMap, HeaderValue};
use rustls::pki_types::CertificateDer;
use sha2::{Digest, Sha256};

use crate::ask::{Ask, NoBody, Sink};
use crate::budget::Budgets;
use crate::client::Clients;
use crate::connect::GuardedConnector;
use crate::counters::Counters;
use crate::fetch::Validators;
use crate::guard::AddressGuard;
use crate::limits::Limits;
use crate::outcome::{Whole, content_range};
use crate::resolve::Resolver;
use crate::target::Target;

pub use crate::outcome::{
    Failure, Fetched, FetchedBody, GetOutcome, Head, HeadOutcome, Length, Moved, Phase, Redirects,
};

/// The client. Cheap to clone; all clones share their connections and their budgets.
#[derive(Debug, Clone)]
pub struct Http {
    pub(crate) clients: Clients,
    pub(crate) connector: GuardedConnector,
    pub(crate) limits: Limits,
    pub(crate) user_agent: HeaderValue,
    pub(crate) budgets: Arc<Budgets>,
}

/// The client can not be built: a fault of the program's set-up, not of a mirror.
#[derive(Debug, thiserror::Error)]
#[error("cannot set up the HTTP client: {0}")]
pub struct SetUpError(pub(crate) String);

impl Http {
    /// A client. `project_url` is told to mirrors in `User-Agent`.
    ///
    /// # Errors
    /// There is no client with these settings.
    pub fn new(
        guard: AddressGuard,
        resolver: Arc<dyn Resolver>,
        limits: Limits,
        project_url: Option<&str>,
    ) -> Result<Self, SetUpError> {
        Self::trusting(guard, resolver, limits, project_url, &[])
    }

    /// A client that also believes certificates of these authorities.
    ///
    /// # Errors
    /// There is no client with these settings.
    pub fn trusting(
        guard: AddressGuard,
        resolver: Arc<dyn Resolver>,
        limits: Limits,
        project_url: Option<&str>,
        authorities: &[CertificateDer<'static>],
    ) -> Result<Self, SetUpError> {
        let connector = GuardedConnector::new(guard, resolver, limits.connect);
        let clients = Clients::new(&connector, &limits, authorities)?;
        let product = concat!("mirrormanager-crawler/", env!("CARGO_PKG_VERSION"));
        let agent = project_url.map_or_else(|| product.to_owned(), |url| format!("{product} (+{url})"));
        let user_agent = HeaderValue::from_str(&agent)
            .map_err(|_| SetUpError(format!("the project's URL {agent:?} can not stand in a header")))?;
        let budgets = Arc::new(Budgets::new(limits.politeness));
        Ok(Self { clients, connector, limits, user_agent, budgets })
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
    ///
    /// # Errors
    /// There is no answer.
    pub async fn head(&self, target: &Target, redirects: Redirects, counters: &Counters) -> HeadOutcome {
        let ask = Ask::new(Method::HEAD, target, redirects, self.limits.head);
        self.exchange(&ask, &mut NoBody, counters).await.map(|(head, _)| head)
    }

    /// What HEAD would say, of a mirror that does not take HEAD: a GET of the first byte, which is not read.
    ///
    /// The length is that of the whole file, whether the mirror knows ranges or not.
    ///
    /// # Errors
    /// There is no answer.
    pub async fn first_byte(&self, target: &Target, counters: &Counters) -> HeadOutcome {
        let mut ask = Ask::new(Method::GET, target, Redirects::Follow, self.limits.head);
        ask.headers.insert(hyper::header::RANGE, HeaderValue::from_static("bytes=0-0"));
        let (mut head, headers) = self.exchange(&ask, &mut NoBody, counters).await?;
        let whole =
            content_range(headers.get_all(hyper::header::CONTENT_RANGE).iter().map(HeaderValue::as_bytes));
        (head.status, head.length) = match (head.status, whole) {
            // The range is of a file of this size; one of no bytes has no first one.
            (206, Whole::Bytes(size)) => (200, Length::Bytes(size)),
            (416, Whole::Bytes(0)) => (200, Length::Bytes(0)),
            (206, _) => (206, Length::Unusable),
            (status, _) => (status, head.length),
        };
        Ok(head)
    }

    /// A GET request of which only the digest is kept.
    ///
    /// `expected` is the size in bytes that the wanted file has: another announced length is not read
    /// at all, and reading stops behind it. Without it, reading stops at the general limit. With `known` only
    /// another version than that is sent; the status is 304 if there is none.
    ///
    /// # Errors
    /// There is no answer, or no whole one.
    pub async fn get_digest(
        &self,
        target: &Target,
        expected: Option<u64>,
        known: &Validators,
        counters: &Counters,
    ) -> GetOutcome {
        let mut ask = Ask::new(Method::GET, target, Redirects::Follow, self.limits.get);
        ask.headers.extend(known.conditions());
        let mut sink = DigestSink::new(expected, self.limits.body_bytes);
        let (head, headers) = self.exchange(&ask, &mut sink, counters).await?;
        Ok(Fetched { head, body: sink.body(), version: Validators::of(&headers) })
    }
}

/// Hashes a body and keeps nothing else of it.
struct DigestSink {
    expected: Option<u64>,
    most: u64,
    state: Option<(Sha256, u64)>,
}

impl DigestSink {
    fn new(expected: Option<u64>, most: u64) -> Self {
        Self { expected, most, state: None }
    }

    fn ceiling(&self) -> u64 {
        self.expected.unwrap_or(u64::MAX).min(self.most)
    }

    fn body(self) -> FetchedBody {
        let (ceiling, expected) = (self.ceiling(), self.expected.unwrap_or(u64::MAX));
        match self.state {
            None => FetchedBody::Skipped,
            Some((_, size)) if size > expected => FetchedBody::TooLong,
            Some((_, size)) if size > ceiling => FetchedBody::Unread,
            Some((hash, size)) => FetchedBody::Whole { size, sha256: hash.finalize().into() },
        }
    }
}

impl Sink for DigestSink {
    fn begin(&mut self, head: &Head, _headers: &HeaderMap) -> bool {
        let is_hopeless = match (head.length, self.expected) {
            (Length::Bytes(found), Some(expected)) => found != expected,
            (Length::Unusable, _) => true,
            _ => false,
        };
        let wanted = head.status == 200 && !head.encoded && !is_hopeless;
        self.state = wanted.then(|| (Sha256::new(), 0));
        wanted
    }

    fn take(&mut self, piece: &[u8]) -> bool {
        let ceiling = self.ceiling();
        let Some((hash, size)) = &mut self.state else { return false };
        *size = size.saturating_add(piece.len() as u64);
        hash.update(piece);
        *size <= ceiling
    }
}
