//! `crawl`

use clap::{Args, Subcommand};

/// What stands behind its flags in `--help`.
pub(super) const HELP: &str = "\
With --json one object: `mode`, `started_at`, `finished_at`, `duration_seconds`, `ending` (finished,
time-limit, cancelled), `mass_failure`, and `hosts`, each with `id`, `name`, `status` (OK, FAILURE, TIMEOUT,
DISABLE, UNKNOWN), `details`, `statistics`, and `categories`, each with `category`, `status` (current, stale,
unknown, unreachable, reachable, always-up2date, stopped), `reason`, `url`, counts and `first_bad`.

Exit status: 0 also when hosts fail; 1 the time was over, or so many hosts are silent that our own
network is to blame; 2 nothing was done; 130 and 143 stopped by a signal, what was known is kept.";

/// `crawl`
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Crawl {
    /// Something else than a crawl.
    #[command(subcommand)]
    pub instead: Option<CrawlCommand>,
    /// How to crawl.
    #[command(flatten)]
    pub run: CrawlRun,
}

/// What `crawl` has besides crawling.
#[derive(Debug, Subcommand)]
pub enum CrawlCommand {
    /// Say what is believed of a host, on what evidence, and what would be asked next
    Explain(CrawlExplain),
}

/// `crawl explain`
#[derive(Debug, Args)]
pub struct CrawlExplain {
    /// The host, by name or id
    #[arg(value_name = "HOST")]
    pub host: String,
    /// A directory of the master tree, by its full name [default: all in numbers]
    #[arg(value_name = "DIR")]
    pub directory: Option<String>,
}

/// `crawl` itself
#[derive(Debug, Args)]
pub struct CrawlRun {
    /// Only this category; may be repeated
    #[arg(long = "category", value_name = "NAME")]
    pub categories: Vec<String>,
    /// Only this host, by name or id
    #[arg(long, value_name = "HOST", conflicts_with = "fraction")]
    pub host: Option<String>,
    /// Only part P of S slices of the hosts, for several machines that share a crawl
    #[arg(long, value_name = "P:S")]
    pub fraction: Option<crawl::Fraction>,
    /// Crawl once (the default)
    #[arg(long, conflicts_with = "continuous")]
    pub once: bool,
    /// Crawl again and again, every `crawl.interval_seconds`, until told to stop
    #[arg(long)]
    pub continuous: bool,
    /// Ask everything, whatever earlier crawls have proven
    #[arg(long, conflicts_with_all = ["canary", "repodata"])]
    pub full: bool,
    /// Only see whether the mirrors can be reached
    #[arg(long)]
    pub canary: bool,
    /// Only look at repodata directories
    #[arg(long, conflicts_with = "canary")]
    pub repodata: bool,
    /// Also check private hosts
    #[arg(long)]
    pub include_private: bool,
    /// Also check hosts that their owner has switched off
    #[arg(long)]
    pub include_disabled: bool,
}
