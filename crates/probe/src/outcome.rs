//! What a request to a mirror can come to, in our own words: answers, and the many ways of not getting one.
//!
//! Errors of the client are turned into [`Failure`] here and nowhere else. A mirror's own words never get
//! into it, so everything in it can be shown.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use hyper_util::client::legacy::Error as ClientError;

use crate::connect::ConnectError;
use crate::fetch::Validators;
use crate::guard::Refusal;
use crate::target::TargetError;

/// Which part of a request took too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Resolving, connecting, shaking hands.
    Connect,
    /// Waiting for the first byte of the answer.
    FirstByte,
    /// The request in all.
    Total,
    /// The body came too slowly.
    Rate,
}

/// Why there is no answer, or none that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Too slow.
    #[error("timeout: {}", match .0 {
        Phase::Connect => "no connection",
        Phase::FirstByte => "no answer",
        Phase::Total => "request not finished",
        Phase::Rate => "body too slow",
    })]
    Timeout(Phase),
    /// The guard refused the connection.
    #[error("refused by us: {0}")]
    Refused(Refusal),
    /// The host name has no address.
    #[error("host name does not resolve")]
    Name,
    /// The connection could not be made.
    #[error("no connection: {0}")]
    Connect(String),
    /// The certificate or the TLS handshake is not right.
    #[error("TLS: {0}")]
    Tls(String),
    /// The connection broke while the answer was awaited or read.
    #[error("connection lost: {0}")]
    Lost(String),
    /// The answer is not HTTP as it should be, or too big.
    #[error("answer breaks the protocol: {0}")]
    Protocol(String),
    /// More redirects than are followed, or a loop.
    #[error("too many redirects")]
    Redirects,
    /// A redirect to something that is not followed.
    #[error("redirect to a URL that is not followed: {0}")]
    Location(TargetError),
    /// The mirror wants no requests for longer than we wait, by its `Retry-After`: nothing was asked.
    #[error("it asked us to come back in {} s", .0.as_secs())]
    Deferred(Duration),
}

impl Failure {
    /// Whether the mirror was just too slow.
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::Timeout(_))
    }
}

/// What `Content-Length` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// There is none.
    Absent,
    /// This many bytes.
    Bytes(u64),
    /// It is there but says nothing: signs, exponents, several different values.
    Unusable,
}

/// Whether redirects are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redirects {
    /// Up to the limit.
    Follow,
    /// A redirect is the answer.
    Report,
}

/// The head of a final answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The status.
    pub status: u16,
    /// The length of the body, as announced.
    pub length: Length,
    /// Whether the body is encoded although we asked for it as it is.
    pub encoded: bool,
    /// Whether it came from the URL asked or after redirects.
    pub moved: Moved,
}

/// Where a final answer came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moved {
    /// From where it was asked.
    No,
    /// From the same machine, or the same over https.
    Within,
    /// From another machine: its host and port.
    Elsewhere(String),
}

/// The outcome of a HEAD request.
pub type HeadOutcome = Result<Head, Failure>;

/// What a GET brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The head of the answer.
    pub head: Head,
    /// What was read of the body.
    pub body: FetchedBody,
    /// What names this version.
    pub version: Validators,
}

/// What was read of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FetchedBody {
    /// Not read: the status or the announced length made it pointless.
    Skipped,
    /// Read to its end.
    Whole {
        /// Bytes.
        size: u64,
        /// SHA-256.
        sha256: [u8; 32],
    },
    /// Not read to its end: it is longer than expected.
    TooLong,
    /// Not read to its end: it is longer than we read of anything, and may be as long as it should.
    Unread,
}

/// The outcome of a GET request.
pub type GetOutcome = Result<Fetched, Failure>;

/// Reads all values of `Content-Length`: only ASCII digits, all equal, within 64 bits. A fuzz target.
pub fn content_length<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Length {
    let mut found = Length::Absent;
    for value in values {
        let number = std::str::from_utf8(value)
            .ok()
            .filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|text| text.parse::<u64>().ok());
        found = match (number, found) {
            (Some(number), Length::Absent) => Length::Bytes(number),
            (Some(number), Length::Bytes(before)) if number == before => found,
            _ => return Length::Unusable,
        };
    }
    found
}

/// What `Content-Range` says about the whole file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whole {
    /// It has this many bytes.
    Bytes(u64),
    /// Nothing that can be used.
    Unknown,
}

