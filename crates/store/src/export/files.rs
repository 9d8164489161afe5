//! All file details, compactly: at scale 1 of the promises about speed these are 305,000 rows with three to
//! four digests each.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use super::directories::run;
use super::record::FileDetail;

/// File details by directory, then newest first: by (timestamp, id), unknown times last.
#[derive(Debug, Clone, Default)]
pub struct FileDetails {
    rows: Vec<Row>,
    names: Vec<Box<str>>,
    numbers: HashMap<Box<str>, u32>,
    digests: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
struct Row {
    id: i32,
    directory: i32,
    name: u32,
    timestamp: Option<i64>,
    size: Option<i64>,
    /// Where its digests begin; they lie one after another.
    at: usize,
    digests: [Stored; 4],
}

#[derive(Debug, Clone, Copy, Default)]
struct Stored {
    bytes: u32,
    form: Form,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Form {
    #[default]
    Absent,
    Hex,
    Text,
}

/// A digest as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Digest<'a> {
    /// Half as many bytes as its text has lower-case hexadecimal digits.
    Hex(&'a [u8]),
    /// Any other text.
    Text(&'a str),
}

/// The kinds of digest in the order of the interchange format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DigestKind {
    /// SHA-1
    Sha1,
    /// MD5
    Md5,
    /// SHA-256
    Sha256,
    /// SHA-512
    Sha512,
}

impl DigestKind {
    /// All of them, in order.
    pub const ALL: [Self; 4] = [Self::Sha1, Self::Md5, Self::Sha256, Self::Sha512];
}

/// One content that a file had.
#[derive(Debug, Clone, Copy)]
pub struct Detail<'a> {
    all: &'a FileDetails,
    row: &'a Row,
}

impl<'a> Detail<'a> {
    /// Row id.
    pub fn id(self) -> i32 {
        self.row.id
    }

    /// Base name.
    pub fn filename(self) -> &'a str {
        self.all.names.get(self.row.name as usize).map(AsRef::as_ref).unwrap_or_default()
    }

    /// Unix seconds.
    pub fn timestamp(self) -> Option<i64> {
        self.row.timestamp
    }

    /// Bytes.
    pub fn size(self) -> Option<i64> {
        self.row.size
    }

    /// The digest of a kind; `None` for NULL.
    pub fn digest(self, kind: DigestKind) -> Option<Digest<'a>> {
        let before = self.row.digests.iter().take(kind as usize).map(|stored| stored.bytes as usize);
        let begin = self.row.at + before.sum::<usize>();
        let stored = self.row.digests.get(kind as usize)?;
        let bytes = self.all.digests.get(begin..begin + stored.bytes as usize)?;
        match stored.form {
            Form::Absent => None,
            Form::Hex => Some(Digest::Hex(bytes)),
            Form::Text => Some(Digest::Text(std::str::from_utf8(bytes).unwrap_or_default())),
        }
    }
}

impl FileDetails {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Those of one directory, newest first.
    pub fn of(&self, directory: i32) -> impl ExactSizeIterator<Item = Detail<'_>> + Clone {
        run(&self.rows, |row| row.directory, directory).iter().map(|row| Detail { all: self, row })
    }

    /// Adds one. Sort before they are looked at.
    pub fn push(&mut self, detail: &FileDetail) {
        let at = self.digests.len();
        let texts = [&detail.sha1, &detail.md5, &detail.sha256, &detail.sha512];
        let digests = texts.map(|text| text.as_deref().map(|text| self.digest(text)).unwrap_or_default());
        let name = self.name(&detail.filename);
        self.rows.push(Row {
            id: detail.id,
            directory: detail.directory_id,
            name,
            timestamp: detail.timestamp,
            size: detail.size,
            at,
            digests,
        });
    }

    /// Brings what was added into its order.
    pub fn sort(&mut self) {
        self.rows.sort_unstable_by_key(|row| (row.directory, Reverse(row.timestamp), Reverse(row.id)));
    }

    /// Takes out those of some directories.
    pub(super) fn remove(&mut self, directories: &HashSet<i32>) {
        let old = std::mem::take(self);
        self.names = old.names;
        self.numbers = old.numbers;
        self.digests.reserve(old.digests.len());
        self.rows.reserve(old.rows.len());
        for row in old.rows.into_iter().filter(|row| !directories.contains(&row.directory)) {
            let bytes: usize = row.digests.iter().map(|stored| stored.bytes as usize).sum();
            let at = self.digests.len();
            self.digests.extend_from_slice(old.digests.get(row.at..row.at + bytes).unwrap_or_default());
            self.rows.push(Row { at, ..row });
        }
    }

    fn name(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        // A table has fewer rows than this has numbers, since ids have 32 bits.
        let number = self.names.len() as u32;
        self.names.push(name.into());
        self.numbers.insert(name.into(), number);
        number
    }

    fn digest(&mut self, text: &str) -> Stored {
        let begin = self.digests.len();
        let form = if push_halved(text.as_bytes(), &mut self.digests) {
            Form::Hex
        } else {
            self.digests.truncate(begin);
            self.digests.extend_from_slice(text.as_bytes());
            Form::Text
        };
        // A value of either engine has less than 2 GiB.
        Stored { bytes: (self.digests.len() - begin) as u32, form }
    }
}

