//! `site`

use std::path::PathBuf;

use clap::Subcommand;

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
