//! Differences between two caches.

use cache::diff::{PartChange, diff};
use snapshot::proto::{IntIntMap, IntRepeatedIntMap, IntStringMap, MirrorList, StringBoolMap};
use snapshot::{Exclusive, Extras, Families, HostFacts, Snapshot};

use crate::sample::{sample, version};

fn view(cache: &MirrorList) -> Snapshot {
    Snapshot::from_proto(cache).unwrap()
}

#[test]
fn a_cache_does_not_differ_from_itself_in_whatever_order() {
    let mut turned = sample();
    turned.time += 5;
    turned.host_bandwidth_cache.reverse();
    turned.mirror_list_cache.reverse();
    for entry in &mut turned.mirror_list_cache {
        entry.global.reverse();
        entry.by_host_id.reverse();
    }
    let difference = diff(&view(&sample()), &view(&turned));
    assert!(difference.is_empty(), "{difference:?}");
    assert_eq!((difference.built[1].unwrap() - difference.built[0].unwrap()).num_seconds(), 5);
}

#[test]
fn everything_that_a_client_would_notice_is_named() {
    let mut after = sample();
    let entry = |cache: &mut MirrorList, name: &str| {
        cache.mirror_list_cache.iter().position(|entry| entry.directory == name).unwrap()
    };
    // d goes, f comes; host 3 takes the place of host 2 in a and c.
    let at = entry(&mut after, "d");
    after.mirror_list_cache[at].directory = "f".into();
    for name in ["a", "c"] {
        let at = entry(&mut after, name);
        after.mirror_list_cache[at].by_host_id[1] = IntRepeatedIntMap { key: 3, value: vec![3] };
    }
    after.hc_url_cache[0].value = "https://h1.example/".into();
    after.hc_url_cache.push(IntStringMap { key: 9, value: "x".into() });
    after.host_bandwidth_cache[1] = IntIntMap { key: 2, value: 5 };
    after.repo_arch_to_directory_name[0].value = "c".into();
    after.repository_redirect_cache.clear();
    after.disabled_repository_cache = vec![StringBoolMap { key: "r".into(), value: true }];
    after.file_details_cache[0].file_details_cache_files[0].file_details.insert(0, version(11));
    let hosts = vec![HostFacts { id: 2, name: "two".into(), coordinates: None }];
    let extras = Extras { hosts, ..Extras::default() };
    let difference = diff(&view(&sample()), &Snapshot::with_extras(&after, &extras).unwrap());
    assert!(!difference.is_empty());
    let text = serde_json::to_value(&difference).unwrap();
    assert_eq!(text["directories_added"], serde_json::json!(["f"]));
    assert_eq!(text["directories_removed"], serde_json::json!(["d"]));
    assert_eq!(
        text["mirrors"],
        serde_json::json!([{"gained": ["host 3"], "lost": ["two (2)"], "directories": ["a", "c"]}])
    );
    assert_eq!(
        text["urls"],
        serde_json::json!([{
            "host": "host 1", "before": ["http://h1.example/"], "after": ["https://h1.example/"],
            "directories": 2, "example": "a",
        }])
    );
    assert_eq!(
        text["files"],
        serde_json::json!([{
            "directory": "a", "file": "repomd.xml",
            "before": {"timestamp": 9, "size": 7, "digest": "sha256 0a"},
            "after": {"timestamp": 11, "size": 7, "digest": "sha256 0a"},
        }])
    );
    let parts: Vec<&str> = difference.parts.iter().map(|part| part.part).collect();
    assert_eq!(
        parts,
        ["repositories", "redirected repositories", "disabled repositories", "weights of hosts"]
    );
    assert_eq!(difference.parts[0].changed[0].after, "c");
    assert_eq!(difference.parts[1].removed["old"], "r");
    assert_eq!(difference.parts[2].added["r"], "disabled");
    assert_eq!(
        (difference.parts[3].changed[0].key.as_str(), difference.parts[3].changed[0].after.as_str()),
        ("two (2)", "5")
    );
}

#[test]
fn files_that_come_and_go_are_named() {
    let mut without = sample();
    without.file_details_cache.clear();
    let gone = diff(&view(&sample()), &view(&without));
    assert_eq!((gone.files.len(), gone.files[0].after.is_none()), (1, true));
    let come = diff(&view(&without), &view(&sample()));
    assert_eq!((come.files.len(), come.files[0].before.is_none()), (1, true));
}

#[test]
fn exclusive_networks_and_address_families_count() {
    let with = |extras: &Extras| Snapshot::with_extras(&sample(), extras).unwrap();
    let network = |network: &str, hashes| Exclusive { network: network.parse().unwrap(), host: 2, hashes };
    let family = |v4, v6| vec![(1, Families { v4, v6 })];
    let before = Extras {
        exclusive: vec![network("192.0.2.0/24", true), network("2001:db8::/32", true)],
        families: family(true, true),
        ..Extras::default()
    };
    let after = Extras {
        exclusive: vec![network("192.0.2.0/24", false)],
        families: family(true, false),
        ..Extras::default()
    };
    assert!(diff(&with(&before), &with(&before)).is_empty());
    let parts = diff(&with(&before), &with(&after)).parts;
    let [exclusive, families] = parts.as_slice() else { panic!("{parts:?}") };
    let changed = |part: &PartChange| {
        let [one] = part.changed.as_slice() else { panic!("{part:?}") };
        [one.key.clone(), one.before.clone(), one.after.clone()]
    };
    assert_eq!(
        changed(exclusive),
        ["192.0.2.0", "only host 2, with checksums", "only host 2, without checksums"]
    );
    assert_eq!(exclusive.removed["2001:db8::"], "only host 2, with checksums");
    assert_eq!(changed(families), ["http://h1.example/", "IPv4, IPv6", "IPv4"]);
}
