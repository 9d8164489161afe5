//! Telling how far a build is.

/// A stage of a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Looking up host names given as networks.
    Names,
    /// Going over the directories.
    Directories,
}

/// Hears how far a build is. Called often: an implementation that draws should limit itself.
pub trait Progress: Send + Sync {
    /// `done` of `total` steps of a stage are over.
    fn at(&self, stage: Stage, done: usize, total: usize);
}

/// Nobody listens.
impl Progress for () {
    fn at(&self, _stage: Stage, _done: usize, _total: usize) {}
}
