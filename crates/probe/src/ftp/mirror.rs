//! One mirror asked over FTP.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use model::url::{MirrorUrl, Scheme};
use percent_encoding::percent_decode_str;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::listing::{Entry, Kind};
use super::session::{Session, Tools};
use super::work::{Hashing, Listing, Sizing, Undone, Work};
use crate::classify::{Reason, Verdict};
use crate::connector::{Connector, DirectoryCheck, Finding, Proof, Wanted, WantedFile};
use crate::counters::Counters;
use crate::http::{Failure, Http};
use crate::pace::Sign;
use crate::target::TargetError;

/// A mirror's copy of one category, below one ftp URL. Its session is opened when it is first asked, and only one
/// thing is asked at a time.
pub struct FtpMirror {
    http: Http,
    url: MirrorUrl,
    counters: Arc<Counters>,
    session: Mutex<Option<Session>>,
}

/// What is known of a wanted file from a listing.
#[derive(Clone, Copy)]
struct Seen {
    kind: Kind,
    size: Option<u64>,
}

impl FtpMirror {
    /// A mirror; nothing is asked yet. Limits, guard and budgets are the client's. `None`: not an ftp URL.
    pub fn new(http: Http, url: MirrorUrl, counters: Arc<Counters>) -> Option<Self> {
        let is_ftp = url.scheme() == Scheme::Ftp;
        is_ftp.then(|| Self { http, url, counters, session: Mutex::new(None) })
    }

    /// Whether the top directory of the copy can be entered.
    ///
    /// # Errors
    /// The reason why the mirror counts as not accessible at this URL.
    pub async fn base_check(&self) -> Result<(), Reason> {
        match self.list("", &mut |_| ()).await {
            Ok(()) => Ok(()),
            Err(Undone::Refused(reply)) => Err(Reason::Status(reply.code)),
            Err(Undone::Failed(failure)) => Err(failure.into()),
        }
    }

