//! The end of a run: what could not be reached is tried again, and only then believed to be gone.
//!
//! When too many hosts of a run are unreachable, it is our own network that failed; then nothing at all
//! is concluded from silence (decision 8).

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use probe::Counters;
use settings::crawl::{Crawl, UnreachableCategory};
use tokio::time::Instant;

use crate::category::{End, Visit};
use crate::error::CrawlError;
use crate::host::{self, HostEnd, Kind, Pending, Silent};
use crate::host_log::{HostLog, escaped};
use crate::report::{HostReport, HostStatus, MassFailure};
use crate::run::{Run, until};
use crate::scan::Hope;

/// Tries all pending hosts again, decides about them, and gives back the finished reports in order.
pub async fn all(run: &Arc<Run>, ends: Vec<HostEnd>) -> (Vec<HostReport>, Option<MassFailure>) {
    let hosts = ends.len();
    let open = ends.iter().filter(|end| end.pending.is_some()).count();
    let believes_silence = run.settings.unreachable_category == UnreachableCategory::FalseAfterRecheck;
    let mut ends = ends;
    if believes_silence && ends.iter().any(is_worth_another_try) {
        run.around.progress.trying_again(open);
        let one = |end: HostEnd| {
            let run = Arc::clone(run);
            async move { tokio::spawn(async move { retry(&run, end).await }).await }
        };
        let tried = futures_util::stream::iter(ends).map(one).buffered(run.settings.hosts_in_parallel.max(1));
        // A task ends without result only if it panicked; then nothing is concluded about its host.
        ends = tried.filter_map(|end| std::future::ready(end.ok())).collect().await;
    }
    let stopped = run.is_stopped();
    let silent =
        |end: &&HostEnd| matches!(&end.pending, Some(Pending { kind: Kind::Failure | Kind::Timeout, .. }));
    let unreachable = ends.iter().filter(silent).count();
    let mass =
        is_mass_failure(&run.settings, unreachable, hosts).then_some(MassFailure { unreachable, hosts });
    let mut reports = Vec::with_capacity(ends.len());
    for HostEnd { mut report, pending } in ends {
        let conclusion = match (&pending, mass, stopped) {
            (None, ..) => Ok(()),
            (Some(pending), Some(_), _) => {
                let why = "Too many hosts are unreachable in this run; nothing is concluded from it.";
                leave_open(run, pending, &mut report, why).await
            }
            (Some(pending), None, true) if believes_silence => {
                let why = "The crawl was stopped before this host could be tried a second time.";
                leave_open(run, pending, &mut report, why).await
            }
            (Some(pending), None, _) => conclude(run, pending, &mut report).await,
        };
        if let Err(error) = conclusion {
            tracing::error!(host = report.id.0, "{} ({}): {error}", escaped(&report.name), report.id);
            (report.status, report.details) = (HostStatus::Unknown, Some(error.to_string()));
        }
        if pending.is_some() {
            run.around.progress.host_finished(&report);
        }
        reports.push(report);
    }
    (reports, mass)
}

fn is_worth_another_try(end: &HostEnd) -> bool {
    end.pending.as_ref().is_some_and(Pending::is_worth_another_try)
}

/// Whether so many hosts are unreachable that the fault is ours.
pub fn is_mass_failure(settings: &Crawl, unreachable: usize, hosts: usize) -> bool {
    hosts >= settings.mass_failure_hosts.max(1)
        && unreachable * 100 > hosts * settings.mass_failure_percent as usize
}

/// Tries what is pending about one host again, when enough time has passed.
async fn retry(run: &Arc<Run>, end: HostEnd) -> HostEnd {
    let HostEnd { mut report, pending } = end;
    let Some(mut pending) = pending else { return HostEnd { report, pending: None } };
    if !pending.is_worth_another_try() {
        return HostEnd { report, pending: Some(pending) };
    }
    let due = pending.since.checked_add(Duration::from_secs(run.settings.recheck_after_seconds));
    tokio::select! {
        biased;
        _ = run.stopped(None) => return HostEnd { report, pending: Some(pending) },
        () = until(due) => {}
    }
    match try_categories(run, &mut pending, &mut report).await {
        Ok(true) => {
            run.around.progress.host_finished(&report);
            HostEnd { report, pending: None }
        }
        Ok(false) => HostEnd { report, pending: Some(pending) },
        Err(error) => {
            tracing::error!(host = report.id.0, "{} ({}): {error}", escaped(&report.name), report.id);
            (report.status, report.details) = (HostStatus::Unknown, Some(error.to_string()));
            HostEnd { report, pending: None }
        }
    }
}

