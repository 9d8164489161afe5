//! The expected files of a directory (`directory.files`): what every mirror should carry there.
//!
//! Two upstream writers and one old format exist; reading accepts all of them, writing gives upstream's
//! JSON byte for byte (`spec/database.md` 2.3), because its programs compare the stored bytes.

use std::fmt::Write as _;

use serde::Deserialize;
use serde::de::{self, Visitor};

use crate::file_name::FileName;
use crate::pickle;

/// Longest stored value that is decoded, bytes. Real ones are below one MiB.
pub const MAX_STORED_BYTES: usize = 64 * 1024 * 1024;

/// One expected file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileEntry {
    /// Base name.
    pub name: FileName,
    /// Bytes.
    pub size: u64,
    /// Seconds since 1970-01-01 UTC, as seen by the scan (ctime, listing time or list time).
    pub timestamp: i64,
}

impl FileEntry {
    /// An entry.
    pub fn new(name: impl Into<FileName>, size: u64, timestamp: i64) -> Self {
        Self { name: name.into(), size, timestamp }
    }
}

/// The files of one directory: sorted by name, each name once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Files(Vec<FileEntry>);

/// Why a stored value could not be read. The caller adds the directory and treats its files as unknown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilesError {
    /// Longer than [`MAX_STORED_BYTES`].
    #[error("file list of {0} bytes is longer than {MAX_STORED_BYTES} bytes: scan the directory again")]
    TooLong(usize),
    /// Begins like JSON but is not a file list.
    #[error("file list is not valid JSON ({0}): scan the directory again")]
    Json(String),
    /// Neither JSON nor a pickle of plain data.
    #[error("old file list can not be read ({0}): scan the directory again")]
    Pickle(#[from] pickle::PickleError),
}

impl Files {
    /// The entry of this name.
    pub fn get(&self, name: &[u8]) -> Option<&FileEntry> {
        let at = self.0.binary_search_by(|entry| FileName::order(entry.name.as_bytes(), name)).ok()?;
        self.0.get(at)
    }

    /// The entries by name.
    pub fn iter(&self) -> std::slice::Iter<'_, FileEntry> {
        self.0.iter()
    }

    /// How many files.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The entries by name, as a vector.
    pub fn into_entries(self) -> Vec<FileEntry> {
        self.0
    }
}

/// Of entries with the same name the last one stays.
impl FromIterator<FileEntry> for Files {
    fn from_iter<I: IntoIterator<Item = FileEntry>>(entries: I) -> Self {
        let mut entries: Vec<FileEntry> = entries.into_iter().collect();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        // The sort is stable: the later of two equal names stands behind, so it overwrites.
        entries.dedup_by(|later, kept| {
            let same = later.name == kept.name;
            if same {
                std::mem::swap(later, kept);
            }
            same
        });
        Self(entries)
    }
}

