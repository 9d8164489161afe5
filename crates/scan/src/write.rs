//! Writing what the comparison found, in one transaction.

use std::collections::{HashMap, HashSet};

use model::directory_name::join;
use model::ids::{CategoryId, DirectoryId, RepositoryId, VersionId};
use settings::scan::OrphanRepositories;
use store::changes::{Change, Directories, Subject};
use store::master::{DetailRow, Master, MasterTx, NewRepository, Orphans, ScanState};
use store::{Result, StoreError};

use crate::category::Job;
use crate::changes::CreatedRepository;
use crate::compare::{Differences, Recorded, detail_row};
use crate::report::CategoryReport;
use crate::repositories::Repositories;

/// More directories than this are written to the change log as "all".
const MANY: usize = 20_000;

/// Everything that is to be written.
pub(crate) struct Plan {
    pub(crate) differences: Differences,
    pub(crate) repositories: Repositories,
    /// Directories to delete, with relative names.
    pub(crate) delete: Vec<(DirectoryId, String)>,
    /// Directories that only leave this category.
    pub(crate) unlink: Vec<(DirectoryId, String)>,
    pub(crate) state: Option<ScanState>,
    /// The product's versions, when there is a repository to look at.
    pub(crate) versions: Vec<(VersionId, String)>,
    pub(crate) orphans: OrphanRepositories,
}

impl Plan {
    /// Whether there is nothing to write.
    pub(crate) fn is_empty(&self, has_memory: bool) -> bool {
        let d = &self.differences;
        let r = &self.repositories;
        let rows = d.new.len() + d.link.len() + d.updates.len() + d.details.len();
        let repositories = r.versions.len() + r.new.len() + r.attach.len();
        let markers = d.retry.len() + d.retry_done.len() + usize::from(self.state.is_some());
        rows + repositories + self.delete.len() + self.unlink.len() == 0 && (markers == 0 || !has_memory)
    }

    /// Puts the figures into the report.
    pub(crate) fn describe(&self, report: &mut CategoryReport) {
        let counts = &mut report.counts;
        counts.deleted = self.delete.len() + self.unlink.len();
        counts.versions = self.repositories.versions.len();
        counts.repositories = self.repositories.new.len();
        counts.reattached = self.repositories.attach.len();
        counts.details = self.differences.details.len();
    }
}

/// Writes the plan; once more if another transaction was in its way.
pub(crate) async fn apply(
    master: &Master,
    job: &Job,
    plan: &Plan,
    recorded: &Recorded,
    report: &mut CategoryReport,
) -> Result<()> {
    match attempt(master, job, plan, recorded, report, Attempt::First).await {
        Err(e) if e.is_transient() => {
            tracing::warn!(category = job.name, error = %e, "writing failed, trying once more");
            attempt(master, job, plan, recorded, report, Attempt::Second).await
        }
        result => result,
    }
}

/// How often the plan has been written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attempt {
    First,
    /// Where the connection was lost, the first one may have been committed all the same.
    Second,
}

