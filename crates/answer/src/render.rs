//! Decisions and failures as bodies.

pub(crate) mod failure;
pub(crate) mod metalink;
pub(crate) mod mirrorlist;
pub(crate) mod redirect;

pub(crate) const TEXT: &str = "text/plain";
pub(crate) const METALINK: &str = "application/metalink+xml";

/// Appends a number in decimal digits.
pub(crate) fn push_number(number: u64, to: &mut String) {
    use std::fmt::Write as _;
    let _ = write!(to, "{number}");
}
