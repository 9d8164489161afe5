//! The mirrorlist cache: decoded, viewed, and asked.
#![no_main]

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use rand::SeedableRng;

libfuzzer_sys::fuzz_target!(|input: (&[u8], &str, &str)| {
    let (bytes, path, query) = input;
    let Ok(snapshot) = snapshot::Snapshot::from_bytes(bytes.to_vec()) else { return };
    let data = answer::Data::new(
        Arc::new(snapshot),
        Arc::new(geo::Countries::none()),
        Arc::new(geo::Asns::none()),
        Arc::new(geo::Continents::built_in()),
    );
    let request = answer::Request {
        path,
        query,
        forwarded_for: &[],
        peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
        now: chrono::DateTime::UNIX_EPOCH,
    };
    for policy in [answer::Policy::default(), answer::Policy::upstream()] {
        let mut rng = rand::rngs::StdRng::seed_from_u64(1);
        let _ = answer::answer(&data, &policy, &request, &mut rng).body.to_vec();
    }
});
