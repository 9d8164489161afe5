//! `category`

use clap::Subcommand;

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
