//! What an answer proves about one file: the table of `spec/crawler.md` 5.1, and nothing else.

use data_encoding::HEXLOWER;

use crate::http::{Failure, Fetched, FetchedBody, GetOutcome, Head, HeadOutcome, Length};

/// What is known of one file after one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is there as it should be.
    Present,
    /// It is not there, or not as it should be.
    Absent(Reason),
    /// The answer proves nothing.
    Unknown(Reason),
    /// The mirror was too slow: ask again later.
    Retry(Reason),
}

/// Why a file does not count as present.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The status of the answer.
    #[error("status {0}")]
    Status(u16),
    /// Another size.
    #[error("size {found}, expected {expected}")]
    Size {
        /// Bytes on the master.
        expected: u64,
        /// Bytes announced or read.
        found: u64,
    },
    /// A body that goes on behind our limit.
    #[error("longer than this crawler reads")]
    Unread,
    /// A body that goes on behind the expected size.
    #[error("longer than expected")]
    TooLong,
    /// Other content.
    #[error("SHA-256 {}…, expected {}…", short(.found), short(.expected))]
    Digest {
        /// That of the newest version on the master.
        expected: [u8; 32],
        /// That of the mirror's.
        found: [u8; 32],
    },
    /// The listing of its directory does not name it.
    #[error("not in the listing")]
    NotListed,
    /// The listing did not come to its end, or left this out.
    #[error("no listing: {0}")]
    NoListing(String),
    /// A directory that it lies in is not there.
    #[error("a directory that it lies in is not there")]
    ParentGone,
    /// The master's digest is not known, so nothing can be proven.
    #[error("no digest of it is known on the master")]
    NoDigest,
    /// The length announced is no number.
    #[error("unusable Content-Length")]
    Length,
    /// The body is encoded although that was not asked for.
    #[error("sent in an encoding that was not asked for")]
    Encoded,
    /// The mirror says yes to whatever is asked, so its yes proves nothing.
    #[error("the mirror has an answer for files that do not exist")]
    AnswersEverything,
    /// No answer.
    #[error("{0}")]
    Failed(#[from] Failure),
}

impl Reason {
    /// Whether the same request may well bring something else in a moment: a busy server, a lost connection.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Status(status) => matches!(status, 429 | 502 | 503 | 504),
            Self::Failed(failure) => matches!(failure, Failure::Lost(_) | Failure::Timeout(_)),
            _ => false,
        }
    }

    /// Whether it was we who did not connect.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Failed(Failure::Refused(_)))
    }
}

fn short(digest: &[u8; 32]) -> String {
    HEXLOWER.encode(digest.get(..6).unwrap_or_default())
}

/// What a HEAD request proves about a file of `expected` bytes.
pub fn classify(outcome: &HeadOutcome, expected: u64) -> Verdict {
    let head = match outcome {
        Ok(head) => head,
        Err(failure) => return of_failure(failure),
    };
    if let Some(verdict) = of_status(head) {
        return verdict;
    }
    match head.length {
        // A body that is made while it is sent has no length; the status is all there is.
        Length::Absent => Verdict::Present,
        // The length of an encoded body is not that of the file.
        Length::Bytes(_) if head.encoded => Verdict::Unknown(Reason::Encoded),
        Length::Bytes(found) if found == expected => Verdict::Present,
        Length::Bytes(found) => Verdict::Absent(Reason::Size { expected, found }),
        Length::Unusable => Verdict::Unknown(Reason::Length),
    }
}

