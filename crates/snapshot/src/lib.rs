//! The mirrorlist cache as a file and as the immutable view that answers are made from.
//!
//! [`proto`] is the interchange format, read and written by other implementations too. [`Snapshot`] is the
//! view: built once, never changed, everything looked up in constant or logarithmic time. Answers use the
//! view's accessors only, so that its inside can become a memory-mapped file without them noticing.

mod build;
mod directory;
mod entry;
mod extras;
mod files;
mod hosts;
mod names;
mod networks;
mod palette;
pub mod proto;
mod repositories;
mod required;
mod urls;
mod view;
mod wire;

pub use directory::Directory;
pub use extras::{Coordinates, Exclusive, Extras, Families, HostFacts};
pub use files::{DigestKind, File, FileDetail};
pub use hosts::{HostBits, HostNo, HostSet};
pub use repositories::Repeated;
pub use urls::{Offer, Url, Wanted};
pub use view::{CountryNo, Counts, Host, Snapshot};
