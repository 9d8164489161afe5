//! The database: one file of queries per noun, bulk paths, migrations, change log.
//!
//! Both engines are always compiled in and chosen by the URL. Ordinary rows go through SeaORM;
//! statements that differ per engine stand side by side in one [`sql::Sql`]. Every write goes through
//! [`tx::WriteTx`], which appends to the change log in the same transaction.

pub mod arches;
pub mod asns;
mod cascade;
pub mod categories;
pub mod changes;
pub mod check;
pub mod connect;
pub mod countries;
pub mod crawl_hosts;
pub mod crawl_master;
pub mod error;
pub mod evidence;
pub mod exclusive_netblocks;
pub mod export;
pub mod host_categories;
pub mod hosts;
pub mod master;
pub mod migrate;
pub mod netblocks;
pub mod outbox;
pub mod products;
pub mod propagation;
pub mod redirects;
pub mod reference;
pub mod sites;
pub mod sql;
pub mod tx;
pub mod url_families;
pub mod urls;
mod validate;
pub mod verdicts;
pub mod versions;
pub mod written;

pub use check::check;
pub use connect::{ConnectOptions, Engine, Store};
pub use error::{Result, StoreError};
pub use migrate::{MigrateOptions, MigrateReport, migrate};
pub use tx::{ReadTx, WriteTx};
