//! One host's copy of one category: is it there, and what does it hold (`spec/crawler.md` 4.3).
//!
//! URLs are tried in their order of preference. A URL that gives up leaves what it has proven, and the
//! next one goes on with the directories that have no result, the one that failed included.

use std::sync::Arc;

use probe::classify::Reason;
use probe::mirror::Trust;
use probe::{Counters, Http, HttpMirror};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::check::{self, Patience};
use crate::host_log::HostLog;
use crate::job::Mode;
use crate::master::Tree;
use crate::preference::{Candidate, candidates};
use crate::verdict::{Known, Results};

/// What a scan needs to know.
pub struct Scan<'a> {
    /// The client.
    pub http: &'a Http,
    /// The host's counters.
    pub counters: &'a Arc<Counters>,
    /// The master's tree.
    pub tree: &'a Tree,
    /// What is looked at.
    pub mode: Mode,
    /// How patiently.
    pub patience: Patience,
    /// The beginning of randomness of this scan.
    pub seed: u64,
    /// Told how many directories have a result, of how many.
    pub told: &'a (dyn Fn(usize, usize) + Sync),
}

/// How far a scan has come. It outlives the scan, so that an interrupted one leaves what it knows.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// What is known of each directory.
    pub results: Results,
    /// Indices of the directories that are looked at.
    pub work: Vec<usize>,
    /// The URL that was asked last.
    pub url: Option<String>,
    /// What is said about the mirror as a whole.
    pub remark: Option<String>,
    /// The mirror that answered, for asking again.
    pub mirror: Option<HttpMirror>,
}

/// How a scan ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Everything was asked (or nothing, for a canary).
    Reached,
    /// No URL was left.
    Unreachable {
        /// Why the last one failed.
        why: String,
        /// Whether another try may end otherwise.
        hope: Hope,
    },
}

/// What another try may bring, from nothing to something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hope {
    /// No URL can be asked at all. Neither the mirror's network nor ours has anything to do with it.
    Unusable,
    /// We refuse to connect to where the URLs lead. What a name leads to depends on our resolver.
    Refused,
    /// A mirror did not answer as it should.
    Later,
}

impl Scan<'_> {
    /// Scans the category below the first of `urls` that works.
    pub async fn run(&self, urls: &[String], found: &mut Found, log: &mut HostLog) -> Reach {
        found.work = match self.mode {
            Mode::Full => (0..self.tree.directories.len()).collect(),
            Mode::Repodata => self.tree.repodata().collect(),
            Mode::Canary => Vec::new(),
        };
        found.results = vec![None; self.tree.directories.len()];
        let (mut why, mut hope) = ("it has no http or https URL".to_owned(), Hope::Unusable);
        for candidate in candidates(urls) {
            let (url, target) = match candidate {
                Candidate::Http { url, target } => (url, target),
                Candidate::Skipped { url, reason } => {
                    log.info(&format!("URL {url} is not used: {reason}"));
                    continue;
                }
            };
            found.url = Some(url.clone());
            let mirror = HttpMirror::new(self.http.clone(), target, Arc::clone(self.counters));
            if let Err(reason) = self.base_check(&mirror).await {
                log.error(&format!("Base URL {url} does not exist. ({reason})"));
                hope = hope.max(if reason.is_refusal() { Hope::Refused } else { Hope::Later });
                why = format!("{url}: {reason}");
                continue;
            }
            if self.mode == Mode::Canary {
                return Reach::Reached;
            }
            log.info(&format!("Checking {} with {url}", self.tree.category));
            match self.directories(mirror, found, log).await {
                Ok(()) => return Reach::Reached,
                Err(reason) => {
                    hope = Hope::Later;
                    log.error(&format!("{url}: {reason} - giving up"));
                    why = format!("{url}: {reason}");
                }
            }
        }
        Reach::Unreachable { why, hope }
    }

    /// One HEAD of the URL, tried again while it is only busy or slow.
    async fn base_check(&self, mirror: &HttpMirror) -> Result<(), Reason> {
        let mut tries = 0;
        loop {
            let Err(reason) = mirror.base_check().await else { return Ok(()) };
            tries += 1;
            if tries >= self.patience.attempts() || !reason.is_passing() {
                return Err(reason);
            }
            self.patience.pause(tries, self.seed).await;
        }
    }

    /// What the mirror's "yes" is worth, asked again while it is only busy or slow. One that never says is
    /// believed: its answers about files will be just as rare.
    async fn measure_trust(&self, mirror: &HttpMirror) -> Trust {
        let nonsense = nonsense(self.seed);
        for tries in 1..=self.patience.attempts() {
            match mirror.measure_trust(&nonsense).await {
                Ok(trust) => return trust,
                Err(reason) => tracing::debug!(tries, "no answer about a file that does not exist: {reason}"),
            }
            self.patience.pause(tries, self.seed).await;
        }
        Trust::Answers
    }

    /// All directories without a result, then once more those that could not be told.
    async fn directories(
        &self,
        mirror: HttpMirror,
        found: &mut Found,
        log: &mut HostLog,
    ) -> Result<(), String> {
        let trust = self.measure_trust(&mirror).await;
        let mirror = mirror.trusted(trust);
        if trust == Trust::Digests {
            let remark = "the mirror has an answer for files that do not exist; only digests count as proof";
            log.error(remark);
            found.remark = Some(remark.into());
        }
        found.mirror = Some(mirror.clone());
        let todo = without_result(found);
        self.ask(&mirror, &todo, found).await?;
        let second: Vec<usize> = found
            .work
            .iter()
            .copied()
            .filter(|at| matches!(found.results.get(*at), Some(Some(Known::Unknown(cause))) if cause.is_worth_a_second_look()))
            .collect();
        if second.is_empty() {
            return Ok(());
        }
        if let Err(reason) = self.base_check(&mirror).await {
            // It went away while it was asked: what it did not answer is for the next URL.
            for at in second {
                if let Some(slot) = found.results.get_mut(at) {
                    *slot = None;
                }
            }
            return Err(reason.to_string());
        }
        log.info(&format!("Asking again about {} directories", second.len()));
        // Should it give up now, the first results of these directories stand.
        let _ = self.ask(&mirror, &second, found).await;
        Ok(())
    }

    async fn ask(&self, mirror: &HttpMirror, work: &[usize], found: &mut Found) -> Result<(), String> {
        let all = found.work.len();
        let before = all.saturating_sub(work.len());
        let told = |done: usize| (self.told)(before + done, all);
        check::directories(mirror, self.tree, work, &mut found.results, &self.patience, &told)
            .await
            .map_err(|end| format!("{} (after {} tries)", end.finding.reason, end.attempts))
    }

    /// Asks once more about single directories whose expected files have changed. `None`: it can not be told.
    pub async fn ask_about(&self, mirror: &HttpMirror, tree: &Tree) -> Results {
        let work: Vec<usize> = (0..tree.directories.len()).collect();
        let mut results = vec![None; work.len()];
        let _ = check::directories(mirror, tree, &work, &mut results, &self.patience, &|_| ()).await;
        results
    }
}

fn without_result(found: &Found) -> Vec<usize> {
    found.work.iter().copied().filter(|at| matches!(found.results.get(*at), Some(None))).collect()
}

/// A file name that no mirror has.
fn nonsense(seed: u64) -> String {
    format!("mirrormanager-probe-{:016x}", StdRng::seed_from_u64(seed).random::<u64>())
}
