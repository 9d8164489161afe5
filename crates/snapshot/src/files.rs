//! Checksums: for each directory its files, for each file the versions that are good.
//!
//! Digests are nearly always lower-case hexadecimal, so they are kept as half as many bytes; one that is
//! anything else is kept as it is.

use bytes::Bytes;
use frozen::{Column, Damaged, Names, NamesBuilder, Parts, PartsWriter};
use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

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
    rows: Column<FileRow>,
    details: Column<DetailRow>,
    digests: Bytes,
}

/// The rows of one directory in [`Files`].
#[derive(Debug, Clone, Copy, Default, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct FileRange {
    begin: U32,
    end: U32,
}

#[derive(Debug, Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct FileRow {
    name: U32,
    begin: U32,
    end: U32,
}

#[derive(Debug, Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct DetailRow {
    timestamp: U64,
    size: U64,
    /// Where the digests begin in the arena, one behind the other.
    digests: U32,
    /// Their lengths in bytes, each with [`VERBATIM`] or not.
    lengths: [U16; 4],
}

/// A digest that is kept as the text it is.
const VERBATIM: u16 = 0x8000;

/// The longest text that is kept as a digest, in bytes. The longest real one has 128 digits.
const LONGEST_DIGEST: usize = 1024;

/// Bytes of a digest that are written in one go: all of the longest real one.
const CHUNK: usize = 64;

impl DetailRow {
    /// Where a digest lies in the arena, and whether it is kept as text.
    #[inline]
    fn digest(&self, kind: DigestKind) -> (std::ops::Range<usize>, bool) {
        let mut begin = self.digests.get() as usize;
        for (place, length) in self.lengths.iter().enumerate() {
            let end = begin + usize::from(length.get() & !VERBATIM);
            if place == kind as usize {
                return (begin..end, length.get() & VERBATIM > 0);
            }
            begin = end;
        }
        (0..0, true)
    }

    /// Bytes in the arena.
    fn length(&self) -> usize {
        self.lengths.iter().map(|length| usize::from(length.get() & !VERBATIM)).sum()
    }
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

impl<'a> FileDetail<'a> {
    /// Unix seconds, 0 when unknown.
    pub fn timestamp(self) -> u64 {
        self.row.timestamp.get()
    }

    /// Bytes, 0 when unknown.
    pub fn size(self) -> u64 {
        self.row.size.get()
    }

    /// Whether there is a digest of this kind that is not empty.
    pub fn has(self, kind: DigestKind) -> bool {
        !self.row.digest(kind).0.is_empty()
    }

    /// The digest of this kind as bytes; `None` when there is none, or when its text is not lower-case
    /// hexadecimal.
    pub fn digest(self, kind: DigestKind) -> Option<&'a [u8]> {
        let (range, verbatim) = self.row.digest(kind);
        self.files.digests.get(range).filter(|bytes| !bytes.is_empty() && !verbatim)
    }

    /// Appends the text of the digest of this kind, nothing when there is none.
    pub fn push_digest(self, kind: DigestKind, to: &mut String) {
        let (range, verbatim) = self.row.digest(kind);
        let bytes = self.files.digests.get(range).unwrap_or_default();
        if verbatim {
            to.push_str(std::str::from_utf8(bytes).unwrap_or_default());
            return;
        }
        let digit = |value: u8| value + if value < 10 { b'0' } else { b'a' - 10 };
        for bytes in bytes.chunks(CHUNK) {
            let mut text = [0; 2 * CHUNK];
            for ([high, low], byte) in text.as_chunks_mut().0.iter_mut().zip(bytes) {
                (*high, *low) = (digit(byte >> 4), digit(byte & 15));
            }
            let text = text.get(..2 * bytes.len()).unwrap_or_default();
            to.push_str(std::str::from_utf8(text).unwrap_or_default());
        }
    }
}

