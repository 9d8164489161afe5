//! `scan`

use std::num::NonZeroUsize;
use std::time::Duration;

use clap::{Args, Subcommand};

/// What stands behind its flags in `--help`.
pub(super) const HELP: &str = "\
With --json one object: `unchanged`, `details_aged`, `ageing_failed`, `statements`, and
`categories`, each with `name`, `outcome` (done, skipped, failed, root-refused, deletion-refused,
locked), `reason`, counts, `elapsed_ms` and `problems`. With --dry-run each also has `changes`:
`directories`, `repositories`, `versions` and `details`, each with `added`, `changed` and `gone`;
and `aged` lists the file details that are too old.

With --watch the settings `scan.watch` say how soon, and where somebody may ask for a scan. SIGHUP
scans everything now; SIGTERM and SIGINT end it. With --json one such object a line, with `why`.

Exit status: 0 fine; 1 a category failed; 2 nothing was done; 3 deletion refused; 4 already running.";

/// What stands behind those of `scan explain`.
const EXPLAIN_HELP: &str = "\
Nothing is read from the master tree and nothing is changed: the rules, and what the database knows already,
decide. PATH is a name such as pub/fedora/linux/updates/42/Everything/x86_64 or a path of this machine;
`repodata` or `repodata/repomd.xml` behind it do not matter.

Exit status: 0 explained; 2 no category has such a path.";

/// `scan`
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Scan {
    /// Something else than a scan.
    #[command(subcommand)]
    pub instead: Option<ScanCommand>,
    /// How to scan.
    #[command(flatten)]
    pub run: ScanRun,
}

/// What `scan` has besides scanning.
#[derive(Debug, Subcommand)]
pub enum ScanCommand {
    /// Say what the rules make of a path: category, version, architecture, prefix, and why not
    #[command(after_help = EXPLAIN_HELP)]
    Explain(ScanExplain),
}

/// `scan` itself
#[derive(Debug, Args)]
pub struct ScanRun {
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
    /// List what would be added, changed and deleted, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Threads that read the tree [default: setting scan.threads]
    #[arg(long, value_name = "NUMBER")]
    pub jobs: Option<NonZeroUsize>,
    /// Stay, and read what changes soon after it has changed
    #[arg(long, conflicts_with = "dry_run")]
    pub watch: bool,
    /// Wait so long for another scan of a category to end [default: not at all]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub wait: Option<Duration>,
}

/// `scan explain`
#[derive(Debug, Args)]
pub struct ScanExplain {
    /// A directory of the master tree
    #[arg(value_name = "PATH")]
    pub path: String,
}

fn seconds(text: &str) -> Result<Duration, String> {
    text.parse().map(Duration::from_secs).map_err(|_| "expected a number of seconds".to_owned())
}
