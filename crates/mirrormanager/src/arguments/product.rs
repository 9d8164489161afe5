//! `product`

use clap::Subcommand;

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
