//! The ways in which a mirror can be good, broken or hostile.

use std::time::Duration;

/// How a mirror treats a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Behaviour {
    /// As it should: the file, or 404.
    InSync,
    /// Every connection is reset.
    Dead,
    /// Every second request is answered with 503.
    Flapping,
    /// Every second request ends with a reset connection.
    Resetting,
    /// As it should, but this much later.
    Delay(Duration),
    /// Accepts the request and never answers.
    Hang,
    /// Files are cut: half of their bytes are served, with the length of that half.
    Truncated,
    /// The length is not told; the body comes in chunks.
    NoLength,
    /// 302 to this prefix, followed by the path asked for.
    Redirect(String),
    /// Redirects with this status to this prefix, followed by the path asked for.
    RedirectWith(u16, String),
    /// 200 and a page of this many bytes for what does not exist.
    Soft200(usize),
    /// This status for everything.
    Status(u16),
    /// This status for everything, with these headers.
    StatusWith(u16, Vec<(String, String)>),
    /// This status for every HEAD request; a GET of the first byte is answered with 206 or, without ranges, 200.
    NoHead {
        /// 405 or 501.
        status: u16,
        /// Whether it knows ranges.
        ranges: bool,
    },
    /// Files with this `ETag`; 304 for who names it.
    Tagged(String),
    /// The right file with a wrong first byte.
    Corrupt,
    /// A body that never ends, without a length.
    EndlessBody,
    /// The file with this text as its `Content-Length`.
    LyingLength(String),
    /// The file, with these headers added.
    ExtraHeaders(Vec<(String, String)>),
    /// One byte of the answer, head included, per this time.
    Drip(Duration),
    /// The head at once, then one byte of the body per this time.
    DripBody(Duration),
    /// A head of this many headers.
    ManyHeaders(usize),
    /// A head with one header of this many bytes.
    HugeHeader(usize),
    /// This many interim answers before the real one.
    Interim(usize),
    /// These bytes instead of an answer, then the connection is closed.
    Raw(Vec<u8>),
    /// Half of the body is sent, then the connection is reset.
    CutBody,
}
