//! The frozen table against a trie, which is slow and plain.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use frozen::PrefixTable;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use prefix_trie::PrefixMap;
use proptest::prelude::*;

fn v4() -> impl Strategy<Value = Ipv4Net> {
    // Few distinct bits, so that networks nest and touch, also at both ends of the address space.
    let bits = prop_oneof![
        any::<u32>(),
        (0..16u32).prop_map(|n| n << 28),
        (0..64u32).prop_map(|n| u32::MAX - n),
        0..64u32
    ];
    (bits, 0..=32u8).prop_map(|(bits, length)| Ipv4Net::new(bits.into(), length).unwrap())
}

fn v6() -> impl Strategy<Value = Ipv6Net> {
    let bits = prop_oneof![
        any::<u128>(),
        (0..16u128).prop_map(|n| n << 124),
        (0..64u128).prop_map(|n| u128::MAX - n),
        0..64u128
    ];
    (bits, 0..=128u8).prop_map(|(bits, length)| Ipv6Net::new(bits.into(), length).unwrap())
}

/// The ends of a network, and the addresses just outside.
fn edges(net: IpNet) -> Vec<IpAddr> {
    match net {
        IpNet::V4(net) => {
            let (first, last) = (u32::from(net.network()), u32::from(net.broadcast()));
            [first, last, first.wrapping_sub(1), last.wrapping_add(1)]
                .map(|bits| IpAddr::from(Ipv4Addr::from(bits)))
                .into()
        }
        IpNet::V6(net) => {
            let (first, last) = (u128::from(net.network()), u128::from(net.broadcast()));
            [first, last, first.wrapping_sub(1), last.wrapping_add(1)]
                .map(|bits| IpAddr::from(Ipv6Addr::from(bits)))
                .into()
        }
    }
}

proptest! {
    #[test]
    fn the_table_finds_what_the_trie_finds(
        four in prop::collection::vec(v4(), 0..40),
        six in prop::collection::vec(v6(), 0..40),
        asked in prop::collection::vec(any::<u32>(), 0..20),
    ) {
        let networks: Vec<IpNet> = four.iter().map(|n| IpNet::V4(*n)).chain(six.iter().map(|n| IpNet::V6(*n))).collect();
        let table = PrefixTable::new(networks.iter().copied().zip(0..));
        let mut trie4: PrefixMap<Ipv4Net, u32> = PrefixMap::new();
        let mut trie6: PrefixMap<Ipv6Net, u32> = PrefixMap::new();
        for (network, value) in networks.iter().zip(0..) {
            match network {
                IpNet::V4(net) => drop(trie4.insert(net.trunc(), value)),
                IpNet::V6(net) => drop(trie6.insert(net.trunc(), value)),
            }
        }
        let addresses = networks.iter().flat_map(|net| edges(*net));
        for address in addresses.chain(asked.iter().map(|bits| IpAddr::from(Ipv4Addr::from(*bits)))) {
            let expected = match address {
                IpAddr::V4(a) => trie4.get_lpm(&Ipv4Net::new(a, 32).unwrap()).map(|(_, v)| *v),
                IpAddr::V6(a) => trie6.get_lpm(&Ipv6Net::new(a, 128).unwrap()).map(|(_, v)| *v),
            };
            prop_assert_eq!(table.get(address), expected, "{}", address);
            // The range that the address is in says the same.
            let begun = table.starts().filter(|(start, _)| start.is_ipv4() == address.is_ipv4() && *start <= address);
            prop_assert_eq!(begun.last().and_then(|(_, value)| value), expected, "{}", address);
        }
    }
}

#[test]
fn a_large_table_uses_its_index_and_finds_the_same() {
    // Every /20, with a hole in each, and a /8 around some.
    let mut networks: BTreeMap<Ipv4Net, u32> = BTreeMap::new();
    let mut state = 1u32;
    for n in 0..6000u32 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let length = [8, 16, 20, 24, 32][(n % 5) as usize];
        networks.insert(Ipv4Net::new(state.into(), length).unwrap().trunc(), n);
    }
    let table = PrefixTable::new(networks.iter().map(|(net, value)| (IpNet::V4(*net), *value)));
    assert!(table.ranges() > 4096, "{}", table.ranges());
    let trie: PrefixMap<Ipv4Net, u32> = networks.iter().map(|(net, value)| (*net, *value)).collect();
    let asked = networks.keys().flat_map(|net| edges(IpNet::V4(*net)));
    for address in asked {
        let IpAddr::V4(v4) = address else { unreachable!() };
        let expected = trie.get_lpm(&Ipv4Net::new(v4, 32).unwrap()).map(|(_, value)| *value);
        assert_eq!(table.get(address), expected, "{address}");
    }
}