/// Whether nothing is pending any more.
async fn try_categories(
    run: &Run,
    pending: &mut Pending,
    report: &mut HostReport,
) -> Result<bool, CrawlError> {
    let counters = Arc::new(Counters::default());
    let mut visit = Visit {
        run,
        host: &pending.host,
        counters: Arc::clone(&counters),
        log: HostLog::new(Arc::clone(&run.around.clock)),
        deadline: run.host_deadline(),
    };
    visit.log.info("Trying again what could not be reached");
    let began = Instant::now();
    let mut left = Vec::new();
    let mut reached = false;
    for silent in pending.categories.drain(..) {
        if silent.hope != Hope::Later {
            left.push(silent);
            continue;
        }
        let Silent { carried, place, hope, .. } = silent;
        let outcome = visit.category(&carried).await?;
        match outcome.end {
            End::Through => reached = true,
            End::Unreachable(_) | End::Stopped(_) => {
                left.push(Silent { carried, place, hope, proven: outcome.proven });
            }
        }
        report.statistics.add(&outcome.counts);
        if let Some(slot) = report.categories.get_mut(place) {
            let (requests, bytes) = (slot.requests, slot.bytes);
            *slot = outcome.report;
            slot.requests += requests;
            slot.bytes += bytes;
        }
    }
    report.requests += counters.requests();
    report.bytes += counters.bytes();
    let log = visit.log;
    if pending.kind == Kind::Failure && reached {
        (report.status, report.details) = (HostStatus::Ok, None);
        report.finished_at = run.around.clock.now();
        let duration = Duration::from_secs_f64(report.duration_seconds) + began.elapsed();
        report.duration_seconds = duration.as_secs_f64();
        host::close(run, &pending.host, report, duration).await?;
        pending.kind = Kind::Partly;
    }
    host::keep_log(run, report, log).await;
    pending.categories = left;
    Ok(pending.categories.is_empty())
}

/// Nothing is concluded: rows and counters stay, only the time of the crawl is kept.
async fn leave_open(
    run: &Run,
    pending: &Pending,
    report: &mut HostReport,
    why: &str,
) -> Result<(), CrawlError> {
    if pending.kind == Kind::Partly {
        return Ok(());
    }
    (report.status, report.details) = (HostStatus::Unknown, Some(why.into()));
    host::close(run, &pending.host, report, Duration::from_secs_f64(report.duration_seconds)).await
}

/// It is gone: its rows are not up to date, and the host's books are closed.
async fn conclude(run: &Run, pending: &Pending, report: &mut HostReport) -> Result<(), CrawlError> {
    let falsify = run.job.mode.is_complete()
        && run.settings.unreachable_category == UnreachableCategory::FalseAfterRecheck;
    if falsify {
        let visit = Visit {
            run,
            host: &pending.host,
            counters: Arc::default(),
            log: HostLog::new(Arc::clone(&run.around.clock)),
            deadline: None,
        };
        for silent in &pending.categories {
            let Some(category) = report.categories.get(silent.place) else { continue };
            let counts = visit.clear(category, &silent.proven).await?;
            report.statistics.hcds_deleted += counts.cleared;
        }
    }
    if pending.kind == Kind::Partly {
        return Ok(());
    }
    host::close(run, &pending.host, report, Duration::from_secs_f64(report.duration_seconds)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guard_begins_at_twenty_hosts_and_above_twenty_percent() {
        let settings = Crawl::default();
        for (unreachable, hosts, expected) in [
            (19, 19, false),
            (4, 20, false),
            (5, 20, true),
            (20, 100, false),
            (21, 100, true),
            (0, 20, false),
        ] {
            assert_eq!(is_mass_failure(&settings, unreachable, hosts), expected, "{unreachable} of {hosts}");
        }
    }
}
