//! `crawl`

use std::sync::Arc;

use crawl::{CrawlError, CrawlReport, Ending, HostReport, Job, Mode, Progress, Surroundings};
use indicatif::ProgressBar;
use model::activity::CrawlScope;
use model::clock::{Clock, SystemClock};
use model::ids::HostId;
use probe::SystemResolver;
use settings::Settings;
use store::Store;
use tokio_util::sync::CancellationToken;

use super::{Context, named};
use crate::arguments::{Crawl, Which};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::printer::Printer;
use crate::{progress, table};

/// Crawls and says what came of it.
pub async fn run(arguments: Crawl, context: &Context) -> Outcome {
    let store = context.store().await?;
    let mut job = job(&arguments);
    if let Some(host) = arguments.host {
        let id = named::host(&store, &Which { host, site: None }).await?.id;
        (job.start_id, job.stop_id) = (id, id.saturating_add(1));
    }
    let report = crawl(&store, &context.settings, &job, Arc::new(SystemClock), context.out).await?;
    context.out.data(&report, describe)?;
    Ok(exit(&report))
}

fn job(arguments: &Crawl) -> Job {
    Job {
        categories: arguments.categories.clone(),
        scope: CrawlScope { disabled: arguments.include_disabled, private: arguments.include_private },
        fraction: arguments.fraction.unwrap_or_default(),
        mode: match (arguments.canary, arguments.repodata) {
            (true, _) => Mode::Canary,
            (false, true) => Mode::Repodata,
            (false, false) => Mode::Full,
        },
        ..Job::default()
    }
}

/// Checks what the mirrors hold; Ctrl-C ends it early, and what is known by then is kept.
///
/// # Errors
/// Only what makes the whole run impossible; what happens to single hosts is in the report.
pub async fn crawl(
    store: &Store,
    settings: &Settings,
    job: &Job,
    clock: Arc<dyn Clock>,
    out: Printer,
) -> Outcome<CrawlReport> {
    let bar = Arc::new(Bar { bar: progress::bar(out, "crawling", 0) });
    let cancel = CancellationToken::new();
    let surroundings = Surroundings {
        clock,
        resolver: Arc::new(SystemResolver),
        seed: rand::random(),
        progress: Arc::<Bar>::clone(&bar),
        cancel: cancel.clone(),
    };
    let interrupted = tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            cancel.cancel();
        }
    });
    let result = crawl::run(store, &settings.crawl, job, &surroundings).await;
    interrupted.abort();
    bar.bar.finish_and_clear();
    match result {
        Ok(report) => Ok(report),
        Err(CrawlError::UnknownCategory { name, known }) => {
            let near = named::nearest(&name, known.iter().map(String::as_str));
            let hint = near.map_or_else(
                || format!("available categories: {}", known.join(", ")),
                |near| format!("did you mean {near:?}?"),
            );
            Err(Failure::input(format!("category {name:?} does not exist; {hint}")))
        }
        Err(CrawlError::Setting { key, value, reason }) => {
            Err(Failure::input(CrawlError::Setting { key, value, reason }))
        }
        Err(CrawlError::Store(error)) => Err(error.into()),
        Err(error) => Err(Failure::operation(error)),
    }
}

fn exit(report: &CrawlReport) -> Exit {
    match report.ending {
        Ending::Finished => Exit::Success,
        Ending::TimeLimit | Ending::Cancelled => Exit::Failed,
    }
}

/// A row per host and category, and how the run ended.
pub fn describe(report: &CrawlReport) -> String {
    let mut rows = Vec::new();
    for host in &report.hosts {
        let duration = format!("{:.1} s", host.duration_seconds);
        if host.categories.is_empty() {
            let why = host.details.clone().unwrap_or_default();
            rows.push(vec![host.name.clone(), host.status.as_str().into(), duration, "-".into(), why]);
            continue;
        }
        for category in &host.categories {
            let why = category.reason.clone().or_else(|| host.details.clone()).unwrap_or_default();
            rows.push(vec![
                host.name.clone(),
                host.status.as_str().into(),
                duration.clone(),
                format!("{}: {}", category.category, category.status.as_str()),
                why,
            ]);
        }
    }
    let mut text = table::render(&["HOST", "STATUS", "DURATION", "CATEGORY", "REASON"], &rows);
    for host in &report.hosts {
        text.extend(host.disabled.iter().map(|why| format!("{} was switched off: {why}\n", host.name)));
    }
    if let Some(mass) = report.mass_failure {
        text.push_str(&format!(
            "{} of {} hosts could not be reached: they keep what they had, check our own network\n",
            mass.unreachable, mass.hosts
        ));
    }
    text.push_str(match report.ending {
        Ending::Finished => "finished",
        Ending::TimeLimit => "the time limit was reached, some hosts are unknown",
        Ending::Cancelled => "stopped early",
    });
    text.push_str(&format!(" after {:.1} s, {} hosts\n", report.duration_seconds, report.hosts.len()));
    text
}

struct Bar {
    bar: ProgressBar,
}

impl Progress for Bar {
    fn run_started(&self, hosts: usize) {
        self.bar.set_length(hosts as u64);
    }

    fn host_started(&self, _host: HostId, name: &str) {
        self.bar.set_message(format!("crawling {name}"));
    }

    fn host_finished(&self, _report: &HostReport) {
        self.bar.inc(1);
    }

    fn trying_again(&self, hosts: usize) {
        self.bar.inc_length(hosts as u64);
    }
}