async fn attempt(
    master: &Master,
    job: &Job,
    plan: &Plan,
    recorded: &Recorded,
    report: &mut CategoryReport,
    number: Attempt,
) -> Result<()> {
    let mut tx = master.begin().await?;
    let differences = &plan.differences;
    let mut touched: HashSet<DirectoryId> = HashSet::new();

    let mut ids: HashMap<String, DirectoryId> = HashMap::with_capacity(differences.new.len());
    let mut link = differences.link.clone();
    if !differences.new.is_empty() {
        let added = tx.add_directories(&differences.new).await?;
        ids.extend(added.into_iter().map(|(id, name)| (name, id)));
        let missing: Vec<&str> =
            differences.new.iter().map(|d| d.name.as_str()).filter(|name| !ids.contains_key(*name)).collect();
        if !missing.is_empty() {
            // Somebody else has added them since they were looked up; the next scan compares their files.
            ids.extend(tx.directory_ids(&missing).await?.into_iter().map(|(id, name)| (name, id)));
        }
        link.extend(ids.values().copied());
    }
    link.sort_unstable();
    tx.link(job.category, &link).await?;
    touched.extend(&link);
    tx.update_directories(&differences.updates).await?;
    touched.extend(differences.updates.iter().map(|u| u.id));

    let id_of = |name: &str| -> Result<DirectoryId> {
        let known = recorded.row(name).map(|row| row.id);
        known.or_else(|| ids.get(&join(&job.topdir, name)).copied()).ok_or_else(|| StoreError::Missing {
            what: "directory",
            name: join(&job.topdir, name),
            hint: "; scan again".to_owned(),
        })
    };

    let repositories = &plan.repositories;
    // Before deleting: a repository that moves to another directory must not go with its old one.
    attach(&tx, job, repositories, &id_of).await?;
    if !plan.delete.is_empty() {
        let orphans = match plan.orphans {
            OrphanRepositories::Keep => Orphans::Keep,
            OrphanRepositories::Delete => Orphans::Delete,
        };
        let gone: Vec<DirectoryId> = plan.delete.iter().map(|(id, _)| *id).collect();
        tx.delete_directories(job.category, &gone, orphans).await?;
        touched.extend(&gone);
        for (_, name) in &plan.delete {
            tracing::info!("Deleting gone directory {}", join(&job.topdir, name));
        }
    }
    let unlink: Vec<DirectoryId> = plan.unlink.iter().map(|(id, _)| *id).collect();
    tx.unlink(job.category, &unlink).await?;
    touched.extend(&unlink);

    let rows = repository_rows(&tx, &plan.versions, job, repositories, &id_of).await?;
    let added = tx.add_repositories(job.category, &rows).await?;
    for directory in
        repositories.new.iter().map(|r| &r.directory).chain(repositories.attach.iter().map(|a| &a.directory))
    {
        touched.insert(id_of(directory)?);
    }

    let mut details: Vec<DetailRow> = differences
        .details
        .iter()
        .map(|detail| Ok(detail_row(detail, id_of(&detail.directory)?)))
        .collect::<Result<_>>()?;
    if number == Attempt::Second {
        // Everything else is the same when it is written twice.
        let directories: HashSet<DirectoryId> = details.iter().map(|detail| detail.directory).collect();
        let directories: Vec<DirectoryId> = directories.into_iter().collect();
        let there: HashSet<DetailRow> = master.details(&directories).await?.into_iter().collect();
        details.retain(|detail| !there.contains(detail));
    }
    tx.add_details(&details).await?;
    touched.extend(details.iter().map(|detail| detail.directory));

    let retry: Vec<(DirectoryId, &str)> =
        differences.retry.iter().map(|(name, reason)| Ok((id_of(name)?, *reason))).collect::<Result<_>>()?;
    tx.mark_retries(&retry, &differences.retry_done).await?;
    if let Some(state) = &plan.state {
        tx.save_state(job.category, state).await?;
    }
    if !repositories.versions.is_empty() {
        tx.changed(Change::all(Subject::Reference, 0));
    }
    if !touched.is_empty() {
        let mut touched: Vec<i32> = touched.into_iter().map(|id| id.0).collect();
        touched.sort_unstable();
        let directories = if touched.len() > MANY { Directories::All } else { Directories::These(touched) };
        tx.changed(Change { subject: Subject::Category, id: job.category.0, directories });
    }
    tx.commit().await?;
    report.counts.repositories = usize::try_from(added).unwrap_or(usize::MAX);
    report.changes.created = rows.into_iter().map(|row| created(row, job.category)).collect();
    Ok(())
}

/// Finds the id of a directory by its relative name.
type FindId<'a> = &'a (dyn Fn(&str) -> Result<DirectoryId> + Sync);

async fn attach(tx: &MasterTx, job: &Job, repositories: &Repositories, id_of: FindId<'_>) -> Result<()> {
    let rows: Vec<(RepositoryId, DirectoryId, String)> = repositories
        .attach
        .iter()
        .map(|a| Ok((a.repository, id_of(&a.directory)?, a.name.clone())))
        .collect::<Result<_>>()?;
    tx.attach_repositories(job.category, &rows).await
}

/// Adds versions, and gives the rows of the repositories that may need them.
async fn repository_rows(
    tx: &MasterTx,
    versions: &[(VersionId, String)],
    job: &Job,
    repositories: &Repositories,
    id_of: FindId<'_>,
) -> Result<Vec<NewRepository>> {
    let made = tx.add_versions(job.product, &repositories.versions).await?;
    let mut by_name: HashMap<&str, VersionId> = HashMap::new();
    for (id, name) in versions.iter().chain(&made) {
        by_name.entry(name).or_insert(*id);
    }
    let mut rows = Vec::with_capacity(repositories.new.len());
    for planned in &repositories.new {
        let Some(version) = by_name.get(planned.version.as_str()) else {
            return Err(StoreError::Missing {
                what: "version",
                name: planned.version.clone(),
                hint: "; scan again".to_owned(),
            });
        };
        rows.push(NewRepository {
            name: join(&job.topdir, &planned.directory),
            prefix: planned.prefix.clone(),
            version: *version,
            arch: planned.arch,
            directory: id_of(&planned.directory)?,
        });
    }
    Ok(rows)
}

fn created(row: NewRepository, category: CategoryId) -> CreatedRepository {
    let NewRepository { name, prefix, version, arch, directory } = row;
    CreatedRepository { name, prefix, version, arch, category, directory }
}
