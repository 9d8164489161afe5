//! Recording the present state of one file, without a scan (`spec/umdl.md` 17).

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path};

use model::checksums::{self, Checksums, Hashes, ListedFile};
use model::directory_name::{join, last_component, parent};
use model::file_name::FileName;
use model::ids::CategoryId;
use settings::Scan;
use settings::scan::SourceType;
use store::changes::{Change, Directories, Subject};
use store::master::{DirectoryRow, Master};
use store::{Store, StoreError};
use tokio::task::spawn_blocking;

use crate::compare::detail_row;
use crate::digest::digests_of;
use crate::index::{Detail, MAX_CHECKSUM_BYTES, MAX_INDEX_BYTES};
use crate::options::ScanOptions;
use crate::repomd;
use crate::rules::Rules;
use crate::run::{self, ScanError};
use crate::selection;
use crate::source::TreeSource as _;
use crate::source::disk::{Directory as _, Disk as _, OsDisk};
use crate::source::local::LocalTree;

/// Which file, and how to look at it.
#[derive(Debug, Clone)]
pub struct FileUpdate<'a> {
    /// Its absolute path.
    pub file: &'a Path,
    /// Only in these categories; empty: all.
    pub only: Vec<String>,
    /// Not in these.
    pub except: Vec<String>,
    /// Whether a file that is no index is read itself, instead of the checksum files that tell of it.
    pub hash: bool,
}

/// What came of it in one category whose tree has the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileUpdated {
    /// The category.
    pub category: String,
    /// What came of it.
    pub outcome: FileOutcome,
}

/// What came of a file in a category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileOutcome {
    /// Its state was recorded.
    Recorded,
    /// Its state was known.
    Known,
    /// The category can not be used; why.
    Skipped(String),
    /// No directory of the database has it; the directory's full name.
    NoDirectory(String),
    /// It is no index, and no checksum file tells of it.
    NoChecksum,
    /// It can not be read; why.
    Unreadable(String),
}

/// Records the state of a file in every selected category whose tree has it.
///
/// # Errors
/// What makes the whole impossible; what concerns one category is in the answer.
pub async fn update(
    store: &Store,
    settings: &Scan,
    update: &FileUpdate<'_>,
) -> Result<Vec<FileUpdated>, ScanError> {
    let rules = Rules::new(settings)?;
    let master = Master::new(store);
    let categories = master.categories().await?;
    let options =
        ScanOptions { only: update.only.clone(), except: update.except.clone(), ..ScanOptions::default() };
    let mut out = Vec::new();
    for entry in selection::select(settings, &options, &categories)? {
        if entry.source_type() != Some(SourceType::Directory) {
            // There are no files of it on this machine.
            continue;
        }
        let row = categories.iter().find(|row| row.name == entry.category);
        let mut said = |outcome| out.push(FileUpdated { category: entry.category.clone(), outcome });
        let (row, topdir) = match usable(&entry.category, row) {
            Ok(usable) => usable,
            Err(why) => {
                said(FileOutcome::Skipped(why));
                continue;
            }
        };
        let root =
            match entry.path.clone().map_or_else(|| selection::below(&settings.content_root, topdir), Ok) {
                Ok(root) => root,
                Err(e) => {
                    said(FileOutcome::Skipped(e.to_string()));
                    continue;
                }
            };
        let Some(below) = below(&root, update.file) else { continue };
        let Some((directory, relative)) = recorded(&master, topdir, &below).await? else {
            said(FileOutcome::NoDirectory(join(topdir, parent(&below).unwrap_or_default())));
            continue;
        };
        let tree = LocalTree::new(OsDisk, root, topdir, rules.excludes(&entry.excludes)?, 1)
            .with_policy(rules.policy);
        let (name, hash) = (FileName::from(last_component(&below)), update.hash);
        let read = spawn_blocking(move || look(&tree, &relative, &name, hash)).await;
        said(match read {
            Err(defect) => FileOutcome::Unreadable(defect.to_string()),
            Ok(Err(e)) => FileOutcome::Unreadable(e.to_string()),
            Ok(Ok(None)) => FileOutcome::NoChecksum,
            Ok(Ok(Some(detail))) => record(&master, row, &directory, &detail).await?,
        });
    }
    Ok(out)
}

/// A category that can be used, as the scan tells it.
fn usable<'a>(
    name: &str,
    row: Option<&'a store::master::CategoryRow>,
) -> Result<(CategoryId, &'a str), String> {
    let row = row.ok_or_else(|| run::absent(name))?;
    if row.product.is_none() {
        return Err(run::without_product(name));
    }
    match &row.topdir {
        Some((_, topdir)) => Ok((row.id, topdir)),
        None => Err(run::without_topdir(name)),
    }
}

