//! What a request asks for (spec C.2, 1–3).

use std::borrow::Cow;

use crate::accept;
use crate::escape;
use crate::policy::{Compatibility, Policy};
use crate::reply::Failure;
use crate::whole_path::{self, NoName};

/// What is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One URL per mirror, as plain text.
    Mirrorlist,
    /// All URLs of the mirrors for a file, as a metalink 3.
    Metalink,
    /// The same as a metalink 4 (RFC 5854).
    Metalink4,
    /// All URLs of the mirrors, as JSON.
    Json,
    /// A redirect to the first mirror.
    Redirect,
}

impl Format {
    /// Whether it is about a file whose checksums are known.
    pub(crate) fn is_metalink(self) -> bool {
        matches!(self, Self::Metalink | Self::Metalink4)
    }
}

/// What is made of the mirrors that were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// The answer itself.
    Answer,
    /// Why the answer is what it is.
    Explanation(Form),
    /// All mirrors that can be in the answer.
    AllowList(Form),
}

/// The form of a page for people or programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Plain text.
    Text,
    /// JSON.
    Json,
}

/// What a request asks for. `None` stands for a name that is not in the query; a value may be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question<'a> {
    /// What is listed.
    pub format: Format,
    /// What is made of it.
    pub page: Page,
    /// Whether the path was the request's own, `/pub/…`: a slash at its end then means a directory.
    pub whole_path: bool,
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
    /// Say when the cache was made.
    pub time: Option<Cow<'a, str>>,
    /// No mirrors of these names, ids or countries.
    pub exclude: Option<Cow<'a, str>>,
    /// At most this many mirrors.
    pub limit: Option<Cow<'a, str>>,
    /// The same few mirrors each time; how many, if it is a number.
    pub stable: Option<Cow<'a, str>>,
}

impl<'a> Question<'a> {
    /// A question that asks for nothing yet.
    pub fn new(format: Format, page: Page) -> Self {
        Self {
            format,
            page,
            whole_path: false,
            path: None,
            repo: None,
            arch: None,
            country: None,
            protocol: None,
            ip: None,
            netblock: None,
            time: None,
            exclude: None,
            limit: None,
            stable: None,
        }
    }

    /// Reads a request: path and query as they are in the request line, and the types that the client accepts.
    ///
    /// # Errors
    /// It is no question (E0), or about something that can not be (E2).
    pub(crate) fn read(path: &str, query: &'a str, accept: &str, policy: &Policy) -> Result<Self, Failure> {
        let prefixes = if policy.is_native() { policy.redirect_prefixes.as_slice() } else { &[] };
        if let Some(name) = whole_path::of(path, prefixes) {
            let mut question = Self::new(Format::Redirect, Page::Answer);
            question.read_query(query, true);
            question.path = Some(name.map_err(|NoName| Failure::Path)?.into());
            (question.whole_path, question.repo, question.arch) = (true, None, None);
            return Ok(question);
        }
        let mut question = Self::parse(path, query, policy.compatibility).ok_or(Failure::NotServed)?;
        if let Page::Explanation(form) | Page::AllowList(form) = &mut question.page
            && accept::names(accept, accept::JSON)
        {
            *form = Form::Json;
        }
        Ok(question)
    }

    /// Chooses the form of an answer about a path of the tree: a redirect, unless the client names another type,
    /// as the programs for metalinks do. A metalink needs a file whose checksums are known.
    pub(crate) fn negotiate(&mut self, accept: &str, knows_file: impl FnOnce(&Self) -> bool) {
        if self.format != Format::Redirect {
            return;
        }
        let names = |wanted| accept::names(accept, wanted);
        let metalink = match (names(accept::METALINK4), names(accept::METALINK)) {
            (true, _) => Some(Format::Metalink4),
            (false, true) => Some(Format::Metalink),
            (false, false) => None,
        };
        match metalink {
            Some(format) if knows_file(self) => self.format = format,
            _ if names(accept::JSON) => self.format = Format::Json,
            _ => {}
        }
    }

