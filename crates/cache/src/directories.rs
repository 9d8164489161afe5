//! The list of mirrors of one directory (spec mirrorlist B.3, `MirrorListCache`).

use std::collections::{HashMap, HashSet};

use snapshot::proto::{IntRepeatedIntMap, MirrorListCacheType, StringRepeatedIntMap};
use store::export::{Directory, DirectorySet, Export};

use crate::hosts::{self, Grouped};
use crate::place::Categories;
use crate::report::BuildReport;

/// An active host that carries a category, with all that the directories of that category ask about it.
#[derive(Debug)]
struct Carrier<'a> {
    host: i64,
    country: Option<String>,
    private: bool,
    internet2: bool,
    internet2_clients: bool,
    urls: Vec<i64>,
    always: bool,
    holds: Option<&'a DirectorySet>,
}

/// Makes the entries, one directory at a time.
#[derive(Debug)]
pub(crate) struct Directories<'a> {
    reads: &'a Export,
    categories: Categories<'a>,
    carriers: HashMap<i32, Vec<Carrier<'a>>>,
}

impl<'a> Directories<'a> {
    /// Notes as skipped what can not be listed: categories without a top directory, host categories
    /// without a host of a site, and host category directories without a directory.
    pub(crate) fn new(reads: &'a Export, report: &mut BuildReport) -> Self {
        let categories = Categories::new(reads, report);
        let carriers = carriers(reads, report);
        for (host_category, rows) in reads.up_to_date.without_directory() {
            report.skip(
                "host_category_dir",
                format_args!("of host_category {host_category}"),
                format!("{rows} rows without a directory that exists; left out"),
            );
        }
        Self { reads, categories, carriers }
    }

    /// The entry of one directory, also when no host is left; `None` when it belongs to no category or is
    /// not below its category's top directory.
    pub(crate) fn entry(
        &self,
        directory: &Directory,
        report: &mut BuildReport,
    ) -> Option<MirrorListCacheType> {
        let rows = self.reads.categories_of(directory.id);
        let ids = || rows.iter().map(|row| row.category_id);
        let Some(place) = self.categories.place(&directory.name, ids()) else {
            if self.categories.any_top(ids()) {
                report.skip(
                    "directory",
                    format_args!("{} ({})", directory.id, directory.name),
                    "not below the top directory of its category; not served, correct category_directory",
                );
            }
            return None;
        };
        let position = self.reads.directory_position(directory.id)?;
        let mut entry = MirrorListCacheType {
            directory: directory.name.clone(),
            subpath: Some(place.subpath.to_owned()),
            ..MirrorListCacheType::default()
        };
        let mut by_country = Grouped::default();
        let mut by_country_internet2 = Grouped::default();
        for carrier in self.carriers.get(&place.category).into_iter().flatten() {
            if !carrier.always && !carrier.holds.is_some_and(|set| set.contains(position)) {
                continue;
            }
            if !carrier.urls.is_empty() {
                entry.by_host_id.push(IntRepeatedIntMap { key: carrier.host, value: carrier.urls.clone() });
            }
            if carrier.private && !carrier.internet2_clients {
                continue;
            }
            let country = carrier.country.as_deref();
            if let Some(country) = country.filter(|_| carrier.internet2) {
                by_country_internet2.push(country, carrier.host);
            }
            if carrier.private {
                continue;
            }
            entry.global.push(carrier.host);
            if let Some(country) = country {
                by_country.push(country, carrier.host);
            }
        }
        entry.by_country = messages(by_country);
        entry.by_country_internet2 = messages(by_country_internet2);
        Some(entry)
    }
}

fn messages(groups: Grouped<&str, i64>) -> Vec<StringRepeatedIntMap> {
    groups
        .groups
        .into_iter()
        .map(|(key, value)| StringRepeatedIntMap { key: key.to_owned(), value })
        .collect()
}

/// By category, in the order of the host categories' ids. Inactive hosts are not among them.
fn carriers<'a>(reads: &'a Export, report: &mut BuildReport) -> HashMap<i32, Vec<Carrier<'a>>> {
    let mut urls: HashMap<i32, Vec<i64>> = HashMap::new();
    for url in &reads.urls {
        urls.entry(url.host_category_id).or_default().push(url.id.into());
    }
    let known: HashSet<i32> = reads.categories.iter().map(|category| category.id).collect();
    let mut out: HashMap<i32, Vec<Carrier<'a>>> = HashMap::new();
    for row in &reads.host_categories {
        let (Some(host), Some(category)) = (row.host_id, row.category_id) else {
            report.skip("host_category", row.id, "no host or no category; left out, delete the row");
            continue;
        };
        if !known.contains(&category) {
            report.skip("host_category", row.id, format!("its category {category} does not exist; left out"));
            continue;
        }
        let Some(host) = reads.host(host) else {
            report.skip(
                "host_category",
                row.id,
                format!("its host {host} belongs to no site; not served, give the host a site"),
            );
            continue;
        };
        if !hosts::active(host) {
            continue;
        }
        out.entry(category).or_default().push(Carrier {
            host: host.id.into(),
            country: hosts::country(host),
            private: hosts::activity(host).is_private(),
            internet2: host.internet2,
            internet2_clients: host.internet2_clients,
            urls: urls.remove(&row.id).unwrap_or_default(),
            always: row.always_up2date,
            holds: reads.up_to_date.of(row.id),
        });
    }
    out
}
