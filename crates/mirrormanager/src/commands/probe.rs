//! `probe`

use std::fmt::Write as _;
use std::sync::Arc;

use crawl::CrawlError;
use crawl::host_log::escaped;
use crawl::master::{Expected, Master};
use model::directory_name::join;
use model::url::MirrorUrl;
use probe::trial::TrialVerdict;
use probe::{Rsync, RsyncLimits, SystemResolver, Trial, TrialReport, WantedFile};
use store::{Store, crawl_master};

use super::{Context, named};
use crate::arguments::Probe;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::table;

/// Tries a mirror and shows what came of it.
pub async fn run(arguments: Probe, context: &Context) -> Outcome {
    let url = MirrorUrl::parse(&arguments.url).map_err(Failure::input)?;
    let directory = arguments.directory.trim_matches('/').to_owned();
    let files = match &arguments.category {
        Some(category) => Some(expected(&context.store().await?, category, &directory).await?),
        None => None,
    };
    let http =
        crawl::run::client(&context.settings.crawl, Arc::new(SystemResolver)).map_err(
            |error| match error {
                error @ CrawlError::Setting { .. } => Failure::input(error),
                error => Failure::operation(error),
            },
        )?;
    let rsync = Rsync::new("rsync", RsyncLimits::default());
    let report = Trial { http, rsync, url, directory, files }.run().await;
    context.out.data(&report, describe)?;
    Ok(if report.is_good() { Exit::Success } else { Exit::Failed })
}

/// The files that every mirror should hold in a directory of a category.
async fn expected(store: &Store, category: &str, directory: &str) -> Outcome<Vec<WantedFile>> {
    let categories = crawl_master::categories(store).await?;
    let Some(row) = categories.iter().find(|row| row.name == category) else {
        let near = named::nearest(category, categories.iter().map(|row| row.name.as_str()));
        let hint = near.map_or_else(String::new, |near| format!("; did you mean {near:?}?"));
        return Err(Failure::input(format!("category {category:?} does not exist{hint}")));
    };
    let topdir = row.topdir.clone().unwrap_or_default();
    let rows = crawl_master::load(store, &[row.id]).await?;
    let master = Master::new(&categories, rows);
    let name = join(&topdir, directory);
    let found = master.tree(row.id).and_then(|tree| tree.directories.iter().find(|one| one.name == name));
    match found.map(|directory| &directory.files) {
        Some(Expected::Files(files)) => Ok(files.clone()),
        Some(Expected::Unreadable(why)) => {
            Err(Failure::input(format!("the files of {name:?} are not known: {why}")))
        }
        None => Err(Failure::input(format!(
            "category {category:?} has no directory {name:?}: give one below the URL"
        ))),
    }
}

/// A row per request, then what would be believed.
fn describe(report: &TrialReport) -> String {
    let number = |value: Option<u64>| value.map_or_else(|| "-".to_owned(), |value| value.to_string());
    let rows: Vec<Vec<String>> = report
        .requests
        .iter()
        .map(|request| {
            let mut last = request.url.clone();
            if let Some(failure) = &request.failure {
                let _ = write!(last, " ({failure})");
            }
            vec![
                request.method.to_owned(),
                number(request.status.map(u64::from)),
                number(request.length),
                request.bytes.to_string(),
                format!("{:.3} s", request.time.as_secs_f64()),
                escaped(&last),
            ]
        })
        .collect();
    let mut text = table::render(&["REQUEST", "STATUS", "LENGTH", "READ", "TIME", "URL"], &rows);
    let why = report.reason.as_deref().unwrap_or_default();
    if !report.reachable {
        let _ = writeln!(text, "not reachable: {}", escaped(why));
        return text;
    }
    for remark in &report.remarks {
        let _ = writeln!(text, "{}", escaped(remark));
    }
    if let Some(listed) = report.listed {
        let _ = writeln!(text, "it shows {listed} entries in {:?}", report.directory);
    }
    let file = report.file.as_deref().unwrap_or_default();
    match report.verdict {
        None => text.push_str("reachable\n"),
        Some(TrialVerdict::Current) => text.push_str("current\n"),
        Some(TrialVerdict::Stale) => drop(writeln!(text, "stale: {}: {}", escaped(file), escaped(why))),
        Some(TrialVerdict::Unknown) => drop(writeln!(text, "unknown: {}: {}", escaped(file), escaped(why))),
    }
    text
}
