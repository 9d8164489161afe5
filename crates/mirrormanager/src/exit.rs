//! The exit status, mapped to numbers here and nowhere else.

use std::process::ExitCode;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All fine.
    Success,
    /// At least one part of the work failed.
    Failed,
    /// Arguments, settings or input can not be used; nothing was done.
    Usage,
    /// The scanner would have deleted too much and did not.
    DeletionRefused,
    /// What was compared is not the same.
    Different,
    /// Another instance holds the lock.
    Locked,
    /// Stopped by Ctrl-C; what was known by then is kept.
    Interrupted,
    /// Stopped by SIGTERM; what was known by then is kept.
    Terminated,
}

impl Exit {
    /// The number that the caller of the program sees.
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failed | Self::Different => 1,
            Self::Usage => 2,
            Self::DeletionRefused => 3,
            Self::Locked => 4,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
