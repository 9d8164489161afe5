//! Which hosts carry a category: what all directories of it ask about them.

use std::collections::HashMap;

use store::export::{DirectorySet, Export};

use crate::hosts;
use crate::report::BuildReport;

/// An active host that carries a category.
#[derive(Debug)]
pub(crate) struct Carrier<'a> {
    pub(crate) host: i64,
    pub(crate) country: Option<String>,
    pub(crate) private: bool,
    pub(crate) internet2: bool,
    pub(crate) internet2_clients: bool,
    /// Ids of its public base URLs, in order.
    pub(crate) urls: Vec<i64>,
    /// It counts as holding every directory.
    pub(crate) always: bool,
    pub(crate) holds: Option<&'a DirectorySet>,
}

/// By category id, in the order of the host categories' ids. Inactive hosts are not among them. Notes host
/// categories without a host of a site, and host category directories without a directory.
pub(crate) fn by_category<'a>(reads: &'a Export, report: &mut BuildReport) -> HashMap<i32, Vec<Carrier<'a>>> {
    let mut urls: HashMap<i32, Vec<i64>> = HashMap::new();
    for url in &reads.head.urls {
        urls.entry(url.host_category_id).or_default().push(url.id.into());
    }
    let mut out: HashMap<i32, Vec<Carrier<'a>>> = HashMap::new();
    for row in &reads.head.host_categories {
        let (Some(host), Some(category)) = (row.host_id, row.category_id) else {
            report.skip("host_category", row.id, "no host or no category; left out, delete the row");
            continue;
        };
        if reads.head.categories.binary_search_by_key(&category, |known| known.id).is_err() {
            report.skip("host_category", row.id, format!("its category {category} does not exist; left out"));
            continue;
        }
        let Some(host) = reads.head.host(host) else {
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
        let carriers = out.entry(category).or_default();
        if carriers.iter().any(|carrier| carrier.host == i64::from(host.id)) {
            report.skip(
                "host_category",
                row.id,
                format!("host {} carries category {category} already; left out, delete one of them", host.id),
            );
            continue;
        }
        carriers.push(Carrier {
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
    for (host_category, rows) in reads.up_to_date.without_directory() {
        report.skip(
            "host_category_dir",
            format_args!("of host_category {host_category}"),
            format!("{rows} rows without a directory that exists; left out"),
        );
    }
    out
}
