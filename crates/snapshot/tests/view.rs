//! The view against the cache it was built from, looked at by plain scans.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use snapshot::proto::{
    self, FileDetailsCacheDirectoryType, FileDetailsCacheFilesType, FileDetailsType, IntIntMap,
    IntRepeatedIntMap, IntRepeatedStringMap, IntStringMap, MirrorList, MirrorListCacheType,
    StringRepeatedIntMap, StringStringMap,
};
use snapshot::{
    Coordinates, DigestKind, Exclusive, Extras, Families, HostFacts, HostSet, Repeated, Snapshot, Wanted,
};

fn ids(snapshot: &Snapshot, set: HostSet<'_>) -> BTreeSet<i64> {
    set.iter().map(|host| snapshot.host(host).unwrap().id).collect()
}

fn id() -> impl Strategy<Value = i64> {
    prop_oneof![0..12i64, 60..70i64, Just(-3), Just(i64::MAX)]
}

fn host_ids() -> impl Strategy<Value = Vec<i64>> {
    prop::collection::vec(id(), 0..8)
}

fn code() -> impl Strategy<Value = String> {
    prop_oneof![Just("DE"), Just("FR"), Just(""), Just("us"), Just("US")].prop_map(str::to_owned)
}

fn directory() -> impl Strategy<Value = MirrorListCacheType> {
    let name = prop_oneof![Just("pub"), Just("pub/a"), Just("pub/a/b"), Just("x")];
    let subpath = prop::option::of(prop_oneof![Just(""), Just("a"), Just("a/b"), Just("else")]);
    let by_country = prop::collection::vec((code(), host_ids()), 0..4);
    let by_host = prop::collection::vec((id(), prop::collection::vec(0..6i64, 0..3)), 0..8);
    (name, subpath, host_ids(), by_country, by_host).prop_map(|(name, subpath, global, country, host)| {
        MirrorListCacheType {
            directory: name.into(),
            subpath: subpath.map(str::to_owned),
            global,
            by_country: country.into_iter().map(|(key, value)| StringRepeatedIntMap { key, value }).collect(),
            by_host_id: host.into_iter().map(|(key, value)| IntRepeatedIntMap { key, value }).collect(),
            ..MirrorListCacheType::default()
        }
    })
}

fn cache() -> impl Strategy<Value = MirrorList> {
    let url = prop_oneof![
        Just("http://a/"),
        Just("https://b"),
        Just("ftp://c//"),
        Just("rsync://d"),
        Just("nothing"),
        Just("")
    ];
    let urls = prop::collection::vec((0..5i64, url), 0..6);
    let countries = prop::collection::vec((id(), code()), 0..10);
    let weights = prop::collection::vec((id(), -2..5i64), 0..6);
    let allowed = prop::collection::vec((id(), prop::collection::vec(code(), 0..3)), 0..4);
    let asns = prop::collection::vec((0..4i64, host_ids()), 0..4);
    (urls, countries, weights, allowed, asns, prop::collection::vec(directory(), 0..8)).prop_map(
        |(urls, countries, weights, allowed, asns, directories)| MirrorList {
            time: 5,
            hc_url_cache: urls.into_iter().map(|(key, v)| IntStringMap { key, value: v.into() }).collect(),
            host_country_cache: countries
                .into_iter()
                .map(|(key, value)| IntStringMap { key, value })
                .collect(),
            host_bandwidth_cache: weights.into_iter().map(|(key, value)| IntIntMap { key, value }).collect(),
            host_country_allowed_cache: allowed
                .into_iter()
                .map(|(key, value)| IntRepeatedStringMap { key, value })
                .collect(),
            host_asn_cache: asns.into_iter().map(|(key, value)| IntRepeatedIntMap { key, value }).collect(),
            mirror_list_cache: directories,
            ..MirrorList::default()
        },
    )
}

