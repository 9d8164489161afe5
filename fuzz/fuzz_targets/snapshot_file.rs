//! The native snapshot: whatever the bytes, it is refused, or all of it can be looked at. Hashes count as right.
#![no_main]

use snapshot::{DigestKind, Snapshot};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(snapshot) = Snapshot::from_bytes([b"mmsnap\r\n".as_slice(), bytes].concat()) else { return };
    for directory in snapshot.all_directories() {
        assert!(snapshot.directory(directory.name()).is_some());
        for host in directory.carried().iter().chain(directory.global().iter()) {
            assert!(snapshot.host(host).is_some());
            let _ = directory.offer(host).map(|offer| offer.urls().map(|url| url.trimmed().len()).sum::<usize>());
        }
        for (_, file) in directory.files() {
            for detail in file.details() {
                DigestKind::ALL.into_iter().for_each(|kind| detail.push_digest(kind, &mut String::new()));
            }
        }
    }
    let _ = (snapshot.proto_head(), snapshot.proto_files().count(), snapshot.proto_directories().count());
    for address in ["192.0.2.1", "2001:db8::1"] {
        let address = address.parse().expect("an address");
        let _ = (snapshot.exclusive(address), snapshot.smallest_country_network(address));
        let _ = snapshot.host_networks(address).count();
        let _ = snapshot.routing().and_then(|routing| routing.asns.of(address));
    }
});
