//! What a scan did, as lines, as a table and as JSON.

use std::collections::BTreeMap;

use scan::changes::{ChangedDetail, ChangedRepository, Changes};
use scan::{CategoryReport, ChangeSet, Outcome as CategoryOutcome, ScanReport};
use serde::Serialize;

use crate::table;

/// One line per category, its problems below it, and whether anything changed.
pub fn describe(report: &ScanReport) -> String {
    let mut lines = Vec::new();
    for category in &report.categories {
        let c = &category.counts;
        lines.push(match &category.outcome {
            CategoryOutcome::Done | CategoryOutcome::DeletionRefused(_) => format!(
                "{}: {} directories, {} files; {} new, {} changed, {} unchanged, {} gone, {} deleted; \
                 {} repositories and {} file details added ({}; {} statements)",
                category.name,
                c.directories,
                c.files,
                c.new,
                c.changed,
                c.unchanged,
                c.gone,
                c.deleted,
                c.repositories,
                c.details,
                took(category),
                category.statements,
            ),
            _ => format!("{}: {}", category.name, category.outcome.name()),
        });
        if let Some(reason) = outcome_reason(category) {
            lines.push(format!("  {reason}"));
        }
        lines.extend(category.problems.iter().map(|problem| format!("  {problem}")));
    }
    if report.details_aged > 0 {
        lines.push(format!("{} old file details removed", report.details_aged));
    }
    lines.extend(report.ageing_failed.iter().map(|why| format!("ageing of file details failed: {why}")));
    if report.is_unchanged() {
        lines.push("nothing changed".to_owned());
    }
    lines.join("\n")
}

/// How long it took, and where the time went.
fn took(category: &CategoryReport) -> String {
    let parts = category.timings.parts().map(|(part, time)| format!("{part} {:.1}", time.as_secs_f64()));
    format!("{:.1} s: {}", category.elapsed.as_secs_f64(), parts.join(", "))
}

fn outcome_reason(category: &CategoryReport) -> Option<&str> {
    match &category.outcome {
        CategoryOutcome::Done => None,
        CategoryOutcome::DeletionRefused(why)
        | CategoryOutcome::Skipped(why)
        | CategoryOutcome::Failed(why)
        | CategoryOutcome::NotStored(why)
        | CategoryOutcome::RootRefused(why)
        | CategoryOutcome::Locked(why) => Some(why),
    }
}

/// A report as JSON.
#[derive(Debug, Serialize)]
pub struct Summary<'a> {
    unchanged: bool,
    details_aged: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    aged: Option<&'a [ChangedDetail]>,
    ageing_failed: Option<&'a str>,
    statements: u64,
    categories: Vec<CategorySummary<'a>>,
}

#[derive(Debug, Serialize)]
struct CategorySummary<'a> {
    name: &'a str,
    outcome: &'static str,
    reason: Option<&'a str>,
    directories: usize,
    files: u64,
    new: usize,
    changed: usize,
    unchanged: usize,
    gone: usize,
    deleted: usize,
    unlisted: usize,
    skipped: usize,
    repositories: usize,
    reattached: usize,
    versions: usize,
    details: usize,
    bytes_read: u64,
    elapsed_ms: u128,
    timings_ms: BTreeMap<&'static str, u128>,
    statements: u64,
    problems: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<&'a ChangeSet>,
}

/// The report for programs; of a dry run with everything that would have been changed.
pub fn summary(report: &ScanReport, dry: bool) -> Summary<'_> {
    Summary {
        unchanged: report.is_unchanged(),
        details_aged: report.details_aged,
        aged: dry.then_some(report.aged.as_slice()),
        ageing_failed: report.ageing_failed.as_deref(),
        statements: report.statements,
        categories: report
            .categories
            .iter()
            .map(|category| CategorySummary {
                name: &category.name,
                outcome: category.outcome.name(),
                reason: outcome_reason(category),
                directories: category.counts.directories,
                files: category.counts.files,
                new: category.counts.new,
                changed: category.counts.changed,
                unchanged: category.counts.unchanged,
                gone: category.counts.gone,
                deleted: category.counts.deleted,
                unlisted: category.counts.unlisted,
                skipped: category.counts.skipped,
                repositories: category.counts.repositories,
                reattached: category.counts.reattached,
                versions: category.counts.versions,
                details: category.counts.details,
                bytes_read: category.counts.bytes_read,
                elapsed_ms: category.elapsed.as_millis(),
                timings_ms: category.timings.parts().map(|(part, time)| (part, time.as_millis())).into(),
                statements: category.statements,
                problems: category.problems.iter().map(ToString::to_string).collect(),
                changes: dry.then_some(&category.changes),
            })
            .collect(),
    }
}

/// What a dry run would have changed, a line each; empty if that is nothing.
pub fn changes(report: &ScanReport) -> String {
    let mut rows = Vec::new();
    for category in &report.categories {
        let changes = &category.changes;
        let plain = |name: &String| (name.clone(), String::new());
        list(&mut rows, category, "directory", &changes.directories, plain);
        list(&mut rows, category, "version", &changes.versions, plain);
        list(&mut rows, category, "repository", &changes.repositories, repository);
        list(&mut rows, category, "file detail", &changes.details, detail);
    }
    for aged in &report.aged {
        let (name, _) = detail(aged);
        rows.push(["gone", "file detail", &name, "too old"].map(str::to_owned).to_vec());
    }
    if rows.is_empty() { String::new() } else { table::render(&["CHANGE", "WHAT", "NAME", "DETAIL"], &rows) }
}

/// Adds the rows of things of one kind, each named and described by `shown`.
fn list<T>(
    rows: &mut Vec<Vec<String>>,
    category: &CategoryReport,
    what: &str,
    changes: &Changes<T>,
    shown: impl Fn(&T) -> (String, String),
) {
    for (change, things) in
        [("added", &changes.added), ("changed", &changes.changed), ("gone", &changes.gone)]
    {
        for thing in things {
            let (name, detail) = shown(thing);
            let detail = if detail.is_empty() { category.name.clone() } else { detail };
            rows.push(vec![change.to_owned(), what.to_owned(), name, detail]);
        }
    }
}

fn repository(repository: &ChangedRepository) -> (String, String) {
    let prefix = repository.prefix.as_deref().unwrap_or("no prefix");
    (repository.directory.clone(), format!("{prefix}, {}", repository.arch))
}

fn detail(detail: &ChangedDetail) -> (String, String) {
    let time = detail.timestamp.map_or_else(|| "no time".to_owned(), |time| format!("time {time}"));
    (format!("{}/{}", detail.directory, detail.filename), time)
}
