//! What a client may wish for beside a repository, and what an operator may decide for it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod world;

use answer::{Data, Explanation, Insight, Kind, Policy, Question, Reason, Tier};
use ipnet::IpNet;
use proptest::prelude::*;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use snapshot::Exclusive;
use world::{Host, V4_ONLY, V6_ONLY, World, ask, body, detail, host, ids, urls};

const GERMAN: &str = "10.1.0.9";
const LIST: &str = "/mirrorlist?repo=r&arch=a";

fn sorted(mut ids: Vec<i64>) -> Vec<i64> {
    ids.sort_unstable();
    ids
}

fn explain(data: &Data, query: &str, client: &str, insight: Insight) -> Explanation {
    let policy = Policy::default();
    let question = Question::parse("/explain", query, policy.compatibility).unwrap();
    let client = client.parse().unwrap();
    answer::explain(data, &policy, &question, client, insight, &mut StdRng::seed_from_u64(1)).unwrap()
}

/// The ids that are left out for a reason.
fn left(explanation: &Explanation, reason: Reason) -> Vec<i64> {
    let groups = explanation.left_out.iter().flatten().filter(|group| group.reason == reason);
    groups.flat_map(|group| group.hosts.iter().map(|host| host.id)).collect()
}

#[test]
fn hosts_and_countries_can_be_excluded() {
    let mut renamed = host(4, "US");
    renamed.name = Some("Other.Example".into());
    let data = World::of(vec![host(1, "DE"), host(2, "DE"), host(3, "FR"), renamed]).data();
    let listed = |exclude: &str| {
        let target = format!("{LIST}&exclude={exclude}");
        sorted(ids(&ask(&data, &Policy::default(), &target, GERMAN, 1)))
    };
    assert_eq!(listed(""), [1, 2, 3, 4]);
    assert_eq!(listed("de"), [3, 4]);
    assert_eq!(listed("DE,US"), [3]);
    assert_eq!(listed("1"), [2, 3, 4]);
    assert_eq!(listed("h2.EXAMPLE,,%20fr"), [1, 4]);
    assert_eq!(listed("other.example"), [1, 2, 3]);
    assert_eq!(listed("h4.example"), [1, 2, 3], "a name in a URL is a name, too");
    assert_eq!(listed("h,h5.example,10,example,XX"), [1, 2, 3, 4]);
    assert_eq!(ids(&ask(&data, &Policy::upstream(), &format!("{LIST}&exclude=DE"), GERMAN, 1)).len(), 4);
    let explained = explain(&data, "path=pub/d&exclude=DE", GERMAN, Insight::Public);
    assert_eq!(sorted(left(&explained, Reason::Excluded)), [1, 2]);
}

#[test]
fn the_world_comes_in_when_too_few_are_left_by_an_exclusion() {
    let hosts: Vec<Host> = (1..=5).map(|id| host(id, "DE")).chain([host(6, "JP")]).collect();
    let data = World::of(hosts).data();
    let listed =
        |query: &str| sorted(ids(&ask(&data, &Policy::default(), &format!("{LIST}{query}"), GERMAN, 1)));
    assert_eq!(listed(""), [1, 2, 3, 4, 5]);
    assert_eq!(listed("&exclude=5"), [1, 2, 3, 4, 6]);
    assert_eq!(listed("&country=DE&exclude=DE"), [6], "as if there were no German mirror");
}

#[test]
fn a_network_and_an_excluded_mirror_of_its_own() {
    let mut own = host(1, "DE");
    own.networks = vec!["10.1.0.0/24"];
    let data = World::of(vec![own, host(2, "FR")]).data();
    let answer = ask(&data, &Policy::default(), LIST, GERMAN, 1);
    assert_eq!((ids(&answer)[0], answer.tier), (1, Some(Tier::Netblock)));
    assert_eq!(ids(&ask(&data, &Policy::default(), &format!("{LIST}&exclude=1"), GERMAN, 1)), [2]);
}

