//! Places on the Earth and how far they are apart.

/// Radius of a ball as large as the Earth, in km.
const EARTH_KM: f64 = 6371.0;

/// A place on the Earth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coordinates {
    /// Degrees north, −90 to 90.
    pub latitude: f32,
    /// Degrees east, −180 to 180.
    pub longitude: f32,
}

impl Coordinates {
    /// A place, if there is one with these degrees.
    pub fn new(latitude: f64, longitude: f64) -> Option<Self> {
        let on_earth = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
        on_earth.then_some(Self { latitude: latitude as f32, longitude: longitude as f32 })
    }

    /// The length of the shortest way on the surface between two places, in km (the haversine formula).
    pub fn distance_km(self, other: Self) -> f64 {
        let radians = |degrees: f32| f64::from(degrees).to_radians();
        let (from, to) = (radians(self.latitude), radians(other.latitude));
        let half_north = (to - from) / 2.0;
        let half_east = (radians(other.longitude) - radians(self.longitude)) / 2.0;
        let part = half_north.sin().powi(2) + from.cos() * to.cos() * half_east.sin().powi(2);
        // Rounding can make it a little more than 1 for opposite places.
        2.0 * EARTH_KM * part.min(1.0).sqrt().asin()
    }
}

#[cfg(test)]
mod tests {
    use super::Coordinates;

    fn at(latitude: f64, longitude: f64) -> Coordinates {
        Coordinates::new(latitude, longitude).unwrap()
    }

    #[test]
    fn distances_are_those_of_an_atlas() {
        let (berlin, paris) = (at(52.52, 13.405), at(48.857, 2.352));
        let (london, new_york) = (at(51.507, -0.128), at(40.713, -74.006));
        for (from, to, km) in [(berlin, paris, 878.0), (london, new_york, 5570.0), (paris, paris, 0.0)] {
            let found = from.distance_km(to);
            assert!((found - km).abs() <= km * 0.01, "{found} km, not {km}");
            assert!((found - to.distance_km(from)).abs() < 1e-6);
        }
        let half = at(0.0, 0.0).distance_km(at(0.0, 180.0));
        assert!((half - 20_015.0).abs() < 1.0, "{half}");
        let date_line = at(10.0, 179.5).distance_km(at(10.0, -179.5));
        assert!((date_line - 109.5).abs() < 0.2, "{date_line}");
    }

    #[test]
    fn there_is_nothing_north_of_the_pole() {
        for (latitude, longitude) in [(90.1, 0.0), (0.0, -180.1), (f64::NAN, 0.0), (0.0, f64::INFINITY)] {
            assert_eq!(Coordinates::new(latitude, longitude), None);
        }
    }
}
