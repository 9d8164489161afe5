//! A mirror's URL, checked before anything is sent, and the URLs of what lies below it.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use url::Url;

/// Longest URL that is used, bytes.
pub const MAX_URL_BYTES: usize = 2048;

/// What a path segment may hold unescaped: RFC 3986's unreserved characters and the harmless rest of `pchar`.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

/// Why a URL is not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Not a URL, or one without a host.
    #[error("not a usable URL")]
    Malformed,
    /// Longer than [`MAX_URL_BYTES`].
    #[error("longer than {MAX_URL_BYTES} bytes")]
    TooLong,
    /// A scheme that this way of asking does not speak.
    #[error("scheme {0:?} is not http or https")]
    Scheme(String),
    /// A name or password in front of the host.
    #[error("it holds a user name or password")]
    UserInfo,
    /// White space or control characters.
    #[error("it holds white space or control characters")]
    Blank,
    /// A host name that begins with a dash.
    #[error("its host name begins with a dash")]
    Dash,
}

/// An http or https URL without user name, blanks or surprises. Unusual spellings of an address
/// (`0x7f.1`, `2130706433`) have become that address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target(Url);

impl Target {
    /// Checks a URL as stored by a mirror's owner or sent in a `Location` header. A fuzz target.
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        Self::check_text(text)?;
        Self::from_url(Url::parse(text).map_err(|_| TargetError::Malformed)?)
    }

    /// The target of a redirect from here.
    pub fn join(&self, location: &str) -> Result<Self, TargetError> {
        Self::check_text(location)?;
        Self::from_url(self.0.join(location).map_err(|_| TargetError::Malformed)?)
    }

    fn check_text(text: &str) -> Result<(), TargetError> {
        if text.len() > MAX_URL_BYTES {
            return Err(TargetError::TooLong);
        }
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(TargetError::Blank);
        }
        Ok(())
    }

    fn from_url(mut url: Url) -> Result<Self, TargetError> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(TargetError::Scheme(url.scheme().to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(TargetError::UserInfo);
        }
        match url.host_str() {
            None | Some("") => return Err(TargetError::Malformed),
            Some(host) if host.starts_with('-') => return Err(TargetError::Dash),
            Some(_) => {}
        }
        if url.as_str().len() > MAX_URL_BYTES {
            return Err(TargetError::TooLong);
        }
        url.set_fragment(None);
        Ok(Self(url))
    }

    /// The URL's text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Host and port, as one word for comparing machines.
    pub fn authority(&self) -> (&str, u16) {
        (self.0.host_str().unwrap_or_default(), self.0.port_or_known_default().unwrap_or(0))
    }

    /// The host name or address, without brackets.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']')
    }

    /// Whether the scheme is https.
    pub fn is_secure(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// The path of the URL, as it stands there.
    pub fn path(&self) -> &str {
        self.0.path()
    }

    /// The same URL as that of a directory: with a slash at the end of its path.
    ///
    /// # Errors
    /// It becomes too long.
    pub fn with_slash(&self) -> Result<Self, TargetError> {
        if self.0.path().ends_with('/') {
            return Ok(self.clone());
        }
        let (base, query) = self.0.as_str().split_once('?').unwrap_or((self.0.as_str(), ""));
        let mark = if query.is_empty() { "" } else { "?" };
        Self::parse(&format!("{base}/{mark}{query}"))
    }

    /// The URL of a file or directory below this one: `path` by its segments, then `file`. Each segment is
    /// percent-encoded, empty ones are left out, so there is never a double slash.
    pub fn below(&self, path: &str, file: &[u8]) -> Result<Self, TargetError> {
        // Put together as text: Url's own path editing would swallow segments like `..`, which no
        // directory has but which must not become something else silently.
        let (base, query) = self.0.as_str().split_once('?').unwrap_or((self.0.as_str(), ""));
        let mut text = base.trim_end_matches('/').to_owned();
        for segment in path.split('/').map(str::as_bytes).chain([file]).filter(|segment| !segment.is_empty())
        {
            if matches!(segment, b"." | b"..") {
                return Err(TargetError::Malformed);
            }
            text.push('/');
            text.extend(percent_encode(segment, SEGMENT));
        }
        if !query.is_empty() {
            text.push('?');
            text.push_str(query);
        }
        Self::parse(&text)
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn unusual_spellings_of_an_address_become_that_address() {
        for text in [
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0x7f.1/",
            "http://127.1/",
            "http://0177.0.0.1/",
        ] {
            assert_eq!(Target::parse(text).unwrap().host(), "127.0.0.1", "{text}");
        }
        assert_eq!(Target::parse("http://[::ffff:7f00:1]/").unwrap().host(), "::ffff:7f00:1");
    }

    #[test]
    fn what_is_no_plain_http_url_is_refused() {
        for (text, error) in [
            ("ftp://h/", TargetError::Scheme("ftp".into())),
            ("file:///etc/passwd", TargetError::Scheme("file".into())),
            ("gopher://h/", TargetError::Scheme("gopher".into())),
            ("http://user@h/", TargetError::UserInfo),
            ("http://user:pw@h/", TargetError::UserInfo),
            ("http://h/a b", TargetError::Blank),
            ("http://h/a\r\nHost: x", TargetError::Blank),
            ("http://-h/", TargetError::Dash),
            ("http:///", TargetError::Malformed),
            ("http://h:0x50/", TargetError::Malformed),
            ("http://h:65536/", TargetError::Malformed),
            ("", TargetError::Malformed),
        ] {
            assert_eq!(Target::parse(text), Err(error), "{text:?}");
        }
        assert_eq!(Target::parse(&format!("http://h/{}", "a".repeat(3000))), Err(TargetError::TooLong));
    }

    #[test]
    fn segments_are_escaped_and_the_top_directory_has_one_slash() {
        let base = Target::parse("http://h/pub/fedora/").unwrap();
        let of = |path: &str, file: &[u8]| base.below(path, file).unwrap().as_str().to_owned();
        assert_eq!(of("", b"file"), "http://h/pub/fedora/file");
        assert_eq!(of("a/b", b"c"), "http://h/pub/fedora/a/b/c");
        assert_eq!(of("a#b", b"100% sure?.rpm"), "http://h/pub/fedora/a%23b/100%25%20sure%3F.rpm");
        assert_eq!(of("", b"bad\xff\xc3\xa9+~^"), "http://h/pub/fedora/bad%FF%C3%A9+~%5E");
        assert_eq!(base.below("a/../b", b"c"), Err(TargetError::Malformed));
    }

    #[test]
    fn a_redirect_is_checked_like_a_url() {
        let base = Target::parse("http://h/a/b").unwrap();
        assert_eq!(base.join("c").unwrap().as_str(), "http://h/a/c");
        assert_eq!(base.join("//x/y").unwrap().as_str(), "http://x/y");
        assert_eq!(base.join("file:///etc/passwd"), Err(TargetError::Scheme("file".into())));
        assert_eq!(base.join("http://u:p@h/"), Err(TargetError::UserInfo));
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in any::<String>(), path in any::<String>(), file in any::<Vec<u8>>()) {
            if let Ok(target) = Target::parse(&text) {
                let _ = target.below(&path, &file);
                let _ = target.join(&path);
            }
        }

        #[test]
        fn below_stays_below(path in "[^/]{0,20}(/[^/]{1,20}){0,3}", file in proptest::collection::vec(1u8.., 1..20)) {
            let base = Target::parse("https://h/x").unwrap();
            if let Ok(url) = base.below(&path, &file) {
                prop_assert!(url.as_str().starts_with("https://h/x/"), "{}", url);
                prop_assert!(!url.as_str().contains('?') && !url.as_str().contains('#'));
            }
        }
    }
}
