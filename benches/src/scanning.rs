//! Scans of a master tree beside `find`, which looks at every file of it, too.

mod child;
mod latency;
mod list;
mod many;
mod tree;

use std::cell::OnceCell;
use std::io;
use std::path::Path;

use testkit::postgres;

use crate::figure::{Figure, Target, median};
use crate::memory::megabytes;
use crate::rows::Bench;

pub use child::run;
pub use latency::row as latency;
pub use list::row as list;
pub use many::row as many;
pub use tree::Tree;

use child::Scan;
use tree::find;

/// A first scan takes a minute on both engines.
const ROUNDS: usize = 3;

/// Sizes of the trees in parts of the scale.
pub const PARTS: [f64; 3] = [0.1, 0.3, 1.0];

/// The trees and the server of these rows, made when the first one needs them.
#[derive(Default)]
pub struct Surroundings {
    trees: [OnceCell<Tree>; PARTS.len()],
    cluster: OnceCell<Option<postgres::Cluster>>,
}

impl Surroundings {
    /// The tree of this number of [`PARTS`].
    fn tree(&self, part: usize, scale: f64) -> io::Result<&Tree> {
        let (cell, size) = self.trees.get(part).zip(PARTS.get(part)).ok_or(io::ErrorKind::NotFound)?;
        if cell.get().is_none() {
            let _ = cell.set(Tree::make(scale * size)?);
        }
        cell.get().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// The whole tree.
    fn whole(&self, scale: f64) -> io::Result<&Tree> {
        self.tree(PARTS.len() - 1, scale)
    }

    /// The engines that are there, with the URL of a new database on each.
    fn databases(&self, folder: &Path, name: &str) -> io::Result<Vec<(&'static str, String)>> {
        let cluster = self.cluster.get_or_init(|| {
            let cluster = postgres::installed().map(|_| postgres::Cluster::start_in(&std::env::temp_dir()));
            if cluster.is_none() {
                eprintln!("no PostgreSQL server found: only SQLite; install the Debian package postgresql");
            }
            cluster
        });
        let mut out = vec![("sqlite", format!("sqlite:{}", folder.join(format!("{name}.db")).display()))];
        if let Some(cluster) = cluster {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            out.push(("postgres", runtime.block_on(cluster.empty_database(name))));
        }
        Ok(out)
    }
}

/// Scans into empty databases, at three sizes of the tree.
///
/// # Errors
/// A program does not start, or fails.
pub fn first(bench: &Bench) -> io::Result<()> {
    let mut by_engine: Vec<(&'static str, Vec<f64>)> = Vec::new();
    for (number, part) in PARTS.iter().enumerate() {
        let tree = bench.scans().tree(number, bench.scale())?;
        // What the first look at new inodes costs is nobody's.
        find(tree.root())?;
        let mut measured: Vec<(&'static str, Vec<(Scan, f64)>)> = Vec::new();
        for round in 0..ROUNDS {
            let name = format!("first_{number}_{round}");
            for (engine, url) in bench.scans().databases(bench.folder(), &name)? {
                let limit = find(tree.root())?;
                let scan = Scan::first(&url, &tree.place())?;
                match measured.iter_mut().find(|(known, _)| *known == engine) {
                    Some((_, rounds)) => rounds.push((scan, limit)),
                    None => measured.push((engine, vec![(scan, limit)])),
                }
            }
        }
        for (engine, rounds) in measured {
            let name = |what| format!("scan_first_{engine}_{part}_{what}");
            let pairs = rounds.iter().map(|(scan, limit)| (scan.total - scan.writing, *limit));
            bench.report(&Figure::of_pairs(name("time"), "s", Target::AtMost(3.0), pairs));
            let writing: Vec<f64> = rounds.iter().map(|(scan, _)| scan.writing).collect();
            bench.report(&Figure::of_value(name("writes"), "s", Target::None, median(&writing)));
            let each: Vec<f64> =
                rounds.iter().map(|(scan, _)| scan.total * 1e6 / tree.directories() as f64).collect();
            match by_engine.iter_mut().find(|(known, _)| *known == engine) {
                Some((_, sizes)) => sizes.push(median(&each)),
                None => by_engine.push((engine, vec![median(&each)])),
            }
        }
    }
    for (engine, sizes) in by_engine {
        let pair = sizes.last().copied().zip(sizes.first().copied());
        let name = format!("scan_first_{engine}_per_directory");
        bench.report(&Figure::of_pairs(name, "us", Target::AtMost(1.5), pair));
    }
    Ok(())
}

/// Scans of a tree that is as it was.
///
/// # Errors
/// A program does not start, or fails.
pub fn unchanged(bench: &Bench) -> io::Result<()> {
    let tree = bench.scans().whole(bench.scale())?;
    for (engine, url) in bench.scans().databases(bench.folder(), "unchanged")? {
        Scan::first(&url, &tree.place())?;
        let rounds = again(&url, tree, |_| Ok(()))?;
        let name = |what| format!("scan_unchanged_{engine}_{what}");
        let pairs = rounds.iter().map(|(scan, limit)| (scan.total, *limit));
        bench.report(&Figure::of_pairs(name("time"), "s", Target::AtMost(1.3), pairs));
        let statements: Vec<f64> = rounds.iter().map(|(scan, _)| scan.statements).collect();
        bench.report(&Figure::of_value(name("statements"), "", Target::AtMost(10.0), median(&statements)));
    }
    Ok(())
}

/// Scans after a day of composes has changed one of a hundred directories.
///
/// # Errors
/// A program does not start, or fails.
pub fn changed(bench: &Bench) -> io::Result<()> {
    let tree = bench.scans().whole(bench.scale())?;
    for (engine, url) in bench.scans().databases(bench.folder(), "changed")? {
        Scan::first(&url, &tree.place())?;
        let rounds = again(&url, tree, |tree| tree.change(0.01))?;
        let pairs = rounds.iter().map(|(scan, limit)| (scan.total, *limit));
        bench.report(&Figure::of_pairs(
            format!("scan_changed_{engine}_time"),
            "s",
            Target::AtMost(1.5),
            pairs,
        ));
    }
    Ok(())
}

/// The most memory that a first scan, which knows the least beforehand, takes at one time.
///
/// # Errors
/// A program does not start, or fails.
pub fn memory(bench: &Bench) -> io::Result<()> {
    let tree = bench.scans().whole(bench.scale())?;
    for (engine, url) in bench.scans().databases(bench.folder(), "memory")? {
        let first = megabytes(Scan::first(&url, &tree.place())?.peak);
        let again = megabytes(Scan::again(&url, &tree.place())?.peak);
        let name = |what| format!("scan_memory_{engine}_{what}");
        bench.report(&Figure::of_value(name("first"), "MB", Target::AtMost(200.0), first));
        bench.report(&Figure::of_value(name("unchanged"), "MB", Target::AtMost(200.0), again));
    }
    Ok(())
}

/// Rescans, each after something was done to the tree and beside `find`.
fn again(url: &str, tree: &Tree, before: impl Fn(&Tree) -> io::Result<()>) -> io::Result<Vec<(Scan, f64)>> {
    find(tree.root())?;
    let round = |_| {
        before(tree)?;
        let limit = find(tree.root())?;
        Ok((Scan::again(url, &tree.place())?, limit))
    };
    (0..2 * ROUNDS - 1).map(round).collect()
}
