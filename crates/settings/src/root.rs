//! The root of the tree.

use serde::{Deserialize, Serialize};

use crate::database::Database;
use crate::log::Log;
use crate::serve::{Answer, Serve};

/// All settings.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where the truth is kept.
    pub database: Database,
    /// Messages to the operator.
    pub log: Log,
    /// The mirrorlist server: sockets, files, limits.
    pub serve: Serve,
    /// What clients of the mirrorlist server are told.
    pub answer: Answer,
}