#[test]
fn a_limit_is_the_beginning_of_the_unlimited_list() {
    let mut silent = host(3, "DE");
    silent.urls = vec![("rsync://h3.example/d".into(), None)];
    let mut hosts = vec![host(1, "DE"), host(2, "DE"), silent];
    hosts.extend((4..9).map(|id| host(id, "FR")));
    let data = World::of(hosts).data();
    for seed in 0..20 {
        let list =
            |query: &str| ids(&ask(&data, &Policy::default(), &format!("{LIST}{query}"), GERMAN, seed));
        let all = list("");
        assert_eq!(all.len(), 7);
        for most in 1..9 {
            assert_eq!(
                list(&format!("&limit={most}")),
                all[..most.min(7)],
                "a host without a URL is no mirror"
            );
        }
        for none in ["", "0", "-1", "x", "1.5", "99999999999999999999"] {
            assert_eq!(list(&format!("&limit={none}")), all, "{none}");
        }
    }
    assert_eq!(ids(&ask(&data, &Policy::upstream(), &format!("{LIST}&limit=1"), GERMAN, 1)).len(), 7);
    let explained = explain(&data, "path=pub/d&limit=2", GERMAN, Insight::Public);
    assert_eq!(explained.mirrors.len(), 2);
    assert_eq!(left(&explained, Reason::Beyond).len(), 5);
    assert_eq!(left(&explained, Reason::NoUrl), [3]);
    let metalink = body(&ask(&data, &Policy::default(), "/metalink?path=pub/d/f&limit=2", GERMAN, 1));
    assert!((1..=2).contains(&metalink.matches("<url ").count()), "{metalink}");
}

fn exclusive(network: &str, host: i64, hashes: bool) -> Exclusive {
    Exclusive { network: network.parse::<IpNet>().unwrap(), host, hashes }
}

#[test]
fn clients_of_an_exclusive_network_get_one_host_only() {
    let mut own = host(1, "US");
    own.private = true;
    let mut absent = host(2, "DE");
    absent.carries = false;
    absent.private = true;
    let world = World {
        exclusive: vec![
            exclusive("10.1.0.0/24", 1, true),
            exclusive("10.1.1.0/24", 1, false),
            exclusive("10.1.2.0/24", 2, true),
        ],
        ..World::of(vec![own, absent, host(3, "DE"), host(4, "DE")])
    };
    let data = world.data();
    for query in ["", "&country=DE", "&exclude=1", "&netblock=0"] {
        let answer = ask(&data, &Policy::default(), &format!("{LIST}{query}"), "10.1.0.9", 1);
        assert_eq!((ids(&answer), answer.tier), (vec![1], Some(Tier::Exclusive)), "{query}");
        assert!(
            body(&answer).starts_with("# repo = r arch = a Using exclusive network \n"),
            "{}",
            body(&answer)
        );
    }
    let metalink = |client: &str, path: &str| body(&ask(&data, &Policy::default(), path, client, 1));
    let with = metalink("10.1.0.9", "/metalink?path=pub/d/f");
    assert!(with.contains("<hash type=\"sha256\">") && with.matches("<url ").count() == 1, "{with}");
    let without = metalink("10.1.1.9", "/metalink?path=pub/d/f");
    for fact in ["<hash", "<size", "timestamp"] {
        assert!(!without.contains(fact) && with.contains(fact), "{without}");
    }
    let without = metalink("10.1.1.9", "/metalink4?path=pub/d/f");
    assert!(without.contains("://h1.example/") && !without.contains("<hash"), "{without}");
    let redirect = ask(&data, &Policy::default(), "/mirrorlist?path=pub/d/f&redirect", "10.1.1.9", 1);
    assert!(redirect.headers.iter().all(|(name, _)| *name != "repr-digest"), "{:?}", redirect.headers);
    assert_eq!(sorted(ids(&ask(&data, &Policy::upstream(), LIST, "10.1.0.9", 1))), [3, 4]);

    let explained = explain(&data, "path=pub/d", "10.1.0.9", Insight::Full);
    assert_eq!(sorted(left(&explained, Reason::Exclusive)), [3, 4]);
    assert_eq!(left(&explained, Reason::NotCarried), [2]);
}

#[test]
fn an_exclusive_host_that_can_not_give_it_is_as_if_there_were_none() {
    let mut absent = host(2, "DE");
    (absent.carries, absent.private) = (false, true);
    let world = World {
        exclusive: vec![exclusive("10.1.2.0/24", 2, false), exclusive("10.1.3.0/24", 3, false)],
        ..World::of(vec![absent, host(3, "DE"), host(4, "DE")])
    };
    let data = world.data();
    assert_eq!(sorted(ids(&ask(&data, &Policy::default(), LIST, "10.1.2.9", 1))), [3, 4]);
    let metalink = body(&ask(&data, &Policy::default(), "/metalink?path=pub/d/f", "10.1.2.9", 1));
    assert!(metalink.contains("<hash"), "{metalink}");
    let https = ask(&data, &Policy::default(), &format!("{LIST}&protocol=https"), "10.1.3.9", 1);
    assert_eq!(urls(&https), [""; 0], "host 3 has no https URL, and neither has host 4");
    assert_eq!(https.tier, Some(Tier::Geoip));
    let explained = explain(&data, "path=pub/d", "10.1.2.9", Insight::Full);
    assert_eq!(explained.idle_exclusive.as_deref(), Some("h2.example"));
    assert!(explained.to_string().contains("exclusive  h2.example is the one mirror"), "{explained}");
    let public = explain(&data, "path=pub/d", "10.1.2.9", Insight::Public);
    assert!(!public.to_string().contains("h2.example"), "it is private: {public}");
}

