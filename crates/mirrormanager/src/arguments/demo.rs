//! `demo`

use std::path::PathBuf;

use clap::Args;

/// `demo`
#[derive(Debug, Args)]
pub struct Demo {
    /// End after one answer has been served, instead of staying up until Ctrl-C
    #[arg(long)]
    pub once: bool,
    /// Folder for tree, mirrors and database, kept afterwards [default: a temporary one]
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Port of the mirrorlist server on 127.0.0.1 [default: a free one]
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    pub port: u16,
}
