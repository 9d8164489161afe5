//! The four digests of a file.

use std::io::{self, Read};

use data_encoding::HEXLOWER;
use md5::Md5;
use model::checksums::Hashes;
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};

/// Bytes read at a time.
const BUFFER: usize = 1 << 16;

/// All four digests of some bytes.
pub fn digests(bytes: &[u8]) -> Hashes {
    let mut all = All::default();
    all.update(bytes);
    all.finish()
}

/// All four digests of what a reader gives, and how many bytes that were.
///
/// # Errors
/// What the reader says.
pub fn digests_of(mut reader: impl Read) -> io::Result<(u64, Hashes)> {
    let mut all = All::default();
    let mut buffer = vec![0; BUFFER];
    let mut length = 0;
    loop {
        let read = match reader.read(&mut buffer) {
            Ok(0) => return Ok((length, all.finish())),
            Ok(read) => read,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(e),
        };
        all.update(buffer.get(..read).unwrap_or_default());
        length += read as u64;
    }
}

#[derive(Default)]
struct All {
    md5: Md5,
    sha1: Sha1,
    sha256: Sha256,
    sha512: Sha512,
}

impl All {
    fn update(&mut self, bytes: &[u8]) {
        self.md5.update(bytes);
        self.sha1.update(bytes);
        self.sha256.update(bytes);
        self.sha512.update(bytes);
    }

    fn finish(self) -> Hashes {
        Hashes {
            md5: Some(HEXLOWER.encode(&self.md5.finalize())),
            sha1: Some(HEXLOWER.encode(&self.sha1.finalize())),
            sha256: Some(HEXLOWER.encode(&self.sha256.finalize())),
            sha512: Some(HEXLOWER.encode(&self.sha512.finalize())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_lower_case_hex() {
        let of = digests(b"abc");
        assert_eq!(of.md5.unwrap(), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(of.sha1.unwrap(), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(of.sha256.unwrap(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert!(of.sha512.unwrap().starts_with("ddaf35a193617abacc417349ae204131"));
    }

    #[test]
    fn a_reader_gives_the_same_as_its_bytes() {
        let bytes = vec![7; BUFFER + 1];
        assert_eq!(digests_of(&bytes[..]).unwrap(), (bytes.len() as u64, digests(&bytes)));
    }
}
