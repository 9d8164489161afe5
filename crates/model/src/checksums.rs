//! Checksum files of the master tree (`*-CHECKSUM`, `SHA1SUM`, …): which they are and what their lines say.
//!
//! Both upstream scanners' forms are read (`spec/umdl.md` 12.2 with its decisions,
//! `spec/scan-primary-mirror.md` 6.2); every hash must be hex of its exact length.

use std::collections::BTreeMap;

use crate::file_name::FileName;

/// Longest checksum file that is read, bytes; the rest of a longer one is ignored.
pub const MAX_CHECKSUM_FILE_BYTES: usize = 16 * 1024 * 1024;

/// A hash algorithm of a file detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// MD5
    Md5,
    /// SHA-1
    Sha1,
    /// SHA-256
    Sha256,
    /// SHA-512
    Sha512,
}

impl Algorithm {
    /// Digits of a hash in hex.
    pub fn hex_length(self) -> usize {
        match self {
            Self::Md5 => 32,
            Self::Sha1 => 40,
            Self::Sha256 => 64,
            Self::Sha512 => 128,
        }
    }

    /// By the word of a BSD line, exact.
    fn named(word: &[u8]) -> Option<Self> {
        match word {
            b"MD5" => Some(Self::Md5),
            b"SHA1" => Some(Self::Sha1),
            b"SHA256" => Some(Self::Sha256),
            b"SHA512" => Some(Self::Sha512),
            _ => None,
        }
    }
}

/// The known hashes of one file, lower-case hex.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hashes {
    /// MD5
    pub md5: Option<String>,
    /// SHA-1
    pub sha1: Option<String>,
    /// SHA-256
    pub sha256: Option<String>,
    /// SHA-512
    pub sha512: Option<String>,
}

impl Hashes {
    fn set(&mut self, algorithm: Algorithm, hash: String) {
        let field = match algorithm {
            Algorithm::Md5 => &mut self.md5,
            Algorithm::Sha1 => &mut self.sha1,
            Algorithm::Sha256 => &mut self.sha256,
            Algorithm::Sha512 => &mut self.sha512,
        };
        *field = Some(hash);
    }
}

/// A file that a checksum file names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListedFile {
    /// The directory it lives in, relative to that of the checksum file; `""` for the same.
    pub directory: FileName,
    /// Its base name.
    pub name: FileName,
}

/// What the checksum files of a directory say together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checksums {
    /// Hashes by file. A later line overrides an earlier one.
    pub files: BTreeMap<ListedFile, Hashes>,
    /// Names that point out of the directory (absolute, or with `..`): ignored, to be warned about.
    pub refused: Vec<FileName>,
}

/// Most refused names that are remembered.
const MAX_REFUSED: usize = 100;

/// The algorithm of a checksum file's two-column lines by its name; `None`: not a checksum file.
///
/// Upstream's patterns are anchored at the start only; signatures (`.asc`, `.sig`, `.gpg`) are none.
pub fn kind(name: &[u8]) -> Option<Algorithm> {
    let ends = |suffix: &str| name.ends_with(suffix.as_bytes());
    let begins = |prefix: &str| name.starts_with(prefix.as_bytes());
    let holds = |part: &str| name.windows(part.len()).any(|window| window == part.as_bytes());
    if ends(".asc") || ends(".sig") || ends(".gpg") {
        None
    } else if holds(".md5sum") || begins("MD5SUM") || begins("md5sum.txt") {
        Some(Algorithm::Md5)
    } else if holds(".sha1sum") || begins("SHA1SUM") || begins("sha1sum.txt") {
        Some(Algorithm::Sha1)
    } else if holds(".sha512sum") || begins("SHA512SUM") || begins("sha512sum.txt") || ends(".sha512") {
        Some(Algorithm::Sha512)
    } else if holds("-CHECKSUM")
        || name == b"CHECKSUM"
        || begins("sha256sum.txt")
        || begins("SHA256SUM")
        || ends(".sha256")
        || ends(".sha256sum")
    {
        Some(Algorithm::Sha256)
    } else {
        None
    }
}

