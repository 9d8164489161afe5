//! Plain domain types and rules: no I/O, no clock, no database.
//!
//! Everything here is a pure function of its arguments, so that the scanner, the crawler, the cache
//! builder and the web application can share one rule instead of having one each.

pub mod clock;
pub mod ids;
