//! One category of one host from the first request to the written verdicts.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use model::evidence::Method;
use probe::Counters;
use settings::crawl::UnreachableCategory;
use store::crawl_hosts::{CarriedCategory, CrawlHost};
use store::evidence::{self, Keep, Located};
use store::verdicts::{self, Counts, CrawlResult, Proven, Rest, State, Verdicts};
use tokio::time::Instant;

use crate::category_report::{BadFile, CategoryReport, CategoryStatus, bad_file};
use crate::check::Patience;
use crate::error::CrawlError;
use crate::host_log::{HostLog, MAX_REASONS};
use crate::job::Mode;
use crate::master::{Directory, Tree};
use crate::plan::Pace;
use crate::proof::evidence as evidence_of;
use crate::run::{Run, Why};
use crate::scan::{Found, Hope, Reach, Scan};
use crate::sweep::Findings;
use crate::verdict::{Cause, Known, Results, follow_repodata};

/// How far the check of a category came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// To its end.
    Through,
    /// Nobody answered.
    Unreachable(Hope),
    /// It was stopped.
    Stopped(Why),
}

/// What came out of it.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// For the report.
    pub report: CategoryReport,
    /// Directories looked at.
    pub directories: u32,
    /// What was written.
    pub counts: Counts,
    /// What was proven before a mirror fell silent; empty if it did not.
    pub proven: Vec<Proven>,
    /// How far it came.
    pub end: End,
}

/// One host at work: what all its categories share.
pub struct Visit<'a> {
    /// The run it belongs to.
    pub run: &'a Run,
    /// The host as it was when its crawl began.
    pub host: &'a CrawlHost,
    /// Its counters.
    pub counters: Arc<Counters>,
    /// Its log.
    pub log: HostLog,
    /// When its time is over.
    pub deadline: Option<Instant>,
}

