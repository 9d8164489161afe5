//! A walk over a disk that makes its caller wait, as a network file system does.

use std::io;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use model::excludes::Excludes;
use model::policy::Policy;
use scan::Quiet;
use scan::source::disk::{Disk, OsDirectory, OsDisk, Reading, Stat};
use scan::source::local::LocalTree;
use scan::source::{KnownTimes, TreeSource as _};

use crate::figure::{Figure, Target};
use crate::rows::Bench;

/// How long every directory takes longer.
const WAIT: Duration = Duration::from_millis(1);

/// In how many directories at a time the waiting has to be spent.
const SPREAD: f64 = 16.0;

const ROUNDS: usize = 3;

/// The machine's disk, but for [`WAIT`].
#[derive(Clone, Copy)]
struct SlowDisk;

impl Disk for SlowDisk {
    type Directory = OsDirectory;

    fn open(&self, path: &Path) -> io::Result<OsDirectory> {
        sleep(WAIT);
        OsDisk.open(path)
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        OsDisk.stat(path)
    }

    fn read(&self, path: &Path, limit: u64) -> io::Result<Reading> {
        OsDisk.read(path, limit)
    }
}

/// The walk of a first scan.
///
/// # Errors
/// A program does not start, or fails.
pub fn row(bench: &Bench) -> io::Result<()> {
    let tree = bench.scans().whole(bench.scale())?;
    let mut pairs = Vec::new();
    for _ in 0..ROUNDS {
        let (directories, plain) = walk(OsDisk, tree.root())?;
        let limit = directories as f64 * WAIT.as_secs_f64() / SPREAD + plain;
        pairs.push((walk(SlowDisk, tree.root())?.1, limit));
    }
    bench.report(&Figure::of_pairs("scan_latency_time", "s", Target::AtMost(1.0), pairs));
    Ok(())
}

/// How many directories there are, and the seconds that it took to list them.
fn walk<D: Disk>(disk: D, root: &Path) -> io::Result<(usize, f64)> {
    let excludes = Excludes::compile::<&str>(&[], Policy::Umdl).map_err(io::Error::other)?;
    let top: PathBuf = root.join("pub");
    let tree = LocalTree::new(disk, top, "pub", excludes, settings::Scan::default().threads);
    let began = Instant::now();
    let listing = tree.list(&KnownTimes::default(), &Quiet).map_err(io::Error::other)?;
    Ok((listing.directories.len(), began.elapsed().as_secs_f64()))
}
