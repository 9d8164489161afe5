//! Building the mirrorlist cache from the store: the arrow from `store` to `snapshot`.
//!
//! [`Build`] is the one type to open: it takes what [`store::export::read`] read and turns it into
//! `mirrorlist_cache.proto` by the rules of spec mirrorlist B.3. It is pure but for the look-up of host names
//! given as networks, which is a parameter ([`Resolver`]), as is the time. Equal content of the store and equal
//! time give equal bytes. The whole cache is never in memory.

mod additions;
mod build;
mod carriers;
mod compatibility;
mod convert;
mod details;
pub mod diff;
mod entries;
mod extras;
mod files;
mod hosts;
mod inspect;
mod kept;
mod listing;
mod native;
mod networks;
mod output;
mod place;
mod progress;
mod proto_head;
mod report;
mod repositories;
mod resolve;
mod rollback;
mod verify;
mod watch;
mod wire;

pub use additions::{AdditionError, Additions};
pub use build::Build;
pub use compatibility::Compatibility;
pub use convert::{ConvertError, Converted, convert};
pub use inspect::{MirrorSet, Part, Section, Summary, inspect};
pub use kept::Keep;
pub use output::{Format, Output, OutputError, Written};
pub use progress::{Progress, Stage};
pub use report::{BuildReport, Counts, Skipped};
pub use resolve::{Addresses, DnsResolver, NoResolver, Remembering, ResolveError, Resolver};
pub use rollback::{RollbackError, RolledBack, rollback};
pub use verify::{Verified, VerifyError, verify};
pub use watch::{Event, Watch, WatchError};
