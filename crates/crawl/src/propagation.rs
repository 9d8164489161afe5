//! How far new content has spread (`spec/crawler.md` 8): each mirror is asked for one `repomd.xml` of each current
//! release, and its digest tells which version that is.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use futures_util::StreamExt;
use model::directory_name::mirror_path;
use model::propagation::{Age, Release, age};
use probe::http::{Fetched, FetchedBody};
use probe::{Counters, Http, Target, Validators};
use serde::Serialize;
use settings::crawl::Crawl;
use store::Store;
use store::crawl_hosts::{self, CrawlHost, Selected};
use store::crawl_master;
use store::propagation::{self as rows, Candidate, Counted, Known, Push};
use tokio::time::Instant;

use crate::error::CrawlError;
use crate::job::{Job, Surroundings};
use crate::report::Ending;
use crate::run::{client, named, run_limit, select, until};

const DAY: i64 = 24 * 60 * 60;

/// What a run found out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PropagationReport {
    /// When it was.
    pub at: DateTime<Utc>,
    /// How it ended. Only a finished run is kept.
    pub ending: Ending,
    /// By repository id.
    pub repositories: Vec<Spread>,
}

/// How far one repository's newest version has spread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Spread {
    /// The repository.
    pub repository: i32,
    /// Its prefix.
    pub prefix: String,
    /// Mirrors at most a day behind.
    pub same_day: i32,
    /// At most two days.
    pub one_day: i32,
    /// At most three days.
    pub two_day: i32,
    /// Further, or with a version that is not known.
    pub older: i32,
    /// Mirrors of which nothing can be said.
    pub no_info: i32,
    /// The time of the newest version, seconds since 1970.
    pub pushed_at: Option<i64>,
    /// Seconds until it was on 50, 90 and 99 % of the mirrors.
    pub hosts: [Option<i64>; 3],
    /// Likewise of their bandwidth.
    pub bandwidth: [Option<i64>; 3],
}

/// What one mirror holds of one repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Held {
    repository: i32,
    age: Age,
    is_newest: bool,
    bandwidth: i64,
}

/// What all hosts of a run share.
struct Watch {
    store: Store,
    job: Job,
    http: Http,
    /// Of each release, in the order in which they are tried.
    candidates: Vec<Vec<Candidate>>,
    known: HashMap<i32, Vec<Known>>,
    max_stale: i64,
}

/// Asks all hosts that `job` selects and are switched on, and keeps what came of it.
///
/// # Errors
/// When the run can not begin, or its figures can not be kept. A host that can not be asked is left out.
pub async fn propagation(
    store: &Store,
    settings: &Crawl,
    job: &Job,
    releases: &[Release],
    around: &Surroundings,
) -> Result<PropagationReport, CrawlError> {
    let began = Instant::now();
    let wanted = named(&crawl_master::categories(store).await?, &job.categories)?;
    let mut hosts = select(store, job, &wanted).await?;
    hosts.retain(|host| host.user_active);
    let mut candidates = Vec::with_capacity(releases.len());
    for release in releases {
        candidates.push(rows::candidates(store, release).await?);
    }
    let directories: Vec<i32> =
        candidates.iter().flatten().filter_map(|one| one.repodata.as_ref()).map(|(id, _)| *id).collect();
    let watch = Arc::new(Watch {
        store: store.clone(),
        job: job.clone(),
        http: client(settings, Arc::clone(&around.resolver))?,
        known: rows::known(store, &directories).await?,
        candidates,
        max_stale: i64::from(settings.max_stale_days) * DAY,
    });
    around.progress.run_started(hosts.len());
    let one = |host: Selected| {
        let watch = Arc::clone(&watch);
        async move { tokio::spawn(async move { watch.host(&host).await }).await }
    };
    let asked =
        futures_util::stream::iter(hosts).map(one).buffer_unordered(settings.hosts_in_parallel.max(1));
    let all = asked.fold(Vec::new(), async |mut all: Vec<Held>, held| {
        match held {
            Ok(Ok(held)) => all.extend(held),
            Ok(Err(error)) => tracing::warn!("a host is left out: {error}"),
            Err(_) => {}
        }
        all
    });
    let deadline = run_limit(settings, job).and_then(|limit| began.checked_add(limit));
    let (held, ending) = tokio::select! {
        biased;
        () = around.cancel.cancelled() => (Vec::new(), Ending::Cancelled),
        () = until(deadline) => (Vec::new(), Ending::TimeLimit),
        held = all => (held, Ending::Finished),
    };
    let at = around.clock.now();
    let mut repositories = watch.spread(&held, at.timestamp());
    if ending == Ending::Finished {
        keep(store, at, &mut repositories, &watch).await?;
    }
    Ok(PropagationReport { at, ending, repositories })
}

async fn keep(
    store: &Store,
    at: DateTime<Utc>,
    repositories: &mut [Spread],
    watch: &Watch,
) -> Result<(), CrawlError> {
    let counted: Vec<Counted> = repositories
        .iter()
        .map(|one| Counted {
            repository: one.repository,
            mirrors: [one.same_day, one.one_day, one.two_day, one.older, one.no_info],
        })
        .collect();
    let push = |one: &Spread| {
        let newest = watch.newest(one.repository)?;
        Some(Push {
            repository: one.repository,
            sha256: newest.sha256.clone(),
            pushed_at: newest.timestamp,
            hosts: one.hosts,
            bandwidth: one.bandwidth,
        })
    };
    let pushes = repositories.iter().filter_map(push).collect();
    for kept in rows::write(store, at, &counted, pushes).await? {
        if let Some(one) = repositories.iter_mut().find(|one| one.repository == kept.repository) {
            (one.hosts, one.bandwidth) = (kept.hosts, kept.bandwidth);
        }
    }
    Ok(())
}

