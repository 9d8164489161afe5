//! Which URLs of a host are given, and how they end (spec C.6).

use snapshot::{Offer, Url, Wanted};

use crate::escape;
use crate::family::Family;
use crate::policy::{Compatibility, Policy, ProtocolOrder};
use crate::question::Format;
use crate::target::Target;

/// Which URLs of a host are given, and which first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Choice<'a> {
    given: Given<'a>,
    /// URLs first that a client of this family reaches.
    pub(crate) family: Option<Family>,
}

#[derive(Debug, Clone, Copy)]
enum Given<'a> {
    /// All of them.
    All,
    /// One.
    First(Wanted),
    /// The first https, else the first http.
    FirstSecureWeb,
    /// Those with one of these protocols, as many as there are protocols.
    Listed(&'a [&'a str]),
    /// Of those the first http or https.
    FirstListed(&'a [&'a str]),
}

impl<'a> Choice<'a> {
    pub(crate) fn of(
        format: Format,
        policy: &Policy,
        protocols: Option<&'a [&'a str]>,
        family: Option<Family>,
    ) -> Self {
        let given = match (format, protocols) {
            (Format::Metalink | Format::Metalink4 | Format::Json, None) => Given::All,
            (Format::Redirect, None) => match policy.protocol_order {
                ProtocolOrder::Stored => Given::First(Wanted::Web),
                ProtocolOrder::Secure => Given::FirstSecureWeb,
            },
            (Format::Mirrorlist, None) => Given::First(match policy.protocol_order {
                ProtocolOrder::Stored => Wanted::Transfer,
                ProtocolOrder::Secure => Wanted::Secure,
            }),
            (Format::Redirect, Some(protocols)) => Given::FirstListed(protocols),
            (_, Some(protocols)) => Given::Listed(protocols),
        };
        Self { given, family }
    }

    /// Gives the URLs of a host to `take`, in the order of [`kept`](Self::kept) but without its detours where
    /// there are none.
    #[inline]
    pub(crate) fn each<'o>(self, offer: Offer<'o>, mut take: impl FnMut(Url<'o>)) {
        match (self.given, self.family) {
            (Given::All, None) => offer.urls().for_each(take),
            (Given::All, Some(family)) => {
                let mut all = true;
                for url in offer.urls() {
                    if family.reaches(url) { take(url) } else { all = false }
                }
                if !all {
                    offer.urls().filter(|url| !family.reaches(*url)).for_each(take);
                }
            }
            (Given::First(wanted), _) => self.first(offer, wanted).into_iter().for_each(take),
            _ => self.kept(offer).for_each(take),
        }
    }

    /// Whether a client of this family reaches any URL that is given, which is the first one then.
    #[inline]
    pub(crate) fn reaches(self, offer: Offer<'_>, family: Family) -> bool {
        match self.given {
            Given::All => offer.urls().any(|url| family.reaches(url)),
            Given::First(wanted) => self.first(offer, wanted).is_some_and(|url| family.reaches(url)),
            _ => self.kept(offer).next().is_some_and(|url| family.reaches(url)),
        }
    }

    /// The given URLs of a host: in its order, but those first that the client reaches.
    #[inline]
    pub(crate) fn kept<'o>(self, offer: Offer<'o>) -> impl Iterator<Item = Url<'o>> + use<'o, 'a> {
        let (one, protocols, limit) = match self.given {
            Given::All => (None, None, usize::MAX),
            Given::First(wanted) => (self.first(offer, wanted), None, 0),
            Given::FirstSecureWeb => (self.first_of(offer, &[&["https"], &["http"]]), None, 0),
            Given::Listed(protocols) => (None, Some(protocols), protocols.len()),
            Given::FirstListed(protocols) => {
                let mut kept = self.listed(offer, Some(protocols)).take(protocols.len());
                (kept.find(|url| url.has_protocol("http") || url.has_protocol("https")), None, 0)
            }
        };
        one.into_iter().chain(self.listed(offer, protocols).take(limit))
    }

    /// The first wanted URL that the client reaches, else the first wanted one.
    #[inline]
    fn first(self, offer: Offer<'_>, wanted: Wanted) -> Option<Url<'_>> {
        let first = offer.first(wanted)?;
        let Some(family) = self.family.filter(|family| !family.reaches(first)) else { return Some(first) };
        let protocols: &[&[&str]] = match wanted {
            Wanted::Transfer => &[&["http", "https", "ftp"]],
            Wanted::Web => &[&["http", "https"]],
            Wanted::Secure => &[&["https"], &["http"], &["ftp"]],
        };
        first_of(offer, protocols, Some(family)).or(Some(first))
    }

    /// The first URL with one of the first protocols that the client reaches, else the first with one of them, else
    /// with one of the next.
    fn first_of<'o>(self, offer: Offer<'o>, protocols: &[&[&str]]) -> Option<Url<'o>> {
        first_of(offer, protocols, self.family).or_else(|| first_of(offer, protocols, None))
    }

    /// The URLs with one of these protocols, all of them for `None`; those first that the client reaches.
    fn listed<'o>(
        self,
        offer: Offer<'o>,
        protocols: Option<&'a [&'a str]>,
    ) -> impl Iterator<Item = Url<'o>> + use<'o, 'a> {
        let family = self.family;
        let reached = move |url: &Url<'o>| family.is_none_or(|family| family.reaches(*url));
        let behind = if family.is_some() { usize::MAX } else { 0 };
        let behind = listed(offer, protocols).filter(move |url| !reached(url)).take(behind);
        listed(offer, protocols).filter(reached).chain(behind)
    }
}

