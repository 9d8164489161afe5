//! What is believed of a host, on what evidence, and what a crawl would ask next. Nothing is asked of the mirror.

use std::collections::BTreeMap;
use std::net::IpAddr;

use chrono::{DateTime, Utc};
use model::activity::CrawlScope;
use model::clock::Clock;
use model::ids::HostId;
use probe::Resolver;
use serde::Serialize;
use settings::crawl::Crawl;
use store::crawl_hosts::{self, CarriedCategory};
use store::verdicts::{Bad, CrawlResult};
use store::{Store, crawl_master, evidence, verdicts};

use crate::belief::{Belief, Believed, Place, Why, addresses, holds};
use crate::error::CrawlError;
use crate::job::Mode;
use crate::master::{Master, Tree};
use crate::plan::{Ask, Extent, Pace, plan};
use crate::preference::{Candidate, candidates};

/// What is known of one host's copy of a category.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explained {
    /// The category.
    pub category: String,
    /// What the last crawl found out, in a sentence.
    pub summary: String,
    /// When the last crawl that went through began.
    pub proven_at: Option<DateTime<Utc>>,
    /// The URL at which it was proven.
    pub url: Option<String>,
    /// The addresses that this URL has had.
    pub addresses: Vec<IpAddr>,
    /// Why the evidence does not count, if it does not.
    pub void: Option<String>,
    /// Directories believed to be current.
    pub current: usize,
    /// Directories believed not to be.
    pub not_current: usize,
    /// Directories of which nothing is believed.
    pub unproven: usize,
    /// How many directories would be asked next, by reason.
    pub next: BTreeMap<&'static str, usize>,
    /// The directory that was asked for.
    pub directory: Option<ExplainedDirectory>,
}

/// What is known of one directory.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExplainedDirectory {
    /// Its full name.
    pub name: String,
    /// Whether the host is listed for it.
    pub listed: bool,
    /// What is believed of it, in words.
    pub believed: String,
    /// When it was checked.
    pub checked_at: Option<DateTime<Utc>>,
    /// How.
    pub method: Option<&'static str>,
    /// Crawls that still pass it by.
    pub wait: Option<u8>,
    /// Whether and why the next crawl would ask about it.
    pub next: Option<String>,
    /// What was wrong with it at the last crawl.
    pub bad: Option<Bad>,
}

/// Explains every category of a host, or with `directory` (a full name) those that hold it. `None`: there is no such
/// host. `seed` chooses the random part of what would be asked.
///
/// # Errors
/// The database.
pub async fn explain(
    store: &Store,
    settings: &Crawl,
    (resolver, clock, seed): (&dyn Resolver, &dyn Clock, u64),
    host: HostId,
    directory: Option<&str>,
) -> Result<Option<Vec<Explained>>, CrawlError> {
    let scope = CrawlScope { disabled: true, private: true };
    let Some(host) = crawl_hosts::load(store, host, scope).await? else { return Ok(None) };
    let categories = crawl_master::categories(store).await?;
    let ids: Vec<_> = host.categories.iter().map(|carried| carried.category).collect();
    let master = Master::new(&categories, crawl_master::load(store, &ids).await?);
    let mut all = Vec::new();
    for carried in &host.categories {
        let Some(tree) = master.tree(carried.category) else { continue };
        let at = directory.map(|name| tree.directories.iter().position(|one| one.name == name));
        if at == Some(None) {
            continue;
        }
        let now = clock.now();
        let asked = Question { store, settings, resolver, now, seed };
        all.push(asked.explain(carried, tree, at.flatten()).await?);
    }
    Ok(Some(all))
}

struct Question<'a> {
    store: &'a Store,
    settings: &'a Crawl,
    resolver: &'a dyn Resolver,
    now: DateTime<Utc>,
    seed: u64,
}

impl Question<'_> {
    async fn explain(
        &self,
        carried: &CarriedCategory,
        tree: &Tree,
        at: Option<usize>,
    ) -> Result<Explained, CrawlError> {
        let located = evidence::load(self.store, carried.id).await?;
        let result = verdicts::result(self.store, carried.id).await?;
        let urls: Vec<String> = carried.urls.iter().map(|url| url.url.clone()).collect();
        let usable = candidates(&urls).into_iter().filter_map(|candidate| match candidate {
            Candidate::Http { url, target } => Some((url, target.host().to_owned())),
            Candidate::Skipped { .. } => None,
        });
        // A crawl begins with the first, but the evidence is of the first that worked.
        let mut usable: Vec<(String, String)> = usable.collect();
        let proven = |one: &(String, String)| located.as_ref().is_some_and(|located| located.url == one.0);
        let place_of = usable.iter().position(proven).unwrap_or(0);
        let asked = (place_of < usable.len()).then(|| usable.swap_remove(place_of));
        let place = match asked {
            Some((url, host)) => Place { url, addresses: addresses(self.resolver, &host).await },
            None => Place { url: String::new(), addresses: Vec::new() },
        };
        let longest = i64::from(self.settings.evidence_hours).saturating_mul(3600);
        let held = holds(located.as_ref(), &place, self.now.timestamp(), longest);
        let belief = match (&located, held) {
            (Some(located), Ok(())) => {
                Belief::new(tree, located, &carried.listed, self.settings.repository_top)
            }
            _ => Belief::none(tree),
        };
        let pace = Pace::new(self.settings, self.now.timestamp());
        let asks = match carried.always_up2date {
            true => Vec::new(),
            false => plan(tree, &belief, Mode::Incremental, &pace, self.seed),
        };
        let mut next = BTreeMap::new();
        for ask in &asks {
            *next.entry(ask.why.as_str()).or_default() += 1;
        }
        let count = |is: fn(&Believed) -> bool| belief.directories.iter().filter(|one| is(one)).count();
        let summary = if carried.always_up2date {
            format!("{} counts as current and is never checked", tree.category)
        } else {
            summary(&tree.category, result.as_ref(), self.now)
        };
        let is_current =
            |one: &Believed| matches!(one, Believed::Record(record) if record.standing.is_current());
        let current = count(is_current);
        let unproven = count(|one| matches!(one, Believed::Nothing(_)));
        Ok(Explained {
            category: tree.category.clone(),
            summary,
            proven_at: located.as_ref().and_then(|one| DateTime::from_timestamp(one.evidence.swept_at, 0)),
            url: located.as_ref().map(|one| one.url.clone()),
            addresses: located.map(|one| one.addresses).unwrap_or_default(),
            void: held.err().map(|void| void.to_string()),
            current,
            not_current: belief.directories.len() - current - unproven,
            unproven,
            next,
            directory: at.and_then(|at| directory(tree, carried, &belief, &asks, result.as_ref(), at)),
        })
    }
}

