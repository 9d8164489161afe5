//! One mirror asked over HTTP: is it there, does it tell the truth, what does a directory hold.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::classify::{Reason, Verdict, classify, classify_digest};
use crate::connector::{Connector, DirectoryCheck, Finding, Proof, Wanted, WantedFile};
use crate::counters::Counters;
use crate::http::{Failure, HeadOutcome, Http, Moved, Redirects};
use crate::target::Target;

/// What a mirror's "yes" is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// A status below 400 means that the file is there.
    Answers,
    /// The mirror says yes to everything; only digests prove something.
    Digests,
}

/// A mirror's copy of one category, below one http or https URL.
#[derive(Debug, Clone)]
pub struct HttpMirror {
    http: Http,
    base: Target,
    counters: Arc<Counters>,
    trust: Trust,
}

impl HttpMirror {
    /// A mirror; nothing is asked yet.
    pub fn new(http: Http, base: Target, counters: Arc<Counters>) -> Self {
        Self { http, base, counters, trust: Trust::Answers }
    }

    /// The same mirror, believed as much as `trust` says.
    #[must_use]
    pub fn trusted(self, trust: Trust) -> Self {
        Self { trust, ..self }
    }

    /// The URL below which it is asked.
    pub fn base(&self) -> &Target {
        &self.base
    }

    /// The base check: one HEAD of the URL as stored. Any status below 400 is good, redirects too.
    ///
    /// # Errors
    /// The reason why the mirror counts as not accessible at this URL.
    pub async fn base_check(&self) -> Result<(), Reason> {
        let head = self.http.head(&self.base, Redirects::Report, &self.counters).await?;
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
        match self.http.head(&target, Redirects::Follow, &self.counters).await {
            Ok(head) if head.status < 400 => Ok(Trust::Digests),
            Ok(head) if Reason::Status(head.status).is_passing() => Err(Reason::Status(head.status)),
            Err(failure) if Reason::Failed(failure.clone()).is_passing() => Err(Reason::Failed(failure)),
            _ => Ok(Trust::Answers),
        }
    }

    async fn check_file(&self, path: &str, file: &WantedFile) -> Verdict {
        let Ok(target) = self.base.below(path, file.name.as_bytes()) else {
            return Verdict::Unknown(Reason::Failed(Failure::Location(crate::TargetError::Malformed)));
        };
        match &file.proof {
            Proof::Digest { sha256: None, .. } => Verdict::Absent(Reason::NoDigest),
            Proof::Digest { sha256, size } => {
                let outcome = self.http.get_digest(&target, *size, &self.counters).await;
                classify_digest(&outcome, sha256.as_ref(), *size)
            }
            Proof::Size(size) => {
                let outcome = self.http.head(&target, Redirects::Follow, &self.counters).await;
                note_redirect(&target, &outcome);
                match classify(&outcome, *size) {
                    Verdict::Present if self.trust == Trust::Digests => {
                        Verdict::Unknown(Reason::AnswersEverything)
                    }
                    verdict => verdict,
                }
            }
        }
    }

    /// Whether a file of this directory need not be asked about.
    fn skips(&self, wanted: Wanted<'_>, file: &WantedFile) -> bool {
        // A liar's other answers are worth nothing beside a digest that agrees.
        self.trust == Trust::Digests
            && matches!(file.proof, Proof::Size(_))
            && wanted.files.iter().any(|other| matches!(other.proof, Proof::Digest { .. }))
    }
}

fn note_redirect(target: &Target, outcome: &HeadOutcome) {
    if let Ok(head) = outcome
        && let Moved::Elsewhere(to) = &head.moved
    {
        tracing::debug!(url = %target, to = %to, "{target} redirects to {to}");
    }
}

impl Connector for HttpMirror {
    fn check<'a>(&'a self, wanted: Wanted<'a>, from: usize) -> BoxFuture<'a, DirectoryCheck> {
        Box::pin(async move {
            for (proven, file) in wanted.files.iter().enumerate().skip(from) {
                if self.skips(wanted, file) {
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
        })
    }
}
