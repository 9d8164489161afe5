//! Talking to mirrors: what they are asked, and what no answer of theirs can do to us.
//!
//! A mirror's URL was typed by a stranger and its answers are hostile until parsed. So every connection
//! goes through one [`guard`], every answer through one set of [`limits`], and the meaning of an answer
//! is a pure function ([`classify()`]) that can be read as a table. [`connector`] is the one trait that a
//! way of asking (HTTP, FTP) implements; an rsync listing is matched as a whole. The master's own listings come through here, too: by [`rsync`], or
//! fetched over HTTP ([`fetch`]).

mod absence;
mod ask;
mod budget;
pub mod classify;
mod client;
pub mod connect;
pub mod connector;
pub mod counters;
mod facts;
pub mod families;
pub mod fetch;
pub mod ftp;
pub mod guard;
pub mod http;
pub mod index;
pub mod limits;
pub mod lines;
pub mod mirror;
pub mod outcome;
pub mod pace;
pub mod remembered;
pub mod resolve;
pub mod rsync;
pub mod target;
pub mod trial;

pub use classify::{Verdict, classify};
pub use connector::{Connector, DirectoryCheck, Wanted, WantedFile};
pub use counters::{Counters, Exchange, Watch};
pub use facts::IndexUse;
pub use families::Families;
pub use fetch::{Fetch, FetchFailure, Validators};
pub use ftp::FtpMirror;
pub use guard::{AddressGuard, Refusal};
pub use http::{Failure, GetOutcome, HeadOutcome, Http, Length, Phase, Redirects};
pub use index::Index;
pub use limits::Limits;
pub use lines::{Flood, LineLimits, LineSplitter, Tail};
pub use mirror::HttpMirror;
pub use pace::Politeness;
pub use remembered::Remembered;
pub use resolve::{Resolver, SystemResolver, TableResolver};
pub use rsync::{Rsync, RsyncError, RsyncLimits, RsyncMirror};
pub use target::{Target, TargetError};
pub use trial::{Trial, TrialReport};
