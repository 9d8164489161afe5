//! Index pages instead of one request for each file (`spec/crawler.md` 11.3.4).

use std::hash::{Hash as _, Hasher as _};

use hyper::Method;
use hyper::header::HeaderMap;

use super::{HttpMirror, IndexUse, Trust};
use crate::ask::{Ask, Sink};
use crate::classify::Verdict;
use crate::connector::{Proof, Wanted};
use crate::http::{Failure, Head, Redirects};
use crate::index::{Index, MAX_BYTES, Size};
use crate::target::Target;

/// With fewer files than this a page costs as much as it saves.
const MIN_FILES: usize = 3;
/// One of so many files that a page has settled is asked for all the same.
const SAMPLE: u64 = 100;

impl HttpMirror {
    /// The page of a directory of this mirror. `None`: there is none, or no index.
    ///
    /// # Errors
    /// There is no answer.
    pub async fn index(&self, path: &str) -> Result<Option<Index>, Failure> {
        let Ok(target) = self.directory(path) else { return Ok(None) };
        let ask = Ask::new(Method::GET, &target, Redirects::Follow, self.http.limits().get);
        let mut page = Page::default();
        self.http.exchange(&ask, &mut page, &self.counters).await?;
        let Some(bytes) = page.whole() else { return Ok(None) };
        // Several mebibytes of foreign text are not read between two other requests.
        let path = target.path().to_owned();
        let read = tokio::task::spawn_blocking(move || Index::read(&bytes, &path)).await;
        Ok(read.ok().flatten())
    }

    /// The URL of a directory, with a slash at its end.
    pub(super) fn directory(&self, path: &str) -> Result<Target, crate::TargetError> {
        self.base.below(path, b"")?.with_slash()
    }

    /// The files, by index and in order, that a page has settled: they are there as they should be. What a page
    /// does not name, or names with another size, is only suspect and has to be asked for.
    pub(super) async fn settled_by_index(&self, wanted: Wanted<'_>, from: usize) -> Vec<usize> {
        let by_size = |file: &&crate::WantedFile| matches!(file.proof, Proof::Size(_));
        let is_worth_it = wanted.files.iter().skip(from).filter(by_size).count() >= MIN_FILES;
        let is_used = matches!(self.facts.index(), IndexUse::Unproven(_) | IndexUse::Useful(_));
        if !is_worth_it || !is_used || self.trust == Trust::Digests {
            return Vec::new();
        }
        // A page that does not come costs more than one that says nothing.
        let page = self.index(wanted.path).await.unwrap_or(None);
        let mut settled = Vec::new();
        if let Some(page) = &page {
            for (at, file) in wanted.files.iter().enumerate().skip(from) {
                let Proof::Size(expected) = file.proof else { continue };
                if page.get(file.name.as_bytes()) == Some(Size::Exact(expected)) {
                    settled.push(at);
                }
            }
        }
        self.facts.page(page.map(|page| page.form), !settled.is_empty());
        if self.is_contradicted(wanted, &settled).await { Vec::new() } else { settled }
    }

    /// Asks for some of the files that a page has settled, and notes when the page was wrong.
    async fn is_contradicted(&self, wanted: Wanted<'_>, settled: &[usize]) -> bool {
        for file in settled.iter().filter_map(|at| wanted.files.get(*at)) {
            if !self.is_sampled(wanted.path, file.name.as_bytes()) {
                continue;
            }
            if let Verdict::Absent(reason) = self.check_file(wanted.path, file).await {
                tracing::info!(base = %self.base, path = wanted.path, file = %file.name, "the index page is wrong: {reason}");
                self.facts.contradicted();
                return true;
            }
        }
        false
    }

    fn is_sampled(&self, path: &str, name: &[u8]) -> bool {
        let mut hash = std::hash::DefaultHasher::new();
        (self.seed, path, name).hash(&mut hash);
        hash.finish().is_multiple_of(SAMPLE)
    }
}

/// A page as it comes.
#[derive(Default)]
struct Page {
    bytes: Vec<u8>,
    is_page: bool,
    is_too_long: bool,
}

impl Page {
    fn whole(self) -> Option<Vec<u8>> {
        (self.is_page && !self.is_too_long).then_some(self.bytes)
    }
}

impl Sink for Page {
    fn begin(&mut self, head: &Head, _headers: &HeaderMap) -> bool {
        *self = Self::default();
        let is_short = head.length.bytes().is_none_or(|length| length <= MAX_BYTES);
        self.is_page = head.status == 200 && !head.encoded && is_short;
        self.is_page
    }

    fn take(&mut self, piece: &[u8]) -> bool {
        self.is_too_long = (self.bytes.len() + piece.len()) as u64 > MAX_BYTES;
        if !self.is_too_long {
            self.bytes.extend_from_slice(piece);
        }
        !self.is_too_long
    }
}
