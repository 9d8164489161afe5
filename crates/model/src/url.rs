//! The base URL of a host's copy of a category: what owners may enter, and how requests are made from it.
//!
//! The grammar is narrow on purpose: these URLs are entered by strangers and fetched by us, so anything
//! that two parsers could read differently is refused (`spec/crawler.md` 11.8, `spec/web.md` 6.9).

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::ops::Range;

use crate::file_name::FileName;

/// Longest URL, bytes.
pub const MAX_URL_BYTES: usize = 2000;

/// How a mirror is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// `http`
    Http,
    /// `https`
    Https,
    /// `rsync`
    Rsync,
    /// `ftp`
    Ftp,
}

impl Scheme {
    /// The word before `://`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Rsync => "rsync",
            Self::Ftp => "ftp",
        }
    }

    /// The port when the URL names none.
    pub fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
            Self::Rsync => 873,
            Self::Ftp => 21,
        }
    }

    fn named(text: &str) -> Option<Self> {
        [Self::Http, Self::Https, Self::Rsync, Self::Ftp]
            .into_iter()
            .find(|scheme| text.eq_ignore_ascii_case(scheme.as_str()))
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a URL was refused, and what to enter instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Nothing but blanks.
    #[error("URL is empty: enter one like https://mirror.example.org/fedora/linux")]
    Empty,
    /// Longer than [`MAX_URL_BYTES`].
    #[error("URL of {0} bytes is longer than {MAX_URL_BYTES} bytes: shorten it")]
    TooLong(usize),
    /// A blank, control character or backslash.
    #[error("URL holds {0:?}: remove it or write it percent-encoded")]
    Character(char),
    /// Not one of the four schemes.
    #[error(
        "URL does not begin with http://, https://, rsync:// or ftp://: put one of these before the host name"
    )]
    Scheme,
    /// `user:password@host`.
    #[error("URL holds a user name or password: remove everything up to the @")]
    UserInfo,
    /// No host or one that is no name or address.
    #[error("URL has no usable host ({0}): enter a host name such as mirror.example.org or an address")]
    Host(&'static str),
    /// Not 1–65535.
    #[error("URL has no usable port: enter a number from 1 to 65535 after the host, or nothing")]
    Port,
    /// `?query` or `#fragment`.
    #[error("URL holds {0:?}: a base URL ends with its path, remove {0:?} and what follows")]
    Query(char),
    /// A `%` that does not begin two hexadecimal digits.
    #[error("URL holds a % that is not followed by two hexadecimal digits: write a plain % as %25")]
    Percent,
    /// A `.` or `..` component.
    #[error("URL path holds a component {0:?}: enter the path without it")]
    DotSegment(&'static str),
}

/// A checked base URL, without trailing slash, scheme and host in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MirrorUrl {
    text: String,
    scheme: Scheme,
    host: Range<usize>,
    port: Option<u16>,
    path: usize,
}

impl MirrorUrl {
    /// Reads a URL as entered: surrounding blanks and trailing slashes are dropped, scheme and host lower-cased.
    ///
    /// Never panics, whatever the text (a fuzz target).
    pub fn parse(entered: &str) -> Result<Self, UrlError> {
        let trimmed = entered.trim();
        if trimmed.is_empty() {
            return Err(UrlError::Empty);
        }
        if trimmed.len() > MAX_URL_BYTES {
            return Err(UrlError::TooLong(trimmed.len()));
        }
        if let Some(bad) = trimmed.chars().find(|c| c.is_whitespace() || c.is_control() || *c == '\\') {
            return Err(UrlError::Character(bad));
        }
        let (scheme, rest) = trimmed.split_once("://").ok_or(UrlError::Scheme)?;
        let scheme = Scheme::named(scheme).ok_or(UrlError::Scheme)?;
        if let Some(mark) = rest.chars().find(|c| matches!(c, '?' | '#')) {
            return Err(UrlError::Query(mark));
        }
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err(UrlError::UserInfo);
        }
        let (host, port) = split_port(authority)?;
        let host = check_host(host)?;
        let path = path.trim_end_matches('/');
        check_path(path)?;