impl Checksums {
    /// Adds what a checksum file of this kind says. Never panics, whatever the bytes (a fuzz target).
    pub fn read(&mut self, kind: Algorithm, content: &[u8]) {
        let content = content.get(..MAX_CHECKSUM_FILE_BYTES).unwrap_or(content);
        for line in content.split(|byte| matches!(byte, b'\n' | b'\r')) {
            let Some((algorithm, name, hash)) = parse_line(kind, line) else { continue };
            match locate(name) {
                Some(file) => self.files.entry(file).or_default().set(algorithm, hash),
                None if self.refused.len() < MAX_REFUSED => self.refused.push(FileName::from(name)),
                None => {}
            }
        }
    }
}

/// One line: `HASH NAME` (in the file's kind) or `ALGO (NAME) = HASH`. `None` for anything else.
fn parse_line(kind: Algorithm, line: &[u8]) -> Option<(Algorithm, &[u8], String)> {
    let mut fields = line.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty());
    let first = fields.next()?;
    let second = fields.next()?;
    let Some(third) = fields.next() else {
        let stars = second.iter().take_while(|byte| **byte == b'*').count();
        let name = second.get(stars..).filter(|name| !name.is_empty())?;
        return Some((kind, name, hex(kind, first)?));
    };
    let hash = fields.next()?;
    if third != b"=" || fields.next().is_some() {
        return None;
    }
    let algorithm = Algorithm::named(first)?;
    let name = second.strip_prefix(b"(")?.strip_suffix(b")").filter(|name| !name.is_empty())?;
    Some((algorithm, name, hex(algorithm, hash)?))
}

/// A hash of the right length in lower case.
fn hex(algorithm: Algorithm, text: &[u8]) -> Option<String> {
    if text.len() != algorithm.hex_length() || !text.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    std::str::from_utf8(text).ok().map(str::to_ascii_lowercase)
}

