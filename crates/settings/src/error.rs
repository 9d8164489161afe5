//! What can be wrong with settings. Every text names the place and, where known, the way out.

use std::path::PathBuf;

/// A failure to read the settings. One line each, without any secret value.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file can not be read.
    #[error("cannot read settings file {path}: {reason}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The file is no TOML.
    #[error("{origin}: {reason}")]
    Syntax {
        /// File and line, variable, or flag.
        origin: String,
        /// What is wrong.
        reason: String,
    },
    /// No setting has this name.
    #[error("{origin}: unknown setting {key}{hint}")]
    Unknown {
        /// File and line, variable, or flag.
        origin: String,
        /// Dotted path.
        key: String,
        /// Empty, or `; did you mean …?`.
        hint: String,
    },
    /// The value has the wrong type or is outside of its range.
    #[error("{origin}: setting {key}: {reason}")]
    Value {
        /// File and line, variable, or flag.
        origin: String,
        /// Dotted path.
        key: String,
        /// What is wrong.
        reason: String,
    },
}