        let mut text = format!("{scheme}://{host}");
        let brackets = usize::from(host.starts_with('['));
        let host_start = text.len() - host.len() + brackets;
        let host_range = host_start..text.len() - brackets;
        if let Some(port) = port {
            text.push_str(&format!(":{port}"));
        }
        let path_start = text.len();
        text.push_str(path);
        Ok(Self { text, scheme, host: host_range, port, path: path_start })
    }

    /// The URL as it is stored.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// How it is reached.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Host name or address in lower case, without brackets.
    pub fn host(&self) -> &str {
        self.text.get(self.host.clone()).unwrap_or_default()
    }

    /// The address, when the host is written as one in the usual form.
    pub fn address(&self) -> Option<IpAddr> {
        self.host().parse().ok()
    }

    /// The port that the URL names.
    pub fn explicit_port(&self) -> Option<u16> {
        self.port
    }

    /// The port to connect to.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(self.scheme.default_port())
    }

    /// `host` or `host:port` as in the URL.
    pub fn authority(&self) -> &str {
        let start = self.scheme.as_str().len() + "://".len();
        self.text.get(start..self.path).unwrap_or_default()
    }

    /// The path as entered: empty, or with a leading and without a trailing slash.
    pub fn path(&self) -> &str {
        self.text.get(self.path..).unwrap_or_default()
    }

    /// The URL path of a directory, or of a file in it, for an HTTP or FTP request: percent-encoded, no
    /// double slash, at least `/`. `directory` is the mirror path (relative to the topdir, `""` for it).
    pub fn request_path(&self, directory: &str, file: Option<&FileName>) -> String {
        let mut path = String::with_capacity(self.text.len() + directory.len() + 40);
        for byte in self.path().bytes() {
            // What was entered may be encoded already, so only what no request line may hold is touched.
            if byte == b'%' || byte == b'/' || is_pchar(byte) {
                path.push(byte.into())
            } else {
                escape(&mut path, byte)
            }
        }
        for segment in directory.split('/').filter(|segment| !segment.is_empty()) {
            path.push('/');
            encode_segment(&mut path, segment.as_bytes());
        }
        match file {
            Some(file) => {
                path.push('/');
                encode_segment(&mut path, file.as_bytes());
            }
            None if path.is_empty() => path.push('/'),
            None => {}
        }
        path
    }

    /// The whole URL of [`request_path`](Self::request_path).
    pub fn request_url(&self, directory: &str, file: Option<&FileName>) -> String {
        format!("{}://{}{}", self.scheme, self.authority(), self.request_path(directory, file))
    }

    /// The URL of a directory as plain text, not percent-encoded: rsync's form, and that of mirrorlists.
    pub fn join(&self, directory: &str) -> String {
        let directory = directory.trim_matches('/');
        if directory.is_empty() { self.text.clone() } else { format!("{}/{directory}", self.text) }
    }
}

impl std::str::FromStr for MirrorUrl {
    type Err = UrlError;

    fn from_str(entered: &str) -> Result<Self, UrlError> {
        Self::parse(entered)
    }
}

impl fmt::Display for MirrorUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Appends one path segment, percent-encoded. `+` is encoded too: some stores read it as a blank.
fn encode_segment(out: &mut String, segment: &[u8]) {
    for byte in segment {
        if *byte != b'+' && is_pchar(*byte) { out.push((*byte).into()) } else { escape(out, *byte) }
    }
}

fn escape(out: &mut String, byte: u8) {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    out.push('%');
    out.extend(DIGITS.get(usize::from(byte >> 4)));
    out.extend(DIGITS.get(usize::from(byte & 15)));
}

/// What RFC 3986 allows in a segment as it is, `%` aside.
fn is_pchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte)
}

fn split_port(authority: &str) -> Result<(&str, Option<u16>), UrlError> {
    let (host, port) = match authority.rfind(']') {
        Some(end) => {
            let (host, rest) = authority.split_at(end + 1);
            match rest.strip_prefix(':') {
                Some(port) => (host, Some(port)),
                None if rest.is_empty() => (host, None),
                None => return Err(UrlError::Host("text after the closing bracket")),
            }
        }
        None if authority.starts_with('[') => (authority, None),
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let Some(port) = port else { return Ok((host, None)) };
    if !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(UrlError::Port);
    }
    match port.parse() {
        Ok(0) | Err(_) => Err(UrlError::Port),
        Ok(port) => Ok((host, Some(port))),
    }
}

/// The host in lower case, an IPv6 address in brackets and in its canonical form.
fn check_host(host: &str) -> Result<String, UrlError> {
    if let Some(inner) = host.strip_prefix('[') {
        let address = inner.strip_suffix(']').and_then(|inner| inner.parse::<Ipv6Addr>().ok());
        return match address {
            Some(address) => Ok(format!("[{address}]")),
            None => Err(UrlError::Host("brackets are for an IPv6 address")),
        };
    }
    check_name(host).map_err(UrlError::Host)?;
    Ok(host.to_ascii_lowercase())
}

/// Whether a text can be a host name: letters, digits, `-`, `_` and dots, no label empty, too long or
/// beginning with `-`. The error says which rule it breaks.
pub(crate) fn check_name(host: &str) -> Result<(), &'static str> {
    if host.is_empty() {
        return Err("it is missing");
    }
    if host.len() > 253 {
        return Err("a name has at most 253 characters");
    }
    if !host.is_ascii() {
        return Err("write an international name in its xn-- form");
    }
    for label in host.strip_suffix('.').unwrap_or(host).split('.') {
        if label.is_empty() {
            return Err("a part between two dots is empty");
        }
        if label.len() > 63 {
            return Err("a part between two dots has more than 63 characters");
        }
        if label.starts_with('-') {
            return Err("a name may not begin with -");
        }
        if !label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
            return Err("a name has only letters, digits, - and dots");
        }
    }
    Ok(())
}

