//! A country database that knows one place, for all IPv4 addresses below 128.0.0.0.

use std::sync::Arc;

use geo::Countries;

fn text(text: &str) -> Vec<u8> {
    [&[0x40 | u8::try_from(text.len()).unwrap()], text.as_bytes()].concat()
}

fn map(pairs: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let pair = |(key, value): &(&str, Vec<u8>)| [text(key), value.clone()].concat();
    [vec![0xe0 | u8::try_from(pairs.len()).unwrap()], pairs.iter().flat_map(pair).collect()].concat()
}

/// All clients are here.
pub(crate) fn located(latitude: f64, longitude: f64) -> Arc<Countries> {
    let float = |value: f64| [&[0x68], value.to_be_bytes().as_slice()].concat();
    let short = |number: u8| vec![0xa1, number];
    // One node of two 24-bit numbers: the record at offset 0 of the data, and nothing.
    let mut bytes = vec![0, 0, 1 + 16, 0, 0, 1];
    bytes.extend([0; 16]);
    bytes
        .extend(map(&[("location", map(&[("latitude", float(latitude)), ("longitude", float(longitude))]))]));
    bytes.extend(b"\xab\xcd\xefMaxMind.com");
    bytes.extend(map(&[
        ("binary_format_major_version", short(2)),
        ("binary_format_minor_version", short(0)),
        ("build_epoch", vec![0x04, 0x02, 0x65, 0x53, 0xf1, 0x00]),
        ("database_type", text("Test")),
        ("description", map(&[])),
        ("ip_version", short(4)),
        ("languages", vec![0x00, 0x04]),
        ("node_count", vec![0xc1, 1]),
        ("record_size", short(24)),
    ]));
    Arc::new(Countries::from_bytes(bytes).unwrap())
}