/// Every directory has the hosts, countries and URLs of its first entry.
fn compare(cache: &MirrorList, snapshot: &Snapshot) {
    let mut names = BTreeSet::new();
    let counted = cache.mirror_list_cache.iter().filter(|directory| names.insert(&directory.directory));
    let public: BTreeSet<i64> = counted.flat_map(|directory| directory.global.iter().copied()).collect();
    assert_eq!(ids(snapshot, snapshot.public_hosts()), public);
    for name in ["pub", "pub/a", "pub/a/b", "x", "absent"] {
        let expected = cache.mirror_list_cache.iter().find(|directory| directory.directory == name);
        let found = snapshot.directory(name);
        assert_eq!(found.is_some(), expected.is_some(), "{name}");
        let (Some(expected), Some(found)) = (expected, found) else { continue };
        assert_eq!(found.name(), name);
        assert_eq!(found.subpath(), expected.subpath.as_deref().unwrap_or_default());
        assert_eq!(ids(snapshot, found.global()), expected.global.iter().copied().collect());
        let carried: BTreeSet<i64> = expected.by_host_id.iter().map(|pair| pair.key).collect();
        assert_eq!(ids(snapshot, found.carried()), carried);
        for (number, code) in snapshot.countries() {
            let expected = expected.by_country.iter().find(|pair| pair.key == code);
            let expected: Option<BTreeSet<i64>> = expected.map(|pair| pair.value.iter().copied().collect());
            assert_eq!(found.country(number).map(|set| ids(snapshot, set)), expected, "{name} {code}");
            assert_eq!(snapshot.country(code), Some(number));
        }
        for host in found.carried().iter() {
            let id = snapshot.host(host).unwrap().id;
            let list = &expected.by_host_id.iter().find(|pair| pair.key == id).unwrap().value;
            let text = |url: &i64| {
                cache.hc_url_cache.iter().find(|pair| pair.key == *url).map_or("", |pair| &pair.value)
            };
            let texts: Vec<&str> = list.iter().map(text).collect();
            let offer = found.offer(host).unwrap();
            assert_eq!(offer.urls().map(|url| url.text()).collect::<Vec<_>>(), texts);
            let first = |protocols: &[&str]| {
                texts.iter().copied().find(|t| protocols.iter().any(|p| t.starts_with(&format!("{p}:"))))
            };
            assert_eq!(offer.first(Wanted::Transfer).map(|url| url.text()), first(&["http", "https", "ftp"]));
            assert_eq!(offer.first(Wanted::Web).map(|url| url.text()), first(&["http", "https"]));
            let secure = first(&["https"]).or(first(&["http"])).or(first(&["ftp"]));
            assert_eq!(offer.first(Wanted::Secure).map(|url| url.text()), secure);
        }
    }
}

fn compare_hosts(cache: &MirrorList, snapshot: &Snapshot) {
    let mut by_id = BTreeMap::new();
    for number in 0..snapshot.host_count() {
        let number = snapshot::HostNo(number as u32);
        assert!(by_id.insert(snapshot.host(number).unwrap().id, number).is_none());
    }
    for (id, host) in &by_id {
        let row = snapshot.host(*host).unwrap();
        let weight = cache.host_bandwidth_cache.iter().find(|pair| pair.key == *id).map_or(0, |p| p.value);
        assert_eq!(i64::from(row.weight), weight.max(1));
        let country = cache.host_country_cache.iter().find(|pair| pair.key == *id);
        let country = country.map(|pair| pair.value.to_uppercase());
        assert_eq!(row.country.map(|c| snapshot.country_code(c).to_owned()), country);
        for code in ["DE", "US", "us", "XX", ""] {
            let only = cache.host_country_allowed_cache.iter().find(|pair| pair.key == *id);
            let refused = only.is_some_and(|pair| !pair.value.iter().any(|c| c == code));
            assert_eq!(snapshot.refused(code).contains(*host), refused, "{id} {code}");
        }
    }
    for asn in -1..5 {
        let expected =
            cache.host_asn_cache.iter().find(|pair| pair.key == asn).map(|pair| pair.value.clone());
        let found: Vec<i64> = snapshot.asn_hosts(asn).iter().map(|h| snapshot.host(h).unwrap().id).collect();
        assert_eq!(found, expected.unwrap_or_default());
    }
}

/// The view of the native file of a view.
fn native(snapshot: &Snapshot) -> Snapshot {
    let mut bytes = Vec::new();
    snapshot.write_to(7, None, &mut bytes).unwrap();
    Snapshot::from_bytes(bytes).unwrap()
}

