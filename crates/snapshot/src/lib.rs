//! The mirrorlist cache as a file and as the immutable view that answers are made from.
//!
//! [`Snapshot`] is the view: built once, never changed, everything looked up in constant or logarithmic time. All
//! its tables are columns (crate `frozen`) that look the same in memory and in a native file (module `format`), so
//! that opening one builds nothing. [`proto`] is the interchange format, read and written by other implementations
//! too; [`Builder`] makes a view from what a database or such a file says.

mod asns;
mod build;
mod countries;
mod directory;
mod entry;
mod extras;
mod files;
mod format;
mod hosts;
mod interchange;
mod networks;
mod palette;
pub mod proto;
mod read;
mod repositories;
mod required;
mod sets;
mod sign;
mod urls;
mod view;
mod wire;
mod write;

pub use build::{Builder, DirectoryParts, PaletteNo};
pub use directory::{Directory, DirectoryOffers};
pub use extras::{Exclusive, Extras, Families, HostFacts};
pub use files::{Detail, Digest, DigestKind, File, FileDetail};
pub use format::{FormatError, SectionSize, sections};
pub use geo::Coordinates;
pub use hosts::{Host, HostBits, HostList, HostNo, HostSet};
pub use read::{ReadError, is_native, serial};
pub use repositories::Repeated;
pub use sign::{KeyError, NoRandomness, PublicKey, SigningKey};
pub use urls::{Offer, Url, Wanted};
pub use view::{CountryDatabase, CountryNo, Counts, Routing, Snapshot};
pub use write::{Replacement, WriteError, write_with};
