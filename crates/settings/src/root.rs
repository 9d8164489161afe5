//! The root of the tree.

use serde::{Deserialize, Serialize};

use crate::database::DatabaseSettings;
use crate::log::LogSettings;

/// All settings.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where the truth is kept.
    pub database: DatabaseSettings,
    /// Messages to the operator.
    pub log: LogSettings,
}