/// A host with an IPv4 URL, an IPv6 URL, one that nobody looked at, in any order.
fn any_host(id: i64) -> impl Strategy<Value = Host> {
    let url = (
        prop_oneof![Just("http"), Just("https"), Just("ftp"), Just("rsync")],
        prop_oneof![Just(None), Just(V4_ONLY), Just(V6_ONLY)],
        0..9u8,
    );
    let country = prop_oneof![Just("DE"), Just("FR"), Just("JP")];
    (prop::collection::vec(url, 0..4), country).prop_map(move |(urls, country)| Host {
        urls: urls
            .into_iter()
            .map(|(protocol, families, path)| (format!("{protocol}://h{id}.example/{path}"), families))
            .collect(),
        ..host(id, country)
    })
}

fn hosts() -> impl Strategy<Value = Vec<Host>> {
    (1..12i64).prop_flat_map(|count| (1..=count).map(any_host).collect::<Vec<_>>())
}

/// Whether a listed URL is reached by the family, by what is known of it.
fn reached(hosts: &[Host], url: &str, v4: bool) -> bool {
    let known =
        hosts.iter().flat_map(|host| &host.urls).filter(|(base, _)| url.starts_with(&format!("{base}/")));
    // URLs with one text share what is known, and the last fact about it counts.
    known.filter_map(|(_, families)| *families).next_back().is_none_or(|f| if v4 { f.v4 } else { f.v6 })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_the_client_reaches_comes_first_and_nothing_is_lost(
        hosts in hosts(),
        v4 in any::<bool>(),
        form in 0..4usize,
        seed in any::<u64>(),
    ) {
        let target = [
            "/mirrorlist?repo=r&arch=a",
            "/mirrorlist?repo=r&arch=a&protocol=https,http",
            "/mirrorlist.json?repo=r&arch=a",
            "/mirrorlist.json?repo=r&arch=a&protocol=ftp,http,rsync",
        ][form];
        let data = World::of(hosts.clone()).data();
        let client = if v4 { GERMAN } else { "2001:db8:1::9" };
        let explained = |policy: &Policy| -> Vec<(Tier, i64, Vec<String>)> {
            let (path, query) = target.split_once('?').unwrap();
            let question = Question::parse(path, query, policy.compatibility).unwrap();
            let client = client.parse().unwrap();
            let explained =
                answer::explain(&data, policy, &question, client, Insight::Full, &mut StdRng::seed_from_u64(seed));
            explained.unwrap().mirrors.into_iter().map(|m| (m.tier, m.id, m.urls)).collect()
        };
        let (first, any) = (Policy::default(), Policy { family_first: false, ..Policy::default() });
        let (ours, theirs) = (explained(&first), explained(&any));
        let hosts_of = |list: &[(Tier, i64, Vec<String>)]| {
            let mut hosts: Vec<(Tier, i64)> = list.iter().map(|(tier, id, _)| (*tier, *id)).collect();
            hosts.sort_unstable();
            hosts
        };
        prop_assert_eq!(hosts_of(&ours), hosts_of(&theirs), "no host comes or goes");
        for pair in ours.windows(2) {
            let reaches = |mirror: &(Tier, i64, Vec<String>)| reached(&hosts, &mirror.2[0], v4);
            if pair[0].0 == pair[1].0 {
                prop_assert!(reaches(&pair[0]) || !reaches(&pair[1]), "{pair:?}");
            }
        }
        for (_, id, urls) in &ours {
            let flags: Vec<bool> = urls.iter().map(|url| reached(&hosts, url, v4)).collect();
            prop_assert!(flags.is_sorted_by(|a, b| a >= b), "{urls:?}");
            let (_, _, other) = theirs.iter().find(|(_, other, _)| other == id).unwrap();
            prop_assert_eq!(urls.len(), other.len());
            // Only the order changes, or the choice of one where it was not reached.
            if urls.len() > 1 {
                let sorted = |urls: &[String]| { let mut urls = urls.to_vec(); urls.sort_unstable(); urls };
                if !target.contains("protocol") {
                    prop_assert_eq!(sorted(urls), sorted(other));
                }
            } else if reached(&hosts, &other[0], v4) {
                prop_assert_eq!(urls, other);
            }
        }
        // Upstream does not know families.
        let upstream = ask(&data, &Policy { family_first: true, ..Policy::upstream() }, LIST, client, seed);
        let unordered = ask(&data, &Policy { family_first: false, ..Policy::upstream() }, LIST, client, seed);
        prop_assert_eq!(body(&upstream), body(&unordered));
    }
}

