//! The three files: what is used, what is skipped, what is refused.

#![allow(clippy::unwrap_used, reason = "a test")]

use geo::{Asns, Continents, Countries, EmptyIpv4, LoadError};
use proptest::prelude::*;

fn asn(table: &Asns, address: &str) -> Option<(String, i64)> {
    table.of(address.parse().unwrap()).map(|asn| (asn.text.to_owned(), asn.number))
}

fn found(text: &str, number: i64) -> Option<(String, i64)> {
    Some((text.to_owned(), number))
}

#[test]
fn the_smallest_network_names_the_asn_and_its_text_is_kept() {
    let lines = b"10.0.0.0/8 1 and more\n10.1.0.0/16\t+2\n10.1.2.3/24 AS3\n2001:db8::/32 4\n10.0.0.0/8 5\n";
    let table = Asns::from_bytes(lines, EmptyIpv4::Refuse).unwrap();
    assert_eq!(asn(&table, "10.9.9.9"), found("5", 5), "the later line counts");
    assert_eq!(asn(&table, "10.1.9.9"), found("+2", 2));
    assert_eq!(asn(&table, "10.1.2.200"), found("AS3", -1), "host bits are masked; no number is -1");
    assert_eq!(asn(&table, "2001:db8::1"), found("4", 4));
    assert_eq!(asn(&table, "11.0.0.1"), None);
    assert_eq!(asn(&table, "::ffff:10.9.9.9"), None, "unmapping is the caller's");
    assert_eq!((table.prefixes(), table.skipped()), (5, 0));
}

#[test]
fn lines_that_are_not_understood_are_skipped_and_counted() {
    let lines =
        b"\n  \n1.2.3.4 5\nnonsense 1\n10.0.0.0/8\n10.0.0.0/33 2\n0.0.0.0/0 3\n\xff\xfe 4\n10.0.0.0/8 6\r\n";
    let table = Asns::from_bytes(lines, EmptyIpv4::Refuse).unwrap();
    assert_eq!(table.skipped(), 6);
    assert_eq!(asn(&table, "10.0.0.1"), found("6", 6));
    assert_eq!(asn(&table, "1.2.3.4"), None);
}

#[test]
fn a_table_without_ipv4_is_refused_unless_that_is_wanted() {
    let refused = Asns::from_bytes(b"2001:db8::/32 4\nbad\n", EmptyIpv4::Refuse).unwrap_err();
    assert!(matches!(refused, LoadError::NoIpv4Prefix { skipped: 1 }), "{refused}");
    let taken = Asns::from_bytes(b"2001:db8::/32 4\n", EmptyIpv4::Accept).unwrap();
    assert_eq!(asn(&taken, "2001:db8::1"), found("4", 4));
}

#[test]
fn continents_skip_the_header_and_lines_without_two_fields() {
    let text =
        b"\"iso 3166 country\",\"continent code\"\n\nDE,EU\r\nXX\nUS,NA,more\nDE,AS\nabc,EU\nd\xc3,EU\n";
    let table = Continents::from_bytes(text).unwrap();
    assert_eq!(table.of("DE"), Some("AS"), "the last line counts");
    assert_eq!(table.of("US"), Some("NA"));
    assert_eq!(table.of("de"), None, "countries are compared exactly");
    assert_eq!(table.of("XX"), None);
    assert_eq!(table.skipped(), 4);
    assert!(matches!(Continents::from_bytes(b"nothing\n"), Err(LoadError::NoContinent { skipped: 1 })));
}

#[test]
fn the_built_in_continents_know_the_large_countries() {
    let table = Continents::built_in();
    for (country, continent) in
        [("US", "NA"), ("DE", "EU"), ("JP", "AS"), ("BR", "SA"), ("ZA", "AF"), ("A1", "--")]
    {
        assert_eq!(table.of(country), Some(continent), "{country}");
    }
}

#[test]
fn a_file_that_can_not_be_used_is_named_with_the_reason() {
    let folder = std::env::temp_dir().join(format!("geo-files-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("bad");
    std::fs::write(&file, "nothing of use\n").unwrap();
    let name = file.to_str().unwrap();
    let messages = [
        Asns::read(&file, EmptyIpv4::Refuse).unwrap_err().to_string(),
        Continents::read(&file).unwrap_err().to_string(),
        Countries::read(&file).unwrap_err().to_string(),
        Countries::read(&folder.join("absent")).unwrap_err().to_string(),
    ];
    std::fs::remove_dir_all(&folder).unwrap();
    for message in &messages[..3] {
        assert!(message.contains(name) && message.len() > name.len() + 10, "{message}");
    }
    assert!(messages[3].contains("absent"), "{}", messages[3]);
}

proptest! {
    #[test]
    fn loading_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..400), lines in "([0-9a-f.:/, \n]|,){0,200}") {
        for bytes in [bytes, lines.into_bytes()] {
            let _ = Asns::from_bytes(&bytes, EmptyIpv4::Accept);
            let _ = Continents::from_bytes(&bytes);
            let _ = Countries::from_bytes(bytes);
        }
    }
}
