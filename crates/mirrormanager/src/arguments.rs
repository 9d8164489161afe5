//! The table of all commands and their flags; help, completions and man pages come from here.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

const SCAN_HELP: &str = "\
With --json one object: `unchanged`, `details_aged`, `ageing_failed`, `statements`, and `categories`, each
with `name`, `outcome` (done, skipped, failed, root-refused, deletion-refused, locked), `reason`, counts,
`elapsed_ms` and `problems`.

Exit status: 0 fine; 1 a category failed; 2 nothing was done; 3 deletion refused; 4 already running.";

const CRAWL_HELP: &str = "\
With --json one object: `mode`, `started_at`, `finished_at`, `duration_seconds`, `ending` (finished,
time-limit, cancelled), `mass_failure`, and `hosts`, each with `id`, `name`, `status` (OK, FAILURE, TIMEOUT,
DISABLE, UNKNOWN), `details`, `statistics`, and `categories`, each with `category`, `status` (current, stale,
unknown, unreachable, reachable, always-up2date, stopped), `reason`, `url`, counts and `first_bad`.

Exit status: 0 also when hosts fail; 1 the time was over, or so many hosts are silent that our own
network is to blame; 2 nothing was done; 130 and 143 stopped by a signal, what was known is kept.";

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
    #[command(after_help = SCAN_HELP)]
    Scan(Scan),
    /// Check what the mirrors hold
    #[command(after_help = CRAWL_HELP)]
    Crawl(Crawl),
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

