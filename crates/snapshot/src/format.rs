//! The native file: a header, then sections.
//!
//! | bytes | header |
//! |---|---|
//! | 8 | `mmsnap\r\n`, spoiled by whatever translates line ends |
//! | 4 | version of the format, 1 |
//! | 4 | length of the header *h*, all of this table |
//! | 8 | when the generation began, Unix seconds |
//! | 8 | serial |
//! | 4 | number of sections *n* |
//! | 4 | 0: not signed; 1: ed25519 |
//! | 32 | public key of the signer, or zeros |
//! | 56 *n* | for each section: kind (4), 0 (4), offset (8), length (8), BLAKE3 of its bytes (32) |
//! | 32 | BLAKE3 of all of the header before this |
//! | 64 | signature of all of the header before this, or zeros |
//!
//! All numbers are little-endian. The sections follow without gaps, each as [`frozen::Parts`]. So every byte of a
//! file is covered by a hash, all hashes by that of the header, and that by the signature. Sections of an unknown
//! kind are skipped: a newer program can add some, and what is not understood is not needed.

use std::io;

use bytes::Bytes;
use frozen::{Damaged, Parts, PartsWriter};

use crate::sign::{PublicKey, SigningKey};

/// The first bytes of a native file.
pub(crate) const MAGIC: &[u8; 8] = b"mmsnap\r\n";
const VERSION: u32 = 1;
const FIXED: usize = 72;
const ENTRY: usize = 56;
const TAIL: usize = 32 + 64;

/// The most sections.
const MOST: usize = 256;

/// What a section is about. The numbers are part of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Section {
    /// Distinct sets of hosts.
    Sets = 1,
    /// Hosts, countries, allowed countries, AS numbers of hosts.
    Hosts = 2,
    /// URLs, lists of them, which list a host has.
    Urls = 3,
    /// File details.
    Files = 4,
    /// Directories.
    Directories = 5,
    /// Repositories, redirects, disabled prefixes, continents of countries.
    Repositories = 6,
    /// Networks of hosts, of countries, exclusive ones.
    Networks = 7,
    /// Prefixes and AS numbers of the Internet.
    Routing = 8,
    /// A MaxMind database.
    CountryDatabase = 9,
}

impl Section {
    const ALL: [Self; 9] = [
        Self::Sets,
        Self::Hosts,
        Self::Urls,
        Self::Files,
        Self::Directories,
        Self::Repositories,
        Self::Networks,
        Self::Routing,
        Self::CountryDatabase,
    ];

    /// Its name for people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sets => "sets",
            Self::Hosts => "hosts",
            Self::Urls => "urls",
            Self::Files => "files",
            Self::Directories => "directories",
            Self::Repositories => "repositories",
            Self::Networks => "networks",
            Self::Routing => "routing",
            Self::CountryDatabase => "country database",
        }
    }
}

/// Why a file that begins like a native snapshot is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// The file is shorter than it says.
    #[error("the snapshot is cut off: {bytes} bytes instead of {expected}")]
    CutOff {
        /// How many there are.
        bytes: u64,
        /// How many there should be.
        expected: u64,
    },
    /// It was written by a program that is newer than this one.
    #[error("the snapshot has version {0} of the format, this program knows version 1; update the program")]
    Version(u32),
    /// The header is not as it was written.
    #[error("the header of the snapshot is damaged: {0}")]
    Header(&'static str),
    /// A section is not as it was written.
    #[error("section {0:?} of the snapshot is damaged: its hash is wrong")]
    Hash(String),
    /// The signature does not fit the header.
    #[error("the signature of the snapshot is wrong")]
    Signature,
    /// The hashes are right and the content is not: a fault of the program that wrote it.
    #[error("the snapshot makes no sense in section {0}")]
    Content(#[from] Damaged),
}

/// A section in a file, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SectionSize {
    /// Its name.
    pub name: String,
    /// Its length in bytes.
    pub bytes: u64,
}

/// A native file whose hashes are right.
#[derive(Debug)]
pub(crate) struct Native {
    pub(crate) created_seconds: u64,
    pub(crate) serial: u64,
    pub(crate) signer: Option<PublicKey>,
    sections: Vec<(u32, Bytes)>,
}

impl Native {
    /// Checks the header and all hashes.
    pub(crate) fn read(file: &Bytes) -> Result<Self, FormatError> {
        let header = Header::read(file)?;
        let mut at = header.length;
        let mut sections = Vec::with_capacity(header.entries.len());
        for entry in &header.entries {
            let bytes = file.slice(at..at + entry.length);
            if !is_hash(&entry.hash, &bytes) {
                return Err(FormatError::Hash(section_name(entry.kind)));
            }
            sections.push((entry.kind, bytes));
            at += entry.length;
        }
        Ok(Self {
            created_seconds: header.created_seconds,
            serial: header.serial,
            signer: header.signer,
            sections,
        })
    }

    /// The parts of a section, `None` if the file does not have it.
    pub(crate) fn optional(&self, section: Section) -> Result<Option<Parts>, Damaged> {
        let found = self.sections.iter().find(|(kind, _)| *kind == section as u32);
        found.map(|(_, bytes)| Parts::read(bytes, section.name())).transpose()
    }

    /// The parts of a section that every file has.
    pub(crate) fn parts(&self, section: Section) -> Result<Parts, Damaged> {
        self.optional(section)?.ok_or(Damaged::new(section.name(), "it is missing"))
    }
}

/// The sections of a native file and their sizes; the content is not looked at.
///
/// # Errors
/// The header is damaged or not one of this format.
pub fn sections(file: &Bytes) -> Result<Vec<SectionSize>, FormatError> {
    let size = |entry: &Entry| SectionSize { name: section_name(entry.kind), bytes: entry.length as u64 };
    Ok(Header::read(file)?.entries.iter().map(size).collect())
}

