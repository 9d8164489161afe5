//! What mirrors really hold: who is asked, what is asked, and what the answers mean.
//!
//! [`run()`] is the one entry. It loads the master tree once ([`master`]), takes hosts one after the other
//! ([`host`]), scans each category they carry ([`scan`]) directory by directory ([`check`]) and hands
//! the proven verdicts to the store when a category is through. What is asked ([`plan`]) depends on what is believed
//! from earlier crawls ([`belief`]); a belief that turns out wrong makes everything be asked ([`sweep`]). What can not be reached is tried again at
//! the end of the run before anything is concluded from it ([`second_try`]).

pub mod belief;
pub mod category;
pub mod category_report;
pub mod check;
pub mod error;
pub mod explain;
pub mod families;
pub mod fraction;
pub mod host;
pub mod host_log;
pub mod job;
pub mod master;
pub mod plan;
pub mod preference;
pub mod progress;
pub mod proof;
pub mod propagation;
pub mod releases;
pub mod report;
pub mod run;
pub mod scan;
pub mod second_try;
pub mod sweep;
pub mod verdict;

pub use category_report::{BadFile, CategoryReport, CategoryStatus};
pub use error::CrawlError;
pub use fraction::Fraction;
pub use job::{Job, Mode, Surroundings};
pub use progress::{Progress, Silent};
pub use propagation::{PropagationReport, Spread, propagation};
pub use report::{CrawlReport, Ending, HostReport, HostStatus, MassFailure, Statistics};
pub use run::run;
