//! `scan`

use clap::Args;

/// What stands behind its flags in `--help`.
pub(super) const HELP: &str = "\
With --json one object: `unchanged`, `details_aged`, `ageing_failed`, `statements`, and `categories`, each
with `name`, `outcome` (done, skipped, failed, root-refused, deletion-refused, locked), `reason`, counts,
`elapsed_ms` and `problems`.

Exit status: 0 fine; 1 a category failed; 2 nothing was done; 3 deletion refused; 4 already running.";

/// `scan`
#[derive(Debug, Args)]
pub struct Scan {
    /// Only this category, or with `^` in front all but this one; may be repeated
    #[arg(long = "category", value_name = "NAME")]
    pub categories: Vec<String>,
    /// Delete directories that are gone from the tree
    #[arg(long)]
    pub delete: bool,
    /// Delete even more than the guard allows
    #[arg(long, alias = "force-delete")]
    pub force: bool,
    /// Read every directory, also those whose time has not changed
    #[arg(long)]
    pub full: bool,
    /// Say what would be done and change nothing
    #[arg(long)]
    pub dry_run: bool,
}
