//! Reading the files that tell about other files: `repomd.xml`, `summary` and checksum files.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use model::checksums::{self, Algorithm, Checksums, Hashes};
use model::directory_name::{join, parent};
use model::file_name::FileName;
use model::files::{FileEntry, Files};

use crate::digest::digests;
use crate::problem::Problem;
use crate::progress::Progress;
use crate::repomd;
use crate::source::{Content, Found, Inside, Listing, TreeSource};

/// Longest `repomd.xml` or `summary`, bytes.
pub const MAX_INDEX_BYTES: u64 = 64 << 20;
/// Longest checksum file, bytes.
pub const MAX_CHECKSUM_BYTES: u64 = checksums::MAX_CHECKSUM_FILE_BYTES as u64;

/// One known state of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Detail {
    /// Relative name of its directory.
    pub(crate) directory: String,
    pub(crate) filename: String,
    pub(crate) timestamp: i64,
    pub(crate) size: u64,
    pub(crate) digests: Hashes,
}

/// What was read.
#[derive(Debug, Default)]
pub(crate) struct Indexes {
    pub(crate) details: Vec<Detail>,
    pub(crate) problems: Vec<Problem>,
    /// Directories that have to be read again, with the reason.
    pub(crate) retry: HashMap<String, &'static str>,
    pub(crate) bytes: u64,
}

/// Why a directory has to be read again.
pub(crate) const RETRY_INDEX: &str = "index";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Repomd,
    Summary,
    Checksums(Algorithm),
}

/// The files that are read for themselves.
const INDEXES: [(&str, Purpose); 2] = [("repomd.xml", Purpose::Repomd), ("summary", Purpose::Summary)];

/// Whether a file of this name is read.
pub(crate) fn is_index(name: &FileName) -> bool {
    INDEXES.iter().any(|(index, _)| name.as_bytes() == index.as_bytes())
        || checksums::kind(name.as_bytes()).is_some()
}

struct Task<'a> {
    directory: &'a Found,
    file: FileName,
    purpose: Purpose,
}

