//! One mirror asked over rsync: one listing of its whole copy, matched with what is expected as it comes.

use std::net::IpAddr;
use std::sync::Arc;

use model::url::{MirrorUrl, Scheme};
use tokio::time::Instant;

use super::expected::Expected;
use super::matching::{Ending, Matching};
use super::{Depth, End, Rsync, RsyncError, Wish, line};
use crate::classify::Reason;
use crate::connector::DirectoryCheck;
use crate::counters::{Counters, Exchange};
use crate::http::{Failure, Http};
use crate::target::TargetError;

/// Addresses of a name that are tried.
const MAX_TRIES: usize = 3;

/// A mirror's copy of one category, below one rsync URL.
#[derive(Debug, Clone)]
pub struct RsyncMirror {
    http: Http,
    rsync: Rsync,
    url: MirrorUrl,
    counters: Arc<Counters>,
    depth: Depth,
}

/// A listing that has ended, for better or worse.
#[derive(Debug)]
pub struct Listed<'e> {
    matching: Matching<'e>,
    ending: Ending,
    entries: u64,
}

impl Listed<'_> {
    /// What is known of a directory, by its number. A listing tells sizes only: a directory that is current by it
    /// may still hold a `repomd.xml` of another content (decision 27).
    pub fn check(&self, directory: usize) -> DirectoryCheck {
        self.matching.check(directory, &self.ending)
    }

    /// How many entries were listed.
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// How the listing ended.
    pub fn ending(&self) -> &Ending {
        &self.ending
    }
}

/// Why there is no listing at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoListing {
    /// The mirror has as many clients as it wants: ask later.
    #[error("the mirror has no room for another rsync client")]
    Busy,
    /// Anything else.
    #[error("{0}")]
    Failed(Reason),
}

impl From<Failure> for NoListing {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure.into())
    }
}

impl RsyncMirror {
    /// A mirror; nothing is asked yet. Guard and resolver are the client's. `None`: no rsync URL, or one without a
    /// module.
    pub fn new(http: Http, rsync: Rsync, url: MirrorUrl, counters: Arc<Counters>) -> Option<Self> {
        let is_module = url.scheme() == Scheme::Rsync && !url.path().is_empty();
        is_module.then_some(Self { http, rsync, url, counters, depth: Depth::Tree })
    }

    /// The same mirror, listed only so deep.
    #[must_use]
    pub fn at_depth(self, depth: Depth) -> Self {
        Self { depth, ..self }
    }

    /// Lists the whole copy and matches it. `paths` are those of the table, in its order.
    ///
    /// The program is given the address that the guard has judged, not the name.
    ///
    /// # Errors
    /// Not a single line of a listing came.
    pub async fn list<'e>(
        &self,
        expected: &'e Expected,
        paths: &[&str],
        options: &[String],
    ) -> Result<Listed<'e>, NoListing> {
        let port = self.url.port();
        self.http.connector.guard().check_port_of(port, Scheme::Rsync).map_err(Failure::Refused)?;
        let (_, addresses) = self.http.machine(self.url.host(), port).await?;
        let mut failed = NoListing::Failed(Failure::Name.into());
        for address in addresses.into_iter().take(MAX_TRIES) {
            match self.list_at(address, expected, paths, options).await {
                Ok(listed) => return Ok(listed),
                Err((error, is_final)) => {
                    failed = error;
                    if is_final {
                        break;
                    }
                }
            }
        }
        Err(failed)
    }

    async fn list_at<'e>(
        &self,
        address: IpAddr,
        expected: &'e Expected,
        paths: &[&str],
        options: &[String],
    ) -> Result<Listed<'e>, (NoListing, bool)> {
        let host = match address {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => format!("[{address}]"),
        };
        let source = format!("rsync://{host}:{}{}", self.url.port(), self.url.path());
        let mut matching = Matching::new(expected);
        let (mut bytes, mut entries) = (0u64, 0u64);
        let mut each = |text: &[u8]| {
            bytes = bytes.saturating_add(text.len() as u64 + 1);
            if let Some(entry) = line(text) {
                entries += 1;
                matching.take(&entry);
            }
        };
        let began = Instant::now();
        self.counters.asked();
        let wish = Wish { source: &source, options, depth: self.depth };
        let end = self.rsync.list_with(wish, &mut each).await;
        let time = began.elapsed();
        self.counters.received(usize::try_from(bytes).unwrap_or(usize::MAX));
        if entries > 0 {
            self.counters.answered();
        }
        self.counters.ended(time, || Exchange {
            method: "rsync",
            url: self.url.as_str().to_owned(),
            status: status(&end),
            length: None,
            bytes,
            time,
            failure: end.as_ref().err().map(ToString::to_string),
        });
        let ending = match end {
            // An empty listing of an empty directory still has a line for that directory.
            Ok(_) if entries == 0 => return Err((broken("rsync listed nothing"), true)),
            Ok((End::Complete | End::Partial(24), _)) => Ending::Whole,
            Ok((End::Partial(_), complaints)) => {
                Ending::Doubtful(complaints.doubts(expected, paths, inside_of_module(&self.url)))
            }
            Err(error) if entries == 0 => return Err((no_listing(&error), !is_unreachable(&error))),
            Err(error) => Ending::Broken(error.to_string()),
        };
        Ok(Listed { matching, ending, entries })
    }
}

fn status<T>(end: &Result<(End, T), RsyncError>) -> Option<u16> {
    let code = match end {
        Ok((End::Complete, _)) => 0,
        Ok((End::Partial(code), _)) => *code,
        Err(RsyncError::Failed(status, _)) => status.code()?,
        Err(_) => return None,
    };
    u16::try_from(code).ok()
}

fn broken(why: &str) -> NoListing {
    NoListing::Failed(Reason::NoListing(why.to_owned()))
}

fn no_listing(error: &RsyncError) -> NoListing {
    match error {
        RsyncError::Failed(_, said) if said.contains("max connections") => NoListing::Busy,
        RsyncError::Source(_) => Failure::Location(TargetError::Malformed).into(),
        error => broken(&error.to_string()),
    }
}

/// Whether another address may be better.
fn is_unreachable(error: &RsyncError) -> bool {
    matches!(error, RsyncError::Failed(status, _) if matches!(status.code(), Some(10 | 35)))
}

/// The path of a URL behind its module.
fn inside_of_module(url: &MirrorUrl) -> &str {
    url.path().trim_matches('/').split_once('/').map_or("", |(_, inside)| inside)
}
