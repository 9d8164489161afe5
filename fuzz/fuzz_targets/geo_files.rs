//! Country database, prefixes with their AS numbers, continents.
#![no_main]

use std::net::{IpAddr, Ipv6Addr};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let address = IpAddr::V6(Ipv6Addr::LOCALHOST);
    if let Ok(countries) = geo::Countries::from_bytes(bytes.to_vec()) {
        let _ = countries.of(address);
        let _ = countries.of(IpAddr::from([192, 0, 2, 1]));
    }
    if let Ok(asns) = geo::Asns::from_bytes(bytes, geo::EmptyIpv4::Accept) {
        let _ = asns.of(address);
    }
    let _ = geo::Continents::from_bytes(bytes);
});
