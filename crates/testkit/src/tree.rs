//! Master trees that look like Fedora's, for tests, the demo and measurements.
//!
//! A tree is a pure function of its [`Shape`] (scale, seed, epoch), except for the inode change times,
//! which no program can set. Packages are sparse files, the repository metadata is real: every `repomd.xml`
//! names documents that exist with the right digests, sizes and times, so that a package manager accepts it.

mod mutate;
mod plan;
mod repodata;
mod write;

use std::io;
use std::path::Path;

pub use mutate::{publish, touch};
pub use plan::{CATEGORIES, CategoryOfTree, RepositoryOfTree};
pub use repodata::{Package, documents};

/// What a tree is made from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shape {
    /// Changes names, sizes and times, not the layout.
    pub seed: u64,
    /// The tree's "now": the newest modification time, seconds since 1970.
    pub epoch: i64,
}

impl Default for Shape {
    fn default() -> Self {
        Self { seed: 1, epoch: 1_760_000_000 }
    }
}

/// What has been made.
#[derive(Debug, Clone, PartialEq)]
pub struct Tree {
    /// Directories below (and without) the root.
    pub directories: usize,
    /// Files, hard links counted each.
    pub files: usize,
    /// The repositories, by path.
    pub repositories: Vec<RepositoryOfTree>,
    /// The newest modification time, seconds since 1970.
    pub epoch: i64,
    /// How often it has been changed since it was made.
    pub generation: u32,
    /// The seed it was made with.
    pub seed: u64,
}

/// A few hundred directories in two categories (releases, updates, rawhide, EPEL), made in well under a second.
///
/// # Errors
/// Whatever the file system says, with the path.
pub fn small(root: &Path, shape: Shape) -> io::Result<Tree> {
    write::tree(root, plan::small(shape), shape)
}

/// A tree of the size `scale` × (20,000 directories, 400,000 files) in four categories.
///
/// # Errors
/// Whatever the file system says, with the path.
pub fn scaled(root: &Path, shape: Shape, scale: f64) -> io::Result<Tree> {
    write::tree(root, plan::scaled(shape, scale), shape)
}