fn directory(
    tree: &Tree,
    carried: &CarriedCategory,
    belief: &Belief,
    asks: &[Ask],
    result: Option<&CrawlResult>,
    at: usize,
) -> Option<ExplainedDirectory> {
    let directory = tree.directories.get(at)?;
    let record = belief.record(at);
    let believed = match belief.directories.get(at)? {
        Believed::Nothing(Why::Changed) => {
            "nothing: it has changed on the master since it was checked".into()
        }
        Believed::Nothing(Why::New) => {
            "nothing: it was not checked yet, or that does not count any more".into()
        }
        Believed::Nothing(Why::Contradicted) => {
            "nothing: the database says something else than what was proven".into()
        }
        Believed::Record(record) => match record.standing.back_off() {
            None => "current".into(),
            Some(back_off) => {
                format!("{}, {} times in a row", record.standing.as_str(), back_off.tries)
            }
        },
    };
    let next = asks.iter().find(|ask| ask.at == at).map(|ask| match ask.extent {
        Extent::Whole => ask.why.as_str().to_owned(),
        Extent::One(_) => format!("one file of it: {}", ask.why.as_str()),
    });
    let bad = result.and_then(|result| result.bad.iter().find(|bad| bad.directory == directory.name));
    Some(ExplainedDirectory {
        name: directory.name.clone(),
        listed: carried.listed.contains(&directory.id.0),
        believed,
        checked_at: record.and_then(|record| DateTime::from_timestamp(record.checked_at, 0)),
        method: record.map(|record| record.method.as_str()),
        wait: record.and_then(|record| record.standing.back_off()).map(|back_off| back_off.wait),
        next,
        bad: bad.cloned(),
    })
}

/// What the last crawl of a category found out: "EPEL is current", "Fedora Linux is 3 h behind: …".
pub fn summary(category: &str, result: Option<&CrawlResult>, now: DateTime<Utc>) -> String {
    let Some(result) = result else { return format!("{category} was never crawled") };
    let state = match result.behind_since {
        Some(since) => format!("is {} behind", duration(now.timestamp().saturating_sub(since))),
        None => match result.status.as_str() {
            "current" => "is current".to_owned(),
            "stale" => "is not complete".to_owned(),
            other => format!("is {other}"),
        },
    };
    let why = result.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("{category} {state}{why}")
}

fn duration(seconds: i64) -> String {
    match seconds.max(0) {
        short @ ..3600 => format!("{} min", short / 60),
        hours @ 3600..172_800 => format!("{} h", hours / 3600),
        days => format!("{} days", days / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_for_a_category() {
        let now = DateTime::from_timestamp(1_000_000, 0).unwrap();
        let mut result = CrawlResult {
            status: "current".into(),
            reason: None,
            started_at: now,
            finished_at: now,
            current: 1,
            stale: 0,
            unknown: 0,
            requests: 0,
            bytes: 0,
            behind_since: None,
            bad: Vec::new(),
        };
        assert_eq!(summary("EPEL", None, now), "EPEL was never crawled");
        assert_eq!(summary("EPEL", Some(&result), now), "EPEL is current");
        (result.status, result.reason) =
            ("stale".into(), Some("1 of 2 directories not current: d/f: status 404".into()));
        let missing = "EPEL is not complete: 1 of 2 directories not current: d/f: status 404";
        assert_eq!(summary("EPEL", Some(&result), now), missing);
        for (behind, shown) in
            [(59, "0 min"), (3 * 3600 + 5, "3 h"), (47 * 3600, "47 h"), (50 * 3600, "2 days")]
        {
            result.behind_since = Some(1_000_000 - behind);
            let text = summary("EPEL", Some(&result), now);
            assert!(text.starts_with(&format!("EPEL is {shown} behind: 1 of 2")), "{text}");
        }
    }
}
