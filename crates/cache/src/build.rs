//! The build as a whole: one part of the cache after the other.

use chrono::{DateTime, Utc};
use snapshot::proto::{IntStringMap, MirrorList};
use store::export::Export;

use crate::compatibility::Compatibility;
use crate::directories::Directories;
use crate::progress::{Progress, Stage};
use crate::report::BuildReport;
use crate::resolve::Resolver;
use crate::{files, hosts, networks, repositories};

/// Builds the cache out of what was read, as of `now`, and tells what was left out.
///
/// `now` should be taken before reading. No row of any kind makes a build fail: a row that can not be used
/// is left out and named in the report. `names` is asked for the addresses of host names that active hosts
/// gave as networks; a name that has none is left out.
pub async fn build(
    reads: &Export,
    names: &dyn Resolver,
    now: DateTime<Utc>,
    mode: Compatibility,
    progress: &dyn Progress,
) -> (MirrorList, BuildReport) {
    let mut report = BuildReport::default();
    let mut cache = head(reads, now, mode, &mut report);
    cache.host_netblock_cache = networks::of_hosts(reads, names, mode, progress, &mut report).await;
    let directories = Directories::new(reads, &mut report);
    for (done, directory) in reads.directories.iter().enumerate() {
        if done % 1024 == 0 {
            progress.at(Stage::Directories, done, reads.directories.len());
        }
        cache.file_details_cache.extend(files::details(reads, directory, &mut report));
        cache.mirror_list_cache.extend(directories.entry(directory, &mut report));
    }
    progress.at(Stage::Directories, reads.directories.len(), reads.directories.len());
    count(reads, &cache, &mut report);
    (cache, report)
}

/// All parts that are neither per directory nor in need of the network.
fn head(reads: &Export, now: DateTime<Utc>, mode: Compatibility, report: &mut BuildReport) -> MirrorList {
    MirrorList {
        time: u64::try_from(now.timestamp()).unwrap_or(0),
        netblock_country_cache: networks::countries(reads, mode, report),
        hc_url_cache: reads
            .urls
            .iter()
            .map(|url| IntStringMap { key: url.id.into(), value: url.url.clone() })
            .collect(),
        disabled_repository_cache: repositories::disabled(reads, mode, report),
        country_continent_redirect_cache: repositories::continents(reads),
        repository_redirect_cache: repositories::redirects(reads),
        repo_arch_to_directory_name: repositories::directories(reads, report),
        host_asn_cache: hosts::asns(reads, mode),
        host_max_connection_cache: hosts::max_connections(reads),
        host_country_cache: hosts::countries(reads),
        host_bandwidth_cache: hosts::bandwidths(reads, report),
        host_country_allowed_cache: hosts::countries_allowed(reads, report),
        ..MirrorList::default()
    }
}

fn count(reads: &Export, cache: &MirrorList, report: &mut BuildReport) {
    let counts = &mut report.counts;
    counts.hosts = reads.hosts.len();
    counts.active_hosts = reads.hosts.iter().filter(|host| hosts::active(host)).count();
    counts.directories = cache.mirror_list_cache.len();
    counts.directories_with_files = cache.file_details_cache.len();
    counts.urls = cache.hc_url_cache.len();
    counts.repositories = cache.repo_arch_to_directory_name.len();
    counts.netblocks = cache.host_netblock_cache.len();
    counts.listings = cache.mirror_list_cache.iter().map(|entry| entry.by_host_id.len() as u64).sum();
}