fn check_path(path: &str) -> Result<(), UrlError> {
    for segment in path.split('/') {
        match segment {
            "." => return Err(UrlError::DotSegment(".")),
            ".." => return Err(UrlError::DotSegment("..")),
            _ => {}
        }
    }
    let mut rest = path.as_bytes();
    while let Some(at) = rest.iter().position(|byte| *byte == b'%') {
        match rest.get(at + 1..at + 3) {
            Some([a, b]) if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => {
                rest = rest.get(at + 3..).unwrap_or_default();
            }
            _ => return Err(UrlError::Percent),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> MirrorUrl {
        MirrorUrl::parse(text).unwrap()
    }

    #[test]
    fn parts_of_a_url() {
        let url = parse("  HTTPS://Mirror.Example.ORG:8443/Fedora/linux/ ");
        assert_eq!(url.as_str(), "https://mirror.example.org:8443/Fedora/linux");
        assert_eq!((url.scheme(), url.host(), url.port()), (Scheme::Https, "mirror.example.org", 8443));
        assert_eq!((url.authority(), url.path()), ("mirror.example.org:8443", "/Fedora/linux"));
        let url = parse("rsync://[2001:DB8:0::1]/module");
        assert_eq!((url.host(), url.port(), url.path()), ("2001:db8::1", 873, "/module"));
        assert_eq!(url.as_str(), "rsync://[2001:db8::1]/module");
        assert_eq!(url.address(), Some("2001:db8::1".parse().unwrap()));
        assert_eq!(parse("ftp://h").explicit_port(), None);
        assert_eq!(parse("ftp://h").path(), "");
        assert_eq!(parse("http://under_score/").as_str(), "http://under_score");
    }

    #[test]
    fn refused_and_why() {
        for (text, error) in [
            ("", UrlError::Empty),
            (" \t", UrlError::Empty),
            ("mirror.example.org/x", UrlError::Scheme),
            ("gopher://h/", UrlError::Scheme),
            ("javascript://h/", UrlError::Scheme),
            ("http:/h", UrlError::Scheme),
            ("http://user:pw@h/", UrlError::UserInfo),
            ("http://a b/", UrlError::Character(' ')),
            ("http://h/\u{0}", UrlError::Character('\u{0}')),
            ("http://h\\@evil/", UrlError::Character('\\')),
            ("http://h/a?x=1", UrlError::Query('?')),
            ("http://h#f", UrlError::Query('#')),
            ("http://h:0/", UrlError::Port),
            ("http://h:65536/", UrlError::Port),
            ("http://h:/", UrlError::Port),
            ("http://h:+80/", UrlError::Port),
            ("http://::1/", UrlError::Port),
            ("http:///x", UrlError::Host("it is missing")),
            ("rsync://-e/x", UrlError::Host("a name may not begin with -")),
            ("http://[::1", UrlError::Host("brackets are for an IPv6 address")),
            ("http://[fe80::1%25eth0]/", UrlError::Host("brackets are for an IPv6 address")),
            ("http://[::1]x/", UrlError::Host("text after the closing bracket")),
            ("http://a..b/", UrlError::Host("a part between two dots is empty")),
            ("http://münchen.example/", UrlError::Host("write an international name in its xn-- form")),
            ("http://h/%zz", UrlError::Percent),
            ("http://h/100%", UrlError::Percent),
            ("http://h/../x", UrlError::DotSegment("..")),
        ] {
            assert_eq!(MirrorUrl::parse(text), Err(error), "{text:?}");
        }
        assert!(matches!(MirrorUrl::parse(&"x".repeat(3000)), Err(UrlError::TooLong(3000))));
    }

    #[test]
    fn requests_are_encoded_without_double_slashes() {
        let url = parse("http://h/a%20b/ü");
        let file = FileName::from(&b"x#?%+\xFF.rpm"[..]);
        assert_eq!(
            url.request_url("releases/41/c d", Some(&file)),
            "http://h/a%20b/%C3%BC/releases/41/c%20d/x%23%3F%25%2B%FF.rpm"
        );
        let root = parse("http://h/");
        assert_eq!(root.request_path("", None), "/");
        assert_eq!(root.request_path("", Some(&"f".into())), "/f");
        assert_eq!(root.request_url("d/e", None), "http://h/d/e");
    }

    #[test]
    fn joined_text_has_one_slash() {
        assert_eq!(parse("rsync://h/m/").join("/releases/41/"), "rsync://h/m/releases/41");
        assert_eq!(parse("rsync://h/m").join(""), "rsync://h/m");
    }
}
