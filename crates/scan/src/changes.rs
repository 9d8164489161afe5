//! What a scan changes, or in a dry run would change, by name.

use std::collections::{HashMap, HashSet};

use model::directory_name::join;
use model::ids::{ArchId, CategoryId, DirectoryId, VersionId};
use serde::Serialize;
use settings::scan::OrphanRepositories;
use store::StoreError;
use store::master::Master;

use crate::category::Job;
use crate::compare::Recorded;
use crate::write::Plan;

/// The changes of a category.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ChangeSet {
    /// Directories by full name; gone: deleted or taken out of the category.
    pub directories: Changes<String>,
    /// Repositories; changed: given a directory again, or left without one.
    pub repositories: Changes<ChangedRepository>,
    /// Versions by name.
    pub versions: Changes<String>,
    /// File details; changed: a new state of a file that had one already. What goes with a deleted directory is
    /// only looked up in a dry run.
    pub details: Changes<ChangedDetail>,
    /// The rows of the new repositories; none in a dry run.
    #[serde(skip)]
    pub created: Vec<CreatedRepository>,
}

/// Things of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Changes<T> {
    /// That are new.
    pub added: Vec<T>,
    /// That were there and are different.
    pub changed: Vec<T>,
    /// That are gone.
    pub gone: Vec<T>,
}

impl<T> Default for Changes<T> {
    fn default() -> Self {
        Self { added: Vec::new(), changed: Vec::new(), gone: Vec::new() }
    }
}

/// A repository.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ChangedRepository {
    /// Its directory, full name.
    pub directory: String,
    /// What clients ask for.
    pub prefix: Option<String>,
    /// Its version, where it is new.
    pub version: Option<String>,
    /// Its architecture.
    pub arch: String,
}

/// One state of one file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ChangedDetail {
    /// Its directory, full name.
    pub directory: String,
    /// Its base name.
    pub filename: String,
    /// Seconds since 1970.
    pub timestamp: Option<i64>,
}

/// A row of `repository` that was added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedRepository {
    /// Full name of its directory.
    pub name: String,
    /// What clients ask for.
    pub prefix: Option<String>,
    /// Its version.
    pub version: VersionId,
    /// Its architecture.
    pub arch: ArchId,
    /// Its category.
    pub category: CategoryId,
    /// Its directory.
    pub directory: DirectoryId,
}

/// The changes that a plan stands for.
pub(crate) fn of_plan(plan: &Plan, job: &Job, recorded: &Recorded) -> ChangeSet {
    let full = |name: &str| join(&job.topdir, name);
    let differences = &plan.differences;
    let mut out = ChangeSet::default();
    let linked = differences.link.iter().collect::<HashSet<_>>();
    let joined = recorded.elsewhere.iter().filter(|(_, row)| linked.contains(&row.id));
    out.directories.added = differences.new.iter().map(|d| d.name.clone()).collect();
    out.directories.added.extend(joined.map(|(name, _)| full(name)));
    out.directories.changed.clone_from(&differences.changed);
    out.directories.gone = plan.delete.iter().chain(&plan.unlink).map(|(_, name)| full(name)).collect();

    let planned = &plan.repositories;
    out.repositories.added.extend(planned.new.iter().map(|r| ChangedRepository {
        directory: full(&r.directory),
        prefix: r.prefix.clone(),
        version: Some(r.version.clone()),
        arch: r.arch_name.clone(),
    }));
    out.repositories.changed.extend(planned.attach.iter().map(|r| ChangedRepository {
        directory: full(&r.directory),
        prefix: r.prefix.clone(),
        version: None,
        arch: r.arch_name.clone(),
    }));
    let orphans = match plan.orphans {
        OrphanRepositories::Keep => &mut out.repositories.changed,
        OrphanRepositories::Delete => &mut out.repositories.gone,
    };
    orphans.extend(planned.orphaned.iter().cloned());
    out.versions.added = planned.versions.iter().map(|v| v.name.clone()).collect();

    let had: HashSet<(DirectoryId, &str)> =
        recorded.details.iter().map(|d| (d.directory, d.filename.as_str())).collect();
    for detail in &differences.details {
        let row = recorded.row(&detail.directory);
        let known = row.is_some_and(|row| had.contains(&(row.id, detail.filename.as_str())));
        let list = if known { &mut out.details.changed } else { &mut out.details.added };
        list.push(ChangedDetail {
            directory: full(&detail.directory),
            filename: detail.filename.clone(),
            timestamp: Some(detail.timestamp),
        });
    }
    out.sort();
    out
}

/// The file details that go with deleted directories.
pub(crate) async fn gone_details(
    master: &Master,
    job: &Job,
    deleted: &[(DirectoryId, String)],
) -> Result<Vec<ChangedDetail>, StoreError> {
    let ids: Vec<DirectoryId> = deleted.iter().map(|(id, _)| *id).collect();
    let names: HashMap<DirectoryId, &str> = deleted.iter().map(|(id, name)| (*id, name.as_str())).collect();
    let mut out: Vec<ChangedDetail> = master
        .details(&ids)
        .await?
        .into_iter()
        .filter_map(|row| {
            let relative = names.get(&row.directory)?;
            let directory = join(&job.topdir, relative);
            Some(ChangedDetail { directory, filename: row.filename, timestamp: row.timestamp })
        })
        .collect();
    out.sort();
    Ok(out)
}

impl ChangeSet {
    fn sort(&mut self) {
        self.directories.sort();
        self.repositories.sort();
        self.versions.sort();
        self.details.sort();
    }
}

impl<T: Ord> Changes<T> {
    fn sort(&mut self) {
        self.added.sort();
        self.changed.sort();
        self.gone.sort();
    }
}
