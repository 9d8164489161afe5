//! The same few mirrors for all clients of a network, and the list of them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod world;

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use answer::{Policy, Stable};
use proptest::prelude::*;
use serde_json::Value;
use snapshot::Exclusive;
use world::{Host, World, ask, body, host, ids, urls};

const LIST: &str = "/mirrorlist?repo=r&arch=a";

fn world(hosts: std::ops::RangeInclusive<i64>) -> World {
    World::of(hosts.map(|id| Host { weight: 100 * (1 + id % 3), ..host(id, "DE") }).collect())
}

#[test]
fn all_clients_of_a_network_get_the_same_whatever_the_luck() {
    let mut hosts = world(1..=9).hosts;
    hosts[0].networks = vec!["10.1.7.0/28"];
    let data = World::of(hosts).data();
    let policy = Policy { stable: Stable::Always, ..Policy::default() };
    let first = ids(&ask(&data, &policy, LIST, "10.1.7.200", 0));
    assert_eq!(first.len(), 3);
    for seed in 1..20 {
        for client in ["10.1.7.200", "10.1.7.1", "10.1.7.255"] {
            assert_eq!(ids(&ask(&data, &policy, LIST, client, seed)), first, "{client}");
        }
    }
    let others: BTreeSet<Vec<i64>> =
        (0..50).map(|net| ids(&ask(&data, &policy, LIST, &format!("10.1.{net}.1"), 0))).collect();
    assert!(others.len() > 20, "networks differ: {others:?}");
    let v6 = |client: &str| ids(&ask(&data, &policy, LIST, client, 3));
    assert_eq!(v6("2001:db8:1::1"), v6("2001:db8:1:ffff::1"));
    let wide = Policy { stable_prefix_v4: 16, ..policy };
    assert_eq!(ids(&ask(&data, &wide, LIST, "10.1.7.200", 1)), ids(&ask(&data, &wide, LIST, "10.1.90.1", 2)));
}

/// Whoever changes this changes what every firewall has to let through. Reckoned with another program: sort by
/// -ln((h >> 11) + 1) / 2^53) / weight, h = XXH3-64 of the id as 8 bytes, the smallest first, seeded by that of the
/// network's address as 16 bytes (::ffff:10.1.7.0), seeded by its length.
#[test]
fn the_choice_stays_the_same_from_version_to_version() {
    let data = world(1..=9).data();
    let policy = Policy { stable: Stable::Always, stable_mirrors: 9, ..Policy::default() };
    assert_eq!(ids(&ask(&data, &policy, LIST, "10.1.7.1", 0)), RECKONED);
}

const RECKONED: [i64; 9] = [2, 8, 5, 7, 1, 4, 6, 3, 9];

#[test]
fn it_is_asked_for_unless_the_operator_says_always_or_never() {
    let data = world(1..=9).data();
    let count = |stable: Stable, query: &str| {
        let policy = Policy { stable, stable_mirrors: 2, ..Policy::default() };
        let lists: BTreeSet<Vec<i64>> = (0..9)
            .map(|seed| ids(&ask(&data, &policy, &format!("{LIST}{query}"), "10.1.0.1", seed)))
            .collect();
        (lists.len() == 1, lists.first().unwrap().len())
    };
    assert_eq!(count(Stable::Asked, ""), (false, 9));
    assert_eq!(count(Stable::Asked, "&stable"), (true, 2));
    assert_eq!(count(Stable::Asked, "&stable=4"), (true, 4));
    assert_eq!(count(Stable::Asked, "&stable=0"), (true, 2));
    assert_eq!(count(Stable::Asked, "&stable=4&limit=3"), (true, 3));
    assert_eq!(count(Stable::Always, ""), (true, 2));
    assert_eq!(count(Stable::Always, "&stable=99"), (true, 9));
    assert_eq!(count(Stable::Never, "&stable=4"), (false, 9));
    let upstream = Policy { stable: Stable::Always, ..Policy::upstream() };
    assert_eq!(ids(&ask(&data, &upstream, LIST, "10.1.0.1", 1)).len(), 9);
}

