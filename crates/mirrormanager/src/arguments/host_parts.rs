//! What belongs to a host: `host category`, `host url`, `host netblock`, `host asn`, `host country`.

use clap::Subcommand;

use super::host::Which;

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