/// The name of a file below a root, component by component.
fn below(root: &Path, file: &Path) -> Option<String> {
    let below = file.strip_prefix(root).ok()?;
    let plain = below.components().all(|part| matches!(part, Component::Normal(_)));
    below.to_str().filter(|below| plain && !below.is_empty()).map(str::to_owned)
}

/// The row of a file's directory, and the directory's name below the topdir. A row with the relative name alone
/// is taken, too: that is what upstream looks for.
async fn recorded(
    master: &Master,
    topdir: &str,
    file: &str,
) -> Result<Option<(DirectoryRow, String)>, StoreError> {
    let relative = parent(file).unwrap_or_default();
    let full = join(topdir, relative);
    let rows = master.directories_named(&[&full, relative]).await?;
    let row = rows.iter().find(|row| row.name == full).or(rows.first());
    Ok(row.map(|row| (row.clone(), relative.to_owned())))
}

/// Looks at the file; `None` when it is no index and nobody tells of it.
fn look(
    tree: &LocalTree<OsDisk>,
    directory: &str,
    name: &FileName,
    hash: bool,
) -> io::Result<Option<Detail>> {
    let detail = |timestamp: i64, size: u64, digests: Hashes| Detail {
        directory: directory.to_owned(),
        filename: name.to_string(),
        timestamp,
        size,
        digests,
    };
    let is_repomd = name.as_bytes() == b"repomd.xml";
    if is_repomd || name.as_bytes() == b"summary" {
        let content = tree.read(directory, name, MAX_INDEX_BYTES)?;
        let timestamp = match is_repomd {
            true => repomd::newest_timestamp(&content.bytes).map_err(io::Error::other)?,
            false => content.mtime,
        };
        let digests = crate::digest::digests(&content.bytes);
        return Ok(Some(detail(timestamp, content.bytes.len() as u64, digests)));
    }
    if hash {
        let file = tree.path(directory, name);
        if !file.metadata()?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        let file = File::open(file)?;
        let before = file.metadata()?;
        let (length, digests) = digests_of(&file)?;
        let after = file.metadata()?;
        if (before.mtime(), before.mtime_nsec(), length) != (after.mtime(), after.mtime_nsec(), after.len()) {
            return Err(io::Error::other("it changes while it is being read"));
        }
        let entry = tree.entry(directory, name)?.ok_or(io::ErrorKind::NotFound)?;
        return Ok(Some(detail(entry.timestamp, length, digests)));
    }
    let entry = tree.entry(directory, name)?.ok_or(io::ErrorKind::NotFound)?;
    let told = told(tree, directory, name)?;
    Ok(told.map(|digests| detail(entry.timestamp, entry.size, digests)))
}

/// What the checksum files of a directory, or of the nearest one above that has such, say of a file.
fn told(tree: &LocalTree<OsDisk>, directory: &str, name: &FileName) -> io::Result<Option<Hashes>> {
    let mut at = directory;
    loop {
        let place = directory.strip_prefix(at).unwrap_or(directory).trim_start_matches('/');
        let listed = ListedFile { directory: place.into(), name: name.clone() };
        let mut files = Vec::new();
        OsDisk.open(&tree.path(at, &FileName::from("")))?.entries(&mut |entry| {
            files.extend(checksums::kind(entry.name).map(|kind| (kind, FileName::from(entry.name))));
        })?;
        files.sort();
        let mut said = Checksums::default();
        for (kind, file) in files {
            said.read(kind, &tree.read(at, &file, MAX_CHECKSUM_BYTES)?.bytes);
        }
        if let Some(hashes) = said.files.remove(&listed) {
            return Ok(Some(hashes));
        }
        match parent(at) {
            Some(above) => at = above,
            None => return Ok(None),
        }
    }
}

async fn record(
    master: &Master,
    category: CategoryId,
    directory: &DirectoryRow,
    detail: &Detail,
) -> Result<FileOutcome, StoreError> {
    let row = detail_row(detail, directory.id);
    if master.details(&[directory.id]).await?.contains(&row) {
        return Ok(FileOutcome::Known);
    }
    let mut tx = master.begin().await?;
    tx.add_details(&[row]).await?;
    tx.changed(Change {
        subject: Subject::Category,
        id: category.0,
        directories: Directories::These(vec![directory.id.0]),
    });
    tx.commit().await?;
    Ok(FileOutcome::Recorded)
}
