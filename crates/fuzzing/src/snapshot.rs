//! The native snapshot.

use snapshot::{DigestKind, Snapshot, proto};

/// What a native file begins with.
const MAGIC: &[u8] = b"mmsnap\r\n";

/// Any bytes behind the first eight as a native file: it is refused, or all of it can be looked at. For the fuzzer
/// all hashes are right, or nothing behind them would be reached.
pub(crate) fn file(bytes: &[u8]) {
    let Ok(snapshot) = Snapshot::from_bytes([MAGIC, bytes].concat()) else { return };
    for directory in snapshot.all_directories() {
        assert!(snapshot.directory(directory.name()).is_some());
        for host in directory.carried().iter().chain(directory.global().iter()) {
            assert!(snapshot.host(host).is_some());
            let _ =
                directory.offer(host).map(|offer| offer.urls().map(|url| url.trimmed().len()).sum::<usize>());
        }
        for (_, file) in directory.files() {
            for detail in file.details() {
                DigestKind::ALL.into_iter().for_each(|kind| detail.push_digest(kind, &mut String::new()));
            }
        }
    }
    let _ = (snapshot.proto_head(), snapshot.proto_files().count(), snapshot.proto_directories().count());
    for address in ["192.0.2.1", "2001:db8::1"] {
        let address = address.parse().unwrap();
        let _ = (snapshot.exclusive(address), snapshot.smallest_country_network(address));
        let _ = snapshot.host_networks(address).count();
        let _ = snapshot.routing().and_then(|routing| routing.asns.of(address));
    }
}

/// The seeds of the other format, and an empty cache.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let empty = proto::encode(&proto::MirrorList::default());
    let native = |bytes: Vec<u8>| {
        let mut native = Vec::new();
        Snapshot::from_bytes(bytes).unwrap().write_to(1, None, &mut native).unwrap();
        native.split_off(MAGIC.len())
    };
    crate::cache::seeds().into_iter().chain([empty]).map(native).collect()
}