impl Visit<'_> {
    /// Checks one category and writes what was proven.
    pub async fn category(&mut self, carried: &CarriedCategory) -> Result<Outcome, CrawlError> {
        if carried.always_up2date {
            // What was proven before is nothing to build on, should it be checked again one day.
            evidence::forget(&self.run.store, carried.id).await?;
            return Ok(self.without_check(carried, CategoryStatus::AlwaysUp2date, None));
        }
        let Some(tree) = self.run.master.tree(carried.category).cloned() else {
            let reason = "the category has no top directory";
            return Ok(self.without_check(carried, CategoryStatus::Stopped, Some(reason)));
        };
        let started_at = self.run.around.clock.now();
        let (requests, bytes) = (self.counters.requests(), self.counters.bytes());
        let seed = self.run.seed_of(carried.id.0);
        let (run, id, counters) = (self.run, self.host.id, Arc::clone(&self.counters));
        let told = |done: usize, all: usize| run.around.progress.directories(id, &tree.category, done, all);
        let located = match run.job.mode {
            Mode::Canary => None,
            _ => evidence::load(&run.store, carried.id).await?,
        };
        let scan = Scan {
            http: &run.http,
            counters: &counters,
            tree: &tree,
            mode: run.job.mode,
            patience: Patience::new(&run.settings, seed),
            resolver: &*run.around.resolver,
            located: located.as_ref(),
            listed: &carried.listed,
            repository_top: run.settings.repository_top,
            pace: Pace::new(&run.settings, started_at.timestamp()),
            evidence_seconds: i64::from(run.settings.evidence_hours).saturating_mul(3600),
            seed,
            told: &told,
        };
        let urls: Vec<String> = carried.urls.iter().map(|url| url.url.clone()).collect();
        let mut found = Found::default();
        let end = tokio::select! {
            biased;
            why = run.stopped(self.deadline) => End::Stopped(why),
            reach = scan.run(&urls, &mut found, &mut self.log) => match reach {
                Reach::Reached => End::Through,
                Reach::Unreachable { why, hope } => {
                    found.remark = Some(why);
                    End::Unreachable(hope)
                }
            },
        };
        if end == End::Through && run.job.mode != Mode::Canary {
            tokio::select! {
                biased;
                _ = run.stopped(self.deadline) => {}
                done = self.look_at_changed(&scan, &tree, &mut found) => done?,
            }
        }
        let kept = (end == End::Through && run.job.mode != Mode::Canary)
            .then(|| proof(&tree, &found, located.as_ref(), run.job.mode, started_at.timestamp()))
            .flatten();
        // What was not asked is as it was believed to be, if the crawl came to its end.
        let mut results = match (&found.belief, end) {
            (Some(belief), End::Through) if run.job.mode == Mode::Incremental => {
                found.findings.with_belief(belief)
            }
            _ => std::mem::take(&mut found.findings.results),
        };
        follow_repodata(&tree, &mut results, run.settings.repository_top, run.job.mode);
        let mut report = CategoryReport::new(carried.id, &tree.category, CategoryStatus::Reachable);
        report.url = found.url.take();
        if run.job.mode != Mode::Canary {
            report.judge(&tree, &results);
        }
        match end {
            End::Through => report.reason = report.reason.or_else(|| found.remark.take()),
            End::Unreachable(_) => {
                (report.status, report.reason) = (CategoryStatus::Unreachable, found.remark.take());
            }
            End::Stopped(why) => {
                (report.status, report.reason) = (CategoryStatus::Stopped, Some(why.as_str().into()));
            }
        }
        report.requests = self.counters.requests() - requests;
        report.bytes = self.counters.bytes() - bytes;
        self.log_reasons(&tree, &results, &report);
        // What can not even be asked needs no second try; what is silent is judged at the end of the run.
        let is_last_word = match end {
            End::Through => true,
            End::Unreachable(Hope::Unusable) => {
                run.settings.unreachable_category == UnreachableCategory::FalseAfterRecheck
            }
            End::Unreachable(_) | End::Stopped(_) => false,
        };
        let rest = if is_last_word && run.job.mode.is_complete() { Rest::False } else { Rest::Keep };
        // A host that ran out of time loses all its rows anyway.
        let proven = match end {
            End::Stopped(Why::HostLimit) => Vec::new(),
            _ => proven(&tree, &results),
        };
        let mut counts = self
            .write(&report, &proven, rest, kept.as_ref().map_or(Keep::Old, Keep::New), started_at)
            .await?;
        counts.unknown += report.unknown;
        let directories = u32::try_from(directories_asked(&found.findings)).unwrap_or(u32::MAX);
        let proven = if matches!(end, End::Unreachable(_)) { proven } else { Vec::new() };
        Ok(Outcome { report, directories, counts, proven, end })
    }

    /// Takes an unreachable category off all lists but for what it proved before it fell silent.
    pub async fn clear(&self, report: &CategoryReport, proven: &[Proven]) -> Result<Counts, CrawlError> {
        self.write(report, proven, Rest::False, Keep::Old, self.run.around.clock.now()).await
    }

    async fn write(
        &self,
        report: &CategoryReport,
        proven: &[Proven],
        rest: Rest,
        evidence: Keep<'_>,
        started_at: chrono::DateTime<chrono::Utc>,
    ) -> Result<Counts, CrawlError> {
        let result = CrawlResult {
            status: report.status.as_str().into(),
            reason: report.reason.clone(),
            started_at,
            finished_at: self.run.around.clock.now(),
            current: report.current,
            stale: report.stale,
            unknown: report.unknown,
            requests: report.requests,
            bytes: report.bytes,
            behind_since: report.behind_since,
            bad: report.bad.clone(),
        };
        let verdicts = Verdicts {
            host_category: report.host_category,
            scope: self.run.job.scope,
            true_at_start: &self.host.true_rows,
            proven,
            rest,
            result: &result,
            evidence,
        };
        Ok(verdicts::write(&self.run.store, &verdicts).await?.unwrap_or_default())
    }

    fn without_check(
        &self,
        carried: &CarriedCategory,
        status: CategoryStatus,
        reason: Option<&str>,
    ) -> Outcome {
        let name = self.run.category_name(carried.category);
        let mut report = CategoryReport::new(carried.id, &name, status);
        report.reason = reason.map(str::to_owned);
        Outcome { report, directories: 0, counts: Counts::default(), proven: Vec::new(), end: End::Through }
    }

    /// Before a mirror is blamed, its stale directories are compared with the master as it is now: one
    /// that is ahead of what we loaded at the start must not look behind (11.1).
    async fn look_at_changed(
        &self,
        scan: &Scan<'_>,
        tree: &Tree,
        found: &mut Found,
    ) -> Result<(), CrawlError> {
        let is_stale = |known: &Option<Known>| matches!(known, Some(Known::Stale(Cause::File(_))));
        let stale: HashMap<i32, usize> = tree
            .directories
            .iter()
            .enumerate()
            .filter(|(at, _)| found.findings.results.get(*at).is_some_and(is_stale))
            .map(|(at, directory)| (directory.id.0, at))
            .collect();
        if stale.is_empty() {
            return Ok(());
        }
        let ids: Vec<_> = stale.values().filter_map(|at| tree.directories.get(*at)).map(|d| d.id).collect();
        let (rows, repomds) = store::crawl_master::current(&self.run.store, &ids).await?;
        let mut gone = stale.clone();
        let mut changed = Vec::new();
        for row in rows {
            let Some(at) = gone.remove(&row.id.0) else { continue };
            let repomd = repomds.get(&row.id.0);
            let directory = Directory::new(row, repomd);
            if tree.directories.get(at).is_some_and(|before| before.fingerprint != directory.fingerprint) {
                changed.push(directory);
            }
        }
        for at in gone.into_values() {
            if let Some(slot) = found.findings.results.get_mut(at) {
                *slot = None;
            }
        }
        let Some(mirror) = found.mirror.clone().filter(|_| !changed.is_empty()) else { return Ok(()) };
        let part = tree.with(changed);
        let again = scan.ask_about(&mirror, &part).await;
        for (directory, known) in part.directories.iter().zip(again) {
            if let Some(slot) = stale.get(&directory.id.0).and_then(|at| found.findings.results.get_mut(*at))
            {
                *slot = known;
            }
        }
        Ok(())
    }

    fn log_reasons(&mut self, tree: &Tree, results: &Results, report: &CategoryReport) {
        let mut written = 0;
        for (at, known) in results.iter().enumerate() {
            let cause = match known {
                Some(Known::Stale(cause) | Known::Unknown(cause)) => cause,
                _ => continue,
            };
            if written == MAX_REASONS {
                self.log.info("Further directories are not listed.");
                break;
            }
            written += 1;
            let Some(bad) = bad_file(tree, at, cause) else { continue };
            self.log.error(&line(&bad, known));
        }
        let summary = format!(
            "{}: {}; {} current, {} not current, {} unknown; {} requests, {} bytes{}",
            report.category,
            report.status.as_str(),
            report.current,
            report.stale,
            report.unknown,
            report.requests,
            report.bytes,
            report.reason.as_deref().map(|reason| format!(" ({reason})")).unwrap_or_default(),
        );
        self.log.info(&summary);
    }
}

