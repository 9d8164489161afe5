//! Plain domain types and rules: no I/O, no clock, no database.
//!
//! Everything here is a pure function of its arguments, so that the scanner, the crawler, the cache
//! builder and the web application can share one rule instead of having one each. Time comes in as a
//! [`clock::Clock`]; a function that draws lots takes a `rand::Rng`, so that a seed reproduces it.

pub mod activity;
pub mod ageing;
pub mod arch_guess;
pub mod asn;
mod category_rules;
pub mod checksums;
pub mod clock;
pub mod continent;
pub mod country;
pub mod directory_name;
pub mod evidence;
pub mod excludes;
pub mod file_name;
pub mod files;
pub mod fingerprint;
pub mod ids;
pub mod netblock;
pub mod path_rules;
pub mod pickle;
pub mod policy;
pub mod prefix_rules;
pub mod propagation;
pub mod redact;
pub mod rule_table;
pub mod short_list;
pub mod url;
pub mod version_guess;
