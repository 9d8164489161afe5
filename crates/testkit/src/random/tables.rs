//! The files beside the cache: routing table and continents.

use super::words::{COUNTRIES, NETWORKS, SYSTEMS};
use crate::rng::Rng;

/// A routing table. Some lines are repeated for another system, some are not understood.
pub(super) fn netblocks(rng: &mut Rng) -> String {
    // Without a usable v4 line the table is refused.
    let mut lines = vec!["192.0.2.0/24 64512".to_owned()];
    for _ in 0..4 + rng.below(16) {
        let network = rng.pick(&NETWORKS).copied().unwrap_or_default();
        let system = rng.pick(&SYSTEMS).map_or("", |(text, _)| text);
        let between = rng.pick(&[" ", "\t", "  "]).copied().unwrap_or_default();
        let behind = if rng.percent(20) { " some name" } else { "" };
        lines.push(format!("{network}{between}{system}{behind}"));
        if rng.percent(5) {
            lines.push((*rng.pick(&["", " ", "::/0 64513", "198.51.100.0/24"]).unwrap_or(&"")).to_owned());
        }
    }
    lines.join("\n") + "\n"
}

/// Country and continent. Some countries are missing, some are there twice, in lower case, or of no continent.
pub(super) fn continents(rng: &mut Rng) -> String {
    let mut lines = vec!["\"country\",\"continent\"".to_owned(), "DE,EU".to_owned()];
    for country in COUNTRIES.iter().chain(&["GB", "IT", "XX"]) {
        while rng.percent(70) {
            let continent = rng.pick(&["EU", "NA", "AS", "--", ""]).copied().unwrap_or_default();
            let country = if rng.percent(5) { country.to_lowercase() } else { (*country).to_owned() };
            let end = if rng.percent(10) { "\r" } else { "" };
            lines.push(format!("{country},{continent}{end}"));
        }
    }
    lines.extend(["FR".to_owned(), String::new(), "USA,NA".to_owned()]);
    lines.join("\n")
}
