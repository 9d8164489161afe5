//! The tree beside what is recorded: what has to be written. Pure; nothing is read or written here.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use model::directory_name::{join, parent};
use model::excludes::Excludes;
use model::files::{self, Files};
use model::ids::DirectoryId;
use model::policy::Policy;
use model::short_list::short_filelist;
use store::master::{DetailRow, DirectoryRow, NewDirectory, UpdatedDirectory};

use crate::index::{Detail, Indexes};
use crate::report::Counts;
use crate::source::{Found, Inside, Listing};

/// A directory's time so near to the scan may not be its last one of that second.
pub(crate) const RETRY_YOUNG: &str = "young";
/// A file of the directory could not be looked at.
const RETRY_FILES: &str = "files";

/// Recorded directories by name, of which there is one copy only.
pub(crate) type Directories = HashMap<Arc<str>, RecordedDirectory>;

/// A recorded directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RecordedDirectory {
    pub(crate) id: DirectoryId,
    pub(crate) readable: bool,
    pub(crate) ctime: Option<i64>,
    /// Why it must be read again although its time has not changed.
    pub(crate) retry: Option<Box<str>>,
}

impl From<DirectoryRow> for RecordedDirectory {
    fn from(row: DirectoryRow) -> Self {
        Self { id: row.id, readable: row.readable, ctime: row.ctime, retry: row.retry.map(Into::into) }
    }
}

/// What the database knows of the directories in the tree.
#[derive(Debug, Default)]
pub(crate) struct Recorded {
    /// The category's, by relative name.
    pub(crate) known: Directories,
    /// Rows of other categories (or of none) with the names of directories in the tree, by relative name.
    pub(crate) elsewhere: Directories,
    /// The stored file lists of the changed ones.
    pub(crate) files: HashMap<DirectoryId, Option<Vec<u8>>>,
    /// The file details of the directories for which there are new ones.
    pub(crate) details: HashSet<DetailRow>,
}

impl Recorded {
    /// The row of a directory in the tree.
    pub(crate) fn row(&self, name: &str) -> Option<&RecordedDirectory> {
        self.known.get(name).or_else(|| self.elsewhere.get(name))
    }
}

/// What is constant during the comparison.
pub(crate) struct Context<'a> {
    pub(crate) topdir: &'a str,
    pub(crate) policy: Policy,
    /// Whether retry markers can be stored.
    pub(crate) has_memory: bool,
    /// When the walk began, seconds.
    pub(crate) started: i64,
}

