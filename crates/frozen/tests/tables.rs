//! Tables written and read again, and tables that were damaged meanwhile.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use std::collections::HashMap;
use std::net::IpAddr;

use bytes::Bytes;
use frozen::{Column, Damaged, Names, NamesBuilder, Parts, PartsWriter, PrefixTable};
use ipnet::IpNet;
use proptest::prelude::*;
use zerocopy::little_endian::U32;

fn written(fill: impl FnOnce(&mut PartsWriter)) -> Vec<u8> {
    let mut parts = PartsWriter::default();
    fill(&mut parts);
    let mut bytes = Vec::new();
    parts.write(&mut bytes).unwrap();
    assert_eq!(bytes.len() as u64, parts.len());
    bytes
}

fn names(bytes: Vec<u8>) -> Result<Names, Damaged> {
    Names::read(&mut Parts::read(&bytes.into(), "names")?)
}

fn table(bytes: Vec<u8>, values: usize) -> Result<PrefixTable, Damaged> {
    PrefixTable::read(&mut Parts::read(&bytes.into(), "networks")?, values)
}

proptest! {
    #[test]
    fn every_text_is_found_under_its_first_number_before_and_after_a_file(texts in prop::collection::vec(".{0,6}", 0..60)) {
        let mut builder = NamesBuilder::default();
        let mut numbers: HashMap<&str, u32> = HashMap::new();
        for text in &texts {
            let next = numbers.len() as u32;
            let expected = *numbers.entry(text).or_insert(next);
            prop_assert_eq!(builder.intern(text), Some(expected));
            prop_assert_eq!(builder.find(text), Some(expected));
        }
        let frozen = builder.freeze();
        let read = names(written(|parts| frozen.write(parts))).unwrap();
        for names in [frozen, read] {
            prop_assert_eq!(names.len(), numbers.len());
            for (text, number) in &numbers {
                prop_assert_eq!(names.find(text), Some(*number));
                prop_assert_eq!(names.text(*number), *text);
            }
            prop_assert_eq!(names.find("none of them has this"), None);
            prop_assert_eq!(names.text(1000), "");
        }
    }

    #[test]
    fn a_damaged_set_of_texts_is_refused_or_still_finds_each_of_them(
        texts in prop::collection::vec("[a-zé]{0,5}", 1..12),
        at in any::<prop::sample::Index>(),
        bit in 0..8u8,
    ) {
        let mut builder = NamesBuilder::default();
        for text in &texts {
            builder.intern(text).unwrap();
        }
        let mut bytes = written(|parts| builder.freeze().write(parts));
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        if let Ok(read) = names(bytes) {
            for (number, text) in (0u32..).zip(read.iter()) {
                prop_assert_eq!(read.find(text), Some(number));
            }
        }
    }

    #[test]
    fn a_prefix_table_is_the_same_after_a_file_and_damage_never_panics(
        networks in prop::collection::vec((any::<u32>(), 0..=32u8), 0..40),
        asked in prop::collection::vec(any::<u32>(), 0..20),
        at in any::<prop::sample::Index>(),
        bit in 0..8u8,
    ) {
        let networks: Vec<(IpNet, u32)> = networks
            .iter()
            .zip(0..)
            .map(|((bits, length), value)| (IpNet::new(IpAddr::V4((*bits).into()), *length).unwrap(), value))
            .collect();
        let built = PrefixTable::new(networks.iter().copied());
        let mut bytes = written(|parts| built.write(parts));
        let read = table(bytes.clone(), networks.len()).unwrap();
        let asked: Vec<IpAddr> = asked.iter().map(|bits| IpAddr::V4((*bits).into())).collect();
        for address in &asked {
            prop_assert_eq!(read.get(*address), built.get(*address));
        }
        if !networks.is_empty() {
            prop_assert!(table(bytes.clone(), 0).is_err(), "values that are not there");
        }
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        if let Ok(damaged) = table(bytes, networks.len()) {
            for address in &asked {
                prop_assert!(damaged.get(*address).is_none_or(|value| (value as usize) < networks.len()));
            }
        }
    }

    #[test]
    fn any_bytes_are_parts_or_refused(bytes in prop::collection::vec(prop_oneof![0..3u8, any::<u8>()], 0..120)) {
        let bytes = Bytes::from(bytes);
        if let Ok(mut parts) = Parts::read(&bytes, "any") {
            let _ = parts.text();
            let _ = Names::read(&mut parts);
            let _ = PrefixTable::read(&mut parts, 10);
        }
    }
}

#[test]
fn a_column_is_read_where_it_lies_and_refused_when_its_rows_are_not_whole() {
    let column: Column<U32> = [1, 2, 3].map(U32::new).into_iter().collect();
    // One byte in front, so that nothing is aligned.
    let shifted = Bytes::from([&[0], column.bytes().as_ref()].concat()).slice(1..);
    let read: Column<U32> = Column::read(shifted, "column").unwrap();
    assert_eq!(read.as_slice(), [1, 2, 3].map(U32::new));
    assert_eq!(read.range(1, 3).len(), 2);
    assert!(read.range(2, 4).is_empty(), "a range that is not there is empty");
    assert!(Column::<U32>::read(Bytes::from_static(b"12345"), "column").is_err());
}

#[test]
fn parts_a_reader_does_not_know_are_left_alone_and_missing_ones_are_named() {
    let bytes = Bytes::from(written(|parts| {
        parts.push("known");
        parts.push("of a newer program");
    }));
    let mut parts = Parts::read(&bytes, "group").unwrap();
    assert_eq!(parts.text().unwrap(), "known");
    assert_eq!(parts.bytes().unwrap(), "of a newer program");
    assert_eq!(parts.bytes().unwrap_err().to_string(), "group: a part is missing");
    for length in 0..bytes.len() {
        assert!(Parts::read(&bytes.slice(..length), "group").is_err(), "{length}");
    }
}
