//! One host's copy of one category: is it there, and what does it hold (`spec/crawler.md` 4.3).
//!
//! URLs are tried in their order of preference. A URL that gives up leaves what it has proven, and the
//! next one goes on with the directories that have no result, the one that failed included.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use probe::classify::Reason;
use probe::mirror::Trust;
use probe::{Connector, Counters, DirectoryCheck, Http, HttpMirror, IndexUse, Resolver, Wanted};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use settings::crawl::RepositoryTop;
use store::evidence::Located;

use crate::belief::{Belief, Place, addresses, holds};
use crate::check::{self, Patience};
use crate::host_log::HostLog;
use crate::job::Mode;
use crate::master::Tree;
use crate::plan::{Ask, Pace, everything, plan};
use crate::preference::{Candidate, candidates};
use crate::sweep::{Findings, MirrorCopy, Sweep};
use crate::verdict::Results;

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
    /// Names to addresses.
    pub resolver: &'a dyn Resolver,
    /// What earlier crawls have proven.
    pub located: Option<&'a Located>,
    /// Ids of the directories that the host is listed for.
    pub listed: &'a HashSet<i32>,
    /// The rule about repositories' top directories.
    pub repository_top: RepositoryTop,
    /// How often things are proven once more.
    pub pace: Pace,
    /// For so many seconds evidence counts without a crawl.
    pub evidence_seconds: i64,
    /// The beginning of randomness of this scan.
    pub seed: u64,
    /// Told how many directories have a result, of how many.
    pub told: &'a (dyn Fn(usize, usize) + Sync),
}

/// How far a scan has come. It outlives the scan, so that an interrupted one leaves what it knows.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// What was asked and answered.
    pub findings: Findings,
    /// What was believed before, at the URL that was asked last.
    pub belief: Option<Belief>,
    /// That URL and its addresses.
    pub place: Option<Place>,
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
        found.findings = Findings::new(self.tree.directories.len());
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
            let mirror =
                HttpMirror::new(self.http.clone(), target, Arc::clone(self.counters)).seeded(self.seed);
            let asked = AskedCopy { mirror, scan: self };
            if let Err(reason) = asked.is_there().await {
                log.error(&format!("Base URL {url} does not exist. ({reason})"));
                hope = hope.max(if reason.is_refusal() { Hope::Refused } else { Hope::Later });
                why = format!("{url}: {reason}");
                continue;
            }
            if self.mode == Mode::Canary {
                return Reach::Reached;
            }
            log.info(&format!("Checking {} with {url}", self.tree.category));
            match self.directories(&url, asked, found, log).await {
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

    /// All directories that the plan for this URL asks about and that have no result yet.
    async fn directories(
        &self,
        url: &str,
        copy: AskedCopy<'_>,
        found: &mut Found,
        log: &mut HostLog,
    ) -> Result<(), String> {
        found.remark = None;
        let trust = self.measure_trust(&copy.mirror).await;
        let copy = AskedCopy { mirror: copy.mirror.trusted(trust), ..copy };
        if trust == Trust::Digests {
            let remark = "the mirror has an answer for files that do not exist; only digests count as proof";
            log.error(remark);
            found.remark = Some(remark.into());
        }
        found.mirror = Some(copy.mirror.clone());
        let place = Place {
            url: url.to_owned(),
            addresses: addresses(self.resolver, copy.mirror.base().host()).await,
        };
        let belief = self.belief(&place, log);
        found.place = Some(place);
        found.findings.work = plan(self.tree, &belief, self.mode, &self.pace, self.seed);
        // What another URL let catch sight of says nothing about this one.
        found.findings.glimpses = vec![None; self.tree.directories.len()];
        found.findings.lost_belief = false;
        let belief = found.belief.insert(belief);
        let sweep =
            Sweep { tree: self.tree, belief, mode: self.mode, patience: &self.patience, told: self.told };
        let mut end = sweep.run(&copy, &mut found.findings).await;
        if end.is_ok() && copy.mirror.index_use() == IndexUse::Contradicted {
            log.info("An index page was wrong, so what pages may have proven is asked again");
            found.findings.doubt();
            end = sweep.run(&copy, &mut found.findings).await;
        }
        if found.findings.lost_belief && self.mode == Mode::Incremental {
            log.info("Something that was proven is wrong now, so everything was asked");
        }
        end
    }

    /// What is believed at this place.
    fn belief(&self, place: &Place, log: &mut HostLog) -> Belief {
        match (holds(self.located, place, self.pace.now, self.evidence_seconds), self.located) {
            (Ok(()), Some(located)) => Belief::new(self.tree, located, self.listed, self.repository_top),
            (Err(void), Some(_)) if self.mode == Mode::Incremental => {
                log.info(&format!("Everything is asked: {void}"));
                Belief::none(self.tree)
            }
            _ => Belief::none(self.tree),
        }
    }

    /// Asks once more about single directories whose expected files have changed. `None`: it can not be told.
    pub async fn ask_about(&self, mirror: &HttpMirror, tree: &Tree) -> Results {
        let mut results = vec![None; tree.directories.len()];
        let mut take = |ask: &Ask, known| {
            if let Some(slot) = results.get_mut(ask.at) {
                *slot = Some(known);
            }
        };
        let _ = check::directories(mirror, tree, &everything(tree), &self.patience, &mut take).await;
        results
    }
}

/// A mirror, asked as patiently as the scan says.
struct AskedCopy<'a> {
    mirror: HttpMirror,
    scan: &'a Scan<'a>,
}

impl Connector for AskedCopy<'_> {
    fn check<'a>(&'a self, wanted: Wanted<'a>, from: usize) -> BoxFuture<'a, DirectoryCheck> {
        self.mirror.check(wanted, from)
    }
}

impl MirrorCopy for AskedCopy<'_> {
    /// One HEAD of the URL, tried again while it is only busy or slow.
    fn is_there(&self) -> BoxFuture<'_, Result<(), Reason>> {
        Box::pin(async move {
            let patience = &self.scan.patience;
            let mut tries = 0;
            loop {
                let Err(reason) = self.mirror.base_check().await else { return Ok(()) };
                tries += 1;
                if tries >= patience.attempts() || !reason.is_passing() {
                    return Err(reason);
                }
                patience.pause(tries, self.scan.seed).await;
            }
        })
    }
}

/// A file name that no mirror has.
fn nonsense(seed: u64) -> String {
    format!("mirrormanager-probe-{:016x}", StdRng::seed_from_u64(seed).random::<u64>())
}
