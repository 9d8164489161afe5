//! `explain`

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::Args;

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
