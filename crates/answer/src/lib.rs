//! From a question to an answer: which mirrors, in which order, in which form.
//!
//! Everything here is a pure function of the data, the policy, the request, the time and the random numbers:
//! no I/O, no clock, no lock. One [`Decision`] is made per question, and every form of answer, and every
//! explanation, is a rendering of it.
//!
//! The way of a request: [`answer`](fn@answer) → `question` (what is asked) → `target` (which directory)
//! → `client` (who asks) → `place` (from where) → `decide` → `select` (which hosts, through which tier) → `order` →
//! `render`. `/explain` and `/allowlist` (`page`) show the decision instead of answering by it.
//!
//! In the words of spec mirrorlist C: E0–E7 are the errors, R1–R10 the rules of selection, M1–M10 those of
//! metalinks.

mod accept;
mod access;
mod allow_list;
mod answer;
mod client;
mod data;
mod decide;
mod distance;
mod escape;
mod exclude;
mod explain;
mod family;
mod names;
mod order;
mod page;
mod place;
mod policy;
mod question;
mod render;
mod reply;
mod select;
mod share;
mod shuffle;
mod stable;
mod target;
mod urls;
mod whole_path;
mod why;

pub use access::{AccessRecord, Named};
pub use allow_list::{AllowList, Allowed, allow_list};
pub use answer::{Request, answer, decide_only};
pub use client::Unusable;
pub use data::Data;
pub use decide::{Decision, Exclusive, Pick};
pub use explain::{Explanation, Insight, Left, LeftOut, Mirror, explain};
pub use place::{CountrySource, Place};
pub use policy::{Compatibility, CountryAllowed, Distance, Explain, Policy, ProtocolOrder, Recorded, Stable};
pub use question::{Form, Format, Page, Question};
pub use reply::{Answer, Body, Failure, Kind, Tier};
pub use shuffle::{shuffle, weighted_shuffle};
pub use target::Target;
pub use why::{Reason, Why};
