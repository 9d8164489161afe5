//! One host: its categories one after the other, then its books (`spec/crawler.md` 4.1, 7).

use std::sync::Arc;
use std::time::Duration;

use probe::Counters;
use store::crawl_hosts::{self, Books, CarriedCategory, CrawlHost, Outcome, Rows, Selected};
use store::verdicts::Proven;
use tokio::time::Instant;

use crate::category::{End, Visit};
use crate::error::CrawlError;
use crate::families;
use crate::host_log::{self, HostLog};
use crate::job::Mode;
use crate::report::{HostReport, HostStatus, Statistics};
use crate::run::{Run, Why};
use crate::scan::Hope;

/// A host that is through, for now.
#[derive(Debug)]
pub struct HostEnd {
    /// For the report.
    pub report: HostReport,
    /// What is still to be decided at the end of the run.
    pub pending: Option<Pending>,
}

/// What could not be reached and is tried again at the end of the run (decision 8).
#[derive(Debug)]
pub struct Pending {
    /// The host as its crawl found it.
    pub host: CrawlHost,
    /// Categories that did not answer.
    pub categories: Vec<Silent>,
    /// What is still open.
    pub kind: Kind,
    /// When it was found unreachable.
    pub since: Instant,
}

/// A category that did not answer.
#[derive(Debug)]
pub struct Silent {
    /// The category.
    pub carried: CarriedCategory,
    /// Its place in the report.
    pub place: usize,
    /// What another try may bring.
    pub hope: Hope,
    /// What it proved before it fell silent, at the last try.
    pub proven: Vec<Proven>,
}

impl Pending {
    /// Whether trying again can bring anything but what is known already.
    pub fn is_worth_another_try(&self) -> bool {
        self.kind != Kind::Timeout && self.categories.iter().any(|silent| silent.hope == Hope::Later)
    }
}

/// What is still open about a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// No category answered: the host's books are open.
    Failure,
    /// It ran out of time without a single answer: the host's books are open.
    Timeout,
    /// Some categories did not answer; the host is fine and its books are closed.
    Partly,
}

/// Checks a host. `None`: it is not crawled any more, or no further host is taken.
pub async fn crawl(run: Arc<Run>, selected: Selected) -> Option<HostEnd> {
    if run.around.cancel.is_cancelled() {
        return None;
    }
    run.around.progress.host_started(selected.id, &selected.name);
    let mut report = HostReport {
        id: selected.id,
        name: selected.name,
        status: HostStatus::Unknown,
        details: None,
        finished_at: run.around.clock.now(),
        duration_seconds: 0.0,
        statistics: Statistics::default(),
        requests: 0,
        bytes: 0,
        categories: Vec::new(),
        failures: 0,
        disabled: None,
        enabled: false,
    };
    let end = match visit(&run, &mut report).await {
        Ok(Some(pending)) => Some(HostEnd { report, pending }),
        Ok(None) => None,
        Err(error) => {
            // The host is not to blame for what goes wrong on our side.
            let name = host_log::escaped(&report.name);
            tracing::error!(host = report.id.0, "{name} ({}): {error}", report.id);
            (report.status, report.details) = (HostStatus::Unknown, Some(error.to_string()));
            Some(HostEnd { report, pending: None })
        }
    };
    if let Some(end) = &end {
        run.around.progress.host_finished(&end.report);
    }
    end
}

