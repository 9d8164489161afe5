//! The table of verdicts: what the crawl found out about each mirror, and why.

use crawl::{BadFile, CategoryReport, CrawlReport, HostReport};

use super::world::{Character, World};
use crate::{reason, table};

/// One line: a mirror and one of its categories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The host's name.
    pub mirror: String,
    /// What was done to it for the demo.
    pub character: &'static str,
    /// The category.
    pub category: String,
    /// How the check ended: `current`, `stale`, …
    pub status: &'static str,
    /// Directories proven current.
    pub current: u32,
    /// Directories looked at.
    pub directories: u32,
    /// Why it is not current. Empty if it is.
    pub reason: String,
    /// The first bad file.
    pub first_bad: Option<BadFile>,
    /// The URL that was asked last.
    pub url: Option<String>,
}

/// The verdicts of a crawl, in the order in which the mirrors were set up.
pub fn of(report: &CrawlReport, world: &World) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for mirror in &world.mirrors {
        for host in report.hosts.iter().filter(|host| host.name == mirror.character.host()) {
            verdicts.extend(host.categories.iter().map(|category| verdict(mirror.character, host, category)));
        }
    }
    verdicts
}

fn verdict(character: Character, host: &HostReport, category: &CategoryReport) -> Verdict {
    Verdict {
        mirror: host.name.clone(),
        character: character.describe(),
        category: category.category.clone(),
        status: category.status.as_str(),
        current: category.current,
        directories: category.current + category.stale + category.unknown,
        reason: category.reason.clone().or_else(|| host.details.clone()).unwrap_or_default(),
        first_bad: category.first_bad.clone(),
        url: category.url.clone(),
    }
}

/// The table as text, readable at 120 columns.
pub fn render(verdicts: &[Verdict]) -> String {
    let heading = ["MIRROR", "IT IS", "CATEGORY", "VERDICT", "CURRENT"];
    let mut rows: Vec<Vec<String>> = verdicts
        .iter()
        .map(|v| {
            vec![
                v.mirror.clone(),
                v.character.to_owned(),
                v.category.clone(),
                v.status.to_owned(),
                reason::share(v.current, v.directories),
            ]
        })
        .collect();
    let room = table::room(&heading, &rows);
    for (row, v) in rows.iter_mut().zip(verdicts) {
        row.push(reason::brief(&v.reason, v.first_bad.as_ref(), v.url.as_deref(), room));
    }
    table::render(&[&heading[..], &["REASON"]].concat(), &rows)
}
