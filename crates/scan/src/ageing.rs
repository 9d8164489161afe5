//! Forgetting old states of files.

use std::collections::BTreeMap;

use model::clock::Clock;
use model::ids::CategoryId;
use model::policy::Policy;
use store::StoreError;
use store::changes::{Change, Directories, Subject};
use store::master::{AgedDetail, Master};

use crate::changes::ChangedDetail;
use crate::options::Writing;
use crate::report::ScanReport;
use crate::rules::Rules;

/// Removes what is too old: of the whole database, whatever was scanned (`spec/umdl.md` 4 step 5, 13), or with
/// policy `spm` of the scanned categories (`spec/scan-primary-mirror.md` 9).
pub(crate) async fn age(
    master: &Master,
    rules: &Rules,
    scanned: &[CategoryId],
    writing: Writing,
    clock: &dyn Clock,
    report: &mut ScanReport,
) -> Result<(), StoreError> {
    let limits = rules.age_limits(clock.now().timestamp());
    let mut aged = Vec::new();
    match rules.policy {
        Policy::Umdl => aged = master.aged(limits.stale, limits.propagation, None).await?,
        // Each of its configurations has days of its own, for the category that it scans.
        Policy::Spm => {
            for category in scanned {
                aged.extend(master.aged(limits.stale, limits.propagation, Some(*category)).await?);
            }
            aged.sort();
            aged.dedup();
        }
    }
    report.details_aged = aged.len();
    if writing == Writing::DryRun {
        for (directory, filename, timestamp) in master.aged_names(&aged).await? {
            report.aged.push(ChangedDetail { directory, filename, timestamp });
        }
        return Ok(());
    }
    if aged.is_empty() {
        return Ok(());
    }
    let mut tx = master.begin().await?;
    tx.delete_details(&aged).await?;
    for (category, directories) in by_category(&aged) {
        tx.changed(Change {
            subject: Subject::Category,
            id: category.0,
            directories: Directories::These(directories),
        });
    }
    tx.commit().await
}

fn by_category(aged: &[AgedDetail]) -> BTreeMap<CategoryId, Vec<i32>> {
    let mut out: BTreeMap<CategoryId, Vec<i32>> = BTreeMap::new();
    for detail in aged {
        // Details of a directory without a category are served, too.
        let category = detail.category.unwrap_or(CategoryId(0));
        out.entry(category).or_default().push(detail.directory.0);
    }
    for directories in out.values_mut() {
        directories.sort_unstable();
        directories.dedup();
    }
    out
}