impl<'a> IntoIterator for &'a Files {
    type Item = &'a FileEntry;
    type IntoIter = std::slice::Iter<'a, FileEntry>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Reads a stored value: our JSON, compact JSON in any order, or the old pickle.
///
/// An empty value is an empty list; the caller does the same for NULL. Numbers may be written as
/// strings or with decimals (cut towards zero). Never panics, whatever the bytes (a fuzz target).
pub fn decode(stored: &[u8]) -> Result<Files, FilesError> {
    if stored.len() > MAX_STORED_BYTES {
        return Err(FilesError::TooLong(stored.len()));
    }
    let Some(first) = stored.iter().find(|byte| !byte.is_ascii_whitespace()) else {
        return Ok(Files::default());
    };
    // No pickle of a dict begins with a bracket, and no list of objects with anything else.
    if *first != b'[' {
        return Ok(pickle::decode_files(stored)?);
    }
    let raw: Vec<RawEntry> =
        serde_json::from_slice(stored).map_err(|error| FilesError::Json(error.to_string()))?;
    Ok(raw
        .into_iter()
        .map(|entry| FileEntry { name: entry.name.0, size: entry.size.0, timestamp: entry.timestamp.0 })
        .collect())
}

/// The stored form (`[{"name": "README", "size": 5, "timestamp": 1795240453}]`), byte-identical to upstream's.
pub fn encode(files: &Files) -> Vec<u8> {
    let mut out = String::with_capacity(2 + files.len() * 80);
    out.push('[');
    for (index, entry) in files.iter().enumerate() {
        out.push_str(if index == 0 { "{\"name\": " } else { ", {\"name\": " });
        write_name(&mut out, &entry.name, NonAscii::Escaped);
        let _ = write!(out, ", \"size\": {}, \"timestamp\": {}}}", entry.size, entry.timestamp);
    }
    out.push(']');
    out.into_bytes()
}

/// The form of the second scanner: compact, newest first, text unescaped (`spec/scan-primary-mirror.md` 5).
/// Files of equal time stand in the order of their names.
pub fn encode_compact(files: &Files) -> Vec<u8> {
    let mut newest_first: Vec<&FileEntry> = files.iter().collect();
    newest_first.sort_by_key(|entry| std::cmp::Reverse(entry.timestamp));
    let mut out = String::with_capacity(2 + files.len() * 70);
    out.push('[');
    for (index, entry) in newest_first.into_iter().enumerate() {
        out.push_str(if index == 0 { "{\"name\":" } else { ",{\"name\":" });
        write_name(&mut out, &entry.name, NonAscii::Verbatim);
        let _ = write!(out, ",\"size\":{},\"timestamp\":{}}}", entry.size, entry.timestamp);
    }
    out.push(']');
    out.into_bytes()
}

/// How valid characters beyond ASCII are written.
#[derive(Clone, Copy, PartialEq)]
enum NonAscii {
    Escaped,
    Verbatim,
}

/// A name as a JSON string; a byte that is not UTF-8 becomes its lone surrogate escape.
fn write_name(out: &mut String, name: &FileName, non_ascii: NonAscii) {
    out.push('"');
    for chunk in name.as_bytes().utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '\u{8}' => out.push_str("\\b"),
                '\u{c}' => out.push_str("\\f"),
                ' '..='~' => out.push(c),
                // DEL is the one ASCII control character that JSON does not escape.
                '\u{7f}' => out.push(c),
                '\0'..='\u{1f}' => write_escape(out, c as u16),
                _ if non_ascii == NonAscii::Verbatim => out.push(c),
                _ => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| write_escape(out, *unit)),
            }
        }
        for byte in chunk.invalid() {
            write_escape(out, 0xDC00 + u16::from(*byte));
        }
    }
    out.push('"');
}

fn write_escape(out: &mut String, unit: u16) {
    let _ = write!(out, "\\u{unit:04x}");
}

/// One element as found in the column.
#[derive(Deserialize)]
struct RawEntry {
    name: RawName,
    size: RawSize,
    timestamp: RawTime,
}

/// A name in which lone surrogates may stand: asked for as bytes, because text can not hold them.
struct RawName(FileName);

struct NameVisitor;

impl Visitor<'_> for NameVisitor {
    type Value = RawName;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a file name")
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<RawName, E> {
        FileName::from_escaped(bytes)
            .map(RawName)
            .ok_or_else(|| E::custom("a name holds a surrogate that stands for no byte"))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<RawName, E> {
        Ok(RawName(text.into()))
    }
}

impl<'de> Deserialize<'de> for RawName {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(NameVisitor)
    }
}

struct RawSize(u64);
struct RawTime(i64);

impl<'de> Deserialize<'de> for RawSize {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_any(NumberVisitor)
            .and_then(|number| size_of(number).ok_or_else(|| de::Error::custom("a size is out of range")))
            .map(RawSize)
    }
}

impl<'de> Deserialize<'de> for RawTime {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_any(NumberVisitor)
            .and_then(|number| {
                time_of(number).ok_or_else(|| de::Error::custom("a timestamp is out of range"))
            })
            .map(RawTime)
    }
}

/// A number cut towards zero, wide enough for every source.
struct NumberVisitor;

