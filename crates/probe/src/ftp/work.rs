//! What is done in a session: listing a directory, hashing a file, asking for a size. Each may be done again in a
//! new session when an old one turns out to be closed.

use futures_util::future::BoxFuture;
use sha2::{Digest as _, Sha256};

use super::listing::{Entry, list_line, mlsd_line};
use super::reply::Reply;
use super::session::{Session, Tools, Transfer};
use crate::http::Failure;
use crate::lines::{LineLimits, LineSplitter};

/// What one listing may cost.
const LISTING: LineLimits = LineLimits { line_bytes: 8 << 10, lines: 200_000, bytes: 8 << 20 };

/// Why something could not be done.
pub(super) enum Undone {
    /// The server said no.
    Refused(Reply),
    /// There is no answer, or none that can be used.
    Failed(Failure),
}

impl From<Failure> for Undone {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<Transfer> for Result<(), Undone> {
    fn from(end: Transfer) -> Self {
        match end {
            Transfer::Done => Ok(()),
            Transfer::Refused(reply) => Err(Undone::Refused(reply)),
        }
    }
}

/// Something that is done in a session.
pub(super) trait Work: Send {
    /// Does it, from its beginning.
    fn run<'a>(&'a mut self, session: &'a mut Session, tools: Tools<'a>)
    -> BoxFuture<'a, Result<(), Undone>>;
}

/// Lists the directory at `path`.
pub(super) struct Listing<'w> {
    pub(super) path: Vec<u8>,
    pub(super) each: &'w mut (dyn FnMut(Entry<'_>) + Send),
}

impl Work for Listing<'_> {
    fn run<'a>(
        &'a mut self,
        session: &'a mut Session,
        tools: Tools<'a>,
    ) -> BoxFuture<'a, Result<(), Undone>> {
        Box::pin(async move {
            // A path behind LIST would be read as options by some servers, and be cut at its blanks by others.
            let entered = session.command("CWD", &self.path, tools).await?;
            if !entered.is_good() {
                return Err(Undone::Refused(entered));
            }
            let read: fn(&[u8]) -> Option<Entry<'_>> = if session.has_mlsd { mlsd_line } else { list_line };
            let name = if session.has_mlsd { "MLSD" } else { "LIST" };
            let each = &mut *self.each;
            let mut line = |line: &[u8]| read(line).into_iter().for_each(&mut *each);
            let mut splitter = LineSplitter::new(LISTING);
            let mut flood = None;
            let mut take = |piece: &[u8]| {
                flood = splitter.push(piece, &mut line).err();
                flood.is_none()
            };
            let end = session.transfer(name, b"", tools, &mut take).await?;
            if let Some(flood) = flood {
                return Err(Failure::Protocol(format!("the listing is too long: {flood}")).into());
            }
            splitter.end(&mut line);
            end.into()
        })
    }
}

/// Hashes the file at `path`, of at most `most` bytes.
pub(super) struct Hashing {
    pub(super) path: Vec<u8>,
    pub(super) most: u64,
    /// Its size and SHA-256; `None` when it is longer.
    pub(super) found: Option<(u64, [u8; 32])>,
}

impl Work for Hashing {
    fn run<'a>(
        &'a mut self,
        session: &'a mut Session,
        tools: Tools<'a>,
    ) -> BoxFuture<'a, Result<(), Undone>> {
        Box::pin(async move {
            let (mut hash, mut size) = (Sha256::new(), 0u64);
            let mut take = |piece: &[u8]| {
                size = size.saturating_add(piece.len() as u64);
                hash.update(piece);
                size <= self.most
            };
            let end = session.transfer("RETR", &self.path, tools, &mut take).await?;
            self.found = (size <= self.most).then(|| (size, hash.finalize().into()));
            end.into()
        })
    }
}

/// Asks for the size of the file at `path`, through links.
pub(super) struct Sizing {
    pub(super) path: Vec<u8>,
    /// Bytes; `None` when the server does not say.
    pub(super) found: Option<u64>,
}

impl Work for Sizing {
    fn run<'a>(
        &'a mut self,
        session: &'a mut Session,
        tools: Tools<'a>,
    ) -> BoxFuture<'a, Result<(), Undone>> {
        Box::pin(async move {
            let reply = session.command("SIZE", &self.path, tools).await?;
            match reply.code {
                213 => self.found = reply.text.get(4..).and_then(|size| size.trim().parse().ok()),
                500..=504 => {}
                _ => return Err(Undone::Refused(reply)),
            }
            Ok(())
        })
    }
}
