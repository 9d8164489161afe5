//! Distance as a part of a mirror's weight.

use geo::Coordinates;
use snapshot::{HostNo, Snapshot};

/// How far a mirror of the same weight may be without losing much, in km.
const NEAR_KM: f64 = 100.0;

/// What a distance makes of a weight: attraction falls with its square, beginning at [`NEAR_KM`]. A mirror at 100
/// km needs 4 times the bandwidth of one next door to be as likely, one at 900 km 100 times.
pub(crate) fn factor(km: f64) -> f64 {
    (1.0 + km / NEAR_KM).powi(-2)
}

/// Multiplies the weight of each host by the factor of its distance. A host whose place is not known counts as
/// far as the farthest that is known; when none is known, nothing changes.
pub(crate) fn weigh(snapshot: &Snapshot, client: Coordinates, hosts: &[HostNo], weights: &mut [f64]) {
    let factor = |host: &HostNo| Some(factor(client.distance_km(snapshot.coordinates(*host)?)));
    let factors: Vec<Option<f64>> = hosts.iter().map(factor).collect();
    let farthest = factors.iter().flatten().copied().min_by(f64::total_cmp).unwrap_or(1.0);
    for (weight, factor) in weights.iter_mut().zip(factors) {
        *weight *= factor.unwrap_or(farthest);
    }
}

#[cfg(test)]
mod tests {
    use super::factor;

    #[test]
    fn attraction_falls_with_the_square_of_the_distance() {
        for (km, expected) in [(0.0, 1.0), (100.0, 0.25), (900.0, 0.01), (9_900.0, 0.0001)] {
            assert!((factor(km) / expected - 1.0).abs() < 1e-9, "{km}");
        }
    }
}
