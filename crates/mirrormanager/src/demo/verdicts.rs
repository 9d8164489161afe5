//! The table of verdicts: what the crawl found out about each mirror, and why.

use crawl::{CategoryReport, CrawlReport, HostReport};

use super::world::{Character, World};
use crate::table;

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
    }
}

/// The table as text.
pub fn render(verdicts: &[Verdict]) -> String {
    let rows: Vec<Vec<String>> = verdicts
        .iter()
        .map(|v| {
            vec![
                v.mirror.clone(),
                v.character.to_owned(),
                v.category.clone(),
                v.status.to_owned(),
                format!("{}/{}", v.current, v.directories),
                v.reason.clone(),
            ]
        })
        .collect();
    table::render(&["MIRROR", "IT IS", "CATEGORY", "VERDICT", "CURRENT", "REASON"], &rows)
}
