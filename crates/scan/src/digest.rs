//! The four digests of an index.

use std::fmt::Write as _;

use md5::Md5;
use model::checksums::Hashes;
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};

/// All four digests of some bytes.
pub fn digests(bytes: &[u8]) -> Hashes {
    Hashes {
        md5: Some(hex(&Md5::digest(bytes))),
        sha1: Some(hex(&Sha1::digest(bytes))),
        sha256: Some(hex(&Sha256::digest(bytes))),
        sha512: Some(hex(&Sha512::digest(bytes))),
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(out, "{byte:02x}");
    }
    out
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
}
