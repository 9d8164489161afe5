//! Every setting in one struct tree, one file per group.
//!
//! A value comes from, in rising order: the default, the TOML file, the environment
//! (`MM_GROUP__KEY`), `--set group.key=value`. [`load()`] merges them, refuses keys that nothing reads and
//! remembers where each value came from. A setting is declared once, as a documented field of its
//! group; `mirrormanager config default` prints those same doc comments ([`docs`]), so that the
//! reference can not drift from the code.

pub mod answer;
pub mod cache;
pub mod check;
pub mod crawl;
pub mod database;
pub mod docs;
pub mod dump;
mod environment;
pub mod error;
mod expand;
mod file;
mod known;
pub mod load;
pub mod log;
pub mod origin;
pub mod root;
pub mod scan;
pub mod secret;
pub mod serve;

pub use answer::Answer;
pub use cache::Cache;
pub use database::Database;
pub use error::SettingsError;
pub use load::{Sources, load};
pub use log::Log;
pub use origin::{Origin, Origins};
pub use root::Settings;
pub use scan::Scan;
pub use secret::{DatabaseUrl, Secret, SourceUrl};
pub use serve::Serve;
