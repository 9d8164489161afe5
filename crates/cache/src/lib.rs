//! Building the mirrorlist cache from the store: the arrow from `store` to `snapshot`.
//!
//! [`build()`] is the one function to open: it takes what [`store::export::read`] read and turns it into the
//! messages of `mirrorlist_cache.proto` by the rules of spec mirrorlist B.3. It is pure but for the
//! look-up of host names given as networks, which is a parameter ([`Resolver`]), as is the time. Equal
//! content of the store and equal time give equal bytes. [`build_file`] does the same without ever holding the
//! whole cache in memory.

mod build;
mod compatibility;
mod directories;
mod files;
mod hosts;
mod inspect;
mod networks;
mod place;
mod progress;
mod report;
mod repositories;
mod resolve;
mod wire;
mod write;

pub use build::{build, build_file};
pub use compatibility::Compatibility;
pub use inspect::{MirrorSet, Part, Summary, inspect, summarise};
pub use progress::{Progress, Stage};
pub use report::{BuildReport, Counts, Skipped};
pub use resolve::{DnsResolver, NoResolver, ResolveError, Resolver};
pub use write::write;
