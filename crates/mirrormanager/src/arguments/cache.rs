//! `cache`

use std::path::PathBuf;

use clap::{Args, Subcommand};

const CACHE_BUILD_HELP: &str = "\
With --json one object: `file`, `files`, each with `file`, `format`, `bytes` and `serial`, `counts`, `skipped`
(rows left out or corrected, each with `table`, `row` and `reason`) and `skipped_total`. With --watch one such
object a line, with `read` (whole, changed, unchanged) and `why`.

With --watch: rows that the change log names are read again, everything when other programs have written
directories or what hosts hold, or when the role may not write. Ends by SIGTERM or Ctrl-C with status 0.";

const CACHE_ROLLBACK_HELP: &str = "\
The last files are kept as FILE.1, FILE.2 and so on (setting cache.keep). Servers take no file that is older
than theirs, so the old content is written again: a native file with a new serial, signed again if it was, a
protobuf file with the present time.";

/// `cache`
#[derive(Debug, Subcommand)]
pub enum Cache {
    /// Build the cache from the database and replace the file
    #[command(after_help = CACHE_BUILD_HELP)]
    Build(CacheBuild),
    /// Say what a cache file of either format holds
    Inspect {
        /// The file [default: what `cache build` writes]
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Write a cache file in the other format; protobuf has no field for much of what a native file holds
    Convert {
        /// The file to read
        #[arg(value_name = "IN")]
        input: PathBuf,
        /// The file to write
        #[arg(value_name = "OUT")]
        output: PathBuf,
    },
    /// Say what clients would notice between two cache files
    #[command(after_help = "Exit status: 0 nothing; 1 there are differences; 2 a file can not be read.")]
    Diff {
        /// The one before
        #[arg(value_name = "A")]
        first: PathBuf,
        /// The one after
        #[arg(value_name = "B")]
        second: PathBuf,
    },
    /// See whether a cache file is whole, and signed by whom it should be
    #[command(after_help = "Exit status: 0 it is; 1 it is not; 2 a key can not be read.")]
    Verify {
        /// The file [default: what `cache build` writes]
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
        /// Public key (PEM) of whom it must be signed by; with several, one is enough
        #[arg(long = "key", value_name = "FILE")]
        keys: Vec<PathBuf>,
    },
    /// Replace a cache file with what it was before; servers take it as the newest
    #[command(after_help = CACHE_ROLLBACK_HELP)]
    Rollback {
        /// The file [default: what `cache build` writes]
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
        /// How many files to go back
        #[arg(long = "to", value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..))]
        number: u8,
    },
    /// Make a pair of keys for signing native files: FILE, to be kept secret, and FILE.pub
    Keygen {
        /// The file of the private key, which must not exist
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Sign a native cache file
    Sign {
        /// The file [default: setting cache.snapshot]
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
        /// The private key (PEM) [default: setting cache.signing_key]
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
    },
}

/// `cache build`
#[derive(Debug, Args)]
pub struct CacheBuild {
    /// The file to write, in one format [default: settings cache.file and cache.snapshot]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// What to write [default: setting cache.format]
    #[arg(long, value_enum)]
    pub format: Option<CacheFormat>,
    /// Stay, and build again after every change of the database
    #[arg(long)]
    pub watch: bool,
}

/// Formats of the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum CacheFormat {
    /// mirrorlist_cache.proto, which the old mirrorlist-server reads, too
    Proto,
    /// The native form
    Snapshot,
    /// One file of each
    Both,
}