/// What a GET proves about a file whose newest digest on the master is `expected`.
///
/// Without a digest on the master the file never counts as present (must match).
pub fn classify_digest(outcome: &GetOutcome, expected: Option<&[u8; 32]>, size: Option<u64>) -> Verdict {
    let Fetched { head, body, .. } = match outcome {
        Ok(fetched) => fetched,
        Err(failure) => return of_failure(failure),
    };
    if let Some(verdict) = of_status(head) {
        return verdict;
    }
    if head.encoded {
        return Verdict::Unknown(Reason::Encoded);
    }
    if head.status != 200 {
        return Verdict::Unknown(Reason::Status(head.status));
    }
    let Some(expected) = expected else { return Verdict::Absent(Reason::NoDigest) };
    match (body, head.length, size) {
        (FetchedBody::Whole { sha256, .. }, _, _) if sha256 == expected => Verdict::Present,
        (FetchedBody::Whole { size: found, .. }, _, Some(expected)) if *found != expected => {
            Verdict::Absent(Reason::Size { expected, found: *found })
        }
        (FetchedBody::Whole { sha256, .. }, _, _) => {
            Verdict::Absent(Reason::Digest { expected: *expected, found: *sha256 })
        }
        (FetchedBody::Skipped, Length::Bytes(found), Some(expected)) => {
            Verdict::Absent(Reason::Size { expected, found })
        }
        (FetchedBody::Skipped, _, _) => Verdict::Unknown(Reason::Length),
        (FetchedBody::TooLong, _, _) => Verdict::Absent(Reason::TooLong),
        (FetchedBody::Unread, _, _) => Verdict::Unknown(Reason::Unread),
    }
}

/// What the status alone decides; `None` for a success whose body matters.
fn of_status(head: &Head) -> Option<Verdict> {
    let reason = Reason::Status(head.status);
    match head.status {
        200..=299 => None,
        // Directories that the master itself does not let read are never asked for, so 403 is a refusal
        // of what the mirror should serve.
        403 | 404 | 410 => Some(Verdict::Absent(reason)),
        _ => Some(Verdict::Unknown(reason)),
    }
}