/// The outer `None`: the host is skipped. The inner one: nothing is pending.
async fn visit(run: &Run, report: &mut HostReport) -> Result<Option<Option<Pending>>, CrawlError> {
    let began = Instant::now();
    let Some(host) = crawl_hosts::load(&run.store, report.id, run.job.scope).await? else { return Ok(None) };
    let counters = Arc::new(Counters::default());
    let mut visit = Visit {
        run,
        host: &host,
        counters: Arc::clone(&counters),
        log: HostLog::new(Arc::clone(&run.around.clock)),
        deadline: run.host_deadline(),
    };
    visit.log.info(&format!("Crawl of {} ({}) begins", host.name, host.id));
    let mut stopped = None;
    let mut unreachable = Vec::new();
    let mut reached = Vec::new();
    for carried in run.carried(&host) {
        let outcome = visit.category(carried).await?;
        report.statistics.total_directories += outcome.directories;
        report.statistics.add(&outcome.counts);
        match outcome.end {
            End::Through => reached.push(carried),
            // There is nothing to wait for, and its rows have been dealt with.
            End::Unreachable(Hope::Unusable) => {}
            End::Unreachable(hope) => unreachable.push(Silent {
                carried: carried.clone(),
                place: report.categories.len(),
                hope,
                proven: outcome.proven,
            }),
            End::Stopped(why) => stopped = Some(why),
        }
        report.categories.push(outcome.report);
        if stopped.is_some() {
            break;
        }
    }
    if stopped.is_none() && run.job.mode.is_complete() {
        tokio::select! {
            biased;
            _ = run.stopped(visit.deadline) => {}
            done = families::look(run, &reached) => done?,
        }
    }
    report.requests = counters.requests();
    report.bytes = counters.bytes();
    report.finished_at = run.around.clock.now();
    let duration = began.elapsed();
    report.duration_seconds = duration.as_secs_f64();
    (report.status, report.details) = judge(run.job.mode, report, stopped);
    let kind = match report.status {
        HostStatus::Failure if !unreachable.is_empty() => Some(Kind::Failure),
        HostStatus::Timeout if counters.answers() == 0 => Some(Kind::Timeout),
        HostStatus::Ok if !unreachable.is_empty() && run.job.mode.is_complete() => Some(Kind::Partly),
        _ => None,
    };
    if matches!(kind, None | Some(Kind::Partly)) {
        close(run, &host, report, duration).await?;
    }
    let details = report.details.as_deref().unwrap_or_default();
    visit.log.info(&format!("Crawl ends: {} {details}", report.status.as_str()));
    keep_log(run, report, visit.log).await;
    let pending = kind.map(|kind| Pending { host, categories: unreachable, kind, since: Instant::now() });
    Ok(Some(pending))
}

/// The status of a host and the words for it (4.1, must match).
fn judge(mode: Mode, report: &HostReport, stopped: Option<Why>) -> (HostStatus, Option<String>) {
    match stopped {
        Some(Why::HostLimit) => (
            HostStatus::Timeout,
            Some("Crawler timed out before completing. Host is likely overloaded.".into()),
        ),
        Some(Why::RunLimit) => (
            HostStatus::Unknown,
            Some("Crawler reached its maximum execution time, could not complete this host's scan.".into()),
        ),
        Some(Why::Cancelled) => (HostStatus::Unknown, Some(Why::Cancelled.as_str().into())),
        None if report.categories.is_empty() => (HostStatus::Unknown, None),
        None if report.categories.iter().any(|category| category.status.is_success()) => {
            (HostStatus::Ok, None)
        }
        None => (HostStatus::Failure, failure_details(mode)),
    }
}

fn failure_details(mode: Mode) -> Option<String> {
    let canary = "Canary mode failed for all categories. Marking host as not up to date.";
    (mode == Mode::Canary).then(|| canary.into())
}

/// Closes a host's books according to the status in its report, and notes in it what that did.
pub async fn close(
    run: &Run,
    host: &CrawlHost,
    report: &mut HostReport,
    duration: Duration,
) -> Result<(), CrawlError> {
    let canary = run.job.mode == Mode::Canary;
    let (outcome, rows) = match report.status {
        HostStatus::Ok => (Outcome::Good, Rows::Keep),
        HostStatus::Failure if canary => (Outcome::Open, Rows::AllFalse),
        HostStatus::Failure => (Outcome::Failed, Rows::Keep),
        HostStatus::Timeout => (Outcome::Failed, Rows::AllFalse),
        HostStatus::Disable => (Outcome::Disable(report.details.clone().unwrap_or_default()), Rows::Keep),
        HostStatus::Unknown => (Outcome::Open, Rows::Keep),
    };
    let is_measured = run.job.mode.is_complete() && report.status != HostStatus::Unknown;
    let seconds =
        i64::try_from(duration.saturating_add(Duration::from_millis(500)).as_secs()).unwrap_or(i64::MAX);
    let books = Books {
        outcome,
        rows,
        finished_at: report.finished_at,
        duration_seconds: is_measured.then_some(seconds),
        auto_disable: run.settings.auto_disable_failures,
        announce: !run.job.silent,
    };
    let booked = crawl_hosts::close(&run.store, host, &books).await?;
    report.failures = booked.failures;
    report.disabled = booked.disabled;
    report.enabled = booked.enabled;
    let cleared = u32::try_from(booked.rows_cleared).unwrap_or(u32::MAX);
    report.statistics.hcds_deleted = report.statistics.hcds_deleted.saturating_add(cleared);
    Ok(())
}

/// Appends the host's log to its file. A full disk does not end a crawl.
pub async fn keep_log(run: &Run, report: &HostReport, mut log: HostLog) {
    let Some(folder) = &run.settings.log_folder else { return };
    if let Err(error) = host_log::append(folder, report.id, log.take()).await {
        tracing::warn!(
            host = report.id.0,
            "cannot write the log of host {} in {}: {error}",
            report.id,
            folder.display()
        );
    }
}