/// Reads the index and checksum files of the changed directories.
///
/// A checksum file may tell about files below its directory. So those of an unchanged directory are read,
/// too, when something below it has changed.
pub(crate) fn read(
    source: &dyn TreeSource,
    listing: &Listing,
    threads: usize,
    progress: &dyn Progress,
) -> Indexes {
    let tasks = tasks(listing);
    progress.reading(tasks.len());
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<(usize, u64, Told)>> = Mutex::new(Vec::with_capacity(tasks.len()));
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, tasks.len().max(1)) {
            scope.spawn(|| {
                while let Some((number, task)) = {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    tasks.get(number).map(|task| (number, task))
                } {
                    let limit = match task.purpose {
                        Purpose::Repomd | Purpose::Summary => MAX_INDEX_BYTES,
                        Purpose::Checksums(_) => MAX_CHECKSUM_BYTES,
                    };
                    let content = source.read(&task.directory.name, &task.file, limit);
                    progress.read(&task.directory.name, &task.file);
                    let bytes = content.as_ref().map_or(0, |content| content.bytes.len() as u64);
                    let told = tell(task, content, source.kind());
                    results.lock().unwrap_or_else(PoisonError::into_inner).push((number, bytes, told));
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(number, ..)| *number);
    let mut out = Indexes::default();
    let mut listed: BTreeMap<&str, (&Found, Checksums)> = BTreeMap::new();
    for ((_, bytes, told), task) in results.into_iter().zip(&tasks) {
        out.bytes += bytes;
        match told {
            Told::Nothing => {}
            Told::Detail(detail) => out.details.push(detail),
            Told::Checksums(kind, bytes) => {
                let directory = task.directory;
                let (_, said) =
                    listed.entry(&directory.name).or_insert_with(|| (directory, Checksums::default()));
                said.read(kind, &bytes);
            }
            Told::Failed(reason) => {
                let path = join(&task.directory.name, &task.file.to_string());
                out.problems.push(Problem::Index { path, reason });
                out.retry.insert(task.directory.name.clone(), RETRY_INDEX);
            }
        }
    }
    let by_name: HashMap<&str, &Found> = listing.directories.iter().map(|d| (d.name.as_str(), d)).collect();
    for (directory, said) in listed.into_values() {
        settle(directory, said, &by_name, source, &mut out);
    }
    out
}

/// What a file told. Of an index, which may be large, nothing else is kept.
enum Told {
    /// It is not there any more.
    Nothing,
    Detail(Detail),
    Checksums(Algorithm, Vec<u8>),
    Failed(String),
}

fn tell(task: &Task<'_>, content: std::io::Result<Content>, kind: &str) -> Told {
    let content = match content {
        Ok(content) => content,
        // Gone since the walk, and with it the time of its directory. What is only listed is read elsewhere: there
        // it may be missing because the wrong place is configured, or come later.
        Err(e) if e.kind() == std::io::ErrorKind::NotFound && kind == "directory" => return Told::Nothing,
        Err(e) => return Told::Failed(e.to_string()),
    };
    match task.purpose {
        Purpose::Checksums(kind) => Told::Checksums(kind, content.bytes),
        Purpose::Summary => Told::Detail(index_detail(task, &content, content.mtime)),
        Purpose::Repomd => match repomd::newest_timestamp(&content.bytes) {
            Ok(timestamp) => Told::Detail(index_detail(task, &content, timestamp)),
            Err(e) => Told::Failed(e.to_string()),
        },
    }
}

fn index_detail(task: &Task<'_>, content: &Content, timestamp: i64) -> Detail {
    Detail {
        directory: task.directory.name.clone(),
        filename: task.file.to_string(),
        timestamp,
        size: content.bytes.len() as u64,
        digests: digests(&content.bytes),
    }
}

fn files(directory: &Found) -> Option<&Files> {
    match &directory.inside {
        Inside::Files(files) | Inside::Partly(files) => Some(files),
        Inside::Unchanged(_) | Inside::Unlisted => None,
    }
}

/// A file that is in the listing.
fn known(inside: &Inside, name: &FileName) -> Option<FileEntry> {
    match inside {
        Inside::Files(files) | Inside::Partly(files) => files.get(name.as_bytes()).cloned(),
        Inside::Unchanged(_) | Inside::Unlisted => None,
    }
}

/// All files to read, in the order of directories, kinds and names.
fn tasks(listing: &Listing) -> Vec<Task<'_>> {
    let mut above_changed: HashSet<&str> = HashSet::new();
    for directory in listing.directories.iter().filter(|d| files(d).is_some()) {
        let mut name = directory.name.as_str();
        while let Some(up) = parent(name) {
            if !above_changed.insert(up) {
                break;
            }
            name = up;
        }
    }
    let mut out = Vec::new();
    for directory in &listing.directories {
        let mut names = Vec::new();
        match &directory.inside {
            Inside::Files(files) | Inside::Partly(files) => {
                for (name, purpose) in INDEXES {
                    if files.get(name.as_bytes()).is_some() {
                        out.push(Task { directory, file: FileName::from(name), purpose });
                    }
                }
                names.extend(files.iter().map(|f| &f.name));
            }
            Inside::Unchanged(unchanged) if above_changed.contains(directory.name.as_str()) => {
                names.extend(unchanged)
            }
            Inside::Unchanged(_) | Inside::Unlisted => {}
        }
        let mut found: Vec<(Algorithm, &FileName)> =
            names.into_iter().filter_map(|name| Some((checksums::kind(name.as_bytes())?, name))).collect();
        found.sort();
        for (kind, name) in found {
            out.push(Task { directory, file: name.clone(), purpose: Purpose::Checksums(kind) });
        }
    }
    out
}

/// Makes details of what the checksum files of one directory say about files that are there.
fn settle(
    directory: &Found,
    checksums: Checksums,
    by_name: &HashMap<&str, &Found>,
    source: &dyn TreeSource,
    out: &mut Indexes,
) {
    let complain = |name: &FileName, reason: &str| Problem::Checksum {
        path: directory.name.clone(),
        reason: format!("{name}: {reason}"),
    };
    for name in &checksums.refused {
        out.problems.push(complain(name, "a name that leads out of the directory is not followed"));
    }
    for (listed, digests) in checksums.files {
        let (Some(below), Some(filename)) = (listed.directory.to_str(), listed.name.to_str()) else {
            out.problems.push(complain(&listed.name, "the name is not UTF-8, so it is not recorded"));
            continue;
        };
        let place = if below.is_empty() { directory.name.clone() } else { join(&directory.name, below) };
        let Some(target) = by_name.get(place.as_str()) else { continue };
        let entry: Option<FileEntry> = match &target.inside {
            Inside::Unlisted => None,
            Inside::Unchanged(_) if files(directory).is_none() => None,
            Inside::Files(files) | Inside::Partly(files) if !source.is_asked() => {
                files.get(listed.name.as_bytes()).cloned()
            }
            // What is not in the listing may have been left out of it.
            inside => match known(inside, &listed.name)
                .map_or_else(|| source.entry(&place, &listed.name), |e| Ok(Some(e)))
            {
                Ok(entry) => entry,
                Err(e) => {
                    out.problems.push(complain(&listed.name, &e.to_string()));
                    out.retry.insert(directory.name.clone(), RETRY_INDEX);
                    None
                }
            },
        };
        let Some(entry) = entry else { continue };
        out.details.push(Detail {
            directory: place,
            filename: filename.to_owned(),
            timestamp: entry.timestamp,
            size: entry.size,
            digests,
        });
    }
}
