//! Trees listed by the real rsync program: one runner and one parser of its listings, for masters and mirrors.
//!
//! rsync is started with an argument vector, never by a shell, in a process group of its own, with an empty
//! environment; its output is handed on line by line and nothing is kept: a mirror's listing is matched with what is expected as
//! it comes ([`RsyncMirror`]). Whatever it does, it ends in time.

mod complaints;
mod error;
mod expected;
mod line;
mod matching;
mod mirror;
mod run;

pub use complaints::Doubts;
pub use error::RsyncError;
pub use expected::Expected;
pub use line::{Kind, Line, line};
pub use matching::Ending;
pub use mirror::{Listed, NoListing, RsyncMirror};
pub use run::{Depth, End, Rsync, RsyncLimits, Wish};
