//! Checksums: for each directory its files, for each file the versions that are good.
//!
//! Digests are nearly always lower-case hexadecimal, so they are kept as half as many bytes; one that is
//! anything else is kept as it is.

use crate::names::Names;
use crate::proto;

/// The kinds of digest, in the order in which a metalink lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DigestKind {
    /// MD5
    Md5,
    /// SHA-1
    Sha1,
    /// SHA-256
    Sha256,
    /// SHA-512
    Sha512,
}

impl DigestKind {
    /// All of them, in order.
    pub const ALL: [Self; 4] = [Self::Md5, Self::Sha1, Self::Sha256, Self::Sha512];

    /// The name used in metalinks.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }
}

/// All file details of a snapshot, flat.
#[derive(Debug, Clone, Default)]
pub(crate) struct Files {
    names: Names,
    rows: Vec<FileRow>,
    details: Vec<DetailRow>,
    digests: Vec<u8>,
}

/// The rows of one directory in [`Files`].
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct FileRange {
    begin: u32,
    end: u32,
}

#[derive(Debug, Clone, Copy)]
struct FileRow {
    name: u32,
    begin: u32,
    end: u32,
}

#[derive(Debug, Clone, Copy)]
struct DetailRow {
    timestamp: u64,
    size: u64,
    digests: [DigestRow; 4],
}

#[derive(Debug, Clone, Copy, Default)]
struct DigestRow {
    begin: u32,
    /// Bytes in the arena.
    length: u32,
    form: Form,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Form {
    /// Half of a hexadecimal text.
    Halved,
    #[default]
    Verbatim,
}

/// The good versions of one file.
#[derive(Debug, Clone, Copy)]
pub struct File<'a> {
    files: &'a Files,
    rows: &'a [DetailRow],
}

impl<'a> File<'a> {
    /// The versions: the first is current, the rest are alternates. May be empty.
    pub fn details(self) -> impl ExactSizeIterator<Item = FileDetail<'a>> {
        self.rows.iter().map(move |row| FileDetail { files: self.files, row })
    }
}

/// One good version of a file.
#[derive(Debug, Clone, Copy)]
pub struct FileDetail<'a> {
    files: &'a Files,
    row: &'a DetailRow,
}

impl FileDetail<'_> {
    /// Unix seconds, 0 when unknown.
    pub fn timestamp(self) -> u64 {
        self.row.timestamp
    }

    /// Bytes, 0 when unknown.
    pub fn size(self) -> u64 {
        self.row.size
    }

    /// Whether there is a digest of this kind that is not empty.
    pub fn has(self, kind: DigestKind) -> bool {
        self.digest_row(kind).length > 0
    }

    /// Appends the digest of this kind, nothing when there is none.
    pub fn push_digest(self, kind: DigestKind, to: &mut String) {
        let row = self.digest_row(kind);
        let bytes = self
            .files
            .digests
            .get(row.begin as usize..(row.begin as usize).saturating_add(row.length as usize))
            .unwrap_or_default();
        match row.form {
            Form::Verbatim => to.push_str(std::str::from_utf8(bytes).unwrap_or_default()),
            Form::Halved => {
                const DIGITS: [char; 16] =
                    ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
                let digit = |value: u8| DIGITS.get(usize::from(value)).copied().unwrap_or('0');
                to.reserve(bytes.len() * 2);
                for byte in bytes {
                    to.push(digit(byte >> 4));
                    to.push(digit(byte & 15));
                }
            }
        }
    }

    fn digest_row(self, kind: DigestKind) -> DigestRow {
        self.row.digests.get(kind as usize).copied().unwrap_or_default()
    }
}

impl Files {
    /// Adds the files of one directory. A file named twice has the details of both, in order. `None` when
    /// there is no room.
    pub(crate) fn add(&mut self, files: &[proto::FileDetailsCacheFilesType]) -> Option<FileRange> {
        let begin = u32::try_from(self.rows.len()).ok()?;
        let mut names = Vec::with_capacity(files.len());
        for file in files {
            names.push(self.names.intern(&file.filename)?);
        }
        let mut order: Vec<usize> = (0..files.len()).collect();
        // Stable, so that the details of one file stay in order.
        order.sort_by_key(|place| names.get(*place).copied());
        for place in order {
            let (Some(name), Some(file)) = (names.get(place).copied(), files.get(place)) else { continue };
            let first = u32::try_from(self.details.len()).ok()?;
            for details in &file.file_details {
                let row = self.detail_row(details)?;
                self.details.push(row);
            }
            let end = u32::try_from(self.details.len()).ok()?;
            let same_directory = self.rows.len() > begin as usize;
            match self.rows.last_mut().filter(|row| same_directory && row.name == name) {
                Some(row) => row.end = end,
                None => self.rows.push(FileRow { name, begin: first, end }),
            }
        }
        Some(FileRange { begin, end: u32::try_from(self.rows.len()).ok()? })
    }

    /// The details of a file of a directory.
    pub(crate) fn find(&self, range: FileRange, name: &str) -> Option<File<'_>> {
        let name = self.names.find(name)?;
        let rows = self.rows.get(range.begin as usize..range.end as usize)?;
        let row = rows.get(rows.binary_search_by_key(&name, |row| row.name).ok()?)?;
        Some(File { files: self, rows: self.details.get(row.begin as usize..row.end as usize)? })
    }

    /// How many details there are.
    pub(crate) fn len(&self) -> usize {
        self.details.len()
    }

    /// Gives back the room kept for more.
    pub(crate) fn freeze(&mut self) {
        self.names.freeze();
        self.rows.shrink_to_fit();
        self.details.shrink_to_fit();
        self.digests.shrink_to_fit();
    }

    fn detail_row(&mut self, details: &proto::FileDetailsType) -> Option<DetailRow> {
        let texts = [&details.md5, &details.sha1, &details.sha256, &details.sha512];
        let mut digests = [DigestRow::default(); 4];
        for (digest, text) in digests.iter_mut().zip(texts) {
            if let Some(text) = text {
                *digest = self.digest(text)?;
            }
        }
        Some(DetailRow { timestamp: details.time_stamp, size: details.size, digests })
    }

    fn digest(&mut self, text: &str) -> Option<DigestRow> {
        let begin = u32::try_from(self.digests.len()).ok()?;
        let form = match halved(text) {
            Some(bytes) => {
                self.digests.extend(bytes);
                Form::Halved
            }
            None => {
                self.digests.extend_from_slice(text.as_bytes());
                Form::Verbatim
            }
        };
        Some(DigestRow { begin, length: u32::try_from(self.digests.len()).ok()?.checked_sub(begin)?, form })
    }
}

/// The bytes of a text of pairs of lower-case hexadecimal digits.
fn halved(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect()
}
