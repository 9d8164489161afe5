//! `file-detail`

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// What stands behind the flags of `file-detail update`.
const UPDATE_HELP: &str = "\
`repomd.xml` and `summary` are read and hashed. What is recorded of any other file comes from the checksum files
beside it; with --hash the file itself is read.

Exit status: 0 recorded, or known already; 1 nothing was found to record; 2 nothing was done.";

/// `file-detail`
#[derive(Debug, Subcommand)]
pub enum FileDetail {
    /// Record the present state of one file of the master tree, without a scan
    #[command(after_help = UPDATE_HELP)]
    Update(FileDetailUpdate),
}

/// `file-detail update`
#[derive(Debug, Args)]
pub struct FileDetailUpdate {
    /// The file, by its path on this machine
    #[arg(value_name = "FILENAME")]
    pub file: PathBuf,
    /// Only in this category, or with `^` in front in all but this one; may be repeated
    #[arg(long = "category", value_name = "NAME")]
    pub categories: Vec<String>,
    /// Read the file itself, however long it is
    #[arg(long)]
    pub hash: bool,
}
