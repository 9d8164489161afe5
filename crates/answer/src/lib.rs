//! From a question to an answer: which mirrors, in which order, in which form.
//!
//! Everything here is a pure function of the data, the policy, the request, the time and the random numbers:
//! no I/O, no clock, no lock. One [`Decision`] is made per question, and every form of answer, and every
//! explanation, is a rendering of it.
//!
//! The way of a request: [`answer`](fn@answer) → `question` (what is asked) → `target` (which directory)
//! → `client` (who asks, from where) → `decide` (which hosts, through which tier) → `order` → `render`.
//!
//! In the words of spec mirrorlist C: E0–E7 are the errors, R1–R10 the rules of selection, M1–M10 those of
//! metalinks.

mod access;
mod answer;
mod client;
mod data;
mod decide;
mod escape;
mod order;
mod policy;
mod question;
mod render;
mod reply;
mod select;
mod target;
mod urls;

pub use access::AccessRecord;
pub use answer::{Request, answer, decide_only};
pub use client::Unusable;
pub use data::Data;
pub use decide::{Decision, Pick, Why};
pub use order::{shuffle, weighted_shuffle};
pub use policy::{Compatibility, CountryAllowed, Policy, ProtocolOrder};
pub use question::{Format, Question};
pub use reply::{Answer, Body, Failure, Kind, Tier};
pub use target::Target;
