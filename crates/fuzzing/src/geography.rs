//! The files about addresses: routing table, continents, country database.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use geo::{Asns, Continents, Countries, EmptyIpv4};
use ipnet::IpNet;

use crate::texts;

const ADDRESSES: [IpAddr; 6] = [
    IpAddr::V4(Ipv4Addr::UNSPECIFIED),
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
    IpAddr::V4(Ipv4Addr::BROADCAST),
    IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
    IpAddr::V6(Ipv6Addr::new(0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff)),
];

/// Any bytes as `global_netblocks.txt`. The smallest network decides, of equal ones the last.
pub(crate) fn netblocks(bytes: &[u8]) {
    let asns = Asns::from_bytes(bytes, EmptyIpv4::Accept).unwrap();
    let networks: Vec<(IpAddr, u32, &str)> =
        bytes.split(|byte| *byte == b'\n').filter_map(|line| network(line)).collect();
    assert_eq!(asns.prefixes(), networks.len());
    let v4 = networks.iter().any(|(first, ..)| first.is_ipv4());
    assert_eq!(Asns::from_bytes(bytes, EmptyIpv4::Refuse).is_ok(), v4);
    let first = networks.iter().take(16).map(|(first, ..)| *first);
    for address in ADDRESSES.into_iter().chain(first) {
        let mut expected = None;
        for (first, length, system) in &networks {
            let holds = shared(*first, address) >= Some(*length);
            if holds && expected.is_none_or(|(longest, _)| *length >= longest) {
                expected = Some((*length, *system));
            }
        }
        assert_eq!(asns.of(address).map(|asn| asn.text), expected.map(|(_, system)| system), "{address}");
    }
}

/// Network, length and system of a line.
fn network(line: &[u8]) -> Option<(IpAddr, u32, &str)> {
    let words: Vec<&str> = std::str::from_utf8(line).ok()?.split_whitespace().collect();
    let [network, system, ..] = words.as_slice() else { return None };
    let network: IpNet = network.parse().ok().filter(|network: &IpNet| network.prefix_len() > 0)?;
    Some((network.network(), network.prefix_len().into(), *system))
}

/// How many bits two addresses of one family have in common.
fn shared(one: IpAddr, other: IpAddr) -> Option<u32> {
    match (one, other) {
        (IpAddr::V4(one), IpAddr::V4(other)) => Some((one.to_bits() ^ other.to_bits()).leading_zeros()),
        (IpAddr::V6(one), IpAddr::V6(other)) => Some((one.to_bits() ^ other.to_bits()).leading_zeros()),
        _ => None,
    }
}

pub(crate) fn netblock_seeds() -> Vec<Vec<u8>> {
    let mut seeds = texts(&[
        "192.0.2.0/24 64500\n192.0.2.128/25\tAS64501 more words\n2001:db8::/32 64502\n::/0 1\n0.0.0.0/0 2\n",
        "192.0.2.1/24 64500\n192.0.2.0/24 64501\n192.0.2.1/32 +7\n192.0.2.1/33 7\n192.0.2.1 7\n\n \n192.0.2.0/24\n",
    ]);
    seeds.push(include_bytes!("../../answer/tests/data/mirrorlist/inputs/global_netblocks.txt").to_vec());
    seeds.push(b"192.0.2.0/24 \xff\xfe\n\xff 1\r\n::ffff:192.0.2.0/120 9\n".to_vec());
    seeds
}

/// Any bytes as `country_continent.csv`. The last line for a country counts.
pub(crate) fn continents(bytes: &[u8]) {
    let mut expected = BTreeMap::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let Ok(line) = std::str::from_utf8(line) else { continue };
        let fields: Vec<&str> = line.split(',').collect();
        if let [country, continent, ..] = fields.as_slice()
            && country.len() == 2
        {
            expected.insert(*country, *continent);
        }
    }
    let read = Continents::from_bytes(bytes);
    assert_eq!(read.is_ok(), !expected.is_empty());
    let Ok(read) = read else { return };
    assert!(read.iter().eq(expected.iter().map(|(country, continent)| (*country, *continent))));
    assert!(expected.iter().all(|(country, continent)| read.of(country) == Some(continent)));
}

pub(crate) fn continent_seeds() -> Vec<Vec<u8>> {
    let mut seeds =
        texts(&["\"code\",\"continent\"\nDE,EU\nFR,EU\r\nUS,NA\nDE,AS\nXX\n,\n\nUSA,NA\nä,EU\nA1,--,more"]);
    seeds.push(include_bytes!("../../answer/tests/data/mirrorlist/inputs/country_continent.csv").to_vec());
    seeds
}

/// Any bytes as a MaxMind database, asked for addresses of both families.
pub(crate) fn countries(bytes: &[u8]) {
    let Ok(countries) = Countries::from_bytes(bytes.to_vec()) else { return };
    assert!(countries.made_at_seconds().is_some());
    // Some more in the first bytes, so that every part of the tree can be reached.
    let more = bytes.iter().take(8).map(|byte| IpAddr::V4(Ipv4Addr::new(*byte, *byte, 0, 1)));
    for address in ADDRESSES.into_iter().chain(more) {
        assert!(countries.of(address).is_none_or(|code| !code.is_empty()), "{address}");
    }
}

/// One node of two 24-bit numbers: the record, for addresses below 128.0.0.0, and nothing. The record is
/// `{country_code: FR}`.
const FLAT: &[u8] = b"\x00\x00\x11\x00\x00\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\
    \xe1\x4ccountry_code\x42FR\xab\xcd\xefMaxMind.com\xe9\
    \x5bbinary_format_major_version\xa1\x02\x5bbinary_format_minor_version\xa1\x00\
    \x4bbuild_epoch\x04\x02\x65\x53\xf1\x00\x4ddatabase_type\x44Test\x4bdescription\xe0\
    \x4aip_version\xa1\x04\x49languages\x00\x04\x4anode_count\xc1\x01\x4brecord_size\xa1\x18";

/// Both layouts of a country.
pub(crate) fn country_seeds() -> Vec<Vec<u8>> {
    let nested = include_bytes!("../../answer/tests/data/mirrorlist/inputs/country.mmdb");
    vec![FLAT.to_vec(), nested.to_vec()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_layouts_name_a_country() {
        let [flat, nested] = country_seeds().try_into().unwrap();
        let of = |bytes, address: &str| {
            let countries = Countries::from_bytes(bytes).unwrap();
            countries.of(address.parse().unwrap()).map(str::to_owned)
        };
        assert_eq!(of(flat, "10.0.0.1").as_deref(), Some("FR"));
        assert_eq!(of(nested, "203.0.113.5").as_deref(), Some("DE"));
    }
}
