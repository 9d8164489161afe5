//! `probe`

use clap::Args;

pub(super) const HELP: &str = "\
Without --category it is said what the mirror shows of the directory; with it, whether its files are those that the
database expects there.

With --json one object: `url`, `directory`, `requests` (each with `method`, `url`, `status`, `length`, `bytes`,
`seconds`, `failure`), `reachable`, `remarks`, `listed` and `verdict` (current, stale, unknown; absent without
--category), `reason`, `file`.

Exit status: 0 it is reachable and, with --category, current; 1 it is not; 2 nothing was asked.";

/// `probe`
#[derive(Debug, Args)]
pub struct Probe {
    /// The mirror's URL of a category: http, https, ftp or rsync
    #[arg(value_name = "URL")]
    pub url: String,
    /// A directory below the URL [default: the URL itself]
    #[arg(value_name = "DIR", default_value = "", hide_default_value = true)]
    pub directory: String,
    /// The category that the URL is a copy of
    #[arg(long, value_name = "NAME")]
    pub category: Option<String>,
}
