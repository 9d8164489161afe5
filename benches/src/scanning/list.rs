//! A list of the whole tree instead of a walk.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use model::excludes::Excludes;
use model::policy::Policy;
use scan::Quiet;
use scan::source::contents::Contents;
use scan::source::list_file::ListFile;
use scan::source::listed::{Form, ListedTree, Scope};
use scan::source::{KnownTimes, TreeSource as _};

use super::tree::find;
use crate::figure::{Figure, Target};
use crate::rows::Bench;

/// Seconds that a list of so many [`LINES`] may take.
const TIME: f64 = 0.6;
const LINES: f64 = 400_000.0;

const ROUNDS: usize = 5;

/// Reads a list of which nothing has changed.
///
/// # Errors
/// A program does not start, or fails.
pub fn row(bench: &Bench) -> io::Result<()> {
    let tree = bench.scans().whole(bench.scale())?;
    let path = bench.folder().join("fullfiletimelist-bench");
    let lines = write(tree.root(), &path)?;
    let mut known = read(&path, &KnownTimes::new())?.0;
    let (mut promised, mut beside) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let limit = find(tree.root())?;
        let (times, seconds) = read(&path, &known)?;
        known = times;
        promised.push((seconds, TIME * lines as f64 / LINES));
        beside.push((seconds, limit));
    }
    bench.report(&Figure::of_pairs("scan_list_time", "s", Target::AtMost(1.0), promised));
    bench.report(&Figure::of_pairs("scan_list_beside_find", "s", Target::None, beside));
    Ok(())
}

/// What the list says of directories, and the seconds that it took to read it.
fn read(path: &Path, known: &KnownTimes) -> io::Result<(KnownTimes, f64)> {
    let excludes = Excludes::compile::<&str>(&[], Policy::Umdl).map_err(io::Error::other)?;
    let scope = Scope { topdir: "pub".to_owned(), excludes, below: String::new() };
    let file = Arc::new(ListFile::Saved(path.to_owned()));
    let limits = probe::LineLimits::default();
    let form = Form::FullFileTimeList;
    let tree = ListedTree::new(file, form, scope, None, Arc::new(Contents::Nowhere), limits);
    let began = Instant::now();
    let listing = tree.list(known, &Quiet).map_err(io::Error::other)?;
    let seconds = began.elapsed().as_secs_f64();
    if !listing.complete {
        return Err(io::Error::other(format!("the list is not whole: {:?}", listing.problems)));
    }
    Ok((listing.directories.into_iter().map(|found| (found.name, found.ctime)).collect(), seconds))
}

/// Writes the list of a folder; how many lines it has.
fn write(root: &Path, path: &Path) -> io::Result<usize> {
    let mut list = BufWriter::new(File::create(path)?);
    writeln!(list, "[Version]\n2\n\n[Files]")?;
    let (mut lines, mut left) = (0, vec![PathBuf::new()]);
    while let Some(folder) = left.pop() {
        for entry in fs::read_dir(root.join(&folder))? {
            let entry = entry?;
            let (name, found) = (folder.join(entry.file_name()), entry.metadata()?);
            let kind = if found.is_dir() { "d" } else { "f" };
            writeln!(list, "{}\t{kind}\t{}\t{}", found.ctime(), found.size(), name.display())?;
            lines += 1;
            if found.is_dir() {
                left.push(name);
            }
        }
    }
    writeln!(list, "\n[End]")?;
    list.flush()?;
    Ok(lines)
}