/// Where a listed name lives; `None` when it points out of the directory or at none.
fn locate(name: &[u8]) -> Option<ListedFile> {
    if name.starts_with(b"/") || name.contains(&0) {
        return None;
    }
    let mut components: Vec<&[u8]> = Vec::new();
    for component in name.split(|byte| *byte == b'/') {
        match component {
            b".." => return None,
            b"" | b"." => {}
            component => components.push(component),
        }
    }
    let name = components.pop()?;
    Some(ListedFile { directory: components.join(&b'/').into(), name: name.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: Algorithm, content: &str) -> Checksums {
        let mut checksums = Checksums::default();
        checksums.read(kind, content.as_bytes());
        checksums
    }

    fn here(name: &str) -> ListedFile {
        ListedFile { directory: "".into(), name: name.into() }
    }

    #[test]
    fn names_of_checksum_files() {
        use Algorithm::{Md5, Sha1, Sha256, Sha512};
        for (name, expected) in [
            ("x.md5sum", Some(Md5)),
            ("MD5SUM", Some(Md5)),
            ("md5sum.txt", Some(Md5)),
            ("a.sha1sum", Some(Sha1)),
            ("SHA1SUM", Some(Sha1)),
            ("SHA1SUMS", Some(Sha1)),
            ("sha1sum.txt", Some(Sha1)),
            ("Fedora-20-x86_64-CHECKSUM", Some(Sha256)),
            ("sha256sum.txt", Some(Sha256)),
            ("CHECKSUM", Some(Sha256)),
            ("SHA256SUM", Some(Sha256)),
            ("SHA256SUMS", Some(Sha256)),
            ("a.sha256", Some(Sha256)),
            ("a.sha256sum", Some(Sha256)),
            ("a.sha512sum", Some(Sha512)),
            ("a.sha512", Some(Sha512)),
            ("SHA512SUM", Some(Sha512)),
            ("SHA512SUMS", Some(Sha512)),
            ("sha512sum.txt", Some(Sha512)),
            ("x-CHECKSUM.asc", None),
            ("a.sha1sum.sig", None),
            ("SHA256SUMS.gpg", None),
            ("xCHECKSUM", None),
            ("xSHA1SUM", None),
            ("repomd.xml", None),
            ("", None),
        ] {
            assert_eq!(kind(name.as_bytes()), expected, "{name}");
        }
    }

    #[test]
    fn both_line_forms_and_what_is_ignored() {
        let a = "AB".repeat(32);
        let b = "cd".repeat(64);
        let content = format!(
            "-----BEGIN PGP SIGNED MESSAGE-----\n# a.iso: 123 bytes\nSHA256 (a.iso) = {a}\r\n\
             SHA512  (a.iso)  =  {b}\nSHA256 (short.iso) = aaaa\nMD5 (m.iso) = {a}\nsha256 (l.iso) = {a}\n\
             {a} **two.iso\n{a}  with blank.iso\nzz{rest} bad.iso\n{a}\n",
            rest = &a[2..],
        );
        let checksums = read(Algorithm::Sha256, &content);
        let names: Vec<_> = checksums.files.keys().map(|file| file.name.to_string()).collect();
        assert_eq!(names, ["a.iso", "two.iso"]);
        let hashes = &checksums.files[&here("a.iso")];
        assert_eq!(hashes.sha256.as_deref(), Some(&*a.to_lowercase()), "lower case");
        assert_eq!((hashes.sha512.as_deref(), hashes.md5.as_deref()), (Some(&*b), None));
    }

    #[test]
    fn several_files_merge_and_later_lines_win() {
        let mut checksums = Checksums::default();
        let (old, new, sha1) = ("1".repeat(64), "2".repeat(64), "3".repeat(40));
        checksums.read(Algorithm::Sha256, format!("{old} a.iso\n{new} a.iso").as_bytes());
        checksums.read(Algorithm::Sha1, format!("{sha1}  a.iso\n{old} a.iso\n").as_bytes());
        let hashes = &checksums.files[&here("a.iso")];
        assert_eq!(hashes.sha256.as_deref(), Some(&*new));
        assert_eq!(hashes.sha1.as_deref(), Some(&*sha1));
        assert_eq!((hashes.md5.as_ref(), hashes.sha512.as_ref()), (None, None));
    }

    #[test]
    fn names_with_slashes_live_in_their_directory_and_never_outside() {
        let hash = "0".repeat(64);
        let content = format!(
            "{hash} pxeboot/vmlinuz\n{hash} ./x.iso\n{hash} ../evil\n{hash} /etc/passwd\n{hash} a/../b\n{hash} ."
        );
        let checksums = read(Algorithm::Sha256, &content);
        let pxe = ListedFile { directory: "pxeboot".into(), name: "vmlinuz".into() };
        assert!(checksums.files.contains_key(&pxe) && checksums.files.contains_key(&here("x.iso")));
        assert_eq!(checksums.files.len(), 2);
        assert_eq!(checksums.refused.len(), 4);
    }

    #[test]
    fn the_vector_of_the_second_scanner_merges_into_one_row() {
        let (a, b, d) = ("a".repeat(64), "b".repeat(128), "d".repeat(64));
        let content = format!(
            "SHA256 (a.iso) = {a}\nSHA512 (a.iso) = {b}\nSHA256  (b.iso) = {d}\nMD5 (b.iso) = eeee\n"
        );
        let checksums = read(Algorithm::Sha256, &content);
        let row = &checksums.files[&here("a.iso")];
        assert!(row.sha256.is_some() && row.sha512.is_some());
        let row = &checksums.files[&here("b.iso")];
        assert!(row.sha256.is_some() && row.md5.is_none());
    }
}