/// What has to be written about directories and files.
#[derive(Debug, Default)]
pub(crate) struct Differences {
    pub(crate) new: Vec<NewDirectory>,
    /// Rows that become members of the category.
    pub(crate) link: Vec<DirectoryId>,
    pub(crate) updates: Vec<UpdatedDirectory>,
    /// New details, of directories by relative name.
    pub(crate) details: Vec<Detail>,
    /// Directories to be read again, by relative name.
    pub(crate) retry: Vec<(String, &'static str)>,
    pub(crate) retry_done: Vec<DirectoryId>,
    /// Full names, for the report.
    pub(crate) changed: Vec<String>,
}

/// Compares directories and file details.
pub(crate) fn compare(
    listing: &Listing,
    recorded: &Recorded,
    indexes: Indexes,
    context: &Context<'_>,
    counts: &mut Counts,
) -> Differences {
    let mut out = Differences::default();
    for found in &listing.directories {
        let marker = marker(found, &indexes, context);
        // Without a place for markers the old time is kept, so that the directory still looks changed.
        let hold = marker.is_some_and(|m| m != RETRY_YOUNG) && !context.has_memory;
        let Some(row) = recorded.row(&found.name) else {
            counts.new += 1;
            let files = listed(found).map(|files| short_filelist(files.clone(), context.policy));
            out.new.push(NewDirectory {
                name: join(context.topdir, &found.name),
                readable: found.readable.unwrap_or(true),
                ctime: if hold || found.inside == Inside::Unlisted { 0 } else { found.ctime },
                files: files.filter(|files| !files.is_empty()).map(|files| encode(&files, context.policy)),
            });
            out.retry.extend(marker.map(|marker| (found.name.clone(), marker)));
            continue;
        };
        let linked = recorded.known.contains_key(found.name.as_str());
        if !linked {
            counts.new += 1;
            out.link.push(row.id);
        }
        let update = update(found, row, recorded, hold, context.policy);
        match (&update, linked) {
            (Some(_), true) => counts.changed += 1,
            (None, true) => counts.unchanged += 1,
            (_, false) => {}
        }
        if let Some(update) = update {
            if linked {
                out.changed.push(join(context.topdir, &found.name));
            }
            if update.readable != row.readable {
                let (directory, readable) = (&found.name, update.readable);
                tracing::info!(directory, readable, "readability has changed");
            }
            out.updates.push(update);
        }
        match (row.retry.as_deref(), marker) {
            (Some(old), Some(new)) if old == new => {}
            (_, Some(new)) => out.retry.push((found.name.clone(), new)),
            (Some(_), None) if found.inside != Inside::Unlisted => out.retry_done.push(row.id),
            (_, None) => {}
        }
    }
    out.details = indexes.details;
    // Two checksum files, one above the other, may say the same of one file.
    let mut said: HashSet<(String, DetailRow)> = HashSet::new();
    out.details.retain(|d| said.insert((d.directory.clone(), detail_row(d, DirectoryId(0)))));
    out.details.retain(|detail| {
        let row = recorded.row(&detail.directory);
        row.is_none_or(|row| !recorded.details.contains(&detail_row(detail, row.id)))
    });
    out
}

/// Why this directory has to be read again by the next scan.
fn marker(found: &Found, indexes: &Indexes, context: &Context<'_>) -> Option<&'static str> {
    let read = indexes.retry.get(&found.name).copied();
    match &found.inside {
        Inside::Partly(_) => read.or(Some(RETRY_FILES)),
        // Another change within the same second would not be seen otherwise.
        Inside::Files(_) if found.ctime >= context.started - 1 && context.has_memory => {
            read.or(Some(RETRY_YOUNG))
        }
        _ => read,
    }
}

fn listed(found: &Found) -> Option<&Files> {
    match &found.inside {
        Inside::Files(files) | Inside::Partly(files) => Some(files),
        Inside::Unchanged(_) | Inside::Unlisted => None,
    }
}

fn update(
    found: &Found,
    row: &RecordedDirectory,
    recorded: &Recorded,
    hold: bool,
    policy: Policy,
) -> Option<UpdatedDirectory> {
    let readable = found.readable.unwrap_or(row.readable);
    let seen = found.inside != Inside::Unlisted && !hold;
    let ctime = (seen && row.ctime != Some(found.ctime)).then_some(found.ctime);
    let files = listed(found).and_then(|files| {
        let short = short_filelist(files.clone(), policy);
        let stored = recorded.files.get(&row.id).and_then(|stored| stored.as_deref());
        rewritten(&short, stored).then(|| encode(&short, policy))
    });
    if readable == row.readable && ctime.is_none() && files.is_none() {
        return None;
    }
    Some(UpdatedDirectory { id: row.id, readable, ctime, files })
}

/// Whether a stored list must be written anew: its values differ, or it is no JSON (decision 2).
fn rewritten(files: &Files, stored: Option<&[u8]>) -> bool {
    let Some(stored) = stored else { return !files.is_empty() };
    let json = stored.iter().find(|byte| !byte.is_ascii_whitespace()).is_none_or(|first| *first == b'[');
    !json || files::decode(stored).as_ref() != Ok(files)
}

fn encode(list: &Files, policy: Policy) -> Vec<u8> {
    match policy {
        Policy::Umdl => files::encode(list),
        Policy::Spm => files::encode_compact(list),
    }
}

/// The row of a detail.
pub(crate) fn detail_row(detail: &Detail, directory: DirectoryId) -> DetailRow {
    DetailRow {
        directory,
        filename: detail.filename.clone(),
        timestamp: Some(detail.timestamp),
        size: i64::try_from(detail.size).ok(),
        md5: detail.digests.md5.clone(),
        sha1: detail.digests.sha1.clone(),
        sha256: detail.digests.sha256.clone(),
        sha512: detail.digests.sha512.clone(),
    }
}

/// The category's directories that are gone from the tree, deepest first: (id, relative name).
///
/// Left alone: everything that an exclude pattern covers, everything below a directory that could not be
/// listed, and everything if the listing is not complete.
pub(crate) fn gone(
    listing: &Listing,
    recorded: &Recorded,
    excludes: &Excludes,
    topdir: &str,
) -> Vec<(DirectoryId, String)> {
    if !listing.complete {
        return Vec::new();
    }
    let there: HashSet<&str> = listing.directories.iter().map(|d| d.name.as_str()).collect();
    let unlisted: HashSet<&str> = listing
        .directories
        .iter()
        .filter(|d| d.inside == Inside::Unlisted)
        .map(|d| d.name.as_str())
        .collect();
    let kept = |name: &str| {
        let mut at = Some(name);
        while let Some(name) = at {
            if unlisted.contains(name) || excludes.is_excluded(&join(topdir, name)) {
                return true;
            }
            at = parent(name);
        }
        false
    };
    let mut gone: Vec<(DirectoryId, String)> = recorded
        .known
        .iter()
        .filter(|(name, _)| !there.contains(&***name) && !kept(name))
        .map(|(name, row)| (row.id, name.to_string()))
        .collect();
    gone.sort_by(|a, b| b.1.cmp(&a.1));
    gone
}
