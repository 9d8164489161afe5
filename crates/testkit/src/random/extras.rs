//! Random facts for which the interchange format has no field.

use geo::Coordinates;
use snapshot::proto::MirrorList;
use snapshot::{Exclusive, Extras, Families, HostFacts};

use super::words::NETWORKS;
use crate::rng::Rng;

/// Names and places of hosts, families of URLs, exclusive networks; of some of everything nothing is known.
pub(super) fn random(cache: &MirrorList, rng: &mut Rng) -> Extras {
    let mut extras = Extras::default();
    for pair in &cache.host_country_cache {
        if rng.percent(80) {
            let place = |rng: &mut Rng, range: u64| rng.below(range) as f64 - range as f64 / 2.0;
            let coordinates = Coordinates::new(place(rng, 180), place(rng, 360)).filter(|_| rng.percent(70));
            extras.hosts.push(HostFacts {
                id: pair.key,
                name: format!("h{}.example", pair.key),
                coordinates,
            });
        }
    }
    for pair in &cache.hc_url_cache {
        if rng.percent(70) {
            extras.families.push((pair.key, Families { v4: rng.percent(70), v6: rng.percent(50) }));
        }
    }
    for network in NETWORKS.iter().filter_map(|network| network.parse().ok()) {
        if rng.percent(10)
            && let Some(pair) = rng.pick(&cache.host_country_cache)
        {
            extras.exclusive.push(Exclusive { network, host: pair.key, hashes: rng.percent(50) });
        }
    }
    extras
}
