//! `crawl`

pub mod explain;

use std::sync::Arc;
use std::time::Duration;

use crawl::host_log::escaped;
use crawl::{CategoryReport, CrawlError, CrawlReport, Ending, HostReport, Job, Mode, Progress, Surroundings};
use indicatif::ProgressBar;
use model::activity::CrawlScope;
use model::clock::{Clock, SystemClock};
use model::ids::HostId;
use probe::SystemResolver;
use settings::Settings;
use store::Store;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Context, named};
use crate::arguments::{Crawl, CrawlCommand, CrawlRun, Which};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::printer::Printer;
use crate::signals::{Watch, told_to_stop};
use crate::{progress, reason, table};

/// Crawls and says what came of it, or does what was asked for instead.
pub async fn run(arguments: Crawl, context: &Context) -> Outcome {
    match arguments.instead {
        Some(CrawlCommand::Explain(arguments)) => explain::run(&arguments, context).await,
        None => crawl_now(arguments.run, context).await,
    }
}

async fn crawl_now(arguments: CrawlRun, context: &Context) -> Outcome {
    let store = context.store().await?;
    let mut job = job(&arguments);
    let named = arguments.host.clone();
    if let Some(host) = arguments.host {
        let id = named::host(&store, &Which { host, site: None }).await?.id;
        (job.start_id, job.stop_id) = (id, id.saturating_add(1));
    }
    let interval = Duration::from_secs(context.settings.crawl.interval_seconds);
    loop {
        let due = Instant::now().checked_add(interval);
        let (report, exit) =
            crawl(&store, &context.settings, &job, Arc::new(SystemClock), context.out).await?;
        context.out.data(&report, describe)?;
        if let (Some(host), true) = (&named, report.hosts.is_empty() && report.ending == Ending::Finished) {
            let why = "it is private or switched off; see --include-private and --include-disabled";
            context.out.note(format_args!("host {host:?} was not checked: {why}"));
        }
        if !arguments.continuous || report.ending == Ending::Cancelled {
            return Ok(exit);
        }
        let until = async move {
            match due {
                Some(due) => tokio::time::sleep_until(due).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            exit = told_to_stop() => return Ok(exit?),
            () = until => {}
        }
    }
}

fn job(arguments: &CrawlRun) -> Job {
    Job {
        categories: arguments.categories.clone(),
        scope: CrawlScope { disabled: arguments.include_disabled, private: arguments.include_private },
        fraction: arguments.fraction.unwrap_or_default(),
        mode: match (arguments.full, arguments.canary, arguments.repodata) {
            (true, ..) => Mode::Full,
            (_, true, _) => Mode::Canary,
            (_, _, true) => Mode::Repodata,
            _ => Mode::Incremental,
        },
        ..Job::default()
    }
}

/// Checks what the mirrors hold, and how that ended. Ctrl-C and SIGTERM end it early; what is known by
/// then is kept.
///
/// # Errors
/// Only what makes the whole run impossible; what happens to single hosts is in the report.
pub async fn crawl(
    store: &Store,
    settings: &Settings,
    job: &Job,
    clock: Arc<dyn Clock>,
    out: Printer,
) -> Outcome<(CrawlReport, Exit)> {
    let bar = Arc::new(Bar { bar: progress::counter(out, "crawling") });
    let cancel = CancellationToken::new();
    let surroundings = Surroundings {
        clock,
        resolver: Arc::new(SystemResolver),
        seed: rand::random(),
        progress: Arc::<Bar>::clone(&bar),
        cancel: cancel.clone(),
    };
    let watch = Watch::start(cancel)?;
    let result = crawl::run(store, &settings.crawl, job, &surroundings).await;
    let signal = watch.end().await;
    bar.bar.finish_and_clear();
    match result {
        Ok(report) => {
            let exit = exit(&report, signal);
            Ok((report, exit))
        }
        Err(error) => Err(failure(error)),
    }
}

/// What to say when a crawl can not begin.
pub(super) fn failure(error: CrawlError) -> Failure {
    match error {
        CrawlError::UnknownCategory { name, known } => {
            let near = named::nearest(&name, known.iter().map(String::as_str));
            let hint = near.map_or_else(
                || format!("available categories: {}", known.join(", ")),
                |near| format!("did you mean {near:?}?"),
            );
            Failure::input(format!("category {name:?} does not exist; {hint}"))
        }
        error @ CrawlError::Setting { .. } => Failure::input(error),
        CrawlError::Store(error) => error.into(),
        error => Failure::operation(error),
    }
}

/// A host that fails is news, not a failure of the crawl. A run that was cut short, or whose silence
/// must be our own network's, did not do its work.
fn exit(report: &CrawlReport, signal: Option<Exit>) -> Exit {
    match report.ending {
        Ending::Finished if report.mass_failure.is_none() => Exit::Success,
        Ending::Finished | Ending::TimeLimit => Exit::Failed,
        Ending::Cancelled => signal.unwrap_or(Exit::Failed),
    }
}

/// A row per host and category, and how the run ended.
pub fn describe(report: &CrawlReport) -> String {
    let heading = ["HOST", "STATUS", "TIME", "CATEGORY", "VERDICT", "CURRENT"];
    let mut rows = Vec::new();
    let mut about = Vec::new();
    for host in &report.hosts {
        let begin = |rest: [String; 3]| {
            let time = format!("{:.1} s", host.duration_seconds);
            [vec![escaped(&host.name), host.status.as_str().to_owned(), time], rest.to_vec()].concat()
        };
        if host.categories.is_empty() {
            rows.push(begin(["-".into(), "-".into(), "-".into()]));
            about.push((host, None));
        }
        for category in &host.categories {
            let verdict = category.status.as_str().to_owned();
            rows.push(begin([escaped(&category.category), verdict, share(category)]));
            about.push((host, Some(category)));
        }
    }
    let room = table::room(&heading, &rows);
    for (row, (host, category)) in rows.iter_mut().zip(about) {
        row.push(match category {
            Some(category) => {
                let why = category.reason.as_deref().or(host.details.as_deref()).unwrap_or_default();
                reason::brief(why, category.first_bad.as_ref(), category.url.as_deref(), room)
            }
            None => reason::end_cut(host.details.as_deref().unwrap_or_default(), room),
        });
    }
    let mut text = table::render(&[&heading[..], &["REASON"]].concat(), &rows);
    for host in &report.hosts {
        text.extend(
            host.disabled
                .iter()
                .map(|why| format!("{} was switched off: {}\n", escaped(&host.name), escaped(why))),
        );
    }
    if let Some(mass) = report.mass_failure {
        text.push_str(&format!("{mass}\n"));
    }
    text.push_str(match report.ending {
        Ending::Finished => "finished",
        Ending::TimeLimit => "the time limit was reached, some hosts are unknown",
        Ending::Cancelled => "stopped early",
    });
    text.push_str(&format!(" after {:.1} s, {} hosts\n", report.duration_seconds, report.hosts.len()));
    text
}

fn share(category: &CategoryReport) -> String {
    reason::share(category.current, category.current + category.stale + category.unknown)
}

struct Bar {
    bar: ProgressBar,
}

impl Progress for Bar {
    fn run_started(&self, hosts: usize) {
        progress::length(&self.bar, hosts);
    }

    fn host_started(&self, _host: HostId, name: &str) {
        self.bar.set_message(format!("crawling {}", escaped(name)));
    }

    fn host_finished(&self, _report: &HostReport) {
        self.bar.inc(1);
    }

    fn trying_again(&self, hosts: usize) {
        self.bar.inc_length(hosts as u64);
        self.bar.set_message("trying again what did not answer");
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use crawl::MassFailure;

    use super::*;

    #[test]
    fn the_exit_status_is_about_the_run_not_about_its_hosts() {
        let report = |ending, mass_failure| CrawlReport {
            mode: Mode::Full,
            started_at: DateTime::UNIX_EPOCH,
            finished_at: DateTime::UNIX_EPOCH,
            duration_seconds: 0.0,
            ending,
            mass_failure,
            hosts: Vec::new(),
        };
        let mass = Some(MassFailure { unreachable: 5, hosts: 20 });
        assert_eq!(exit(&report(Ending::Finished, None), None), Exit::Success);
        assert_eq!(exit(&report(Ending::Finished, mass), None), Exit::Failed);
        assert_eq!(exit(&report(Ending::TimeLimit, None), None), Exit::Failed);
        assert_eq!(exit(&report(Ending::Cancelled, None), Some(Exit::Terminated)), Exit::Terminated);
    }
}
