//! `propagation`

use std::sync::Arc;

use crawl::{Ending, Job, PropagationReport, Silent, Spread, Surroundings};
use model::clock::{Clock, SystemClock};
use model::propagation::Release;
use probe::SystemResolver;
use settings::Settings;
use store::Store;
use tokio_util::sync::CancellationToken;

use super::Context;
use super::crawl::failure;
use crate::arguments::Propagation;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::signals::Watch;
use crate::table;

/// Asks the mirrors and says how far the newest versions have spread.
pub async fn run(arguments: Propagation, context: &Context) -> Outcome {
    let store = context.store().await?;
    let Propagation { product, version, categories } = arguments;
    let job = Job { categories, ..Job::default() };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let (report, exit) = propagation(&store, &context.settings, &job, product, version, clock).await?;
    context.out.data(&report, describe)?;
    Ok(exit)
}

/// Finds out which releases are meant and asks all mirrors about them. Ctrl-C and SIGTERM end it; nothing is kept then.
///
/// # Errors
/// Only what makes the whole run impossible; a mirror that does not answer is left out.
pub async fn propagation(
    store: &Store,
    settings: &Settings,
    job: &Job,
    product: Option<String>,
    version: Option<String>,
    clock: Arc<dyn Clock>,
) -> Outcome<(PropagationReport, Exit)> {
    let resolver = Arc::new(SystemResolver);
    let releases = match (product, version) {
        (Some(product), Some(version)) => vec![Release { product, version }],
        (product, _) => {
            let current =
                crawl::releases::current(&settings.crawl, resolver.clone()).await.map_err(failure)?;
            let is_meant =
                |release: &Release| product.as_ref().is_none_or(|product| release.product == *product);
            current.into_iter().filter(is_meant).collect()
        }
    };
    if let Some(other) = releases.iter().find(|release| release.prefix().is_none()) {
        let known = "Fedora, EPEL, CentOS";
        let product = &other.product;
        return Err(Failure::input(format!(
            "no repository is known to stand for product {product:?}; known: {known}"
        )));
    }
    let names: Vec<String> = releases.iter().map(Release::to_string).collect();
    tracing::info!("Propagation will be checked for {}", names.join(", "));
    let cancel = CancellationToken::new();
    let around = Surroundings {
        clock,
        resolver,
        seed: rand::random(),
        progress: Arc::new(Silent),
        cancel: cancel.clone(),
    };
    let watch = Watch::start(cancel)?;
    let result = crawl::propagation(store, &settings.crawl, job, &releases, &around).await;
    let signal = watch.end().await;
    let report = result.map_err(failure)?;
    let exit = match report.ending {
        Ending::Finished => Exit::Success,
        Ending::TimeLimit => Exit::Failed,
        Ending::Cancelled => signal.unwrap_or(Exit::Failed),
    };
    Ok((report, exit))
}

fn describe(report: &PropagationReport) -> String {
    let heading = [
        "REPOSITORY",
        "SAME DAY",
        "ONE DAY",
        "TWO DAYS",
        "OLDER",
        "UNKNOWN",
        "50% 90% 99% OF MIRRORS",
        "OF BANDWIDTH",
    ];
    let row = |one: &Spread| {
        let counts = [one.same_day, one.one_day, one.two_day, one.older, one.no_info].map(|n| n.to_string());
        let times = [times(&one.hosts), times(&one.bandwidth)];
        [vec![one.prefix.clone()], counts.to_vec(), times.to_vec()].concat()
    };
    let rows: Vec<Vec<String>> = report.repositories.iter().map(row).collect();
    let mut text = table::render(&heading, &rows);
    if report.ending != Ending::Finished {
        text.push_str("stopped early, nothing was kept\n");
    }
    text
}

/// After how many hours each share was reached.
fn times(reached: &[Option<i64>; 3]) -> String {
    let one =
        |seconds: &Option<i64>| seconds.map_or_else(|| "-".into(), |s| format!("{:.1} h", s as f64 / 3600.0));
    reached.iter().map(one).collect::<Vec<String>>().join("  ")
}
