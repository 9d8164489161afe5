//! Building the mirrorlist cache from the store: the arrow from `store` to `snapshot`.
//!
//! [`Build`] is the one type to open: it takes what [`store::export::read`] read and turns it into
//! `mirrorlist_cache.proto` by the rules of spec mirrorlist B.3. It is pure but for the look-up of host names
//! given as networks, which is a parameter ([`Resolver`]), as is the time. Equal content of the store and equal
//! time give equal bytes. The whole cache is never in memory.

mod build;
mod carriers;
mod compatibility;
mod details;
mod entries;
mod extras;
mod files;
mod hosts;
mod inspect;
mod listing;
mod native;
mod networks;
mod place;
mod progress;
mod report;
mod repositories;
mod resolve;
mod wire;

pub use build::Build;
pub use compatibility::Compatibility;
pub use inspect::{MirrorSet, Part, Summary, inspect, summarise};
pub use progress::{Progress, Stage};
pub use report::{BuildReport, Counts, Skipped};
pub use resolve::{DnsResolver, NoResolver, ResolveError, Resolver};
