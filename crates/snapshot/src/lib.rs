//! The mirrorlist cache as a file and as the immutable view that answers are made from.
//!
//! [`proto`] is the interchange format, read and written by other implementations too. [`Snapshot`] is the
//! view: built once, never changed, everything looked up in constant or logarithmic time. Answers use the
//! view's accessors only, so that its inside can become a memory-mapped file without them noticing.

pub mod proto;
mod required;
mod wire;