/// Appends the bytes of pairs of lower-case hexadecimal digits; whether the text was nothing else.
fn push_halved(text: &[u8], out: &mut Vec<u8>) -> bool {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_chunks::<2>();
    for [high, low] in pairs {
        let (Some(high), Some(low)) = (digit(*high), digit(*low)) else { return false };
        out.push(high << 4 | low);
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detail(id: i32, directory_id: i32, timestamp: Option<i64>, md5: Option<&str>) -> FileDetail {
        FileDetail {
            id,
            directory_id,
            filename: format!("f{}", id % 2),
            timestamp,
            size: None,
            sha1: Some("00ff".into()),
            md5: md5.map(str::to_owned),
            sha256: Some(String::new()),
            sha512: Some("ABCD".into()),
        }
    }

    fn ids(all: &FileDetails, directory: i32) -> Vec<i32> {
        all.of(directory).map(Detail::id).collect()
    }

    #[test]
    fn digests_come_back_as_they_were_stored() {
        let mut all = FileDetails::default();
        for (id, md5) in (1..).zip([Some("0a"), Some("0A"), Some("0ab"), Some("é"), None]) {
            all.push(&detail(id, 7, None, md5));
        }
        all.sort();
        let found: Vec<_> = all.of(7).map(|row| row.digest(DigestKind::Md5)).collect();
        let text = |text: &'static str| Some(Digest::Text(text));
        assert_eq!(found, [None, text("é"), text("0ab"), text("0A"), Some(Digest::Hex(&[10]))]);
        for row in all.of(7) {
            assert_eq!(row.digest(DigestKind::Sha1), Some(Digest::Hex(&[0, 255])));
            assert_eq!(row.digest(DigestKind::Sha256), Some(Digest::Hex(&[])));
            assert_eq!(row.digest(DigestKind::Sha512), text("ABCD"));
        }
        assert_eq!(all.of(7).map(Detail::filename).collect::<Vec<_>>(), ["f1", "f0", "f1", "f0", "f1"]);
    }

    #[test]
    fn the_newest_is_first_and_what_is_taken_out_leaves_the_rest_as_it_was() {
        let mut all = FileDetails::default();
        for (id, directory, timestamp) in
            [(1, 5, Some(3)), (2, 4, None), (3, 5, None), (4, 5, Some(3)), (5, 6, Some(0)), (6, 5, Some(9))]
        {
            all.push(&detail(id, directory, timestamp, Some("aa")));
        }
        all.sort();
        assert_eq!(ids(&all, 5), [6, 4, 1, 3]);
        all.remove(&HashSet::from([4, 6]));
        assert_eq!((ids(&all, 4), ids(&all, 5), ids(&all, 6)), (vec![], vec![6, 4, 1, 3], vec![]));
        assert!(all.of(5).all(|row| row.digest(DigestKind::Md5) == Some(Digest::Hex(&[0xaa]))));
        assert_eq!(all.digests.len(), 4 * (2 + 1 + 4));
    }
}
