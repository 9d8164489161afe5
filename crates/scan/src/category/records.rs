//! What the database knows of the directories of a tree.

use std::sync::Arc;

use model::directory_name::{join, relative};
use model::ids::DirectoryId;
use store::master::{DirectoryRow, Master};

use super::{Failure, Job};
use crate::compare::Recorded;
use crate::rewritten;
use crate::source::{Inside, Listing};

/// The category's directories.
pub(super) async fn read_directories(
    master: &Master,
    job: &Job,
    recorded: &mut Recorded,
) -> Result<(), Failure> {
    let known = &mut recorded.known;
    let record = |row: DirectoryRow| {
        if let Some(name) = relative(&job.topdir, &row.name) {
            known.insert(Arc::from(name), row.into());
        }
    };
    Ok(master.directories(job.category, record).await?)
}

/// Rows of other categories that the tree has, too.
pub(super) async fn read_elsewhere(
    master: &Master,
    job: &Job,
    listing: &Listing,
    recorded: &mut Recorded,
) -> Result<(), Failure> {
    let names: Vec<String> = listing
        .directories
        .iter()
        .filter(|d| !recorded.known.contains_key(d.name.as_str()))
        .map(|d| join(&job.topdir, &d.name))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for row in master.directories_named(&names).await? {
        if let Some(name) = relative(&job.topdir, &row.name) {
            recorded.elsewhere.insert(Arc::from(name), row.into());
        }
    }
    debug_assert!(
        recorded.row("").is_none_or(|row| row.id == job.topdir_id),
        "the root's row is the category's top directory"
    );
    Ok(())
}

/// The stored lists of the directories whose files were read.
pub(super) async fn read_files(
    master: &Master,
    listing: &Listing,
    recorded: &mut Recorded,
) -> Result<(), Failure> {
    let read =
        listing.directories.iter().filter(|d| matches!(d.inside, Inside::Files(_) | Inside::Partly(_)));
    let read = read.filter_map(|d| recorded.row(&d.name)).chain(rewritten::rows(listing, recorded));
    let ids: Vec<DirectoryId> = read.map(|row| row.id).collect();
    recorded.files = master.files(&ids).await?.into_iter().collect();
    Ok(())
}
