//! The database: one file of queries per noun, bulk paths, migrations, change log.
//!
//! Both engines are always compiled in and chosen by the URL. Ordinary rows go through SeaORM;
//! statements that differ per engine stand side by side in one [`sql::Sql`]. Every write goes through
//! [`tx::WriteTx`], which appends to the change log in the same transaction.

pub mod changes;
pub mod connect;
pub mod error;
pub mod migrate;
pub mod reference;
pub mod export;
pub mod sql;
pub mod tx;

pub use connect::{ConnectOptions, Engine, Store};
pub use error::{Result, StoreError};
pub use migrate::{MigrateOptions, MigrateReport, migrate};
pub use tx::{ReadTx, WriteTx};
