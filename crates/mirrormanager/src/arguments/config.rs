//! `config`

use clap::Subcommand;

/// `config`
#[derive(Debug, Subcommand)]
pub enum Config {
    /// Read all settings and say whether they are right
    Check,
    /// Print the settings in effect and where each that is not a default comes from, secrets hidden
    Dump,
    /// Print a settings file with every setting, its meaning and its default
    Default,
}
