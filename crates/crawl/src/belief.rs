//! What is believed of one copy of a category before it is asked anything: the evidence of earlier crawls, as far as it
//! still stands (`spec/crawler.md` 11.2).
//!
//! A belief falls with what it rests on: another fingerprint on the master, a row in the database that says something
//! else, another URL, an address that was not seen before, too long a time without a crawl.

use std::collections::HashSet;
use std::net::IpAddr;

use model::evidence::{Record, Standing};
use probe::Resolver;
use settings::crawl::RepositoryTop;
use store::evidence::Located;

use crate::job::Mode;
use crate::master::Tree;
use crate::verdict::{Cause, Known, Results, follow_repodata};

/// What is believed of one directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Believed {
    /// Nothing, for this reason; what an earlier crawl noted may still tell how patient to be.
    Nothing(Why),
    /// It is as it was found then, current or not.
    Record(Record),
}

/// Why nothing is believed of a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It has changed on the master since it was checked.
    Changed,
    /// It was never checked.
    New,
    /// The database says something else than the evidence: somebody else wrote there.
    Contradicted,
}

/// What is believed of all directories of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Belief {
    /// By index in the tree.
    pub directories: Vec<Believed>,
    /// When it was last gone through, seconds since 1970.
    pub swept_at: Option<i64>,
}

/// Why the evidence of a whole category does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Void {
    /// There is none.
    #[error("nothing is known from earlier crawls")]
    Missing,
    /// It was gathered at another URL.
    #[error("what is known was found at another URL")]
    Url,
    /// The URL leads to an address that was not seen before.
    #[error("the URL leads to an address that was not seen before")]
    Address,
    /// It was not crawled for too long.
    #[error("it was not crawled for too long")]
    Old,
}

/// Where a copy is about to be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The base URL.
    pub url: String,
    /// The addresses that its name has now, sorted; empty when they could not be found out.
    pub addresses: Vec<IpAddr>,
}

/// The addresses of a host name, sorted; none when it can not be resolved.
pub async fn addresses(resolver: &dyn Resolver, host: &str) -> Vec<IpAddr> {
    if let Ok(address) = host.parse() {
        return vec![address];
    }
    let mut addresses = resolver.resolve(host).await.unwrap_or_default();
    addresses.sort_unstable();
    addresses.dedup();
    addresses
}

/// Whether evidence counts at this place at this time. `longest` is how many seconds may have passed.
///
/// # Errors
/// Why it does not.
pub fn holds(located: Option<&Located>, place: &Place, now: i64, longest: i64) -> Result<(), Void> {
    let located = located.ok_or(Void::Missing)?;
    if located.url != place.url {
        return Err(Void::Url);
    }
    let is_known = |address: &IpAddr| located.addresses.contains(address);
    if place.addresses.is_empty() || !place.addresses.iter().all(is_known) {
        return Err(Void::Address);
    }
    if now.saturating_sub(located.evidence.swept_at) > longest {
        return Err(Void::Old);
    }
    Ok(())
}

impl Belief {
    /// Nothing is believed of any directory.
    pub fn none(tree: &Tree) -> Self {
        Self { directories: vec![Believed::Nothing(Why::New); tree.directories.len()], swept_at: None }
    }

    /// What evidence says about the tree as it is now. `listed` are the ids of the directories that the host is
    /// listed for; a directory whose row says something else than its verdict would is not believed.
    pub fn new(tree: &Tree, located: &Located, listed: &HashSet<i32>, rule: RepositoryTop) -> Self {
        let of = |directory: &crate::master::Directory| match located.evidence.of(directory.id) {
            None => Believed::Nothing(Why::New),
            Some(record) if record.fingerprint != directory.against => Believed::Nothing(Why::Changed),
            Some(record) => Believed::Record(*record),
        };
        let mut belief = Self {
            directories: tree.directories.iter().map(of).collect(),
            swept_at: Some(located.evidence.swept_at),
        };
        let mut verdicts = belief.results();
        follow_repodata(tree, &mut verdicts, rule, Mode::Full);
        let is_listed = |at: usize| tree.directories.get(at).is_some_and(|d| listed.contains(&d.id.0));
        let mut doubtful: HashSet<usize> = HashSet::new();
        for (at, (believed, verdict)) in belief.directories.iter().zip(&verdicts).enumerate() {
            // A verdict that hangs on an unproven repodata is none, and no row can contradict it.
            let Some(verdict) = verdict else { continue };
            if matches!(believed, Believed::Record(_)) && (*verdict == Known::Current) != is_listed(at) {
                doubtful.insert(at);
            }
        }
        // The verdict of a repository's top directory rests on two beliefs.
        doubtful.extend(
            tree.repositories
                .iter()
                .filter(|(top, _)| doubtful.contains(top))
                .map(|(_, at)| *at)
                .collect::<Vec<_>>(),
        );
        for at in doubtful {
            if let Some(believed @ Believed::Record(_)) = belief.directories.get_mut(at) {
                *believed = Believed::Nothing(Why::Contradicted);
            }
        }
        belief
    }

    /// The record that is believed of a directory.
    pub fn record(&self, at: usize) -> Option<&Record> {
        match self.directories.get(at) {
            Some(Believed::Record(record)) => Some(record),
            _ => None,
        }
    }

    /// Whether a directory is believed to be current.
    pub fn is_current(&self, at: usize) -> bool {
        self.record(at).is_some_and(|record| record.standing.is_current())
    }

    /// As results, one for each directory.
    pub fn results(&self) -> Results {
        let one = |believed: &Believed| match believed {
            Believed::Nothing(_) => None,
            Believed::Record(record) => Some(match record.standing {
                Standing::Current => Known::Current,
                Standing::Stale(_) => Known::Stale(Cause::Earlier),
                Standing::Unknown(_) => Known::Unknown(Cause::Earlier),
            }),
        };
        self.directories.iter().map(one).collect()
    }
}
