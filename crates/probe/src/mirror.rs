//! One mirror asked over HTTP: is it there, does it tell the truth, what does a directory hold.

mod index;
mod parents;

use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::classify::{Reason, Verdict, classify, classify_digest};
use crate::connector::{Connector, DirectoryCheck, Finding, Proof, Wanted, WantedFile};
use crate::counters::Counters;
use crate::facts::{Facts, IndexUse};
use crate::fetch::Validators;
use crate::http::{Failure, FetchedBody, HeadOutcome, Http, Moved, Redirects};
use crate::remembered::Remembered;
use crate::target::{Target, TargetError};

/// What a mirror's "yes" is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// A status below 400 means that the file is there.
    Answers,
    /// The mirror says yes to everything; only digests prove something.
    Digests,
}

/// A mirror's copy of one category, below one http or https URL. Clones share what they learn.
#[derive(Debug, Clone)]
pub struct HttpMirror {
    http: Http,
    base: Target,
    counters: Arc<Counters>,
    trust: Trust,
    facts: Arc<Facts>,
    remembered: Option<Arc<Remembered>>,
    seed: u64,
}

impl HttpMirror {
    /// A mirror; nothing is asked yet.
    pub fn new(http: Http, base: Target, counters: Arc<Counters>) -> Self {
        let facts = Arc::default();
        Self { http, base, counters, trust: Trust::Answers, facts, remembered: None, seed: 0 }
    }

    /// The same mirror, believed as much as `trust` says.
    #[must_use]
    pub fn trusted(self, trust: Trust) -> Self {
        Self { trust, ..self }
    }

    /// The same mirror, asked for other versions than those remembered only.
    #[must_use]
    pub fn remembering(self, remembered: Arc<Remembered>) -> Self {
        Self { remembered: Some(remembered), ..self }
    }