/// Reads all values of `Content-Range`: one, of the first byte or of none.
pub(crate) fn content_range<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Whole {
    let mut values = values.into_iter();
    let (Some(value), None) = (values.next(), values.next()) else { return Whole::Unknown };
    let Some(size) = value.strip_prefix(b"bytes 0-0/").or_else(|| value.strip_prefix(b"bytes */")) else {
        return Whole::Unknown;
    };
    match content_length([size]) {
        Length::Bytes(size) => Whole::Bytes(size),
        Length::Absent | Length::Unusable => Whole::Unknown,
    }
}

/// Our words for a connection that could not be made.
pub(crate) fn connect_failure(error: &ConnectError) -> Failure {
    match error {
        ConnectError::Refused(refusal) => Failure::Refused(*refusal),
        ConnectError::Name => Failure::Name,
        ConnectError::Timeout => Failure::Timeout(Phase::Connect),
        ConnectError::Io(io) => Failure::Connect(io.kind().to_string()),
    }
}

/// Our words for what the client reports. A mirror's own words never get in.
pub(crate) fn request_failure(error: &ClientError) -> Failure {
    let mut cause: Option<&(dyn StdError + 'static)> = error.source();
    while let Some(one) = cause {
        if let Some(refused) = one.downcast_ref::<ConnectError>() {
            return connect_failure(refused);
        }
        if let Some(tls) = one.downcast_ref::<rustls::Error>() {
            return Failure::Tls(tls_words(tls));
        }
        if let Some(io) = one.downcast_ref::<io::Error>() {
            if let Some(tls) = inside(io) {
                return Failure::Tls(tls_words(tls));
            }
            return match error.is_connect() {
                true => Failure::Connect(io.kind().to_string()),
                false => Failure::Lost(io.kind().to_string()),
            };
        }
        if let Some(http) = one.downcast_ref::<hyper::Error>()
            && (http.is_parse() || http.is_parse_too_large())
        {
            let what = if http.is_parse_too_large() { "headers too big" } else { "not valid HTTP" };
            return Failure::Protocol(what.into());
        }
        cause = one.source();
    }
    match error.is_connect() {
        true => Failure::Connect("handshake failed".into()),
        false => Failure::Lost("closed before the answer".into()),
    }
}

/// The failure of TLS that an I/O failure is about; the clients put it into several.
fn inside(io: &io::Error) -> Option<&rustls::Error> {
    let inner = io.get_ref()?;
    match inner.downcast_ref::<io::Error>() {
        Some(io) => inside(io),
        None => inner.downcast_ref::<rustls::Error>(),
    }
}

fn tls_words(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(reason) => {
            let text = format!("{reason:?}");
            let word: String = text.chars().take_while(char::is_ascii_alphanumeric).collect();
            format!("invalid certificate ({word})")
        }
        _ => "handshake failed".into(),
    }
}

pub(crate) fn body_failure(error: &hyper::Error) -> Failure {
    if error.is_parse() {
        Failure::Protocol("body framing".into())
    } else {
        Failure::Lost("body ended early".into())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn content_length_is_digits_only_and_of_one_mind() {
        let of = |values: &[&str]| content_length(values.iter().map(|v| v.as_bytes()));
        assert_eq!(of(&[]), Length::Absent);
        assert_eq!(of(&["0"]), Length::Bytes(0));
        assert_eq!(of(&["18446744073709551615"]), Length::Bytes(u64::MAX));
        assert_eq!(of(&["5", "5"]), Length::Bytes(5));
        for bad in [
            &["1e3"][..],
            &["+5"],
            &["-5"],
            &["5, 5"],
            &["5", "6"],
            &["5", "x"],
            &["18446744073709551616"],
            &[""],
            &[" 5"],
            &["5.0"],
        ] {
            assert_eq!(of(bad), Length::Unusable, "{bad:?}");
        }
    }

    #[test]
    fn content_range_is_of_the_first_byte_or_none() {
        let of = |values: &[&str]| content_range(values.iter().map(|v| v.as_bytes()));
        assert_eq!(of(&["bytes 0-0/1234"]), Whole::Bytes(1234));
        assert_eq!(of(&["bytes */0"]), Whole::Bytes(0));
        for bad in [
            &["bytes 0-0/*"][..],
            &["bytes 1-1/5"],
            &["bytes 0-0/-5"],
            &["bytes 0-0/5", "bytes 0-0/5"],
            &[""],
            &[],
        ] {
            assert_eq!(of(bad), Whole::Unknown, "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn content_length_never_panics(values in proptest::collection::vec(any::<Vec<u8>>(), 0..4)) {
            let _ = content_length(values.iter().map(Vec::as_slice));
        }
    }
}