fn line(bad: &BadFile, known: &Option<Known>) -> String {
    let what = match known {
        Some(Known::Stale(_)) => "is not up-to-date on this host",
        _ => "could not be checked",
    };
    let file = bad.file.as_deref().map(|file| format!("{file}: ")).unwrap_or_default();
    format!("Directory {} {what}. ({file}{})", bad.directory, bad.reason)
}

/// How many directories were asked about, wholly or not.
fn directories_asked(findings: &Findings) -> usize {
    findings.work.iter().map(|ask| ask.at).collect::<HashSet<_>>().len()
}

/// What is kept for the next crawl.
fn proof(tree: &Tree, found: &Found, before: Option<&Located>, mode: Mode, now: i64) -> Option<Located> {
    let (place, belief) = (found.place.clone()?, found.belief.as_ref()?);
    let earlier = before.map(|located| &located.evidence);
    let evidence = evidence_of(tree, belief, earlier, &found.findings, (Method::Http, mode), now);
    let mut addresses = place.addresses;
    // For some names, the addresses in the answers take turns; each is new but once.
    if let Some(before) = before.filter(|before| mode != Mode::Full && before.url == place.url) {
        let others: Vec<_> =
            before.addresses.iter().filter(|one| !addresses.contains(one)).copied().collect();
        addresses.extend(others);
    }
    Some(Located { url: place.url, addresses, evidence })
}

fn proven(tree: &Tree, results: &Results) -> Vec<Proven> {
    let one = |(directory, known): (&Directory, &Option<Known>)| {
        let state = match known {
            Some(Known::Current) => State::Current,
            Some(Known::Stale(_)) => State::Stale,
            _ => return None,
        };
        Some(Proven { directory: directory.id, path: tree.stored_path(directory), state })
    };
    tree.directories.iter().zip(results).filter_map(one).collect()
}