fn of_failure(failure: &Failure) -> Verdict {
    let reason = Reason::Failed(failure.clone());
    match failure {
        Failure::Timeout(_) => Verdict::Retry(reason),
        Failure::Redirects => Verdict::Absent(reason),
        _ => Verdict::Unknown(reason),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::guard::Refusal;
    use crate::http::{Moved, Phase};
    use crate::target::TargetError;

    fn head(status: u16, length: Length) -> Head {
        Head { status, length, encoded: false, moved: Moved::No }
    }

    fn fetched(head: Head, body: FetchedBody) -> Fetched {
        Fetched { head, body, version: crate::Validators::default() }
    }

    #[test]
    fn every_row_of_the_table() {
        let absent = |status| Verdict::Absent(Reason::Status(status));
        let unknown = |status| Verdict::Unknown(Reason::Status(status));
        for (status, length, expected) in [
            (200, Length::Bytes(7), Verdict::Present),
            (200, Length::Absent, Verdict::Present),
            (206, Length::Bytes(7), Verdict::Present),
            (200, Length::Bytes(8), Verdict::Absent(Reason::Size { expected: 7, found: 8 })),
            (200, Length::Bytes(0), Verdict::Absent(Reason::Size { expected: 7, found: 0 })),
            (200, Length::Unusable, Verdict::Unknown(Reason::Length)),
            (404, Length::Bytes(7), absent(404)),
            (410, Length::Absent, absent(410)),
            (403, Length::Absent, absent(403)),
            (400, Length::Absent, unknown(400)),
            (401, Length::Absent, unknown(401)),
            (405, Length::Absent, unknown(405)),
            (429, Length::Absent, unknown(429)),
            (500, Length::Bytes(7), unknown(500)),
            (503, Length::Absent, unknown(503)),
            // A redirect never proves anything by itself (fixed: upstream took one without length as present).
            (301, Length::Absent, unknown(301)),
            (302, Length::Bytes(7), unknown(302)),
            (304, Length::Absent, unknown(304)),
            (101, Length::Absent, unknown(101)),
        ] {
            assert_eq!(classify(&Ok(head(status, length)), 7), expected, "{status} {length:?}");
        }
        for phase in [Phase::Connect, Phase::FirstByte, Phase::Total, Phase::Rate] {
            let failure = Failure::Timeout(phase);
            assert_eq!(classify(&Err(failure.clone()), 7), Verdict::Retry(Reason::Failed(failure)));
        }
        for failure in [
            Failure::Refused(Refusal::Port(22)),
            Failure::Name,
            Failure::Connect("refused".into()),
            Failure::Tls("bad".into()),
            Failure::Lost("reset".into()),
            Failure::Protocol("bad".into()),
            Failure::Location(TargetError::Malformed),
        ] {
            assert_eq!(classify(&Err(failure.clone()), 7), Verdict::Unknown(Reason::Failed(failure)));
        }
        assert_eq!(
            classify(&Err(Failure::Redirects), 7),
            Verdict::Absent(Reason::Failed(Failure::Redirects))
        );
    }

    #[test]
    fn digests() {
        let (good, bad) = ([1; 32], [2; 32]);
        let whole = |sha256, size| FetchedBody::Whole { size, sha256 };
        let of = |body, expected: Option<&[u8; 32]>, size| {
            let length = Length::Bytes(9);
            classify_digest(&Ok(fetched(head(200, length), body)), expected, size)
        };
        assert_eq!(of(whole(good, 7), Some(&good), Some(7)), Verdict::Present);
        assert_eq!(
            of(whole(bad, 7), Some(&good), Some(7)),
            Verdict::Absent(Reason::Digest { expected: good, found: bad })
        );
        assert_eq!(
            of(whole(bad, 5), Some(&good), Some(7)),
            Verdict::Absent(Reason::Size { expected: 7, found: 5 })
        );
        assert_eq!(of(whole(good, 7), None, None), Verdict::Absent(Reason::NoDigest));
        assert_eq!(
            of(FetchedBody::Skipped, Some(&good), Some(7)),
            Verdict::Absent(Reason::Size { expected: 7, found: 9 })
        );
        assert_eq!(of(FetchedBody::TooLong, Some(&good), Some(7)), Verdict::Absent(Reason::TooLong));
        // Our own limit proves nothing about the mirror.
        assert_eq!(of(FetchedBody::Unread, Some(&good), None), Verdict::Unknown(Reason::Unread));
        let skipped = |status| {
            let fetched = fetched(head(status, Length::Absent), FetchedBody::Skipped);
            classify_digest(&Ok(fetched), Some(&good), Some(7))
        };
        assert_eq!(skipped(404), Verdict::Absent(Reason::Status(404)));
        assert_eq!(skipped(500), Verdict::Unknown(Reason::Status(500)));
        assert_eq!(skipped(206), Verdict::Unknown(Reason::Status(206)));
        let encoded = Head { encoded: true, ..head(200, Length::Bytes(7)) };
        assert_eq!(
            classify_digest(&Ok(fetched(encoded, FetchedBody::Skipped)), Some(&good), Some(7)),
            Verdict::Unknown(Reason::Encoded)
        );
    }

    #[test]
    fn busy_servers_and_lost_connections_pass() {
        for reason in [Reason::Status(429), Reason::Status(503), Reason::Failed(Failure::Lost(String::new()))]
        {
            assert!(reason.is_passing());
        }
        for reason in
            [Reason::Status(500), Reason::Status(401), Reason::Failed(Failure::Name), Reason::TooLong]
        {
            assert!(!reason.is_passing());
        }
    }

    proptest! {
        #[test]
        fn never_panics_and_only_2xx_is_present(
            status in any::<u16>(),
            length in prop_oneof![
                Just(Length::Absent),
                Just(Length::Unusable),
                any::<u64>().prop_map(Length::Bytes)
            ],
            encoded in any::<bool>(),
            expected in any::<u64>(),
            digest in any::<[u8; 32]>(),
        ) {
            let head = Head { status, length, encoded, moved: Moved::No };
            if classify(&Ok(head.clone()), expected) == Verdict::Present {
                prop_assert!((200..300).contains(&status));
            }
            let body = FetchedBody::Whole { size: expected, sha256: digest };
            if classify_digest(&Ok(fetched(head, body)), Some(&digest), None) == Verdict::Present {
                prop_assert_eq!(status, 200);
            }
        }
    }
}
