//! What is to become of directories that are gone, and of repositories.

use std::collections::{HashMap, HashSet};

use model::ids::{DirectoryId, VersionId};
use store::master::Master;

use super::{Failure, Job};
use crate::compare::{self, Recorded};
use crate::guard;
use crate::options::Deletion;
use crate::report::{CategoryReport, Outcome};
use crate::repositories::{self, Known, Repositories};
use crate::source::Listing;

/// Directories with their relative names.
pub(super) type Named = Vec<(DirectoryId, String)>;

/// What is to be deleted, and what is only to be taken out of this category.
pub(super) async fn deletions(
    master: &Master,
    job: &Job,
    listing: &Listing,
    recorded: &Recorded,
    report: &mut CategoryReport,
) -> Result<(Named, Named), Failure> {
    let gone = compare::gone(listing, recorded, &job.excludes, &job.topdir);
    report.counts.gone = gone.len();
    let refused = match job.options.deletion {
        Deletion::Off => return Ok((Vec::new(), Vec::new())),
        Deletion::Guarded | Deletion::Forced if !job.only_root && !gone.is_empty() => {
            let why = "directories are not there, but may be in another of the category's configured sources";
            report.outcome = Outcome::DeletionRefused(format!("{} {why}", gone.len()));
            return Ok((Vec::new(), Vec::new()));
        }
        Deletion::Guarded => {
            let is_empty = listing.files == 0 && listing.kept == 0;
            guard::deletion(gone.len(), recorded.known.len(), is_empty, job.limit)
        }
        Deletion::Forced => None,
    };
    if let Some(why) = refused {
        report.outcome = Outcome::DeletionRefused(format!("{why}; if that is right, force it"));
        return Ok((Vec::new(), Vec::new()));
    }
    let ids: Vec<DirectoryId> = gone.iter().map(|(id, _)| *id).collect();
    let shared: HashSet<DirectoryId> = master.shared(job.category, &ids).await?.into_iter().collect();
    Ok(gone.into_iter().partition(|(id, _)| !shared.contains(id)))
}

/// What is to be done about repositories, and the versions of the product that are there.
pub(super) async fn repositories(
    master: &Master,
    job: &Job,
    listing: &Listing,
    recorded: &Recorded,
    deleted: &HashSet<DirectoryId>,
) -> Result<(Repositories, Vec<(VersionId, String)>), Failure> {
    if deleted.is_empty() && !listing.directories.iter().any(|d| d.is_repository || d.is_atomic) {
        return Ok((Repositories::default(), Vec::new()));
    }
    let rows = master.repositories().await?;
    let versions = master.versions(job.product).await?;
    let arches = master.arches().await?;
    let ids: HashMap<&str, DirectoryId> = listing
        .directories
        .iter()
        .filter_map(|d| Some((d.name.as_str(), recorded.row(&d.name)?.id)))
        .collect();
    let known = Known {
        category: &job.name,
        topdir: &job.topdir,
        repositories: &rows,
        versions: &versions,
        arches: &arches,
        ids: &ids,
        deleted,
    };
    Ok((repositories::plan(&listing.directories, &known, &job.rules), versions))
}
