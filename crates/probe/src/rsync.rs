//! Trees listed by the real rsync program: one runner and one parser of its listings, for masters and mirrors.
//!
//! rsync is started with an argument vector, never by a shell, in a process group of its own, with an empty
//! environment; its output is handed on line by line and nothing is kept. Whatever it does, it ends in time.

mod error;
mod line;
mod run;

pub use error::RsyncError;
pub use line::{Kind, Line, line};
pub use run::{Depth, End, Rsync, RsyncLimits, Wish};
