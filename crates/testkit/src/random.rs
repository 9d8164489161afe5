//! Small random deployments and questions to them, for tests that compare two ways to the same answer.
//!
//! Deployments and questions draw from the same short lists of words, so that questions hit as often as they
//! miss. What is odd but possible is there in nearly every deployment: absent weights, rubbish among networks,
//! base URLs with and without slashes, hosts without URLs, countries in lower case.

mod cache;
mod directory;
mod extras;
mod question;
mod tables;
mod words;

use snapshot::Extras;
use snapshot::proto::MirrorList;

pub use question::Question;

use crate::rng::Rng;

/// What a server is started with, but for the country database.
#[derive(Debug, Clone, PartialEq)]
pub struct Deployment {
    /// The cache.
    pub cache: MirrorList,
    /// `global_netblocks.txt`.
    pub netblocks: String,
    /// `country_continent.csv`.
    pub continents: String,
}

/// Whether a cache may have a key of a map, a directory or a network more than once, so that the order of its
/// elements decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeats {
    /// Every key once.
    Never,
    /// Some keys twice.
    Some,
}

impl Deployment {
    /// A deployment of some twenty hosts and thirty directories.
    pub fn random(rng: &mut Rng, repeats: Repeats) -> Self {
        let mut cache = cache::random(rng);
        match repeats {
            Repeats::Never => cache::without_repeats(&mut cache),
            Repeats::Some => cache::repeat(&mut cache, rng),
        }
        Self { cache, netblocks: tables::netblocks(rng), continents: tables::continents(rng) }
    }
    /// Facts about its hosts for which the cache has no field.
    pub fn extras(&self, rng: &mut Rng) -> Extras {
        extras::random(&self.cache, rng)
    }
}
