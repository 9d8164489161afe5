//! A directory's fingerprint: what a verdict about a mirror was proven against (`spec/crawler.md` 11.1).
//!
//! It covers names and sizes and the digest of `repomd.xml`, not times: a mirror may keep its own.
//! Every field is written with its length before the hash sees it, so two different lists never feed
//! it the same bytes.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3Default;

use crate::files::Files;

/// Changed whenever the bytes that are hashed change.
const DOMAIN: &[u8] = b"mm3 directory fingerprint, form 1\0";
const DOMAIN_TOP: &[u8] = b"mm3 repository fingerprint, form 1\0";

/// A 64-bit hash over what a mirror must carry in a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(pub u64);

/// The fingerprint of a directory with these files. `repomd_sha256` is the newest known digest of its
/// `repomd.xml` in hex, of either case; `None` when it has none or none is known.
pub fn fingerprint(files: &Files, repomd_sha256: Option<&str>) -> Fingerprint {
    let mut hash = Xxh3Default::new();
    hash.update(DOMAIN);
    hash.update(&(files.len() as u64).to_le_bytes());
    for entry in files {
        update_bytes(&mut hash, entry.name.as_bytes());
        hash.update(&entry.size.to_le_bytes());
    }
    match repomd_sha256 {
        None => hash.update(&[0]),
        Some(digest) => {
            hash.update(&[1]);
            update_bytes(&mut hash, digest.to_ascii_lowercase().as_bytes());
        }
    }
    Fingerprint(hash.digest())
}

impl Fingerprint {
    /// The fingerprint of a repository's top directory: its own with that of its `repodata`.
    #[must_use]
    pub fn with_repodata(self, repodata: Fingerprint) -> Self {
        let mut hash = Xxh3Default::new();
        hash.update(DOMAIN_TOP);
        hash.update(&self.0.to_le_bytes());
        hash.update(&repodata.0.to_le_bytes());
        Self(hash.digest())
    }
}

fn update_bytes(hash: &mut Xxh3Default, bytes: &[u8]) {
    hash.update(&(bytes.len() as u64).to_le_bytes());
    hash.update(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::FileEntry;

    fn of(entries: &[(&str, u64, i64)]) -> Files {
        entries.iter().map(|(name, size, time)| FileEntry::new(*name, *size, *time)).collect()
    }

    #[test]
    fn times_and_order_do_not_matter_all_else_does() {
        let base = fingerprint(&of(&[("a", 1, 1), ("b", 2, 2)]), None);
        assert_eq!(fingerprint(&of(&[("b", 2, 9), ("a", 1, 9)]), None), base);
        for other in [
            fingerprint(&of(&[("a", 1, 1), ("b", 3, 2)]), None),
            fingerprint(&of(&[("a", 1, 1), ("c", 2, 2)]), None),
            fingerprint(&of(&[("a", 1, 1)]), None),
            fingerprint(&of(&[("a", 1, 1), ("b", 2, 2)]), Some("00")),
            base.with_repodata(base),
        ] {
            assert_ne!(other, base);
        }
    }

    #[test]
    fn moving_a_border_between_fields_changes_the_hash() {
        let one = of(&[("ab", 0, 0)]);
        let two = of(&[("a", 0, 0), ("b", 0, 0)]);
        assert_ne!(fingerprint(&one, None), fingerprint(&two, None));
        assert_ne!(fingerprint(&of(&[]), None), fingerprint(&of(&[]), Some("")));
        // A name that spells the bytes of a following entry.
        let spelled = of(&[("a\u{1}\0\0\0\0\0\0\0", 0, 0)]);
        assert_ne!(fingerprint(&spelled, None), fingerprint(&of(&[("a", 1, 0)]), None));
    }

    #[test]
    fn the_form_is_stable() {
        let known = fingerprint(&of(&[("repomd.xml", 3732, 0)]), Some("ABcd"));
        assert_eq!(known, fingerprint(&of(&[("repomd.xml", 3732, 5)]), Some("abCD")));
        assert_eq!(fingerprint(&Files::default(), None), Fingerprint(FINGERPRINT_OF_NOTHING));
    }

    /// Recorded once: stored evidence becomes worthless when it changes, so form 1 must keep it.
    const FINGERPRINT_OF_NOTHING: u64 = 44_988_290_357_297_687;
}
