//! The master tree into directories, repositories and file details.
//!
//! [`run()`] is the one entry. A category is read from the database once, its tree is listed by a
//! [`source::TreeSource`], the two are compared in memory, and what differs is written in one transaction. No
//! transaction is open while the disk is read; an unchanged tree writes nothing. Rules are `spec/umdl.md`'s.

mod ageing;
mod category;
pub mod changes;
mod choice;
mod compare;
pub mod digest;
pub mod explain;
pub mod file_detail;
pub mod guard;
mod guess;
pub mod index;
pub mod metrics;
pub mod options;
mod owner;
pub mod problem;
pub mod progress;
pub mod repomd;
pub mod report;
mod repositories;
mod rewritten;
pub mod rules;
pub mod run;
mod selection;
pub mod source;
pub mod touched;
pub mod watch;
mod write;

pub use changes::ChangeSet;
pub use metrics::Metrics;
pub use options::{Deletion, Reading, ScanOptions, Writing};
pub use problem::Problem;
pub use progress::{Progress, Quiet};
pub use report::{CategoryReport, Counts, Outcome, ScanReport, Timings, Verdict};
pub use run::{ScanError, run, run_on};
pub use touched::Touched;
pub use watch::Watch;
