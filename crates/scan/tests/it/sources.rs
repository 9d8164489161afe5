//! Trees that are listed elsewhere than by our own walk.

mod agree;
mod broken;
mod clocks;
mod fetched;
mod listings;
pub(crate) mod made;
