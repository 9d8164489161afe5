//! A whole run: select, check many hosts at once, try again what was silent, report.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use ipnet::IpNet;
use model::ids::{CategoryId, HostId};
use probe::{AddressGuard, Http, Limits, Politeness, Resolver};
use settings::crawl::Crawl;
use store::Store;
use store::crawl_hosts::{self, CarriedCategory, CrawlHost, HostFilter, Selected};
use store::crawl_master::{self, CategoryRow};
use tokio::time::Instant;

use crate::error::CrawlError;
use crate::host::{self, HostEnd};
use crate::job::{Job, Mode, Surroundings};
use crate::master::Master;
use crate::report::{CrawlReport, Ending};
use crate::second_try;

/// What all hosts of a run share.
pub struct Run {
    /// The database.
    pub store: Store,
    /// The settings.
    pub settings: Crawl,
    /// What is to be done.
    pub job: Job,
    /// The world.
    pub around: Surroundings,
    /// The client.
    pub http: Http,
    /// The master's trees.
    pub master: Master,
    categories: Vec<CategoryRow>,
    wanted: Vec<CategoryId>,
    deadline: Option<Instant>,
}

/// Why work was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The run was told to stop.
    Cancelled,
    /// The run's time is over.
    RunLimit,
    /// The host's time is over.
    HostLimit,
}

impl Why {
    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cancelled => "the crawl was stopped before it was through",
            Self::RunLimit => "the crawl reached its time limit before it was through",
            Self::HostLimit => "the host's time was over before it was through",
        }
    }
}

/// Crawls the hosts that `job` selects.
///
/// # Errors
/// When the run can not begin: an unknown category, a setting that can not be used, the database. What
/// goes wrong with single hosts is in the report.
pub async fn run(
    store: &Store,
    settings: &Crawl,
    job: &Job,
    around: &Surroundings,
) -> Result<CrawlReport, CrawlError> {
    let (began, started_at) = (Instant::now(), around.clock.now());
    let http = client(settings, Arc::clone(&around.resolver))?;
    let categories = crawl_master::categories(store).await?;
    let wanted = named(&categories, &job.categories)?;
    let mut hosts = select(store, job, &wanted).await?;
    let limit = run_limit(settings, job);
    let loaded: Vec<CategoryId> =
        if wanted.is_empty() { categories.iter().map(|c| c.id).collect() } else { wanted.clone() };
    let rows = crawl_master::load(store, &loaded).await?;
    let master = Master::new(&categories, rows);
    if job.mode == Mode::Incremental {
        urgent_first(&mut hosts, &crawl_hosts::carried(store).await?, &master);
    }
    let run = Arc::new(Run {
        store: store.clone(),
        settings: settings.clone(),
        job: job.clone(),
        around: around.clone(),
        http,
        master,
        categories,
        wanted,
        deadline: limit.and_then(|limit| began.checked_add(limit)),
    });
    around.progress.run_started(hosts.len());
    let ends = visit_all(&run, hosts).await;
    let (hosts, mass_failure) = second_try::all(&run, ends).await;
    let ending = match (around.cancel.is_cancelled(), run.is_over()) {
        (true, _) => Ending::Cancelled,
        (false, true) => Ending::TimeLimit,
        (false, false) => Ending::Finished,
    };
    Ok(CrawlReport {
        mode: job.mode,
        started_at,
        finished_at: around.clock.now(),
        duration_seconds: began.elapsed().as_secs_f64(),
        ending,
        mass_failure,
        hosts,
    })
}

/// Every host in a task of its own, so that all processors help; so many at once as the settings say.
async fn visit_all(run: &Arc<Run>, hosts: Vec<Selected>) -> Vec<HostEnd> {
    let one = |selected: Selected| {
        let run = Arc::clone(run);
        async move { tokio::spawn(host::crawl(run, selected)).await }
    };
    let ends =
        futures_util::stream::iter(hosts).map(one).buffer_unordered(run.settings.hosts_in_parallel.max(1));
    // A task ends without result only if it panicked, which its message has reported.
    ends.filter_map(|end| std::future::ready(end.ok().flatten())).collect().await
}

pub(crate) async fn select(
    store: &Store,
    job: &Job,
    wanted: &[CategoryId],
) -> Result<Vec<Selected>, CrawlError> {
    let filter = HostFilter {
        categories: wanted.to_vec(),
        scope: job.scope,
        start_id: job.start_id,
        stop_id: job.stop_id,
    };
    let mut hosts = crawl_hosts::select(store, &filter).await?;
    if !job.fraction.is_all() {
        let ids: Vec<i32> = hosts.iter().map(|host| host.id.0).collect();
        match job.fraction.range(&ids) {
            Some((start, stop)) => {
                hosts.retain(|host| host.id.0 >= start && stop.is_none_or(|stop| host.id.0 < stop));
            }
            None => hosts.clear(),
        }
    }
    Ok(hosts)
}

