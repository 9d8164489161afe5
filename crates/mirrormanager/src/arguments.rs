//! The table of all commands and their flags, one file a noun; help, completions and man pages come from here.

mod cache;
mod category;
mod config;
mod crawl;
mod db;
mod demo;
mod explain;
mod file_detail;
mod host;
mod host_parts;
mod netblock;
mod probe;
mod product;
mod propagation;
mod scan;
mod serve;
mod site;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

pub use cache::{Cache, CacheBuild, CacheFormat};
pub use category::Category;
pub use config::Config;
pub use crawl::{Crawl, CrawlCommand, CrawlExplain, CrawlRun};
pub use db::Db;
pub use demo::Demo;
pub use explain::Explain;
pub use file_detail::{FileDetail, FileDetailUpdate};
pub use host::{Host, HostAdd, Which};
pub use host_parts::{HostAsn, HostCategory, HostCountry, HostNetblock, HostUrl};
pub use netblock::{Netblock, NetblockExclusive};
pub use probe::Probe;
pub use product::Product;
pub use propagation::Propagation;
pub use scan::{Scan, ScanCommand, ScanExplain, ScanRun};
pub use serve::Serve;
pub use site::Site;

/// Knows which mirror holds what of a master tree, and answers every package manager's question where to
/// download from.
#[derive(Debug, Parser)]
#[command(name = "mirrormanager", version, max_term_width = 100, disable_help_subcommand = true)]
pub struct Cli {
    /// Flags of every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Flags of every command.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// Settings file [default: /etc/mirrormanager/mirrormanager.toml if it exists]
    #[arg(
        long,
        value_name = "FILE",
        env = "MM_CONFIG",
        hide_env_values = true,
        global = true,
        help_heading = "Global options"
    )]
    pub config: Option<PathBuf>,
    /// Set one setting, e.g. `database.url=sqlite:mm.db`; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE", global = true, help_heading = "Global options")]
    pub assignments: Vec<String>,
    /// Print data as JSON
    #[arg(long, global = true, help_heading = "Global options")]
    pub json: bool,
    /// More messages; twice for even more
    #[arg(short, long, action = clap::ArgAction::Count, global = true, help_heading = "Global options")]
    pub verbose: u8,
    /// Only warnings and errors
    #[arg(short, long, global = true, help_heading = "Global options", conflicts_with = "verbose")]
    pub quiet: bool,
}

/// All commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Try it: a small master tree, six mirrors on loopback, the whole way to an answer
    Demo(Demo),
    /// Read the master tree into the database
    #[command(after_help = scan::HELP)]
    Scan(Scan),
    /// File details: what is known of single files
    #[command(subcommand)]
    FileDetail(FileDetail),
    /// Check what the mirrors hold
    #[command(after_help = crawl::HELP)]
    Crawl(Crawl),
    /// Try one mirror by hand: every request, and what would be believed
    #[command(after_help = probe::HELP)]
    Probe(Probe),
    /// See how far new content has spread over the mirrors
    #[command(after_help = propagation::HELP)]
    Propagation(Propagation),
    /// Build the mirrorlist cache, look into it, compare, verify, go back
    #[command(subcommand)]
    Cache(Cache),
    /// Answer /mirrorlist and /metalink
    Serve(Serve),
    /// Say which mirrors a client is given, and why the others are not
    Explain(Explain),
    /// Prepare or check the database
    #[command(subcommand)]
    Db(Db),
    /// Show or check the settings
    #[command(subcommand)]
    Config(Config),
    /// Products, e.g. Fedora
    #[command(subcommand)]
    Product(Product),
    /// Categories: the parts of the master tree that can be mirrored on their own
    #[command(subcommand)]
    Category(Category),
    /// Sites: organisations that run mirrors
    #[command(subcommand)]
    Site(Site),
    /// Hosts: mirrors, what they carry and whom they serve
    #[command(subcommand)]
    Host(Host),
    /// Networks whose country is known better than the country database knows it, and those that belong to a host
    #[command(subcommand)]
    Netblock(Netblock),
    /// Print the completion script of a shell
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Print the manual page, or write the pages of all commands into a folder
    Man {
        /// Where to write them
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_valid() {
        super::Cli::command().debug_assert();
    }
}
