//! What goes back, without any HTTP library's types.

use bytes::Bytes;
use serde::Serialize;

use crate::access::AccessRecord;

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status code.
    pub status: u16,
    /// `Content-Type`; the old server sends some errors without.
    pub content_type: Option<&'static str>,
    /// `Location` of a redirect: visible ASCII only.
    pub location: Option<String>,
    /// Further headers, lower-case names and visible ASCII values, e.g. `link`.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Body,
    /// What the access log should say; `None` for requests that are not logged (spec C.8).
    pub access: Option<AccessRecord>,
    /// What kind of answer it is, for metrics.
    pub kind: Kind,
    /// The tier of the first host listed, for metrics.
    pub tier: Option<Tier>,
}

impl Answer {
    /// An answer without further headers.
    pub(crate) fn new(
        status: u16,
        kind: Kind,
        content_type: Option<&'static str>,
        body: impl Into<Body>,
    ) -> Self {
        Self {
            status,
            content_type,
            location: None,
            headers: Vec::new(),
            body: body.into(),
            access: None,
            kind,
            tier: None,
        }
    }
}

/// A body of up to three pieces; the middle one is shared by all answers that have it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Body {
    /// The first piece; all of it for most answers.
    pub head: Bytes,
    /// A piece that is made once per snapshot.
    pub shared: Bytes,
    /// What comes after the shared piece.
    pub tail: Bytes,
}

impl Body {
    /// Bytes in all pieces.
    pub fn len(&self) -> usize {
        self.head.len() + self.shared.len() + self.tail.len()
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The pieces that are not empty, in order.
    pub fn into_chunks(self) -> impl Iterator<Item = Bytes> {
        [self.head, self.shared, self.tail].into_iter().filter(|piece| !piece.is_empty())
    }

    /// All of it in one piece.
    pub fn to_vec(&self) -> Vec<u8> {
        [self.head.as_ref(), &self.shared, &self.tail].concat()
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Self { head: text.into(), ..Self::default() }
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Self { head: Bytes::from_static(text.as_bytes()), ..Self::default() }
    }
}

/// What kind of answer it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A plain list, possibly empty.
    Mirrorlist,
    /// A metalink, possibly without URLs.
    Metalink,
    /// A metalink 4.
    Metalink4,
    /// A list in JSON, possibly empty.
    Json,
    /// A redirect to one mirror.
    Redirect,
    /// Why an answer is what it is.
    Explanation,
    /// All mirrors that can be in an answer.
    AllowList,
    /// No answer could be given.
    Error(Failure),
}

/// Why no answer could be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Failure {
    /// E0: neither `/mirrorlist` nor `/metalink`.
    NotServed,
    /// E1: neither a path nor repo and arch.
    Parameters,
    /// E2: no such directory.
    Path,
    /// E3: the repository is switched off.
    Disabled,
    /// E4: no such repository or architecture.
    Repository,
    /// E5: the cache names a directory that it does not have.
    Cache,
    /// E6: the client's address makes no sense.
    Address,
    /// E7: no known checksums, so no metalink.
    File,
    /// A redirect or a metalink 4 was wanted and there is no mirror.
    NoMirror,
    /// The client may not ask about other addresses than its own.
    NotTrusted,
}

impl Failure {
    /// In words. (The old server's texts are others.)
    pub const fn text(self) -> &'static str {
        match self {
            Self::NotServed => "there is no such page",
            Self::Parameters => "either path=, or repo= and arch= must be specified",
            Self::Path => "there is no such directory",
            Self::Disabled => "the repository is switched off",
            Self::Repository => "there is no such repository or architecture",
            Self::Cache => "the cache names a directory that it does not have",
            Self::Address => "the client's address can not be read",
            Self::File => "the checksums of this file are not known",
            Self::NoMirror => "no mirror has it",
            Self::NotTrusted => "only trusted networks may ask about other addresses than their own",
        }
    }
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 17] = [
        Self::Mirrorlist,
        Self::Metalink,
        Self::Metalink4,
        Self::Json,
        Self::Redirect,
        Self::Explanation,
        Self::AllowList,
        Self::Error(Failure::NotServed),
        Self::Error(Failure::Parameters),
        Self::Error(Failure::Path),
        Self::Error(Failure::Disabled),
        Self::Error(Failure::Repository),
        Self::Error(Failure::Cache),
        Self::Error(Failure::Address),
        Self::Error(Failure::File),
        Self::Error(Failure::NoMirror),
        Self::Error(Failure::NotTrusted),
    ];

    /// A short name, for metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mirrorlist => "mirrorlist",
            Self::Metalink => "metalink",
            Self::Metalink4 => "metalink4",
            Self::Json => "json",
            Self::Redirect => "redirect",
            Self::Explanation => "explanation",
            Self::AllowList => "allow_list",
            Self::Error(Failure::NotServed) => "error_not_served",
            Self::Error(Failure::Parameters) => "error_parameters",
            Self::Error(Failure::Path) => "error_path",
            Self::Error(Failure::Disabled) => "error_disabled",
            Self::Error(Failure::Repository) => "error_repository",
            Self::Error(Failure::Cache) => "error_cache",
            Self::Error(Failure::Address) => "error_address",
            Self::Error(Failure::File) => "error_file",
            Self::Error(Failure::NoMirror) => "error_no_mirror",
            Self::Error(Failure::NotTrusted) => "error_not_trusted",
        }
    }
}

/// How a host came into an answer; the order of the tiers is the order of the list (spec C.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// The client is in a network of which all clients get this host only.
    Exclusive,
    /// The client is in one of the host's networks.
    Netblock,
    /// The client is in the host's autonomous system.
    Asn,
    /// The host is in a country that was asked for.
    Country,
    /// The host is in the client's country.
    Geoip,
    /// The host is on the same continent.
    Continent,
    /// Any public host.
    Global,
}

impl Tier {
    /// All tiers, nearest first.
    pub const ALL: [Self; 7] = [
        Self::Exclusive,
        Self::Netblock,
        Self::Asn,
        Self::Country,
        Self::Geoip,
        Self::Continent,
        Self::Global,
    ];

    /// A short name, for metrics and explanations.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exclusive => "exclusive",
            Self::Netblock => "netblock",
            Self::Asn => "asn",
            Self::Country => "country",
            Self::Geoip => "geoip",
            Self::Continent => "continent",
            Self::Global => "global",
        }
    }
}
