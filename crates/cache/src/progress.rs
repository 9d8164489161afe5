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

/// Tells every now and then how many directories are done.
pub(crate) struct Steps<'a> {
    progress: &'a dyn Progress,
    total: usize,
    told: usize,
}

impl<'a> Steps<'a> {
    /// Directories between two steps.
    const STEP: usize = 1024;

    pub(crate) fn new(progress: &'a dyn Progress, total: usize) -> Self {
        Self { progress, total, told: 0 }
    }

    pub(crate) fn at(&mut self, done: usize) {
        if done >= self.told + Self::STEP {
            self.told = done;
            self.progress.at(Stage::Directories, done, self.total);
        }
    }

    pub(crate) fn finish(self) {
        self.progress.at(Stage::Directories, self.total, self.total);
    }
}