/// The first URL with one of the first protocols, else with one of the next; only URLs that the family reaches.
fn first_of<'o>(offer: Offer<'o>, protocols: &[&[&str]], family: Option<Family>) -> Option<Url<'o>> {
    protocols.iter().find_map(|protocols| {
        offer.urls().find(|url| {
            protocols.iter().any(|protocol| url.has_protocol(protocol))
                && family.is_none_or(|family| family.reaches(*url))
        })
    })
}

/// The URLs with one of these protocols, all of them for `None`.
fn listed<'o, 'a>(
    offer: Offer<'o>,
    protocols: Option<&'a [&'a str]>,
) -> impl Iterator<Item = Url<'o>> + use<'o, 'a> {
    offer.urls().filter(move |url| protocols.is_none_or(|protocols| is_listed(url.text(), protocols)))
}

/// Whether a URL begins with one of these sorted texts and a colon. A client may list thousands, so they are not
/// tried one by one.
pub(crate) fn is_listed(url: &str, protocols: &[&str]) -> bool {
    let mut beginnings = url.match_indices(':').filter_map(|(at, _)| url.get(..at));
    beginnings.any(|beginning| protocols.binary_search(&beginning).is_ok())
}

/// What comes after the base of every URL of an answer.
#[derive(Debug, Clone)]
pub(crate) struct Ending {
    text: String,
    /// The same where the base ends with a slash (only the old server's answers differ).
    after_slash: String,
    compatibility: Compatibility,
}

impl Ending {
    pub(crate) fn of(target: &Target<'_>, policy: &Policy) -> Self {
        let subpath = target.directory.subpath();
        let file = target.file.as_deref();
        // With room for escapes and what closes it.
        let mut text = String::with_capacity(subpath.len() + file.map_or(0, str::len) + 16);
        match policy.compatibility {
            Compatibility::Upstream => {
                if !subpath.is_empty() {
                    text.extend(["/", subpath]);
                }
                let after_slash = match file {
                    Some(file) if subpath.is_empty() => file.to_owned(),
                    _ => String::new(),
                };
                if file.is_none() || !subpath.ends_with('/') {
                    text.push('/');
                }
                text.push_str(file.unwrap_or_default());
                let after_slash = if after_slash.is_empty() { text.clone() } else { after_slash };
                Self { text, after_slash, compatibility: policy.compatibility }
            }
            Compatibility::Native => {
                text.push('/');
                if !subpath.is_empty() {
                    escape::push_url_path(subpath, &mut text);
                    text.push('/');
                }
                escape::push_url_path(file.unwrap_or_default(), &mut text);
                Self { text, after_slash: String::new(), compatibility: policy.compatibility }
            }
        }
    }

    /// The same with `&` and the like escaped for XML.
    pub(crate) fn for_xml(mut self) -> Self {
        let mut escaped = String::with_capacity(self.text.len() + 8);
        escape::push_xml(&self.text, &mut escaped);
        self.text = escaped;
        self
    }

    /// The same with what comes after every URL.
    pub(crate) fn closed(mut self, by: &str) -> Self {
        self.text.push_str(by);
        self.after_slash.push_str(by);
        self
    }

    /// The base of a URL as it is given; `None` for one that cannot be given.
    #[inline]
    pub(crate) fn base<'u>(&self, url: Url<'u>) -> Option<&'u str> {
        match self.compatibility {
            Compatibility::Upstream => Some(url.text()),
            Compatibility::Native => Some(url.trimmed()).filter(|base| !base.is_empty()),
        }
    }

    /// What comes after this base.
    #[inline]
    pub(crate) fn after(&self, base: &str) -> &str {
        match self.compatibility {
            Compatibility::Upstream if base.ends_with('/') => &self.after_slash,
            _ => &self.text,
        }
    }

    /// The whole URL, escaped as a header or JSON wants it, or as upstream gives it.
    pub(crate) fn joined(&self, base: &str) -> String {
        let mut url = String::with_capacity(base.len() + self.len());
        match self.compatibility {
            Compatibility::Upstream => url.push_str(base),
            Compatibility::Native => escape::push_header(base, &mut url),
        }
        url.push_str(self.after(base));
        url
    }

    /// Its length, in bytes.
    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::is_listed;

    proptest! {
        #[test]
        fn being_listed_is_beginning_with_one_of_them_and_a_colon(
            url in "(http|https|ftp)?:?[a:é/]{0,8}",
            list in "((http|https|ftp|a|é|:|/){0,3},){0,6}",
        ) {
            let protocols = crate::select::distinct(&list);
            let one_by_one = protocols.iter().any(|text| url.starts_with(&format!("{text}:")));
            prop_assert_eq!(is_listed(&url, &protocols), one_by_one);
        }
    }
}
