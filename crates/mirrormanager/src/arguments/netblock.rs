//! `netblock`

use clap::Subcommand;

use super::host::Which;

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