/// `crawl`
#[derive(Debug, Args)]
pub struct Crawl {
    /// Only this category; may be repeated
    #[arg(long = "category", value_name = "NAME")]
    pub categories: Vec<String>,
    /// Only this host, by name or id
    #[arg(long, value_name = "HOST", conflicts_with = "fraction")]
    pub host: Option<String>,
    /// Only part P of S slices of the hosts, for several machines that share a crawl
    #[arg(long, value_name = "P:S")]
    pub fraction: Option<crawl::Fraction>,
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

/// `serve`
#[derive(Debug, Args)]
pub struct Serve {
    /// Address and port to answer on [default: setting serve.listen]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<std::net::SocketAddr>,
    /// Address and port for health and metrics [default: setting serve.control]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub control: Option<std::net::SocketAddr>,
    /// The cache file [default: setting serve.cache]
    #[arg(long, value_name = "FILE")]
    pub cache: Option<PathBuf>,
}

/// `explain`
#[derive(Debug, Args)]
pub struct Explain {
    /// The repository
    #[arg(long, value_name = "NAME", requires = "arch", required_unless_present = "path")]
    pub repo: Option<String>,
    /// Its architecture
    #[arg(long, value_name = "NAME", requires = "repo")]
    pub arch: Option<String>,
    /// A directory or file, instead of a repository
    #[arg(long, value_name = "PATH", conflicts_with = "repo")]
    pub path: Option<String>,
    /// The client
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub ip: std::net::IpAddr,
    /// What the client names: only mirrors of these countries, e.g. DE,FR, or global
    #[arg(long, value_name = "LIST")]
    pub country: Option<String>,
    /// What the client names: only URLs of these protocols, e.g. https,http
    #[arg(long, value_name = "LIST")]
    pub protocol: Option<String>,
    /// What the client names: no mirrors of these names, ids or countries
    #[arg(long, value_name = "LIST")]
    pub exclude: Option<String>,
    /// What the client names: at most this many mirrors
    #[arg(long, value_name = "NUMBER")]
    pub limit: Option<NonZeroU32>,
    /// What the client names: the same few mirrors each time; how many
    #[arg(long, value_name = "NUMBER", num_args = 0..=1, default_missing_value = "")]
    pub stable: Option<String>,
    /// What /metalink answers, instead of /mirrorlist
    #[arg(long)]
    pub metalink: bool,
    /// The cache file [default: setting serve.cache]
    #[arg(long, value_name = "FILE")]
    pub cache: Option<PathBuf>,
    /// The country database [default: setting serve.countries]
    #[arg(long, value_name = "FILE")]
    pub countries: Option<PathBuf>,
    /// Prefixes and their AS numbers [default: setting serve.netblocks]
    #[arg(long, value_name = "FILE")]
    pub netblocks: Option<PathBuf>,
    /// Continents of countries [default: setting serve.continents]
    #[arg(long, value_name = "FILE")]
    pub continents: Option<PathBuf>,
}

/// `db`
#[derive(Debug, Subcommand)]
pub enum Db {
    /// Bring the database to the newest schema; creates an SQLite file
    Migrate {
        /// Go on with a revision of upstream's schema that is newer than this program
        #[arg(long)]
        accept_unknown_revision: bool,
    },
    /// Say what differs between the database and the schema this program expects
    Check,
}

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

/// `product`
#[derive(Debug, Subcommand)]
pub enum Product {
    /// Add a product
    Add {
        /// Its name
        name: String,
    },
    /// List all products
    List,
}

/// `category`
#[derive(Debug, Subcommand)]
pub enum Category {
    /// Add a category
    Add {
        /// Its name, e.g. "Fedora Linux"
        name: String,
        /// The product it belongs to
        #[arg(long, value_name = "NAME")]
        product: String,
        /// Its top directory as clients see it, e.g. pub/fedora/linux
        #[arg(long, value_name = "PATH")]
        topdir: String,
    },
    /// List all categories
    List,
}

/// `site`
#[derive(Debug, Subcommand)]
pub enum Site {
    /// Add a site
    Add {
        /// Its name
        name: String,
        /// The organisation's page
        #[arg(long, value_name = "URL")]
        org_url: Option<String>,
        /// File with the password its mirrors check in with
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
        /// The account that may edit it in the web
        #[arg(long, value_name = "NAME", default_value = "admin")]
        account: String,
        /// Hide its hosts from public lists
        #[arg(long)]
        private: bool,
    },
    /// List all sites
    List,
}

/// `host`
#[derive(Debug, Subcommand)]
pub enum Host {
    /// Add a host to a site
    Add(HostAdd),
    /// List hosts
    List {
        /// Only those of this site
        #[arg(long, value_name = "NAME")]
        site: Option<String>,
    },
    /// What a host carries
    #[command(subcommand)]
    Category(HostCategory),
    /// Where a host's copy of a category is reached
    #[command(subcommand)]
    Url(HostUrl),
    /// Client networks that are sent to a host first
    #[command(subcommand)]
    Netblock(HostNetblock),
    /// AS numbers that a host peers with, and its own
    #[command(subcommand)]
    Asn(HostAsn),
    /// Countries of a host
    #[command(subcommand)]
    Country(HostCountry),
}

/// `host add`
#[derive(Debug, Args)]
pub struct HostAdd {
    /// Its name, usually the DNS name
    pub name: String,
    /// The site it belongs to
    #[arg(long, value_name = "NAME")]
    pub site: String,
    /// Two-letter code of the country it stands in
    #[arg(long, value_name = "CC")]
    pub country: String,
    /// Bandwidth in Mbit/s; its share of the answers
    #[arg(long, value_name = "MBITS", default_value_t = 100)]
    pub bandwidth: i32,
    /// The AS number of its network; clients of that network are sent to it first
    #[arg(long, value_name = "NUMBER")]
    pub asn: Option<u32>,
    /// Do not prefer it for clients of its AS
    #[arg(long, requires = "asn")]
    pub no_asn_clients: bool,
    /// Not crawled, not listed publicly
    #[arg(long)]
    pub private: bool,
    /// It is on Internet2
    #[arg(long)]
    pub internet2: bool,
    /// It serves Internet2 clients although it is private
    #[arg(long)]
    pub internet2_clients: bool,
    /// A remark
    #[arg(long, value_name = "TEXT")]
    pub comment: Option<String>,
}

/// Which host: `--site` is only needed when two sites have a host of that name.
#[derive(Debug, Clone, Args)]
pub struct Which {
    /// The host, by name or id
    pub host: String,
    /// Its site, when several have a host of this name
    #[arg(long, value_name = "NAME")]
    pub site: Option<String>,
}

/// `host category`
#[derive(Debug, Subcommand)]
pub enum HostCategory {
    /// Let a host carry a category
    Add {
        /// Which host.
        #[command(flatten)]
        which: Which,
        /// The category
        category: String,
        /// Take it as current without ever checking
        #[arg(long)]
        always_up2date: bool,
    },
    /// List what hosts carry
    List {
        /// Which host.
        #[command(flatten)]
        which: Which,
    },
}

/// `host url`
#[derive(Debug, Subcommand)]
pub enum HostUrl {
    /// Add a base URL
    Add {
        /// Which host.
        #[command(flatten)]
        which: Which,
        /// The category
        category: String,
        /// What stands in front of a path below the category's top directory
        url: String,
        /// Used for checks, never given to clients
        #[arg(long)]
        private: bool,
    },
    /// List the URLs of a host
    List {
        /// Which host.
        #[command(flatten)]
        which: Which,
    },
}

/// `host netblock`
#[derive(Debug, Subcommand)]
pub enum HostNetblock {
    /// Add a network, an address, or a host name
    Add {
        /// Which host.
        #[command(flatten)]
        which: Which,
        /// 192.0.2.0/24, 2001:db8::/32, or a DNS name
        netblock: String,
        /// What it is
        #[arg(long, value_name = "TEXT")]
        name: Option<String>,
    },
    /// List the networks of a host
    List {
        /// Which host.
        #[command(flatten)]
        which: Which,
    },
}

/// `host asn`
#[derive(Debug, Subcommand)]
pub enum HostAsn {
    /// Set the AS number of the host's own network
    Set {
        /// Which host.
        #[command(flatten)]
        which: Which,
        /// The AS number
        asn: u32,
    },
    /// Add the AS number of a peer
    AddPeer {
        /// Which host.
        #[command(flatten)]
        which: Which,
        /// The AS number
        asn: u32,
        /// What it is
        #[arg(long, value_name = "TEXT")]
        name: Option<String>,
    },
    /// List the AS numbers of a host
    List {
        /// Which host.
        #[command(flatten)]
        which: Which,
    },
}

/// `host country`
#[derive(Debug, Subcommand)]
pub enum HostCountry {
    /// Serve only clients of this country, and of others that are added likewise
    Allow {
        /// Which host.
        #[command(flatten)]
        which: Which,
        /// Two-letter code
        country: String,
    },
    /// Show the host under a further country in the public list
    Add {
        /// Which host.
        #[command(flatten)]
        which: Which,
        /// Two-letter code
        country: String,
    },
    /// List the countries a host is limited to
    List {
        /// Which host.
        #[command(flatten)]
        which: Which,
    },
}

/// `netblock`
#[derive(Debug, Subcommand)]
pub enum Netblock {
    /// Count the clients of a network to a country, whatever the country database says
    Add {
        /// 192.0.2.0/24 or 2001:db8::/32
        netblock: String,
        /// Two-letter code
        country: String,
    },
    /// List all such networks
    List,
    /// Networks whose clients get one host and no other
    #[command(subcommand)]
    Exclusive(NetblockExclusive),
}

/// `netblock exclusive`
#[derive(Debug, Subcommand)]
pub enum NetblockExclusive {
    /// Give the clients of a network one host and no other, whatever else would be near
    Add {
        /// 192.0.2.0/24 or 2001:db8::/32
        netblock: String,
        /// Which host.
        #[command(flatten)]
        which: Which,
        /// Leave the checksums out of metalinks for them: the host holds other files than the master
        #[arg(long)]
        no_hashes: bool,
        /// A remark
        #[arg(long, value_name = "TEXT")]
        comment: Option<String>,
    },
    /// List all such networks
    List,
    /// Give the clients of a network back to everybody
    Remove {
        /// The network
        netblock: String,
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
