//! Tables that are built once and then only looked into.
//!
//! Each is a few [`Column`]s: arrays of little-endian numbers or of rows of such numbers, which look the same in
//! memory and in a file. So a table is used where it lies, in a file's bytes as well as in memory of its own, and
//! nothing is built when a file is opened. [`Parts`] are how tables lie one behind the other in a file.
//!
//! A file is hostile until it was looked at: every `read` checks once all that a look-up relies on (order,
//! bounds, ends of texts, that each text is found), and every look-up is still a checked one, so that even a file
//! that changes under a mapping gives wrong answers at worst.

mod column;
mod damaged;
mod names;
mod parts;
mod prefix;

pub use column::Column;
pub use damaged::Damaged;
pub use names::{Names, NamesBuilder};
pub use parts::{Parts, PartsWriter};
pub use prefix::PrefixTable;
