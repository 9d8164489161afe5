//! Versions of `repomd.xml` that were read and proven, so that a mirror need not send them again
//! (`spec/crawler.md` 11.3.3).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::fetch::Validators;

/// Versions that are kept at most.
const MAX_VERSIONS: usize = 100_000;
/// Longest `ETag` that is kept, bytes.
const MAX_ETAG: usize = 256;
/// After so many seconds a version is read anew, whatever the mirror says about it: some servers, and caches
/// before them, say "not modified" for ever.
const MAX_AGE: i64 = 86_400;

/// A version as a mirror sent it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// The strong `ETag` that came with it.
    pub etag: String,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// When its bytes were read, seconds since 1970.
    pub read_at: i64,
}

/// What was read in this run and in earlier ones, by URL. May be shared by all mirrors of a run.
#[derive(Debug)]
pub struct Remembered {
    now: i64,
    versions: Mutex<HashMap<String, Version>>,
}

impl Remembered {
    /// What is known at the time `now`, seconds since 1970.
    pub fn new(now: i64, versions: impl IntoIterator<Item = (String, Version)>) -> Self {
        Self { now, versions: Mutex::new(versions.into_iter().take(MAX_VERSIONS).collect()) }
    }

    /// All that is known, to be kept for the next run. In no order.
    pub fn into_versions(self) -> Vec<(String, Version)> {
        let versions = self.versions.into_inner().unwrap_or_else(PoisonError::into_inner);
        versions.into_iter().collect()
    }

    /// What to ask with for the file at `url`: another version than the one that has the wanted content.
    pub(crate) fn conditions(&self, url: &str, wanted: &[u8; 32]) -> Validators {
        let versions = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        let good = versions.get(url).filter(|version| {
            let age = self.now.saturating_sub(version.read_at);
            version.sha256 == *wanted && (0..MAX_AGE).contains(&age)
        });
        Validators { etag: good.map(|version| version.etag.clone()), last_modified: None }
    }

    /// The file at `url` was read.
    pub(crate) fn learn(&self, url: &str, version: &Validators, sha256: [u8; 32]) {
        let mut versions = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        // A weak one names what is as good as equal, which is not good enough.
        let strong = version.etag.as_ref().filter(|etag| etag.starts_with('"') && etag.len() <= MAX_ETAG);
        match strong {
            Some(etag) if versions.len() < MAX_VERSIONS || versions.contains_key(url) => {
                let version = Version { etag: etag.clone(), sha256, read_at: self.now };
                versions.insert(url.to_owned(), version);
            }
            _ => {
                versions.remove(url);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn etag(text: &str) -> Validators {
        Validators { etag: Some(text.into()), last_modified: Some("Thu, 01 Jan 1970 00:00:00 GMT".into()) }
    }

    #[test]
    fn only_a_strong_tag_of_the_wanted_content_read_today_is_used() {
        let (good, other) = ([1; 32], [2; 32]);
        let first = Remembered::new(1000, []);
        first.learn("u", &etag("\"a\""), good);
        first.learn("w", &etag("W/\"a\""), good);
        let asked = Validators { etag: Some("\"a\"".into()), last_modified: None };
        assert_eq!(first.conditions("u", &good), asked);
        assert_eq!(first.conditions("u", &other), Validators::default());
        assert_eq!(first.conditions("w", &good), Validators::default());
        let kept = first.into_versions();
        assert_eq!(kept.len(), 1);
        for (now, known) in [(1000 + 86_399, true), (1000 + 86_400, false), (999, false)] {
            let later = Remembered::new(now, kept.clone());
            assert_eq!(later.conditions("u", &good) == asked, known, "{now}");
        }
    }
}