impl Watch {
    /// What one host holds, for each release of which it holds anything.
    async fn host(&self, selected: &Selected) -> Result<Vec<Held>, CrawlError> {
        let Some(host) = crawl_hosts::load(&self.store, selected.id, self.job.scope).await? else {
            return Ok(Vec::new());
        };
        let mut all = Vec::new();
        for candidates in &self.candidates {
            for candidate in candidates {
                if let Some((age, is_newest)) = self.candidate(&host, candidate).await {
                    let bandwidth = selected.bandwidth.unwrap_or(0).max(0);
                    all.push(Held { repository: candidate.repository, age, is_newest, bandwidth });
                    break;
                }
            }
        }
        Ok(all)
    }

    /// How old a host's copy of one repository is, and whether it is the newest. `None`: the next one is tried.
    async fn candidate(&self, host: &CrawlHost, candidate: &Candidate) -> Option<(Age, bool)> {
        let nothing = Some((Age::NoInfo, false));
        let Some((directory, name)) = &candidate.repodata else { return nothing };
        let carried = host.categories.iter().find(|carried| Some(carried.category) == candidate.category)?;
        let is_http = |url: &&str| url.starts_with("http:") || url.starts_with("https:");
        let Some(url) = carried.urls.iter().map(|url| url.url.as_str()).find(is_http) else { return nothing };
        let Some(known) = self.known.get(directory) else { return nothing };
        let path = mirror_path(candidate.topdir.as_deref()?, name)?;
        let target = Target::parse(url.trim()).ok()?.below(path, b"repomd.xml").ok()?;
        let outcome = self.http.get_digest(&target, None, &Validators::default(), &Counters::default()).await;
        let Ok(Fetched { body: FetchedBody::Whole { sha256, .. }, .. }) = outcome else { return None };
        let sha256 = HEXLOWER.encode(&sha256);
        let newest = known.first()?;
        let is_recent = |one: &&Known| {
            one.sha256 == sha256 && one.timestamp > newest.timestamp.saturating_sub(self.max_stale)
        };
        let found = known.iter().find(is_recent);
        Some((age(newest.timestamp, found.map(|one| one.timestamp)), newest.sha256 == sha256))
    }

    /// The newest known version of a repository.
    fn newest(&self, repository: i32) -> Option<&Known> {
        let one = self.candidates.iter().flatten().find(|one| one.repository == repository)?;
        self.known.get(&one.repodata.as_ref()?.0)?.first()
    }

    fn spread(&self, held: &[Held], now: i64) -> Vec<Spread> {
        let mut by_repository: BTreeMap<i32, Vec<&Held>> = BTreeMap::new();
        for one in held {
            by_repository.entry(one.repository).or_default().push(one);
        }
        let one = |(repository, held): (i32, Vec<&Held>)| {
            let count = |age: Age| {
                i32::try_from(held.iter().filter(|one| one.age == age).count()).unwrap_or(i32::MAX)
            };
            let named = self.candidates.iter().flatten().find(|one| one.repository == repository);
            let pushed_at = self.newest(repository).map(|newest| newest.timestamp);
            let passed = pushed_at.map(|pushed| now.saturating_sub(pushed).max(0));
            Spread {
                repository,
                prefix: named.map(|one| one.prefix.clone()).unwrap_or_default(),
                same_day: count(Age::SameDay),
                one_day: count(Age::OneDay),
                two_day: count(Age::TwoDay),
                older: count(Age::Older),
                no_info: count(Age::NoInfo),
                pushed_at,
                hosts: reached(&held, |_| 1, passed),
                bandwidth: reached(&held, |one| one.bandwidth, passed),
            }
        };
        by_repository.into_iter().map(one).collect()
    }
}

/// Which of 50, 90 and 99 % of the weight of all mirrors of which something is known have the newest version.
fn reached(held: &[&Held], weight: fn(&Held) -> i64, passed: Option<i64>) -> [Option<i64>; 3] {
    let sum = |is: fn(&Held) -> bool| {
        held.iter().filter(|one| is(one)).map(|one| i128::from(weight(one))).sum::<i128>()
    };
    let all = sum(|one| one.age != Age::NoInfo);
    let newest = sum(|one| one.is_newest);
    [50, 90, 99].map(|percent| passed.filter(|_| all > 0 && newest * 100 >= all * percent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_of_those_of_which_something_is_known() {
        let held = |age, is_newest, bandwidth| Held { repository: 1, age, is_newest, bandwidth };
        let mut all = vec![held(Age::SameDay, true, 100); 9];
        all.push(held(Age::SameDay, false, 10_000));
        all.push(held(Age::NoInfo, false, 10_000));
        let all: Vec<&Held> = all.iter().collect();
        assert_eq!(reached(&all, |_| 1, Some(7)), [Some(7), Some(7), None]);
        assert_eq!(reached(&all, |one| one.bandwidth, Some(7)), [None; 3]);
        assert_eq!(reached(&all, |_| 1, None), [None; 3]);
        assert_eq!(reached(&[], |_| 1, Some(7)), [None; 3]);
    }
}
