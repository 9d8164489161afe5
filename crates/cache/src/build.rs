//! The build as a whole: one part of the cache after the other.
//!
//! What is per directory makes up nearly all of a cache, so those elements are made one at a time, either
//! collected ([`build`]) or written as they come ([`build_file`]). Both give the same bytes.

use std::io;
use std::path::Path;

use chrono::{DateTime, Utc};
use snapshot::proto::{
    self, FileDetailsCacheDirectoryType, IntStringMap, MirrorList, MirrorListCacheType, WriteError,
};
use store::export::Export;

use crate::compatibility::Compatibility;
use crate::directories::Directories;
use crate::progress::{Progress, Stage};
use crate::report::BuildReport;
use crate::resolve::Resolver;
use crate::wire::Fields;
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
    let mut build = Build::prepare(reads, names, now, mode, progress).await;
    let mut cache = std::mem::take(&mut build.head);
    while let Some(files) = build.next_files() {
        cache.file_details_cache.push(files);
    }
    while let Some(entry) = build.next_entry() {
        cache.mirror_list_cache.push(entry);
    }
    (cache, build.report)
}

/// Builds the cache as [`build`] does, but straight into a file, which is replaced as a whole when all of it is
/// written. Tells its size in bytes, too.
///
/// # Errors
/// What the system said; the old file is then unchanged.
pub async fn build_file(
    path: &Path,
    reads: &Export,
    names: &dyn Resolver,
    now: DateTime<Utc>,
    mode: Compatibility,
    progress: &dyn Progress,
) -> Result<(u64, BuildReport), WriteError> {
    let mut build = Build::prepare(reads, names, now, mode, progress).await;
    let mut bytes = 0;
    proto::write_with(path, |file| {
        bytes = build.write(file)?;
        Ok(())
    })?;
    Ok((bytes, build.report))
}

/// A build between its parts.
struct Build<'a> {
    reads: &'a Export,
    /// Everything that is not per directory.
    head: MirrorList,
    directories: Directories<'a>,
    progress: &'a dyn Progress,
    report: BuildReport,
    files_done: usize,
    entries_done: usize,
}

impl<'a> Build<'a> {
    async fn prepare(
        reads: &'a Export,
        names: &dyn Resolver,
        now: DateTime<Utc>,
        mode: Compatibility,
        progress: &'a dyn Progress,
    ) -> Self {
        let mut report = BuildReport::default();
        let mut head = head(reads, now, mode, &mut report);
        head.host_netblock_cache = networks::of_hosts(reads, names, mode, progress, &mut report).await;
        let directories = Directories::new(reads, &mut report);
        let counts = &mut report.counts;
        counts.hosts = reads.hosts.len();
        counts.active_hosts = reads.hosts.iter().filter(|host| hosts::active(host)).count();
        counts.urls = head.hc_url_cache.len();
        counts.repositories = head.repo_arch_to_directory_name.len();
        counts.netblocks = head.host_netblock_cache.len();
        Self { reads, head, directories, progress, report, files_done: 0, entries_done: 0 }
    }

    /// The next directory that has file details.
    fn next_files(&mut self) -> Option<FileDetailsCacheDirectoryType> {
        loop {
            let directory = self.reads.directories.get(self.files_done)?;
            self.files_done += 1;
            if let Some(files) = files::details(self.reads, directory, &mut self.report) {
                self.report.counts.directories_with_files += 1;
                return Some(files);
            }
        }
    }

    /// The next directory that has a list of mirrors.
    fn next_entry(&mut self) -> Option<MirrorListCacheType> {
        let total = self.reads.directories.len();
        loop {
            if self.entries_done.is_multiple_of(1024) || self.entries_done == total {
                self.progress.at(Stage::Directories, self.entries_done, total);
            }
            let directory = self.reads.directories.get(self.entries_done)?;
            self.entries_done += 1;
            if let Some(entry) = self.directories.entry(directory, &mut self.report) {
                self.report.counts.directories += 1;
                self.report.counts.listings += entry.by_host_id.len() as u64;
                return Some(entry);
            }
        }
    }

    /// Writes the fields in the order of their numbers, as the collected cache would be encoded.
    fn write(&mut self, file: &mut dyn io::Write) -> io::Result<u64> {
        let head = std::mem::take(&mut self.head);
        let before = MirrorList {
            time: head.time,
            netblock_country_cache: head.netblock_country_cache,
            location_cache: head.location_cache,
            hc_url_cache: head.hc_url_cache,
            ..MirrorList::default()
        };
        let after = MirrorList {
            disabled_repository_cache: head.disabled_repository_cache,
            country_continent_redirect_cache: head.country_continent_redirect_cache,
            repository_redirect_cache: head.repository_redirect_cache,
            repo_arch_to_directory_name: head.repo_arch_to_directory_name,
            host_asn_cache: head.host_asn_cache,
            host_max_connection_cache: head.host_max_connection_cache,
            host_country_cache: head.host_country_cache,
            host_bandwidth_cache: head.host_bandwidth_cache,
            host_country_allowed_cache: head.host_country_allowed_cache,
            host_netblock_cache: head.host_netblock_cache,
            ..MirrorList::default()
        };
        let mut fields = Fields::new(file);
        fields.begin(&before)?;
        while let Some(files) = self.next_files() {
            fields.file_details(&files)?;
        }
        fields.go_on(&after)?;
        while let Some(entry) = self.next_entry() {
            fields.mirror_list(&entry)?;
        }
        Ok(fields.written())
    }
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
        host_asn_cache: hosts::asns(reads, mode, report),
        host_max_connection_cache: hosts::max_connections(reads),
        host_country_cache: hosts::countries(reads),
        host_bandwidth_cache: hosts::bandwidths(reads, report),
        host_country_allowed_cache: hosts::countries_allowed(reads, report),
        ..MirrorList::default()
    }
}
