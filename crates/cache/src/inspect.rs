//! What is in a cache file, as data for people: `mirrormanager cache inspect`.

use std::collections::HashMap;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::Serialize;
use snapshot::proto::{self, MirrorList, ReadError};

/// One part of the cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// Its name in the format.
    pub name: &'static str,
    /// How many elements it has.
    pub elements: usize,
}

/// A set of hosts that several directories share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MirrorSet {
    /// How many directories have exactly these hosts.
    pub directories: usize,
    /// How many hosts.
    pub hosts: usize,
    /// The first of those directories.
    pub example: String,
}

/// What is in a cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Size of the file.
    pub bytes: u64,
    /// When it was built; `None` when the number is no date.
    pub built: Option<DateTime<Utc>>,
    /// Seconds since then; negative when it is from the future.
    pub age_seconds: Option<i64>,
    /// The parts in the order of their numbers.
    pub parts: Vec<Part>,
    /// Hosts that are listed anywhere.
    pub hosts: usize,
    /// Directories that no host is listed for.
    pub directories_without_hosts: usize,
    /// How many different sets of hosts there are.
    pub mirror_sets: usize,
    /// The most frequent ones, first the one that most directories share.
    pub top_mirror_sets: Vec<MirrorSet>,
}

/// Reads a cache file and sums it up.
///
/// # Errors
/// When the file can not be read or is no cache.
pub fn inspect(path: &Path, now: DateTime<Utc>, top: usize) -> Result<Summary, ReadError> {
    let bytes = proto::read_bytes(path)?;
    let cache =
        proto::decode(&bytes).map_err(|source| ReadError::Decode { path: path.to_path_buf(), source })?;
    Ok(summarise(&cache, bytes.len() as u64, now, top))
}

/// Sums up a cache that takes `bytes` bytes, with the `top` most frequent sets of hosts.
pub fn summarise(cache: &MirrorList, bytes: u64, now: DateTime<Utc>, top: usize) -> Summary {
    let built = i64::try_from(cache.time).ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    let mut sets: HashMap<Vec<i64>, MirrorSet> = HashMap::new();
    let mut listed = std::collections::HashSet::new();
    let mut without = 0;
    for entry in &cache.mirror_list_cache {
        let mut hosts: Vec<i64> = entry.by_host_id.iter().map(|host| host.key).collect();
        hosts.sort_unstable();
        hosts.dedup();
        listed.extend(hosts.iter().copied());
        if hosts.is_empty() {
            without += 1;
        }
        let count = hosts.len();
        sets.entry(hosts)
            .or_insert_with(|| MirrorSet { directories: 0, hosts: count, example: entry.directory.clone() })
            .directories += 1;
    }
    let mirror_sets = sets.len();
    let mut top_mirror_sets: Vec<MirrorSet> = sets.into_values().collect();
    top_mirror_sets.sort_by(|a, b| b.directories.cmp(&a.directories).then_with(|| a.example.cmp(&b.example)));
    top_mirror_sets.truncate(top);
    Summary {
        bytes,
        built,
        age_seconds: built.map(|built| (now - built).num_seconds()),
        parts: parts(cache),
        hosts: listed.len(),
        directories_without_hosts: without,
        mirror_sets,
        top_mirror_sets,
    }
}

fn parts(cache: &MirrorList) -> Vec<Part> {
    [
        ("NetblockCountryCache", cache.netblock_country_cache.len()),
        ("LocationCache", cache.location_cache.len()),
        ("HCUrlCache", cache.hc_url_cache.len()),
        ("FileDetailsCache", cache.file_details_cache.len()),
        ("DisabledRepositoryCache", cache.disabled_repository_cache.len()),
        ("CountryContinentRedirectCache", cache.country_continent_redirect_cache.len()),
        ("RepositoryRedirectCache", cache.repository_redirect_cache.len()),
        ("RepoArchToDirectoryName", cache.repo_arch_to_directory_name.len()),
        ("HostAsnCache", cache.host_asn_cache.len()),
        ("HostMaxConnectionCache", cache.host_max_connection_cache.len()),
        ("HostCountryCache", cache.host_country_cache.len()),
        ("HostBandwidthCache", cache.host_bandwidth_cache.len()),
        ("HostCountryAllowedCache", cache.host_country_allowed_cache.len()),
        ("HostNetblockCache", cache.host_netblock_cache.len()),
        ("MirrorListCache", cache.mirror_list_cache.len()),
    ]
    .into_iter()
    .map(|(name, elements)| Part { name, elements })
    .collect()
}
