//! Both layouts of country databases, made here byte by byte.

#![allow(clippy::unwrap_used, reason = "a test")]

use geo::{Coordinates, Countries};
use proptest::prelude::*;

fn text(text: &str) -> Vec<u8> {
    [&[0x40 | u8::try_from(text.len()).unwrap()], text.as_bytes()].concat()
}

fn map(pairs: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = vec![0xe0 | u8::try_from(pairs.len()).unwrap()];
    for (key, value) in pairs {
        bytes.extend(text(key));
        bytes.extend(value);
    }
    bytes
}

/// A database for IPv4: addresses below 128.0.0.0 have the record, others have none.
fn database(record: &[u8]) -> Vec<u8> {
    let short = |number: u8| vec![0xa1, number];
    // One node of two 24-bit numbers: the record at offset 0 of the data, and nothing.
    let mut bytes = vec![0, 0, 1 + 16, 0, 0, 1];
    bytes.extend([0; 16]);
    bytes.extend(record);
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
    bytes
}

fn of(record: &[u8], address: &str) -> Option<String> {
    let countries = Countries::from_bytes(database(record)).unwrap();
    assert_eq!(countries.made_at_seconds(), Some(1_700_000_000));
    countries.of(address.parse().unwrap()).map(str::to_owned)
}

#[test]
fn the_country_is_nested_or_at_the_top() {
    let nested = map(&[("country", map(&[("iso_code", text("DE"))])), ("country_code", text("XX"))]);
    assert_eq!(of(&nested, "10.0.0.1").as_deref(), Some("DE"));
    assert_eq!(of(&map(&[("country_code", text("FR"))]), "10.0.0.1").as_deref(), Some("FR"));
}

#[test]
fn nothing_is_said_without_a_country() {
    let nested = map(&[("country", map(&[("iso_code", text("DE"))]))]);
    assert_eq!(of(&nested, "200.0.0.1"), None, "no record");
    assert_eq!(of(&nested, "2001:db8::1"), None, "v6 in a v4 database");
    assert_eq!(of(&map(&[("country", map(&[]))]), "10.0.0.1"), None);
    assert_eq!(of(&map(&[("continent", text("EU"))]), "10.0.0.1"), None);
    assert_eq!(of(&map(&[("country_code", text(""))]), "10.0.0.1"), None);
    assert_eq!(of(&map(&[("country_code", vec![0xa1, 7])]), "10.0.0.1"), None, "a number");
    assert_eq!(Countries::none().of("10.0.0.1".parse().unwrap()), None);
}

/// A number with a fraction, as the City editions have it.
fn float(value: f64) -> Vec<u8> {
    [&[0x68], value.to_be_bytes().as_slice()].concat()
}

#[test]
fn city_editions_know_where_an_address_is() {
    let at = |location: &[(&str, Vec<u8>)], address: &str| {
        let bytes = database(&map(&[("country", map(&[])), ("location", map(location))]));
        Countries::from_bytes(bytes).unwrap().coordinates(address.parse().unwrap())
    };
    let berlin = [("latitude", float(52.5)), ("longitude", float(-13.25))];
    assert_eq!(at(&berlin, "10.0.0.1"), Coordinates::new(52.5, -13.25));
    assert_eq!(at(&berlin, "200.0.0.1"), None, "no record");
    assert_eq!(at(&berlin[..1], "10.0.0.1"), None, "half of a place");
    assert_eq!(at(&[("latitude", text("52")), ("longitude", float(1.0))], "10.0.0.1"), None, "a text");
    assert_eq!(at(&[("latitude", float(91.0)), ("longitude", float(1.0))], "10.0.0.1"), None, "not on Earth");
    assert_eq!(Countries::none().coordinates("10.0.0.1".parse().unwrap()), None);
}

proptest! {
    #[test]
    fn a_damaged_database_never_panics(at in 0..400usize, byte in any::<u8>(), cut in 0..400usize) {
        let location = map(&[("latitude", float(1.0)), ("longitude", float(2.0))]);
        let mut bytes =
            database(&map(&[("country", map(&[("iso_code", text("DE"))])), ("location", location)]));
        let length = bytes.len();
        bytes[at % length] = byte;
        bytes.truncate(length - cut % 40);
        if let Ok(countries) = Countries::from_bytes(bytes) {
            for address in ["10.0.0.1", "200.0.0.1", "::1"] {
                let _ = countries.of(address.parse().unwrap());
                let _ = countries.coordinates(address.parse().unwrap());
            }
        }
    }
}