impl Files {
    /// The details of a file of a directory.
    pub(crate) fn find(&self, range: FileRange, name: &str) -> Option<File<'_>> {
        let name = self.names.find(name)?;
        let rows = self.rows.range(range.begin.get(), range.end.get());
        let row = rows.get(rows.binary_search_by_key(&name, |row| row.name.get()).ok()?)?;
        Some(File { files: self, rows: self.details.range(row.begin.get(), row.end.get()) })
    }

    /// The files of a directory with their names, in no certain order.
    pub(crate) fn all(&self, range: FileRange) -> impl Iterator<Item = (&str, File<'_>)> {
        self.rows.range(range.begin.get(), range.end.get()).iter().map(|row| {
            let rows = self.details.range(row.begin.get(), row.end.get());
            (self.names.text(row.name.get()), File { files: self, rows })
        })
    }

    /// How many details there are.
    pub(crate) fn len(&self) -> usize {
        self.details.len()
    }

    /// How many files there are.
    pub(crate) fn files(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn write(&self, to: &mut PartsWriter) {
        self.names.write(to);
        to.column(&self.rows);
        to.column(&self.details);
        to.push(self.digests.clone());
    }

    pub(crate) fn read(parts: &mut Parts) -> Result<Self, Damaged> {
        let files = Self {
            names: Names::read(parts)?,
            rows: parts.column()?,
            details: parts.column()?,
            digests: parts.bytes()?,
        };
        let table = parts.table();
        let right = files.rows.as_slice().iter().all(|row| {
            (row.name.get() as usize) < files.names.len()
                && row.begin.get() <= row.end.get()
                && row.end.get() as usize <= files.details.len()
        });
        Damaged::unless(right, table, "a file without a name or details")?;
        let right = files.details.as_slice().iter().all(|row| {
            let begin = row.digests.get() as usize;
            files.digests.get(begin..begin + row.length()).is_some()
                && DigestKind::ALL.into_iter().all(|kind| {
                    let (range, verbatim) = row.digest(kind);
                    let text = files.digests.get(range).unwrap_or_default();
                    !verbatim || std::str::from_utf8(text).is_ok()
                })
        });
        Damaged::unless(right, table, "a digest that is not there")?;
        Ok(files)
    }

    /// Whether a directory's range of files is there, each file once and in order.
    pub(crate) fn has(&self, range: FileRange) -> bool {
        let rows = self.rows.as_slice().get(range.begin.get() as usize..range.end.get() as usize);
        rows.is_some_and(|rows| rows.is_sorted_by(|one, next| one.name.get() < next.name.get()))
    }
}

/// A digest to be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Digest<'a> {
    /// There is none.
    #[default]
    Absent,
    /// The bytes that lower-case hexadecimal digits stand for.
    Bytes(&'a [u8]),
    /// A text of any form; what is longer than 1024 bytes is no digest and left out.
    Text(&'a str),
}

/// A version of a file to be added.
#[derive(Debug, Clone, Copy, Default)]
pub struct Detail<'a> {
    /// Unix seconds, 0 when unknown.
    pub timestamp: u64,
    /// Bytes, 0 when unknown.
    pub size: u64,
    /// In the order of [`DigestKind::ALL`].
    pub digests: [Digest<'a>; 4],
}

/// File details while they are added.
#[derive(Debug, Default)]
pub(crate) struct FilesBuilder {
    names: NamesBuilder,
    rows: Vec<FileRow>,
    details: Vec<DetailRow>,
    digests: Vec<u8>,
}

impl FilesBuilder {
    /// Adds the files of one directory, each with its versions. A file named twice has the versions of both, in
    /// order. `None` when there is no room.
    pub(crate) fn add<'a, D>(&mut self, files: impl IntoIterator<Item = (&'a str, D)>) -> Option<FileRange>
    where
        D: IntoIterator<Item = Detail<'a>>,
    {
        let begin = u32::try_from(self.rows.len()).ok()?;
        let mut named = Vec::new();
        for (name, details) in files {
            named.push((self.names.intern(name)?, details));
        }
        // Stable, so that the details of one file stay in order.
        named.sort_by_key(|(name, _)| *name);
        for (name, details) in named {
            let first = u32::try_from(self.details.len()).ok()?;
            for detail in details {
                self.detail(&detail)?;
            }
            let end = u32::try_from(self.details.len()).ok()?.into();
            let same_directory = self.rows.len() > begin as usize;
            match self.rows.last_mut().filter(|row| same_directory && row.name.get() == name) {
                Some(row) => row.end = end,
                None => self.rows.push(FileRow { name: name.into(), begin: first.into(), end }),
            }
        }
        Some(FileRange { begin: begin.into(), end: u32::try_from(self.rows.len()).ok()?.into() })
    }

    pub(crate) fn freeze(self) -> Files {
        let mut digests = self.digests;
        digests.shrink_to_fit();
        Files {
            names: self.names.freeze(),
            rows: self.rows.into(),
            details: self.details.into(),
            digests: digests.into(),
        }
    }

    fn detail(&mut self, detail: &Detail<'_>) -> Option<()> {
        let begin = u32::try_from(self.digests.len()).ok()?;
        let mut lengths = [U16::ZERO; 4];
        for (length, digest) in lengths.iter_mut().zip(detail.digests) {
            *length = self.digest(digest).into();
        }
        // The end must be a number too.
        u32::try_from(self.digests.len()).ok()?;
        self.details.push(DetailRow {
            timestamp: detail.timestamp.into(),
            size: detail.size.into(),
            digests: begin.into(),
            lengths,
        });
        Some(())
    }

    /// Adds a digest to the arena and tells its length there.
    fn digest(&mut self, digest: Digest<'_>) -> u16 {
        let halves;
        let (bytes, form) = match digest {
            Digest::Absent => return 0,
            Digest::Bytes(bytes) => (bytes, 0),
            Digest::Text(text) => match halved(text) {
                Some(bytes) => {
                    halves = bytes;
                    (halves.as_slice(), 0)
                }
                None => (text.as_bytes(), VERBATIM),
            },
        };
        let length = u16::try_from(bytes.len()).ok().filter(|length| usize::from(*length) <= LONGEST_DIGEST);
        let Some(length) = length else { return 0 };
        self.digests.extend_from_slice(bytes);
        length | form
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
