//! Where an address is: its country, its place in it, its autonomous system; the continent of a country.
//!
//! Every value here is built once from a file and never changed, so that a server can hold it in an `Arc`
//! and swap it for a newer one while it answers.

mod asn;
mod continent;
mod coordinates;
mod country;
mod error;

pub use asn::{Asn, Asns, EmptyIpv4};
pub use continent::Continents;
pub use coordinates::Coordinates;
pub use country::Countries;
pub use error::LoadError;