impl Visitor<'_> for NumberVisitor {
    type Value = i128;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a number")
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<i128, E> {
        Ok(value.into())
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<i128, E> {
        Ok(value.into())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<i128, E> {
        Ok(cut(value))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<i128, E> {
        number_of(text).ok_or_else(|| E::custom("a number is written as text that is none"))
    }
}

/// A number written as text, cut towards zero.
pub(crate) fn number_of(text: &str) -> Option<i128> {
    let text = text.trim();
    text.parse().ok().or_else(|| text.parse::<f64>().ok().filter(|value| value.is_finite()).map(cut))
}

/// Towards zero; what no file has becomes out of range for both size and time.
pub(crate) fn cut(value: f64) -> i128 {
    if value.is_nan() { i128::MAX } else { value.trunc() as i128 }
}

pub(crate) fn size_of(number: i128) -> Option<u64> {
    number.try_into().ok()
}

pub(crate) fn time_of(number: i128) -> Option<i64> {
    number.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(entries: &[(&str, u64, i64)]) -> Files {
        entries.iter().map(|(name, size, time)| FileEntry::new(*name, *size, *time)).collect()
    }

    #[test]
    fn stored_form_is_upstreams() {
        let list = files(&[
            ("Fedora-20-x86_64-netinst.iso", 31, 1_795_240_278),
            ("Fedora-20-x86_64-CHECKSUM", 1125, 1_795_240_278),
        ]);
        let expected = concat!(
            r#"[{"name": "Fedora-20-x86_64-CHECKSUM", "size": 1125, "timestamp": 1795240278}, "#,
            r#"{"name": "Fedora-20-x86_64-netinst.iso", "size": 31, "timestamp": 1795240278}]"#
        );
        assert_eq!(String::from_utf8(encode(&list)).unwrap(), expected);
        assert_eq!(decode(expected.as_bytes()).unwrap(), list);
        assert_eq!(encode(&Files::default()), b"[]");
    }

    #[test]
    fn names_are_escaped_as_upstream_escapes_them() {
        let stored = br#"[{"name": "\u00e9\ud83d\ude00\"\\", "size": 0, "timestamp": 0}]"#;
        let list = decode(stored).unwrap();
        assert_eq!(list.iter().next().unwrap().name.to_str(), Some("é😀\"\\"));
        assert_eq!(encode(&list), stored);
        let controls = files(&[("\u{0}\u{8}\t\n\u{c}\r\u{1f}\u{7f}", 0, 0)]);
        let text = String::from_utf8(encode(&controls)).unwrap();
        assert!(text.contains("\"\\u0000\\b\\t\\n\\f\\r\\u001f\u{7f}\""), "{text}");
        assert_eq!(decode(text.as_bytes()).unwrap(), controls);
    }

    #[test]
    fn a_bad_byte_is_a_lone_surrogate_in_both_directions() {
        let stored = br#"[{"name": "bad\udcff", "size": 1, "timestamp": 2}]"#;
        let list = decode(stored).unwrap();
        assert_eq!(list.iter().next().unwrap().name.as_bytes(), b"bad\xFF");
        assert_eq!(encode(&list), stored);
        assert!(list.get(b"bad\xFF").is_some());
        assert!(matches!(
            decode(br#"[{"name": "\ud800", "size": 1, "timestamp": 2}]"#),
            Err(FilesError::Json(_))
        ));
    }

    #[test]
    fn reading_is_liberal() {
        let compact =
            br#" [{"timestamp":2.9,"name":"b","size":"1"},{"name":"a","size":1.0,"timestamp":"-2.5"}]"#;
        assert_eq!(decode(compact).unwrap(), files(&[("a", 1, -2), ("b", 1, 2)]));
        let twice = br#"[{"name":"a","size":1,"timestamp":1},{"name":"a","size":2,"timestamp":2}]"#;
        assert_eq!(decode(twice).unwrap(), files(&[("a", 2, 2)]), "the last of two equal names wins");
        assert_eq!(decode(b"").unwrap(), Files::default());
        assert_eq!(decode(b"[]").unwrap(), Files::default());
    }

    #[test]
    fn what_is_no_list_is_an_error() {
        for bad in [
            &b"[1]"[..],
            b"[{}]",
            br#"[{"name":"a","size":-1,"timestamp":1}]"#,
            br#"[{"name":"a","size":1e40,"timestamp":1}]"#,
            br#"[{"name":"a","size":true,"timestamp":1}]"#,
            b"[",
            b"nonsense",
        ] {
            assert!(decode(bad).is_err(), "{}", bad.escape_ascii());
        }
    }

    #[test]
    fn compact_form_is_newest_first() {
        let list = files(&[("p11.rpm", 0, 1), ("p12.rpm", 0, 2), ("é", 3, 2)]);
        assert_eq!(
            String::from_utf8(encode_compact(&list)).unwrap(),
            concat!(
                r#"[{"name":"p12.rpm","size":0,"timestamp":2},{"name":"é","size":3,"timestamp":2},"#,
                r#"{"name":"p11.rpm","size":0,"timestamp":1}]"#
            )
        );
        assert_eq!(decode(&encode_compact(&list)).unwrap(), list);
        assert_eq!(encode_compact(&Files::default()), b"[]");
    }
}