#[test]
fn an_unreached_protocol_is_not_preferred() {
    let mut both = host(1, "DE");
    both.urls = vec![("https://h1.example/six".into(), V6_ONLY), ("http://h1.example/four".into(), V4_ONLY)];
    let data = World::of(vec![both]).data();
    let secure = Policy { protocol_order: answer::ProtocolOrder::Secure, ..Policy::default() };
    let url = |policy: &Policy, client: &str, query: &str| {
        let answer = ask(&data, policy, &format!("{LIST}{query}"), client, 1);
        answer.location.clone().unwrap_or_else(|| urls(&answer).join(" "))
    };
    assert_eq!(url(&secure, "2001:db8:1::9", ""), "https://h1.example/six/d/");
    assert_eq!(url(&secure, GERMAN, ""), "http://h1.example/four/d/");
    assert_eq!(url(&Policy::default(), GERMAN, "&redirect"), "http://h1.example/four/d/");
    assert_eq!(
        url(&Policy::default(), GERMAN, "&protocol=https"),
        "https://h1.example/six/d/",
        "better than none"
    );
    let explained = explain(&data, "path=pub/d&protocol=https", GERMAN, Insight::Public);
    assert_eq!(explained.mirrors[0].reached, Some(false));
    assert!(explained.to_string().contains("not by the client's address family"), "{explained}");
}

#[test]
fn alternates_can_be_limited_by_number_and_age() {
    const DAY: u64 = 86_400;
    let now = world::now().timestamp().unsigned_abs();
    let mut world = World::of(vec![host(1, "DE")]);
    world.details =
        vec![detail(now - DAY, "a"), detail(now - 2 * DAY, "b"), detail(0, "c"), detail(now - 9 * DAY, "d")];
    let data = world.data();
    let alternates = |policy: &Policy| -> String {
        let metalink = body(&ask(&data, policy, "/metalink?path=pub/d/f", GERMAN, 1));
        let digests = metalink.split("<hash type=\"sha256\">").skip(1).map(|rest| &rest[..1]);
        assert_eq!(metalink.matches("<mm0:alternates>").count(), usize::from(digests.clone().count() > 1));
        digests.collect()
    };
    let usual = Policy::default();
    assert_eq!(alternates(&usual), "abcd");
    assert_eq!(alternates(&Policy { alternates: Some(2), ..usual.clone() }), "abc");
    assert_eq!(alternates(&Policy { alternates: Some(0), ..usual.clone() }), "a");
    assert_eq!(
        alternates(&Policy { alternates_age: Some(3 * DAY), ..usual.clone() }),
        "abc",
        "no time, no age"
    );
    assert_eq!(alternates(&Policy { alternates_age: Some(2 * DAY), ..usual.clone() }), "abc");
    assert_eq!(alternates(&Policy { alternates_age: Some(2 * DAY - 1), ..usual.clone() }), "ac");
    assert_eq!(alternates(&Policy { alternates: Some(1), alternates_age: Some(DAY), ..usual.clone() }), "ac");
    assert_eq!(alternates(&Policy { alternates_age: Some(u64::MAX), ..usual }), "abcd");
}

#[test]
fn wishes_of_no_use_change_nothing() {
    let data = World::of(vec![host(1, "DE"), host(2, "FR")]).data();
    let answer = ask(&data, &Policy::default(), &format!("{LIST}&exclude=,&limit=&stable_=&x=y"), GERMAN, 5);
    assert_eq!(answer.kind, Kind::Mirrorlist);
    assert_eq!(urls(&answer), urls(&ask(&data, &Policy::default(), LIST, GERMAN, 5)));
}
