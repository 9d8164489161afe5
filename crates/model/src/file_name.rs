//! A file's base name as the bytes on the master's disk.
//!
//! Upstream keeps names as text and writes a byte that is not UTF-8 as a lone surrogate
//! (`\udc80`–`\udcff`). We keep the bytes; the escapes exist only in the stored text, in both
//! directions (`spec/database.md` 2.3 rule 4).

use std::cmp::Ordering;
use std::fmt;

/// A base name of a file. Ordered by code point as upstream sorts (bad bytes count as U+DC80–U+DCFF).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct FileName(Box<[u8]>);

impl FileName {
    /// The bytes as they are on disk.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The name as text; `None` when it is not UTF-8.
    pub fn to_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// From text in which lone surrogates may stand, encoded the generalised UTF-8 way (three bytes,
    /// as JSON and pickle decoders hand them out). `None` for a surrogate that is not an escaped byte.
    pub(crate) fn from_escaped(text: &[u8]) -> Option<Self> {
        if std::str::from_utf8(text).is_ok() {
            return Some(Self::from(text));
        }
        let mut name = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some((&first, tail)) = rest.split_first() {
            match rest {
                [0xED, second @ 0xB2..=0xB3, third @ 0x80..=0xBF, tail @ ..] => {
                    // U+DC80..=U+DCFF is ED B2 80 ..= ED B3 BF: the low byte of the code point.
                    name.push(((second & 0x03) << 6) | (third & 0x3F));
                    rest = tail;
                }
                [0xED, 0xA0..=0xBF, 0x80..=0xBF, ..] => return None,
                _ => {
                    name.push(first);
                    rest = tail;
                }
            }
        }
        Some(Self(name.into()))
    }

    /// The order of two names given as bytes.
    pub(crate) fn order(a: &[u8], b: &[u8]) -> Ordering {
        match (std::str::from_utf8(a), std::str::from_utf8(b)) {
            // UTF-8 sorts as its code points do.
            (Ok(a), Ok(b)) => a.cmp(b),
            // The bytes decide between a bad sequence and the same one written as text.
            _ => code_points(a).cmp(code_points(b)).then_with(|| a.cmp(b)),
        }
    }
}

/// The code points of upstream's text form.
fn code_points(name: &[u8]) -> impl Iterator<Item = u32> {
    name.utf8_chunks().flat_map(|chunk| {
        let bad = chunk.invalid().iter().map(|&byte| 0xDC00 + u32::from(byte));
        chunk.valid().chars().map(u32::from).chain(bad)
    })
}

impl From<&[u8]> for FileName {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }
}

impl From<Vec<u8>> for FileName {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

impl From<&str> for FileName {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().into())
    }
}

impl Ord for FileName {
    fn cmp(&self, other: &Self) -> Ordering {
        Self::order(&self.0, &other.0)
    }
}

impl PartialOrd for FileName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl AsRef<[u8]> for FileName {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// Safe for a terminal or a log: control characters, quotes and bad bytes are escaped.
impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for c in chunk.valid().chars() {
                if c.is_control() { write!(f, "{}", c.escape_default())? } else { write!(f, "{c}")? }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_bytes_come_back() {
        assert_eq!(FileName::from_escaped(b"bad\xED\xB3\xBF").unwrap().as_bytes(), b"bad\xFF");
        assert_eq!(FileName::from_escaped(b"bad\xED\xB2\x80").unwrap().as_bytes(), b"bad\x80");
        assert_eq!(FileName::from_escaped("é".as_bytes()).unwrap().to_str(), Some("é"));
        assert_eq!(FileName::from_escaped(b"\xED\xA0\x80"), None, "U+D800 stands for no byte");
    }

    #[test]
    fn order_is_by_code_point_with_bad_bytes_as_surrogates() {
        let sorted: [&[u8]; 6] = [b"Z", b"a", b"b", "\u{d7ff}".as_bytes(), b"\xFF", "\u{e000}".as_bytes()];
        assert!(sorted.map(FileName::from).is_sorted());
    }

    #[test]
    fn display_never_prints_a_control_character() {
        assert_eq!(FileName::from(&b"a\n\x1b[0m\xFF"[..]).to_string(), "a\\n\\u{1b}[0m\\xff");
    }
}
