//! What a request asks for (spec C.2, 1–3).

use std::borrow::Cow;

use crate::escape;
use crate::policy::Compatibility;

/// The form of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A plain list of URLs, or a redirect to the first.
    Mirrorlist,
    /// A metalink 3.
    Metalink,
}

/// What a request asks for. `None` stands for a name that is not in the query; a value may be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question<'a> {
    /// The form of the answer.
    pub format: Format,
    /// A file or directory.
    pub path: Option<Cow<'a, str>>,
    /// A repository.
    pub repo: Option<Cow<'a, str>>,
    /// An architecture.
    pub arch: Option<Cow<'a, str>>,
    /// Only mirrors of these countries.
    pub country: Option<Cow<'a, str>>,
    /// Only URLs of these protocols.
    pub protocol: Option<Cow<'a, str>>,
    /// The client, instead of who is really asking.
    pub ip: Option<Cow<'a, str>>,
    /// `1`, or networks and ASNs are not looked at.
    pub netblock: Option<Cow<'a, str>>,
    /// Redirect to the first mirror.
    pub redirect: Option<Cow<'a, str>>,
    /// Say when the cache was made.
    pub time: Option<Cow<'a, str>>,
}

impl<'a> Question<'a> {
    /// Reads path and query as they are in the request line. `None` when the path is no question (E0).
    ///
    /// Of a name that occurs twice the last value counts, and of a value only what stands before a second
    /// `=`. In upstream compatibility nothing is decoded.
    pub fn parse(path: &str, query: &'a str, compatibility: Compatibility) -> Option<Self> {
        let format = match path {
            path if path.ends_with("/metalink") => Format::Metalink,
            path if path.ends_with("/mirrorlist") => Format::Mirrorlist,
            _ => return None,
        };
        let mut question = Self {
            format,
            path: None,
            repo: None,
            arch: None,
            country: None,
            protocol: None,
            ip: None,
            netblock: None,
            redirect: None,
            time: None,
        };
        for part in query.split('&') {
            let mut fields = part.split('=');
            let name = fields.next().unwrap_or_default();
            let place = match name {
                "path" => &mut question.path,
                "repo" => &mut question.repo,
                "arch" => &mut question.arch,
                "country" => &mut question.country,
                "protocol" => &mut question.protocol,
                "ip" => &mut question.ip,
                "netblock" => &mut question.netblock,
                "redirect" => &mut question.redirect,
                "time" => &mut question.time,
                _ => continue,
            };
            let value = fields.next().unwrap_or_default();
            *place = Some(match compatibility {
                Compatibility::Upstream => value.into(),
                Compatibility::Native => escape::percent_decoded(value),
            });
        }
        Some(question)
    }

    /// Whether the answer is to be a redirect; metalinks never are.
    pub fn wants_redirect(&self) -> bool {
        self.redirect.is_some() && self.format == Format::Mirrorlist
    }
}