    /// The same mirror, with another beginning of all chance.
    #[must_use]
    pub fn seeded(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// The URL below which it is asked.
    pub fn base(&self) -> &Target {
        &self.base
    }

    /// What its index pages are worth, as far as is known. After [`IndexUse::Contradicted`] what it was believed
    /// to hold has to be asked again; no pages are used any more.
    pub fn index_use(&self) -> IndexUse {
        self.facts.index()
    }

    /// The other machines (host and port) that it redirected to.
    pub fn elsewhere(&self) -> Vec<String> {
        self.facts.elsewhere()
    }

    /// The base check: one HEAD of the URL as stored. Any status below 400 is good, redirects too.
    ///
    /// # Errors
    /// The reason why the mirror counts as not accessible at this URL.
    pub async fn base_check(&self) -> Result<(), Reason> {
        let mut head = self.http.head(&self.base, Redirects::Report, &self.counters).await?;
        if is_refused(head.status) {
            head = self.http.first_byte(&self.base, &self.counters).await?;
        }
        if head.status < 400 { Ok(()) } else { Err(Reason::Status(head.status)) }
    }

    /// Asks for a file that does not exist and tells what a "yes" of this mirror is worth.
    ///
    /// A "yes" that comes from another machine after a redirect counts too.
    ///
    /// # Errors
    /// The question was not answered, and may be when it is asked again.
    pub async fn measure_trust(&self, nonsense: &str) -> Result<Trust, Reason> {
        let Ok(target) = self.base.below("", nonsense.as_bytes()) else { return Ok(Trust::Answers) };
        match self.head(&target).await {
            Ok(head) if head.status < 400 => Ok(Trust::Digests),
            Ok(head) if Reason::Status(head.status).is_passing() => Err(Reason::Status(head.status)),
            Err(failure) if Reason::Failed(failure.clone()).is_passing() => Err(Reason::Failed(failure)),
            _ => Ok(Trust::Answers),
        }
    }

    /// HEAD, or what serves in its place where it is refused.
    async fn head(&self, target: &Target) -> HeadOutcome {
        if self.facts.is_head_refused() {
            return self.http.first_byte(target, &self.counters).await;
        }
        let head = self.http.head(target, Redirects::Follow, &self.counters).await;
        match head {
            Ok(head) if is_refused(head.status) => {
                let instead = self.http.first_byte(target, &self.counters).await;
                if instead.as_ref().is_ok_and(|head| matches!(head.status, 200..=299 | 404 | 410)) {
                    self.facts.head_refused();
                }
                instead
            }
            outcome => outcome,
        }
    }

    async fn check_file(&self, path: &str, file: &WantedFile) -> Verdict {
        let Ok(target) = self.base.below(path, file.name.as_bytes()) else {
            return Verdict::Unknown(Reason::Failed(Failure::Location(TargetError::Malformed)));
        };
        match &file.proof {
            Proof::Digest { sha256: None, .. } => Verdict::Absent(Reason::NoDigest),
            Proof::Digest { sha256: Some(sha256), size } => self.check_digest(&target, sha256, *size).await,
            Proof::Size(size) => {
                let outcome = self.head(&target).await;
                self.note_redirect(&target, &outcome);
                match classify(&outcome, *size) {
                    Verdict::Present if self.trust == Trust::Digests => {
                        Verdict::Unknown(Reason::AnswersEverything)
                    }
                    verdict => verdict,
                }
            }
        }
    }

    async fn check_digest(&self, target: &Target, sha256: &[u8; 32], size: Option<u64>) -> Verdict {
        let memory = self.remembered.as_deref();
        let known =
            memory.map_or_else(Validators::default, |memory| memory.conditions(target.as_str(), sha256));
        let outcome = self.http.get_digest(target, size, &known, &self.counters).await;
        match (&outcome, memory) {
            (Ok(fetched), _) if fetched.head.status == 304 && known != Validators::default() => {
                return Verdict::Present;
            }
            (Ok(fetched), Some(memory)) => {
                if let FetchedBody::Whole { sha256, .. } = fetched.body {
                    memory.learn(target.as_str(), &fetched.version, sha256);
                }
            }
            _ => {}
        }
        classify_digest(&outcome, Some(sha256), size)
    }

    fn note_redirect(&self, target: &Target, outcome: &HeadOutcome) {
        if let Ok(head) = outcome
            && let Moved::Elsewhere(to) = &head.moved
            && self.facts.redirected(to)
        {
            tracing::info!(url = %target, to = %to, "{target} redirects to {to}");
        }
    }

    /// Whether a file of this directory need not be asked about.
    fn skips(&self, wanted: Wanted<'_>, file: &WantedFile) -> bool {
        // A liar's other answers are worth nothing beside a digest that agrees.
        self.trust == Trust::Digests
            && matches!(file.proof, Proof::Size(_))
            && wanted.files.iter().any(|other| matches!(other.proof, Proof::Digest { .. }))
    }

    /// Asks for the files from `from` on, but those that a page has settled.
    async fn ask(&self, wanted: Wanted<'_>, from: usize, settled: &[usize]) -> DirectoryCheck {
        for (proven, file) in wanted.files.iter().enumerate().skip(from) {
            if self.skips(wanted, file) || settled.binary_search(&proven).is_ok() {
                continue;
            }
            let finding = |reason| Finding { proven, file: file.name.clone(), reason };
            match self.check_file(wanted.path, file).await {
                Verdict::Present => {}
                Verdict::Absent(reason) => return DirectoryCheck::Stale(finding(reason)),
                Verdict::Unknown(reason) => return DirectoryCheck::Unknown(finding(reason)),
                Verdict::Retry(reason) => return DirectoryCheck::TryLater(finding(reason)),
            }
        }
        DirectoryCheck::Current
    }
}

/// Whether a server does not take this method.
fn is_refused(status: u16) -> bool {
    matches!(status, 405 | 501)
}

impl Connector for HttpMirror {
    fn check<'a>(&'a self, wanted: Wanted<'a>, from: usize) -> BoxFuture<'a, DirectoryCheck> {
        Box::pin(async move {
            if let Some(file) = wanted.files.get(from)
                && self.facts.absences().is_gone(wanted.path)
            {
                let finding = Finding { proven: from, file: file.name.clone(), reason: Reason::ParentGone };
                return DirectoryCheck::Stale(finding);
            }
            let settled = self.settled_by_index(wanted, from).await;
            let check = self.ask(wanted, from, &settled).await;
            self.learn_about_parents(wanted, &check).await;
            check
        })
    }
}