/// The serial of a native file; the content is not looked at.
///
/// # Errors
/// The header is damaged or not one of this format.
pub(crate) fn serial(file: &[u8]) -> Result<u64, FormatError> {
    Ok(Header::read(file)?.serial)
}

fn section_name(kind: u32) -> String {
    let known = Section::ALL.into_iter().find(|section| *section as u32 == kind);
    known.map_or_else(|| format!("unknown {kind}"), |section| section.name().to_owned())
}

struct Entry {
    kind: u32,
    length: usize,
    hash: [u8; 32],
}

struct Header {
    length: usize,
    created_seconds: u64,
    serial: u64,
    signer: Option<PublicKey>,
    entries: Vec<Entry>,
}

impl Header {
    fn read(file: &[u8]) -> Result<Self, FormatError> {
        let cut =
            |expected: usize| FormatError::CutOff { bytes: file.len() as u64, expected: expected as u64 };
        let fixed = file.get(..FIXED).ok_or_else(|| cut(FIXED + TAIL))?;
        let mut fields = Fields(fixed.get(MAGIC.len()..).unwrap_or_default());
        let version = fields.u32();
        let length = fields.u32() as usize;
        let (created_seconds, serial) = (fields.u64(), fields.u64());
        let (count, signed) = (fields.u32() as usize, fields.u32());
        let key: [u8; 32] = fields.array();
        if version != VERSION {
            return Err(FormatError::Version(version));
        }
        if count > MOST || length != FIXED + ENTRY * count + TAIL {
            return Err(FormatError::Header("lengths that do not fit"));
        }
        let header = file.get(..length).ok_or_else(|| cut(length))?;
        let (hashed, tail) =
            header.split_at_checked(length - TAIL).ok_or(FormatError::Header("too short"))?;
        let (hash, signature) = tail.split_at_checked(32).ok_or(FormatError::Header("too short"))?;
        if !is_hash(hash, hashed) {
            return Err(FormatError::Header("its hash is wrong"));
        }
        let signer = match signed {
            0 if key == [0; 32] && signature.iter().all(|byte| *byte == 0) => None,
            1 => {
                let key = PublicKey::from_bytes(key);
                let message = header.get(..length - 64).unwrap_or_default();
                Some(key).filter(|key| key.verifies(message, signature)).ok_or(FormatError::Signature)?.into()
            }
            _ => return Err(FormatError::Signature),
        };
        let mut at = length;
        let mut entries = Vec::with_capacity(count);
        for entry in hashed.get(FIXED..).unwrap_or_default().as_chunks::<ENTRY>().0 {
            let mut fields = Fields(entry);
            let (kind, zero, offset, size) = (fields.u32(), fields.u32(), fields.u64(), fields.u64());
            let hash = fields.array();
            let fits = zero == 0 && offset == at as u64;
            let length = usize::try_from(size).ok().filter(|_| fits);
            let length = length.ok_or(FormatError::Header("sections that do not follow each other"))?;
            at = at.checked_add(length).ok_or(FormatError::Header("sections that do not end"))?;
            entries.push(Entry { kind, length, hash });
        }
        match at.cmp(&file.len()) {
            std::cmp::Ordering::Equal => Ok(Self { length, created_seconds, serial, signer, entries }),
            std::cmp::Ordering::Greater => Err(cut(at)),
            std::cmp::Ordering::Less => Err(FormatError::Header("bytes behind the last section")),
        }
    }
}

/// Whether this is the hash of these bytes. Under a fuzzer every hash is right, or it would never come further.
fn is_hash(hash: &[u8], bytes: &[u8]) -> bool {
    cfg!(fuzzing) || blake3::hash(bytes).as_bytes() == hash
}

/// Numbers one behind the other; zeros where there are no more.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn array<const N: usize>(&mut self) -> [u8; N] {
        match self.0.split_first_chunk::<N>() {
            Some((array, rest)) => {
                self.0 = rest;
                *array
            }
            None => [0; N],
        }
    }

    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.array())
    }

    fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.array())
    }
}

/// Writes a native file and tells its length.
///
/// # Errors
/// What the writer says.
pub(crate) fn write(
    (created_seconds, serial): (u64, u64),
    sections: &[(Section, PartsWriter)],
    signer: Option<&SigningKey>,
    to: &mut dyn io::Write,
) -> io::Result<u64> {
    let length = FIXED + ENTRY * sections.len() + TAIL;
    let mut header = Vec::with_capacity(length);
    header.extend(MAGIC);
    header.extend(VERSION.to_le_bytes());
    header.extend((length as u32).to_le_bytes());
    header.extend(created_seconds.to_le_bytes());
    header.extend(serial.to_le_bytes());
    header.extend((sections.len() as u32).to_le_bytes());
    header.extend(u32::from(signer.is_some()).to_le_bytes());
    header.extend(signer.map_or([0; 32], |key| *key.public().bytes()));
    let mut at = length as u64;
    for (section, parts) in sections {
        let mut hasher = blake3::Hasher::new();
        parts.write(&mut hasher)?;
        header.extend((*section as u32).to_le_bytes());
        header.extend([0; 4]);
        header.extend(at.to_le_bytes());
        header.extend(parts.len().to_le_bytes());
        header.extend(hasher.finalize().as_bytes());
        at += parts.len();
    }
    header.extend(blake3::hash(&header).as_bytes());
    let signature = signer.map_or([0; 64], |key| key.sign(&header));
    header.extend(signature);
    to.write_all(&header)?;
    for (_, parts) in sections {
        parts.write(to)?;
    }
    Ok(at)
}
