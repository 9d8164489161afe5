//! Single rules that the recorded answers do not show.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod replay;

use std::net::IpAddr;
use std::sync::Arc;

use answer::{
    Answer, Compatibility, CountryAllowed, Data, Failure, Kind, Policy, ProtocolOrder, Reason, Request, Tier,
    Why, decide_only,
};
use geo::{Asns, Continents, Countries};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use snapshot::proto::{
    FileDetailsCacheDirectoryType, FileDetailsCacheFilesType, FileDetailsType, IntRepeatedIntMap,
    IntStringMap, MirrorList, MirrorListCacheType,
};
use snapshot::{HostNo, Snapshot};

const DE: &[u8] = b"203.0.113.5";

fn request<'a>(path: &'a str, query: &'a str, forwarded_for: &'a [&'a [u8]], peer: &str) -> Request<'a> {
    Request { path, query, accept: "", forwarded_for, peer: peer.parse().unwrap(), now: replay::now() }
}

fn ask(data: &Data, policy: &Policy, query: &str) -> Answer {
    let request = request("/mirrorlist", query, &[DE], "127.0.0.1");
    answer::answer(data, policy, &request, &mut StdRng::seed_from_u64(1))
}

fn body(answer: &Answer) -> String {
    String::from_utf8(answer.body.to_vec()).unwrap()
}

/// Who the engine thinks is asking.
fn client(policy: &Policy, headers: &[&[u8]], peer: &str) -> Result<IpAddr, Failure> {
    let data = replay::data();
    let request = request("/mirrorlist", "path=pub/small", headers, peer);
    decide_only(&data, policy, &request, &mut StdRng::seed_from_u64(1), |_, decision| decision.place.address)
}

#[test]
fn forwarded_addresses_are_believed_from_near_or_trusted_peers_only() {
    let ours = Policy::default();
    let forwarded: IpAddr = "203.0.113.5".parse().unwrap();
    for near in
        ["127.0.0.1", "10.0.0.1", "192.168.7.7", "172.16.0.1", "::1", "fd00::1", "fe80::1", "::ffff:10.0.0.1"]
    {
        assert_eq!(client(&ours, &[DE], near), Ok(forwarded), "{near}");
    }
    assert_eq!(client(&ours, &[DE], "198.18.0.1"), Ok("198.18.0.1".parse().unwrap()));
    assert_eq!(client(&ours, &[b"rubbish"], "198.18.0.1"), Ok("198.18.0.1".parse().unwrap()));
    let trusting = Policy { trusted_proxies: vec!["198.18.0.0/15".parse().unwrap()], ..ours };
    assert_eq!(client(&trusting, &[DE], "198.18.0.1"), Ok(forwarded));
    assert_eq!(client(&trusting, &[DE], "::ffff:198.18.0.1"), Ok(forwarded));
    assert_eq!(client(&Policy::upstream(), &[DE], "198.18.0.1"), Ok(forwarded));
}

#[test]
fn the_last_element_of_the_last_header_counts() {
    let ours = Policy::default();
    let ok = |text: &str| Ok(text.parse().unwrap());
    assert_eq!(client(&ours, &[b"1.1.1.1, 2.2.2.2 ,\t3.3.3.3 "], "::1"), ok("3.3.3.3"));
    assert_eq!(client(&ours, &[b"1.1.1.1", b"2.2.2.2"], "::1"), ok("2.2.2.2"));
    assert_eq!(client(&ours, &[b"1.1.1.1,"], "::1"), Err(Failure::Address));
    assert_eq!(client(&ours, &[b"::ffff:1.1.1.1"], "::1"), ok("1.1.1.1"));
    assert_eq!(client(&ours, &[], "::ffff:9.9.9.9"), ok("9.9.9.9"));
    assert_eq!(client(&Policy::upstream(), &[], "::ffff:9.9.9.9"), ok("::ffff:9.9.9.9"));
    assert_eq!(client(&ours, &[b"1.1.1.1\xff"], "::1"), Err(Failure::Address));
}

#[test]
fn an_unusable_address_is_400_or_as_upstream_500() {
    let data = replay::data();
    for (policy, status) in [(Policy::default(), 400), (Policy::upstream(), 500)] {
        let answer = ask(&data, &policy, "path=pub/small&ip=rubbish");
        assert_eq!((answer.status, answer.kind), (status, Kind::Error(Failure::Address)));
        assert_eq!(body(&answer), "Cannot parse client IP address. Aborting.");
        assert_eq!(answer.access, None);
    }
}

#[test]
fn allowed_countries_count_everywhere_but_in_the_own_network_or_only_where_asked() {
    let data = replay::data();
    let lists_40 = |policy: &Policy, query: &str| body(&ask(&data, policy, query)).contains("//h40.example/");
    let strict = Policy::default();
    let asked = Policy { country_allowed: CountryAllowed::Asked, ..Policy::default() };
    let geoip = "repo=fedora-40&arch=x86_64";
    assert!(!lists_40(&strict, geoip) && lists_40(&asked, geoip));
    for query in ["country=DE", "country=global", "ip=100.69.0.1"] {
        let query = format!("{geoip}&{query}");
        assert!(!lists_40(&strict, &query) && !lists_40(&asked, &query), "{query}");
    }
    assert!(lists_40(&strict, &format!("{geoip}&ip=100.66.0.1")), "France is allowed");
}

#[test]
fn the_access_log_shows_who_really_asked_except_as_upstream() {
    let data = replay::data();
    let query = "repo=fedora-40&arch=x86_64&ip=100.65.1.1";
    let line = |policy: &Policy| ask(&data, policy, query).access.unwrap().line();
    let old = "IP: 100.65.1.1; DATE: 2026-11-21; COUNTRY: JP; REPO: fedora-40; ARCH: x86_64";
    assert_eq!(line(&Policy::upstream()), format!("{old}\n"));
    assert_eq!(line(&Policy::default()), format!("{old}; PEER: 203.0.113.5\n"));
}

#[test]
fn every_host_has_a_reason() {
    let data = replay::data();
    let why = |policy: &Policy, query: &str, id: i64| {
        let request = request("/mirrorlist", query, &[DE], "127.0.0.1");
        let host = (0..data.snapshot.host_count() as u32)
            .map(HostNo)
            .find(|host| data.snapshot.host(*host).unwrap().id == id)
            .unwrap();
        decide_only(&data, policy, &request, &mut StdRng::seed_from_u64(1), |_, decision| decision.why(host))
            .unwrap()
    };
    let tier = |why: Why| match why {
        Why::Listed { tier, .. } => Some(tier),
        Why::LeftOut(_) => None,
    };
    let left = Why::LeftOut;
    let ours = Policy::default();
    let r40 = "repo=fedora-40&arch=x86_64";
    assert_eq!(tier(why(&ours, r40, 10)), Some(Tier::Geoip));
    assert_eq!(tier(why(&ours, r40, 12)), Some(Tier::Continent));
    assert_eq!(why(&ours, r40, 40), left(Reason::CountryRefused));
    assert_eq!(why(&ours, r40, 1), left(Reason::NotNear));
    assert_eq!(why(&ours, r40, 30), left(Reason::Private));
    assert_eq!(why(&ours, r40, 64), left(Reason::NotCarried));
    assert_eq!(why(&ours, &format!("{r40}&country=CN"), 50), left(Reason::NoUrl));
    assert_eq!(why(&ours, &format!("{r40}&protocol=https"), 12), left(Reason::NoUrl));
    let netblock = format!("{r40}&ip=198.51.100.20");
    assert_eq!(tier(why(&ours, &netblock, 31)), Some(Tier::Netblock));
    assert_eq!(tier(why(&ours, &format!("{r40}&ip=100.90.1.1"), 32)), Some(Tier::Asn));
    assert_eq!(tier(why(&ours, &format!("{r40}&country=US"), 1)), Some(Tier::Country));
    let all = Policy { minimum: 100, ..ours };
    assert_eq!(tier(why(&all, r40, 1)), Some(Tier::Global));
}

#[test]
fn the_reasons_and_the_list_are_one_decision() {
    let data = replay::data();
    let ours = Policy::default();
    for query in ["repo=fedora-40&arch=x86_64", "path=pub/odd", "repo=fedora-40&arch=x86_64&protocol=rsync"] {
        let request = request("/mirrorlist", query, &[DE], "127.0.0.1");
        let listed = decide_only(&data, &ours, &request, &mut StdRng::seed_from_u64(1), |_, decision| {
            (0..data.snapshot.host_count() as u32)
                .filter(|n| matches!(decision.why(HostNo(*n)), Why::Listed { .. }))
                .count()
        });
        let list = body(&ask(&data, &ours, query));
        assert_eq!(listed.unwrap(), list.lines().filter(|line| line.contains("://")).count(), "{query}");
    }
}

#[test]
fn https_can_be_preferred() {
    let data = replay::data();
    let secure = Policy { protocol_order: ProtocolOrder::Secure, ..Policy::default() };
    let query = "repo=fedora-40&arch=x86_64&country=RU";
    assert!(body(&ask(&data, &Policy::default(), query)).contains("\nftp://h51."));
    assert!(body(&ask(&data, &secure, query)).contains("\nhttps://h51."));
}

#[test]
fn maxconnections_is_a_setting_for_other_files_than_repomd() {
    let data = replay::data();
    let iso = "path=pub/fedora/linux/releases/40/Everything/x86_64/iso/Fedora-40-CHECKSUM";
    let metalink = |policy: &Policy, query: &str| {
        let request = request("/metalink", query, &[DE], "127.0.0.1");
        body(&answer::answer(&data, policy, &request, &mut StdRng::seed_from_u64(1)))
    };
    let eight = Policy { metalink_connections: 8, ..Policy::default() };
    assert!(metalink(&eight, iso).contains("<resources maxconnections=\"8\">"));
    assert!(metalink(&eight, "repo=fedora-40&arch=x86_64").contains("<resources maxconnections=\"1\">"));
    assert!(metalink(&Policy::default(), iso).contains("<resources maxconnections=\"1\">"));
}

/// One directory `d` with these hosts' URLs, and a file `f` of it.
fn small(urls: &[&str], subpath: &str) -> Data {
    let ids: Vec<i64> = (0..urls.len() as i64).collect();
    let cache = MirrorList {
        hc_url_cache: ids
            .iter()
            .zip(urls)
            .map(|(id, url)| IntStringMap { key: *id, value: (*url).into() })
            .collect(),
        file_details_cache: vec![FileDetailsCacheDirectoryType {
            directory: "d".into(),
            file_details_cache_files: ["f", "a \"<&>\u{7}"]
                .map(|name| FileDetailsCacheFilesType {
                    filename: name.into(),
                    file_details: vec![FileDetailsType::default()],
                })
                .into(),
        }],
        mirror_list_cache: vec![MirrorListCacheType {
            directory: "d".into(),
            subpath: Some(subpath.into()),
            global: ids.clone(),
            by_host_id: ids.iter().map(|id| IntRepeatedIntMap { key: *id, value: vec![*id] }).collect(),
            ..MirrorListCacheType::default()
        }],
        ..MirrorList::default()
    };
    Data::new(
        Arc::new(Snapshot::from_proto(&cache).unwrap()),
        Arc::new(Countries::none()),
        Arc::new(Asns::none()),
        Arc::new(Continents::built_in()),
    )
}

#[test]
fn urls_join_base_subpath_and_file() {
    let url = |policy: &Policy, base: &str, subpath: &str, path: &str| {
        let list = body(&ask(&small(&[base], subpath), policy, &format!("path={path}")));
        list.lines().nth(1).unwrap_or_default().to_owned()
    };
    let (ours, upstream) = (Policy::default(), Policy::upstream());
    assert_eq!(url(&ours, "http://h/b//", "s p", "d"), "http://h/b/s%20p/");
    assert_eq!(url(&ours, "http://h/b/", "", "d"), "http://h/b/");
    assert_eq!(url(&ours, "http://h/b/", "", "d/f"), "http://h/b/f");
    assert_eq!(url(&upstream, "http://h/b/", "s", "d"), "http://h/b//s/");
    assert_eq!(url(&upstream, "http://h/b/", "", "d"), "http://h/b//");
    assert_eq!(url(&upstream, "http://h/b/", "", "d/f"), "http://h/b/f");
    assert_eq!(url(&upstream, "http://h/b/", "s", "d/f"), "http://h/b//s/f");
    assert_eq!(url(&upstream, "http://h/b", "s/", "d/f"), "http://h/b/s/f");
}

#[test]
fn metalinks_are_escaped_and_preferences_end_at_1() {
    let urls: Vec<String> = (0..150).map(|n| format!("http://h{n}/?a&b<\"")).collect();
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    let data = small(&urls, "");
    let request = request("/metalink", "path=d/a%20%22%3c%26%3e%07", &[], "127.0.0.1");
    let metalink = body(&answer::answer(&data, &Policy::default(), &request, &mut StdRng::seed_from_u64(1)));
    assert!(metalink.contains("<file name=\"a &quot;&lt;&amp;&gt;%07\">"), "{metalink}");
    assert!(metalink.contains("/?a&amp;b&lt;&quot;/a%20%22%3C&amp;%3E%07</url>"), "{metalink}");
    let preferences: Vec<u32> = metalink
        .split("preference=\"")
        .skip(1)
        .map(|rest| rest.split_once('"').unwrap().0.parse().unwrap())
        .collect();
    let expected: Vec<u32> = (0..150).map(|place| 100u32.saturating_sub(place).max(1)).collect();
    assert_eq!(preferences, expected);
}

#[test]
fn a_redirect_that_is_no_header_is_escaped_or_as_upstream_none() {
    let data = small(&["http://h/\u{e4}\n"], "");
    assert_eq!(
        ask(&data, &Policy::default(), "path=d&redirect").location.as_deref(),
        Some("http://h/%C3%A4%0A/")
    );
    let upstream = ask(&data, &Policy::upstream(), "path=d&redirect");
    assert_eq!((upstream.status, upstream.kind), (404, Kind::Error(Failure::NoMirror)));
}

#[test]
fn the_list_of_repositories_is_shared_by_all_answers() {
    let data = replay::data();
    let list = |query: &str| ask(&data, &Policy::default(), query).body.shared;
    let (first, second) = (list("repo=a&arch=b"), list("repo=c&arch=d"));
    assert!(!first.is_empty());
    assert_eq!(first.as_ptr(), second.as_ptr());
}

#[test]
fn the_defaults_are_ours() {
    let ours = Policy::default();
    assert_eq!(ours.compatibility, Compatibility::Native);
    assert_eq!(ours.country_allowed, CountryAllowed::Strict);
    assert_eq!((ours.minimum, ours.metalink_connections), (5, 1));
}
