//! The build as a whole: first everything that is not per directory, then directory by directory into a file.
//!
//! What is per directory makes up nearly all of a cache, so it is never collected.

use std::io::{self, Write};
use std::path::Path;

use chrono::{DateTime, Utc};
use snapshot::proto::{DecodeError, IntStringMap, MirrorList};
use snapshot::{Builder, Extras, Snapshot, WriteError};
use store::export::Export;

use crate::additions::Additions;
use crate::compatibility::Compatibility;
use crate::entries::Entries;
use crate::listing::Listing;
use crate::progress::{Progress, Steps};
use crate::proto_head::Halves;
use crate::report::BuildReport;
use crate::resolve::Resolver;
use crate::wire::Sink;
use crate::{details, extras, files, hosts, native, networks, repositories};

/// A cache that is ready to be written.
#[derive(Debug)]
pub struct Build<'a> {
    reads: &'a Export,
    /// Everything that is not per directory.
    head: MirrorList,
    extras: Extras,
    listing: Listing<'a>,
    report: BuildReport,
}

impl<'a> Build<'a> {
    /// Makes everything of the cache that is not per directory out of what was read, as of `now`, and finds out
    /// what has to be left out.
    ///
    /// `now` should be taken before reading. No row of any kind makes a build fail: a row that can not be used
    /// is left out and named in the report. `names` is asked for the addresses of host names that active hosts
    /// gave as networks; a name that has none is left out.
    pub async fn prepare(
        reads: &'a Export,
        names: &dyn Resolver,
        now: DateTime<Utc>,
        mode: Compatibility,
        progress: &dyn Progress,
    ) -> Self {
        let mut report = BuildReport::default();
        let mut head = head(reads, now, mode, &mut report);
        head.host_netblock_cache = networks::of_hosts(&reads.head, names, mode, progress, &mut report).await;
        let extras = extras::of(&reads.head, &mut report);
        let listing = Listing::new(reads, &mut report);
        let counts = &mut report.counts;
        counts.hosts = reads.head.hosts.len();
        counts.active_hosts = reads.head.hosts.iter().filter(|host| hosts::active(host)).count();
        counts.urls = head.hc_url_cache.len();
        counts.repositories = head.repo_arch_to_directory_name.len();
        counts.netblocks = head.host_netblock_cache.len();
        counts.directories = listing.len();
        counts.listings = listing.pairs();
        report.counts.directories_with_files = files::check(reads, &mut report);
        Self { reads, head, extras, listing, report }
    }

    /// What the cache holds and what was left out.
    pub fn report(&self) -> &BuildReport {
        &self.report
    }

    /// The same, when nothing is left to be written.
    pub fn into_report(self) -> BuildReport {
        self.report
    }

    /// What the interchange format has no field for.
    pub fn extras(&self) -> &Extras {
        &self.extras
    }

    /// Writes the interchange format into a file, which is replaced as a whole when all of it is written. Tells
    /// how many bytes there are.
    ///
    /// # Errors
    /// What the system said; the old file is then unchanged.
    pub fn write_proto(&self, path: &Path, progress: &dyn Progress) -> Result<u64, WriteError> {
        let mut bytes = 0;
        snapshot::write_with(path, |file| {
            bytes = self.encode_proto(file, progress)?;
            Ok(())
        })?;
        Ok(bytes)
    }

    /// Writes the interchange format: fields by number, elements in the order of the rows' ids. Equal content and
    /// equal time give equal bytes.
    ///
    /// # Errors
    /// What `out` said.
    pub fn encode_proto(&self, out: &mut dyn Write, progress: &dyn Progress) -> io::Result<u64> {
        let mut sink = Sink::new(out);
        let head = Halves::of(&self.head);
        sink.buffer.extend_from_slice(&head.before_files);
        let directories = &self.reads.directories;
        for (position, id) in directories.ids().iter().enumerate() {
            let name = directories.name(position).unwrap_or_default();
            details::put(name, files::served(self.reads, *id), &mut sink.buffer);
            sink.drain()?;
        }
        sink.buffer.extend_from_slice(&head.behind_files);
        let mut entries = Entries::new(&self.listing);
        let mut listed = self.listing.entries();
        let mut steps = Steps::new(progress, directories.len());
        while let Some(entry) = listed.next() {
            entries.put(&entry, &mut sink.buffer);
            sink.drain()?;
            steps.at(listed.position());
        }
        steps.finish();
        sink.finish()
    }

    /// Builds the native form, which holds the extras and the additions, too. Write it with [`Snapshot::write`]; equal content,
    /// time and serial give equal bytes.
    ///
    /// # Errors
    /// There is more of something than a snapshot has numbers for.
    pub fn snapshot(&self, additions: &Additions, progress: &dyn Progress) -> Result<Snapshot, DecodeError> {
        let mut builder = Builder::new(&self.head, &self.extras)?;
        if let Some(routing) = additions.routing() {
            builder.routing(routing.clone());
        }
        if let Some(bytes) = additions.countries() {
            // They were read before, so they can be read.
            let _ = builder.country_database(bytes.clone());
        }
        native::fill(&mut builder, self.reads, &self.listing, progress)?;
        builder.finish()
    }
}

/// All parts that are neither per directory nor in need of the network.
fn head(reads: &Export, now: DateTime<Utc>, mode: Compatibility, report: &mut BuildReport) -> MirrorList {
    let head = &reads.head;
    MirrorList {
        time: u64::try_from(now.timestamp()).unwrap_or(0),
        netblock_country_cache: networks::countries(head, mode, report),
        hc_url_cache: head
            .urls
            .iter()
            .map(|url| IntStringMap { key: url.id.into(), value: url.url.clone() })
            .collect(),
        disabled_repository_cache: repositories::disabled(head, mode, report),
        country_continent_redirect_cache: repositories::continents(head),
        repository_redirect_cache: repositories::redirects(head),
        repo_arch_to_directory_name: repositories::directories(reads, report),
        host_asn_cache: hosts::asns(head, mode, report),
        host_max_connection_cache: hosts::max_connections(head),
        host_country_cache: hosts::countries(head),
        host_bandwidth_cache: hosts::bandwidths(head, report),
        host_country_allowed_cache: hosts::countries_allowed(head, report),
        ..MirrorList::default()
    }
}