/// The messages of a view.
fn interchange(snapshot: &Snapshot) -> MirrorList {
    MirrorList {
        file_details_cache: snapshot.proto_files().collect(),
        mirror_list_cache: snapshot.proto_directories().collect(),
        ..snapshot.proto_head()
    }
}

proptest! {
    #[test]
    fn the_view_says_what_the_cache_says(cache in cache()) {
        let bytes = proto::encode(&cache);
        let built = Snapshot::from_proto(&cache).unwrap();
        let interchanged = Snapshot::from_proto(&interchange(&built)).unwrap();
        for snapshot in [native(&built), native(&interchanged), built, Snapshot::from_bytes(bytes).unwrap()] {
            compare(&cache, &snapshot);
            compare_hosts(&cache, &snapshot);
        }
    }

    #[test]
    fn the_order_of_the_fields_in_the_file_does_not_matter(cache in cache()) {
        // Directories first, everything else behind.
        let only = MirrorList { mirror_list_cache: cache.mirror_list_cache.clone(), ..MirrorList::default() };
        let rest = MirrorList { mirror_list_cache: Vec::new(), ..cache.clone() };
        // The first two bytes are `Time`, 0.
        let bytes = [&proto::encode(&only)[2..], &proto::encode(&rest)].concat();
        compare(&cache, &Snapshot::from_bytes(bytes.clone()).unwrap());
    }
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<StringStringMap> {
    pairs.iter().map(|(key, value)| StringStringMap { key: (*key).into(), value: (*value).into() }).collect()
}

#[test]
fn host_networks_are_found_from_the_smallest_and_bad_ones_ignored() {
    let networks = [
        ("10.0.0.0/8", vec![1, 1]),
        ("10.1.2.3/16", vec![2]),
        ("bad", vec![9]),
        ("10.1.0.0/16", vec![3, 2]),
        ("10.1.2.3", vec![4]),
        ("2001:db8::1", vec![5]),
        ("0.0.0.0/0", vec![6]),
    ];
    let cache = MirrorList {
        host_netblock_cache: networks
            .into_iter()
            .map(|(key, value)| StringRepeatedIntMap { key: key.into(), value })
            .collect(),
        ..MirrorList::default()
    };
    let snapshot = native(&Snapshot::from_proto(&cache).unwrap());
    let found = |address: &str| -> Vec<(u8, Vec<i64>)> {
        let networks = snapshot.host_networks(address.parse().unwrap());
        let id = |host: snapshot::HostNo| snapshot.host(host).unwrap().id;
        networks.map(|(length, hosts)| (length, hosts.iter().map(id).collect())).collect()
    };
    assert_eq!(found("10.1.2.3"), [(32, vec![4]), (16, vec![2, 3]), (8, vec![1]), (0, vec![6])]);
    assert_eq!(found("10.1.2.4"), [(16, vec![2, 3]), (8, vec![1]), (0, vec![6])]);
    assert_eq!(found("11.0.0.1"), [(0, vec![6])]);
    assert_eq!(found("2001:db8::1"), [(128, vec![5])]);
    assert_eq!(found("2001:db8::2"), []);
}

#[test]
fn a_country_set_by_hand_is_the_first_or_that_of_the_smallest_network() {
    let cache = MirrorList {
        netblock_country_cache: pairs(&[
            ("10.0.0.0/8", "DE"),
            ("10.1.0.0/16", "FR"),
            ("bad", "XX"),
            ("10.2.0.0/16", "SE"),
            ("10.2.0.0/16", "NO"),
        ]),
        ..MirrorList::default()
    };
    let snapshot = native(&Snapshot::from_proto(&cache).unwrap());
    let both = |address: &str| {
        let address = address.parse().unwrap();
        (snapshot.first_country_network(address), snapshot.smallest_country_network(address))
    };
    assert_eq!(both("10.1.0.1"), (Some("DE"), Some("FR")));
    assert_eq!(both("10.2.0.1"), (Some("DE"), Some("SE")), "of equal networks the first counts");
    assert_eq!(both("11.0.0.1"), (None, None));
}

#[test]
fn repeated_keys_give_the_first_value_or_all_joined() {
    let cache = MirrorList {
        repo_arch_to_directory_name: pairs(&[
            ("b+x", "one"),
            ("a+x", "d"),
            ("b+x", "two"),
            ("b+x+y", "n"),
            ("no", "n"),
        ]),
        repository_redirect_cache: pairs(&[("old", "ne"), ("old", "w")]),
        disabled_repository_cache: [("p", false), ("p", true), ("q", true)]
            .map(|(key, value)| proto::StringBoolMap { key: key.into(), value })
            .into(),
        ..MirrorList::default()
    };
    let snapshot = native(&Snapshot::from_proto(&cache).unwrap());
    assert_eq!(snapshot.repository("b", "x", Repeated::First), Some("one"));
    assert_eq!(snapshot.repository("b", "x", Repeated::Joined), Some("onetwo"));
    assert_eq!(snapshot.repository("b", "z", Repeated::First), None);
    assert_eq!(snapshot.repository_redirect("old", Repeated::First), Some("ne"));
    assert_eq!(snapshot.repository_redirect("old", Repeated::Joined), Some("new"));
    assert!(!snapshot.is_disabled("p") && snapshot.is_disabled("q"));
    let list = "# repo=a&arch=x\n# repo=b&arch=x\n# repo=b&arch=x\n";
    assert_eq!(snapshot.repository_list().as_ref(), list.as_bytes());
}

#[test]
fn file_details_keep_their_order_and_their_digests() {
    let detail = |timestamp: u64, sha1: &str| FileDetailsType {
        time_stamp: timestamp,
        size: timestamp * 10,
        sha1: Some(sha1.into()),
        ..FileDetailsType::default()
    };
    let file = |name: &str, details: Vec<FileDetailsType>| FileDetailsCacheFilesType {
        filename: name.into(),
        file_details: details,
    };
    let long = "0123456789abcdef".repeat(4);
    let cache = MirrorList {
        file_details_cache: vec![
            FileDetailsCacheDirectoryType {
                directory: "d".into(),
                file_details_cache_files: vec![
                    file("z", vec![detail(3, "AB"), detail(9, "abc")]),
                    file("a", vec![detail(1, &long)]),
                    file("z", vec![detail(2, "")]),
                    file("e", vec![]),
                ],
            },
            FileDetailsCacheDirectoryType {
                directory: "d".into(),
                file_details_cache_files: vec![file("late", vec![])],
            },
        ],
        mirror_list_cache: vec![MirrorListCacheType { directory: "d".into(), ..Default::default() }],
        ..MirrorList::default()
    };
    let snapshot = native(&Snapshot::from_proto(&cache).unwrap());
    let directory = snapshot.directory("d").unwrap();
    let details = |name: &str| -> Option<Vec<(u64, u64, bool, String)>> {
        let details = directory.file(name)?.details().map(|detail| {
            let mut digest = String::new();
            detail.push_digest(DigestKind::Sha1, &mut digest);
            (detail.timestamp(), detail.size(), detail.has(DigestKind::Sha1), digest)
        });
        Some(details.collect())
    };
    let row =
        |timestamp: u64, digest: &str| (timestamp, timestamp * 10, !digest.is_empty(), digest.to_owned());
    assert_eq!(details("z"), Some(vec![row(3, "AB"), row(9, "abc"), row(2, "")]));
    assert_eq!(details("a"), Some(vec![row(1, &long)]));
    assert_eq!(details("e"), Some(vec![]));
    assert_eq!(details("late"), None, "the first entry of a directory counts");
    assert!(!directory.file("a").unwrap().details().next().unwrap().has(DigestKind::Md5));
}

#[test]
fn directories_of_one_category_share_their_sets_and_lists() {
    let directory = |n: usize| MirrorListCacheType {
        directory: format!("pub/{n}"),
        subpath: Some(n.to_string()),
        global: (0..100).filter(|host| host % (n as i64 % 3 + 1) == 0).collect(),
        by_host_id: (0..100)
            .filter(|host| host % (n as i64 % 3 + 1) == 0)
            .map(|host| IntRepeatedIntMap { key: host, value: vec![host * 2, host * 2 + 1] })
            .collect(),
        ..MirrorListCacheType::default()
    };
    let cache = MirrorList { mirror_list_cache: (0..300).map(directory).collect(), ..MirrorList::default() };
    let counts = Snapshot::from_proto(&cache).unwrap().counts();
    assert_eq!((counts.directories, counts.hosts), (300, 100));
    assert_eq!(counts.host_sets, 4, "three, and that of the hosts that serve only some countries");
    assert_eq!(counts.url_lists, 100);
    assert_eq!(counts.palettes, 1);
}

#[test]
fn countries_that_follow_from_the_hosts_are_found_without_a_list() {
    let text = |key: i64, value: &str| IntStringMap { key, value: value.into() };
    let ints = |key: &str, value: &[i64]| StringRepeatedIntMap { key: key.into(), value: value.into() };
    let directory = |name: &str, global: &[i64], by_country: Vec<StringRepeatedIntMap>| MirrorListCacheType {
        directory: name.into(),
        global: global.into(),
        by_country,
        ..MirrorListCacheType::default()
    };
    let cache = MirrorList {
        host_country_cache: vec![text(1, "DE"), text(2, "de"), text(3, "FR")],
        mirror_list_cache: vec![
            directory("follows", &[1, 2, 3, 4], vec![ints("DE", &[2, 1]), ints("FR", &[3])]),
            directory("fewer", &[1, 2, 3], vec![ints("DE", &[1]), ints("FR", &[3])]),
            directory("missing", &[1, 2, 3], vec![ints("DE", &[1, 2])]),
            directory("empty", &[1, 2], vec![ints("DE", &[1, 2]), ints("FR", &[])]),
            directory("foreign", &[1, 2], vec![ints("DE", &[1, 2, 9])]),
            directory("none", &[3], vec![ints("FR", &[3])]),
        ],
        ..MirrorList::default()
    };
    compare(&cache, &Snapshot::from_proto(&cache).unwrap());
}

#[test]
fn facts_beyond_the_interchange_format_are_found() {
    let directory = MirrorListCacheType {
        directory: "pub".into(),
        global: vec![7],
        by_host_id: vec![IntRepeatedIntMap { key: 7, value: vec![1, 2] }],
        ..MirrorListCacheType::default()
    };
    let cache = MirrorList {
        hc_url_cache: [(1, "http://a"), (2, "http://b")]
            .map(|(key, value)| IntStringMap { key, value: value.into() })
            .into(),
        mirror_list_cache: vec![directory],
        ..MirrorList::default()
    };
    let place = Coordinates { latitude: 52.5, longitude: 13.25 };
    let only_v6 = Families { v4: false, v6: true };
    let exclusive =
        |network: &str, host| Exclusive { network: network.parse().unwrap(), host, hashes: host == 7 };
    let extras = Extras {
        hosts: vec![HostFacts { id: 7, name: "mirror.example".into(), coordinates: Some(place) }],
        families: vec![(2, only_v6), (99, only_v6)],
        exclusive: vec![
            exclusive("192.0.2.0/24", 7),
            exclusive("192.0.2.128/25", 8),
            exclusive("192.0.2.0/24", 9),
        ],
    };
    let snapshot = native(&Snapshot::with_extras(&cache, &extras).unwrap());
    let found = snapshot.directory("pub").unwrap();
    let host = found.carried().iter().next().unwrap();
    assert_eq!(snapshot.host_name(host), Some("mirror.example"));
    assert_eq!(snapshot.coordinates(host), Some(place));
    let families: Vec<_> = found.offer(host).unwrap().urls().map(|url| url.families()).collect();
    assert_eq!(families, [None, Some(only_v6)]);
    assert!(snapshot.knows_families() && !Snapshot::from_proto(&cache).unwrap().knows_families());
    let host_of = |address: &str| {
        let (host, hashes) = snapshot.exclusive(address.parse().unwrap())?;
        Some((snapshot.host(host)?.id, hashes))
    };
    assert_eq!(host_of("192.0.2.5"), Some((7, true)), "of equal networks the first counts");
    assert_eq!(host_of("192.0.2.200"), Some((8, false)), "the smallest network counts");
    assert_eq!(host_of("192.0.3.1"), None);
}