    /// Lists a directory and hands out its entries.
    ///
    /// # Errors
    /// It can not be listed.
    pub async fn entries(&self, path: &str, each: &mut (dyn FnMut(Entry<'_>) + Send)) -> Result<(), Reason> {
        self.list(path, each).await.map_err(|error| match error {
            Undone::Refused(reply) => Reason::Status(reply.code),
            Undone::Failed(failure) => failure.into(),
        })
    }

    fn tools(&self) -> Tools<'_> {
        Tools { limits: &self.http.limits, counters: &self.counters, url: self.url.as_str() }
    }

    /// The path of a directory, or of a file in it, for a command.
    fn path(&self, directory: &str, file: &[u8]) -> Result<Vec<u8>, Failure> {
        let mut path: Vec<u8> = percent_decode_str(self.url.path()).collect();
        for part in directory.split('/').map(str::as_bytes).chain([file]).filter(|part| !part.is_empty()) {
            path.push(b'/');
            path.extend_from_slice(part);
        }
        if path.is_empty() {
            path.push(b'/');
        }
        // An end of a line would begin another command.
        let is_line = !path.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0));
        is_line.then_some(path).ok_or(Failure::Location(TargetError::Blank))
    }

    async fn open(&self, addresses: &[IpAddr]) -> Result<Session, Undone> {
        let port = self.url.port();
        let sockets = addresses.iter().map(|address| SocketAddr::new(*address, port)).collect();
        Session::open(sockets, self.tools()).await?.map_err(Undone::Refused)
    }

    /// Does something in a session: in the one that is open, and should that be broken, once more in a new one.
    async fn in_session(&self, work: &mut dyn Work) -> Result<(), Undone> {
        let mut slot = self.session.lock().await;
        let port = self.url.port();
        self.http.connector.guard().check_port_of(port, Scheme::Ftp).map_err(Failure::Refused)?;
        let (host, addresses) = self.http.machine(self.url.host(), port).await?;
        let seat = self.http.budgets.seat(&host, &addresses, false).await.map_err(Failure::Deferred)?;
        let began = Instant::now();
        let mut was_open = slot.is_some();
        let outcome = loop {
            let mut session = match slot.take() {
                Some(session) => session,
                None => match self.open(&addresses).await {
                    Ok(session) => session,
                    Err(undone) => break Err(undone),
                },
            };
            match work.run(&mut session, self.tools()).await {
                Err(Undone::Failed(Failure::Lost(_))) if was_open => was_open = false,
                Err(Undone::Refused(reply)) if reply.code == 530 && was_open => was_open = false,
                // What failed in the middle has left the session in disorder.
                Err(Undone::Failed(failure)) => break Err(Undone::Failed(failure)),
                Err(Undone::Refused(reply)) if matches!(reply.code, 421 | 530) => {
                    break Err(Undone::Refused(reply));
                }
                // More came than was wanted: the session is of no more use, but the work is done.
                Ok(()) if !session.is_usable => break Ok(()),
                outcome => {
                    *slot = Some(session);
                    break outcome;
                }
            }
        };
        seat.leave(match &outcome {
            Err(Undone::Failed(Failure::Timeout(_) | Failure::Lost(_))) => Sign::Overloaded,
            Err(Undone::Refused(reply)) if matches!(reply.code, 421 | 425) => Sign::Overloaded,
            _ => Sign::Answered(began.elapsed()),
        });
        outcome
    }

    async fn list(&self, path: &str, each: &mut (dyn FnMut(Entry<'_>) + Send)) -> Result<(), Undone> {
        self.in_session(&mut Listing { path: self.path(path, b"")?, each }).await
    }

    /// Size and digest of a file of at most `most` bytes; `None` when it is longer.
    async fn digest(&self, path: &str, name: &[u8], most: u64) -> Result<Option<(u64, [u8; 32])>, Undone> {
        let mut work = Hashing { path: self.path(path, name)?, most, found: None };
        self.in_session(&mut work).await?;
        Ok(work.found)
    }

    /// The size of what a link leads to; `None` when the server does not say.
    async fn size(&self, path: &str, name: &[u8]) -> Result<Option<u64>, Undone> {
        let mut work = Sizing { path: self.path(path, name)?, found: None };
        self.in_session(&mut work).await?;
        Ok(work.found)
    }

    async fn check_file(&self, path: &str, file: &WantedFile, seen: Option<Seen>) -> Verdict {
        let Some(seen) = seen.filter(|seen| seen.kind != Kind::Directory) else {
            return Verdict::Absent(Reason::NotListed);
        };
        match &file.proof {
            Proof::Size(expected) => {
                let size = match (seen.kind, seen.size) {
                    (Kind::File, Some(size)) => Ok(Some(size)),
                    _ => self.size(path, file.name.as_bytes()).await,
                };
                match size {
                    Ok(Some(found)) if found == *expected => Verdict::Present,
                    Ok(Some(found)) => Verdict::Absent(Reason::Size { expected: *expected, found }),
                    Ok(None) => Verdict::Unknown(Reason::Length),
                    Err(error) => refused(error),
                }
            }
            Proof::Digest { sha256: None, .. } => Verdict::Absent(Reason::NoDigest),
            Proof::Digest { sha256: Some(expected), size } => {
                let most = size.unwrap_or(u64::MAX).min(self.http.limits.body_bytes);
                match self.digest(path, file.name.as_bytes(), most).await {
                    Ok(Some((_, found))) if found == *expected => Verdict::Present,
                    Ok(Some((found, _))) if size.is_some_and(|size| size != found) => {
                        Verdict::Absent(Reason::Size { expected: size.unwrap_or_default(), found })
                    }
                    Ok(Some((_, found))) => Verdict::Absent(Reason::Digest { expected: *expected, found }),
                    Ok(None) if size.is_some_and(|size| size == most) => Verdict::Absent(Reason::TooLong),
                    Ok(None) => Verdict::Unknown(Reason::Unread),
                    Err(error) => refused(error),
                }
            }
        }
    }
}

/// What it means that there is no answer (`spec/crawler.md` 5.2).
fn refused(error: Undone) -> Verdict {
    match error {
        Undone::Refused(reply) => {
            let reason = Reason::Status(reply.code);
            match reply.code {
                450 | 550 | 553 => Verdict::Absent(reason),
                421 | 425 | 500 | 530 => Verdict::Retry(reason),
                _ => Verdict::Unknown(reason),
            }
        }
        Undone::Failed(failure) => match failure {
            Failure::Timeout(_) | Failure::Lost(_) => Verdict::Retry(failure.into()),
            _ => Verdict::Unknown(failure.into()),
        },
    }
}

impl Connector for FtpMirror {
    fn check<'a>(&'a self, wanted: Wanted<'a>, from: usize) -> BoxFuture<'a, DirectoryCheck> {
        Box::pin(async move {
            let Some(first) = wanted.files.get(from) else { return DirectoryCheck::Current };
            let check = |verdict, proven: usize, file: &WantedFile| {
                let finding = |reason| Finding { proven, file: file.name.clone(), reason };
                match verdict {
                    Verdict::Present => None,
                    Verdict::Absent(reason) => Some(DirectoryCheck::Stale(finding(reason))),
                    Verdict::Unknown(reason) => Some(DirectoryCheck::Unknown(finding(reason))),
                    Verdict::Retry(reason) => Some(DirectoryCheck::TryLater(finding(reason))),
                }
            };
            let mut seen: Vec<Option<Seen>> = vec![None; wanted.files.len()];
            let mut note = |entry: Entry<'_>| {
                for (slot, file) in seen.iter_mut().zip(wanted.files) {
                    if file.name.as_bytes() == entry.name {
                        *slot = Some(Seen { kind: entry.kind, size: entry.size });
                    }
                }
            };
            if let Err(error) = self.list(wanted.path, &mut note).await {
                return check(refused(error), from, first).unwrap_or(DirectoryCheck::Current);
            }
            for (proven, (file, seen)) in wanted.files.iter().zip(seen).enumerate().skip(from) {
                let verdict = self.check_file(wanted.path, file, seen).await;
                if let Some(end) = check(verdict, proven, file) {
                    return end;
                }
            }
            DirectoryCheck::Current
        })
    }
}
