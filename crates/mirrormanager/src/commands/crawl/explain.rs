//! `crawl explain`

use crawl::explain::{Explained, ExplainedDirectory, explain};
use crawl::host_log::escaped;
use model::clock::SystemClock;
use model::ids::HostId;
use probe::SystemResolver;

use super::failure;
use crate::arguments::{CrawlExplain, Which};
use crate::commands::{Context, named};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};

/// Says what is believed of a host, on what evidence, and what would be asked next.
pub async fn run(arguments: &CrawlExplain, context: &Context) -> Outcome {
    let store = context.store().await?;
    let host = named::host(&store, &Which { host: arguments.host.clone(), site: None }).await?;
    let directory = arguments.directory.as_deref().map(|name| name.trim_matches('/'));
    let world =
        (&SystemResolver as &dyn probe::Resolver, &SystemClock as &dyn model::clock::Clock, rand::random());
    let explained =
        explain(&store, &context.settings.crawl, world, HostId(host.id), directory).await.map_err(failure)?;
    let explained = explained.unwrap_or_default();
    if let (Some(name), true) = (directory, explained.is_empty()) {
        let why = "no category that the host carries has such a readable directory";
        return Err(Failure::input(format!("directory {name:?}: {why}")));
    }
    context.out.data(&explained, |all| match all.is_empty() {
        true => "the host carries nothing".to_owned(),
        false => all.iter().map(describe).collect::<Vec<_>>().join("\n\n"),
    })?;
    Ok(Exit::Success)
}

fn describe(explained: &Explained) -> String {
    let time = |time: &Option<chrono::DateTime<chrono::Utc>>| {
        time.map_or_else(|| "never".to_owned(), |time| time.format("%Y-%m-%d %H:%M:%S UTC").to_string())
    };
    let addresses: Vec<String> = explained.addresses.iter().map(ToString::to_string).collect();
    let mut lines = vec![
        ("", explained.summary.clone()),
        (
            "proven",
            format!("{} at {}", time(&explained.proven_at), explained.url.as_deref().unwrap_or("no URL")),
        ),
        ("addresses", addresses.join(", ")),
        ("counts", explained.void.as_ref().map_or_else(|| "yes".to_owned(), |void| format!("no: {void}"))),
        (
            "believed",
            format!(
                "{} current, {} not current, {} unproven",
                explained.current, explained.not_current, explained.unproven
            ),
        ),
    ];
    let next = explained.next.iter().map(|(why, count)| format!("{count} because {why}"));
    let next = next.collect::<Vec<_>>().join("; ");
    lines.push(("next", if next.is_empty() { "nothing would be asked".to_owned() } else { next }));
    if let Some(ExplainedDirectory { name, listed, believed, checked_at, method, wait, next, bad }) =
        &explained.directory
    {
        lines.push(("directory", name.clone()));
        lines.push(("listed", if *listed { "yes" } else { "no" }.to_owned()));
        lines.push(("believed", believed.clone()));
        if let Some(bad) = bad {
            let file = bad.file.as_deref().map(|file| format!("{file}: ")).unwrap_or_default();
            lines.push(("wrong", format!("{file}{}", bad.reason)));
        }
        let how = method.map(|method| format!(" ({method})")).unwrap_or_default();
        lines.push(("checked", format!("{}{how}", time(checked_at))));
        let left_alone = match wait {
            Some(wait) if *wait > 0 => format!("left alone for {wait} more crawls, a day at most"),
            _ => "not in the next crawl, unless by chance".to_owned(),
        };
        lines.push(("next", next.clone().unwrap_or(left_alone)));
    }
    let line = |(name, value): &(&str, String)| match name.is_empty() {
        true => escaped(value),
        false => format!("  {name:<12}{}", escaped(value)),
    };
    lines.iter().map(line).collect::<Vec<_>>().join("\n")
}
