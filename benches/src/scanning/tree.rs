//! A master tree on the disk, and the limit that its scans are compared with.

use std::cell::RefCell;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use tempfile::TempDir;
use testkit::tree::{self, Shape};

use super::child::Place;

/// A tree. It goes when this is dropped.
pub struct Tree {
    folder: TempDir,
    made: RefCell<tree::Tree>,
}

impl Tree {
    /// Makes one; at scale 1 it has 20,000 directories with 400,000 files.
    ///
    /// # Errors
    /// What the file system says.
    pub fn make(scale: f64) -> io::Result<Self> {
        eprintln!("making a master tree at scale {scale}");
        let folder = tempfile::tempdir()?;
        let made = tree::scaled(folder.path(), Shape::default(), scale)?;
        Ok(Self { folder, made: RefCell::new(made) })
    }

    /// Where it is.
    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    /// What a scan is to scan.
    pub(super) fn place(&self) -> Place {
        Place::Disk(self.root().to_owned())
    }

    /// How many directories it has.
    pub fn directories(&self) -> usize {
        self.made.borrow().directories
    }

    /// Changes this share of its directories.
    ///
    /// # Errors
    /// What the file system says.
    pub fn change(&self, share: f64) -> io::Result<()> {
        tree::touch(self.root(), &mut self.made.borrow_mut(), share).map(drop)
    }
}

/// Seconds that `find` takes to look at everything.
pub(super) fn find(root: &Path) -> io::Result<f64> {
    let began = Instant::now();
    let status =
        Command::new("find").arg(root).args(["-printf", "%p %s %T@\\n"]).stdout(Stdio::null()).status()?;
    if !status.success() {
        return Err(io::Error::other(format!("find: {status}")));
    }
    Ok(began.elapsed().as_secs_f64())
}