/// Hosts that have not been crawled since a repository of theirs changed come first, in the order in which they were.
fn urgent_first(hosts: &mut [Selected], carried: &HashMap<HostId, Vec<CategoryId>>, master: &Master) {
    let changed_at = |host: &Selected| {
        let categories = carried.get(&host.id).into_iter().flatten();
        categories.filter_map(|id| master.tree(*id)?.changed_at()).max()
    };
    hosts.sort_by_key(|host| match (changed_at(host), host.last_crawled) {
        (Some(changed), Some(crawled)) => crawled > changed,
        (Some(_), None) => false,
        (None, _) => true,
    });
}

/// The ids of the named categories, in the order named.
pub(crate) fn named(categories: &[CategoryRow], names: &[String]) -> Result<Vec<CategoryId>, CrawlError> {
    let find = |name: &String| {
        let found = categories.iter().find(|category| category.name == *name).map(|category| category.id);
        found.ok_or_else(|| CrawlError::UnknownCategory {
            name: name.clone(),
            known: categories.iter().map(|category| category.name.clone()).collect(),
        })
    };
    let mut ids: Vec<CategoryId> = Vec::new();
    for id in names.iter().map(find) {
        let id = id?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

/// How long a whole run may take.
pub(crate) fn run_limit(settings: &Crawl, job: &Job) -> Option<Duration> {
    let usual = (settings.run_timeout_seconds > 0).then(|| Duration::from_secs(settings.run_timeout_seconds));
    job.run_limit.or(usual)
}

/// The client with the limits of the settings.
///
/// # Errors
/// A setting that can not be used.
pub fn client(settings: &Crawl, resolver: Arc<dyn Resolver>) -> Result<Http, CrawlError> {
    let guard = AddressGuard::new(
        networks("allowed_networks", &settings.allowed_networks)?,
        networks("denied_networks", &settings.denied_networks)?,
    );
    let ms = Duration::from_millis;
    let limits = Limits {
        connect: ms(settings.connect_timeout_ms),
        first_byte: ms(settings.first_byte_timeout_ms),
        head: ms(settings.head_timeout_ms),
        get: ms(settings.get_timeout_ms),
        redirects: settings.max_redirects,
        header_bytes: settings.max_header_bytes,
        headers: settings.max_headers,
        body_bytes: settings.max_body_bytes,
        min_rate: settings.min_bytes_per_second,
        min_rate_after: ms(settings.min_rate_after_ms),
        idle_connections: Limits::default().idle_connections,
        politeness: Politeness {
            most: u32::try_from(settings.requests_per_mirror.clamp(1, 16)).unwrap_or(1),
            per_second: settings.requests_per_second,
            longest_pause: Duration::from_secs(settings.longest_pause_seconds),
            ..Politeness::default()
        },
    };
    Ok(Http::new(guard, resolver, limits, settings.project_url.as_deref())?)
}

/// Networks or single addresses.
fn networks(key: &'static str, list: &[String]) -> Result<Vec<IpNet>, CrawlError> {
    let parse = |text: &String| {
        settings::check::network(text).ok_or_else(|| CrawlError::Setting {
            key,
            value: text.clone(),
            reason: "expected a network such as 10.0.0.0/8 or an address".into(),
        })
    };
    list.iter().map(parse).collect()
}

impl Run {
    /// Ends when work has to stop: by command, by the run's time, by the host's.
    pub async fn stopped(&self, host_deadline: Option<Instant>) -> Why {
        tokio::select! {
            biased;
            () = self.around.cancel.cancelled() => Why::Cancelled,
            () = until(self.deadline) => Why::RunLimit,
            () = until(host_deadline) => Why::HostLimit,
        }
    }

    /// Whether the run has to stop.
    pub fn is_stopped(&self) -> bool {
        self.around.cancel.is_cancelled() || self.is_over()
    }

    fn is_over(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// When a host that begins now has to be through.
    pub fn host_deadline(&self) -> Option<Instant> {
        let seconds = self.settings.host_timeout_seconds;
        (seconds > 0).then(|| Instant::now().checked_add(Duration::from_secs(seconds))).flatten()
    }

    /// What a host carries of the wanted categories, in the order wanted. A category without a top
    /// directory can not be compared with anything, so no host is blamed for it.
    pub fn carried<'a>(&'a self, host: &'a CrawlHost) -> Vec<&'a CarriedCategory> {
        let can_be_checked =
            |one: &&CarriedCategory| one.always_up2date || self.master.tree(one.category).is_some();
        let all = host.categories.iter().filter(can_be_checked);
        if self.wanted.is_empty() {
            return all.collect();
        }
        let all: Vec<_> = all.collect();
        self.wanted.iter().filter_map(|id| all.iter().find(|one| one.category == *id).copied()).collect()
    }

    /// The name of a category.
    pub fn category_name(&self, id: CategoryId) -> String {
        let found = self.categories.iter().find(|category| category.id == id);
        found.map_or_else(|| format!("category {id}"), |category| category.name.clone())
    }

    /// The beginning of randomness for one host category.
    pub fn seed_of(&self, host_category: i32) -> u64 {
        self.around.seed ^ u64::from(host_category.unsigned_abs()).wrapping_mul(0xD6E8_FEB8_6659_FD93)
    }
}

/// Waits for a point in time; for ever without one.
pub(crate) async fn until(deadline: Option<Instant>) {
    match deadline {
        // A timer takes a moment to see that it is late already.
        Some(deadline) if deadline <= Instant::now() => {}
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
