//! `host`, and which host is meant

use clap::{Args, Subcommand};

use super::host_parts::{HostAsn, HostCategory, HostCountry, HostNetblock, HostUrl};

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