#[test]
fn a_host_takes_and_leaves_its_own_share_of_networks() {
    const NETWORKS: u32 = 4000;
    let policy = Policy { stable: Stable::Always, stable_mirrors: 1, ..Policy::default() };
    let weights = [100, 200, 300, 400];
    let hosts = |number: usize| {
        let hosts = (1..).zip(&weights[..number]);
        World::of(hosts.map(|(id, weight)| Host { weight: *weight, ..host(id, "DE") }).collect()).data()
    };
    let (three, four) = (hosts(3), hosts(4));
    let mut counts = [0u32; 5];
    for network in 0..NETWORKS {
        // All in Germany by their common network.
        let client = Ipv4Addr::from(0x0a01_0000 | network).to_string();
        let policy = Policy { stable_prefix_v4: 32, ..policy.clone() };
        let before = ids(&ask(&three, &policy, LIST, &client, 0))[0];
        let after = ids(&ask(&four, &policy, LIST, &client, 0))[0];
        assert!(after == before || after == 4, "{client} went from {before} to {after}");
        counts[usize::try_from(after).unwrap()] += 1;
    }
    for (id, weight) in (1..).zip(weights) {
        let expected = f64::from(NETWORKS) * f64::from(i32::try_from(weight).unwrap()) / 1000.0;
        let deviation = (expected * (1.0 - expected / f64::from(NETWORKS))).sqrt();
        assert!((f64::from(counts[id]) - expected).abs() < 4.0 * deviation, "{id}: {counts:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn nothing_else_moves_when_a_host_goes(
        countries in prop::collection::vec((prop_oneof![Just("DE"), Just("FR"), Just("JP")], 1..1000i64), 2..15),
        gone in any::<prop::sample::Index>(),
        client in (0..=255u8).prop_map(|net| IpAddr::from([10, 1, net, 3])),
    ) {
        let hosts: Vec<Host> = (1..)
            .zip(&countries)
            .map(|(id, (country, weight))| Host { weight: *weight, ..host(id, country) })
            .collect();
        let gone = hosts[gone.index(hosts.len())].id;
        // All of the world, so that the number of near hosts decides nothing.
        let policy = Policy { stable: Stable::Always, stable_mirrors: 99, minimum: 99, ..Policy::default() };
        let list = |hosts: Vec<Host>| ids(&ask(&World::of(hosts).data(), &policy, LIST, &client.to_string(), 0));
        let mut before = list(hosts.clone());
        let after = list(hosts.into_iter().filter(|host| host.id != gone).collect());
        before.retain(|id| *id != gone);
        prop_assert_eq!(before, after);
    }

    #[test]
    fn the_allow_list_has_every_url_that_can_be_given(
        seed in any::<u64>(),
        query in prop_oneof![
            Just(""), Just("&stable"), Just("&stable=2&limit=1"), Just("&limit=2"), Just("&country=FR"),
            Just("&protocol=https"), Just("&exclude=DE&stable"),
        ],
        target in prop_oneof![Just("repo=r&arch=a"), Just("path=pub/d/f")],
    ) {
        let mut hosts: Vec<Host> = (1..9).map(|id| host(id, ["DE", "FR", "JP"][id as usize % 3])).collect();
        for host in &mut hosts {
            let urls = [format!("rsync://r{}.example/x", host.id), format!("https://s{}.example/x//", host.id)];
            host.urls.extend(urls.into_iter().take(host.id as usize % 3).map(|url| (url, None)));
        }
        hosts.push(Host { urls: vec![("rsync://r9.example/x".into(), None)], ..host(9, "DE") });
        let data = World::of(hosts).data();
        let policy = Policy::default();
        let list = body(&ask(&data, &policy, &format!("/allowlist?{target}{query}"), "10.1.0.9", 1));
        let allowed: Vec<&str> = list
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| line.split_once(' ').unwrap().1)
            .collect();
        prop_assert!(!allowed.is_empty());
        for path in ["mirrorlist", "metalink", "metalink4", "mirrorlist.json"] {
            let answer = ask(&data, &policy, &format!("/{path}?{target}{query}"), "10.1.0.200", seed);
            let text = body(&answer);
            let given = text.split(['"', '\n', '<', '>']).filter(|word| word.contains("://") && word.contains(".example"));
            for url in given {
                prop_assert!(allowed.iter().any(|base| url.starts_with(base)), "{path}: {url} is not in\n{list}");
            }
        }
    }
}

#[test]
fn an_allow_list_for_people_and_programs() {
    let mut hosts = vec![host(2, "DE"), host(1, "FR")];
    hosts[0].urls.push(("rsync://[2001:db8::2]:873/d/".into(), None));
    let data = World::of(hosts).data();
    let ask = |query: &str| ask(&data, &Policy::default(), &format!("/allowlist?{query}"), "10.1.0.9", 1);
    let text = ask("repo=r&arch=a&stable");
    assert_eq!((text.status, text.content_type), (200, Some("text/plain")));
    assert_eq!(
        body(&text),
        "# repo = r arch = a stable = 10.1.0.0/24 country = DE country = FR country = global\n\
         # mirrors that clients of 10.1.0.0/24 can be sent to\n\
         2001:db8::2 rsync://[2001:db8::2]:873/d/\n\
         h1.example http://h1.example/d/\n\
         h2.example http://h2.example/d/\n"
    );
    assert!(body(&ask("repo=r&arch=a")).contains("\n# mirrors that 10.1.0.9 can be sent to\n"));
    let json: Value = serde_json::from_str(&body(&ask("path=pub/d&stable=1&format=json"))).unwrap();
    assert_eq!(json["clients"], "10.1.0.0/24");
    assert_eq!(json["mirrors"][0]["url"], "rsync://[2001:db8::2]:873/d/");
    assert_eq!(json["mirrors"].as_array().unwrap().len(), 2, "one mirror with two URLs: {json}");
    let exclusive = Exclusive { network: "10.1.0.0/28".parse().unwrap(), host: 2, hashes: true };
    let own = World { exclusive: vec![exclusive], ..World::of(vec![host(1, "DE"), host(2, "DE")]) }.data();
    let list = body(&world::ask(&own, &Policy::default(), "/allowlist?path=pub/d&stable", "10.1.0.9", 1));
    assert!(
        list.ends_with("# mirrors that 10.1.0.9 can be sent to\nh2.example http://h2.example/d/\n"),
        "{list}"
    );
    assert_eq!(ask("repo=r").status, 400);
    assert_eq!(ask("path=absent/x").status, 404);
    assert_eq!(ask("path=pub/d&ip=x").status, 400);
    assert!(urls(&text).len() == 3);
}