    /// Reads path and query as they are in the request line. `None` when the path is no question (E0).
    ///
    /// Of a name that occurs twice the last value counts, and of a value only what stands before a second
    /// `=`. In upstream compatibility nothing is decoded, and only the paths and names of the old server are
    /// known.
    pub fn parse(path: &str, query: &'a str, compatibility: Compatibility) -> Option<Self> {
        let native = compatibility == Compatibility::Native;
        let (format, page) = match path {
            path if path.ends_with("/metalink") => (Format::Metalink, Page::Answer),
            path if path.ends_with("/mirrorlist") => (Format::Mirrorlist, Page::Answer),
            path if native && path.ends_with("/metalink4") => (Format::Metalink4, Page::Answer),
            path if native && path.ends_with("/mirrorlist.json") => (Format::Json, Page::Answer),
            path if native && path.ends_with("/explain") => {
                (Format::Mirrorlist, Page::Explanation(Form::Text))
            }
            path if native && path.ends_with("/allowlist") => {
                (Format::Mirrorlist, Page::AllowList(Form::Text))
            }
            _ => return None,
        };
        let mut question = Self::new(format, page);
        question.read_query(query, native);
        Some(question)
    }

    fn read_query(&mut self, query: &'a str, native: bool) {
        let (mut redirect, mut metalink) = (false, false);
        for part in query.split('&') {
            let mut fields = part.split('=');
            let name = fields.next().unwrap_or_default();
            let value = fields.next().unwrap_or_default();
            let place = match name {
                "path" => &mut self.path,
                "repo" => &mut self.repo,
                "arch" => &mut self.arch,
                "country" => &mut self.country,
                "protocol" => &mut self.protocol,
                "ip" => &mut self.ip,
                "netblock" => &mut self.netblock,
                "time" => &mut self.time,
                "redirect" => {
                    redirect = true;
                    continue;
                }
                _ if !native => continue,
                "exclude" => &mut self.exclude,
                "limit" => &mut self.limit,
                "stable" => &mut self.stable,
                "metalink" => {
                    metalink = true;
                    continue;
                }
                "format" => {
                    self.set_form(value);
                    continue;
                }
                _ => continue,
            };
            *place = Some(if native { escape::percent_decoded(value) } else { value.into() });
        }
        match self.page {
            Page::Explanation(_) if metalink => self.format = Format::Metalink,
            _ if redirect && self.format == Format::Mirrorlist => self.format = Format::Redirect,
            _ => {}
        }
    }

    /// The address that the answer is for, if it is not who asks.
    pub(crate) fn asks_for_other(&self) -> Option<&str> {
        self.ip.as_deref().filter(|ip| !ip.is_empty())
    }

    /// How many mirrors the client wants at most; a value that is no number above 0 is no limit.
    pub(crate) fn most(&self) -> Option<usize> {
        self.limit.as_deref().and_then(number)
    }

    /// How many mirrors the client wants each time; `None` when it leaves that to us.
    pub(crate) fn most_stable(&self) -> Option<usize> {
        self.stable.as_deref().and_then(number)
    }

    /// `format=` of a page, or of an answer about a path of the tree.
    fn set_form(&mut self, value: &str) {
        match &mut self.page {
            Page::Explanation(form) | Page::AllowList(form) => {
                *form = if value == "json" { Form::Json } else { Form::Text };
            }
            Page::Answer if self.format == Format::Redirect => {
                self.format = match value {
                    "mirrorlist" => Format::Mirrorlist,
                    "metalink" => Format::Metalink,
                    "metalink4" => Format::Metalink4,
                    "json" => Format::Json,
                    _ => Format::Redirect,
                };
            }
            Page::Answer => {}
        }
    }
}

fn number(text: &str) -> Option<usize> {
    text.parse().ok().filter(|number| *number > 0)
}
