//! Whatever a client sends, there is an answer with a status, and nothing of what was sent can pretend to be
//! part of the answer.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod replay;

use std::net::IpAddr;

use answer::{Answer, Data, Policy, Request};
use proptest::prelude::*;
use rand::SeedableRng as _;
use rand::rngs::StdRng;

fn ask(data: &Data, policy: &Policy, path: &str, query: &str, forwarded_for: &[&[u8]]) -> Answer {
    let request =
        Request { path, query, accept: "", forwarded_for, peer: [127, 0, 0, 1].into(), now: replay::now() };
    answer::answer(data, policy, &request, &mut StdRng::seed_from_u64(1))
}

fn body(answer: &Answer) -> String {
    String::from_utf8(answer.body.to_vec()).unwrap()
}

/// A question that is nearly right, with anything in its values.
fn query() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        Just("repo"),
        Just("arch"),
        Just("path"),
        Just("country"),
        Just("protocol"),
        Just("ip"),
        Just("netblock"),
        Just("redirect"),
        Just("time"),
        Just("format"),
        Just("exclude"),
        Just("limit"),
        Just("stable"),
        Just("metalink"),
        Just("x")
    ];
    let value = prop_oneof![
        Just("fedora-40".to_owned()),
        Just("x86_64".to_owned()),
        Just("pub/fedora/linux/releases/40/Everything/x86_64/os/repodata/repomd.xml".to_owned()),
        Just("pub/small/%0d%0a%20%3c".to_owned()),
        Just("DE,global".to_owned()),
        Just("h2.example,40,US".to_owned()),
        Just("2".to_owned()),
        Just("https,http".to_owned()),
        Just("2001:db8:30::1".to_owned()),
        "[a-z%0-9/,=+-]{0,12}",
        any::<String>(),
    ];
    prop::collection::vec((name, value), 0..6).prop_map(|pairs| {
        pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
    })
}

fn policies() -> [Policy; 2] {
    [Policy::default(), Policy::upstream()]
}

thread_local! {
    static DATA: Data = replay::data();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_question_has_an_answer(
        path in prop_oneof![
            "/(mirrorlist|metalink|metalink4|mirrorlist\\.json|explain|allowlist)",
            any::<String>(),
        ],
        accept in prop_oneof![Just(String::new()), "application/(json|\\*);q=[0-9.]{0,3}", any::<String>()],
        query in prop_oneof![query(), any::<String>()],
        headers in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 0..3),
        peer in any::<IpAddr>(),
        seed in any::<u64>(),
    ) {
        let headers: Vec<&[u8]> = headers.iter().map(Vec::as_slice).collect();
        DATA.with(|data| {
            for policy in policies() {
                let request = Request { path: &path, query: &query, accept: &accept, forwarded_for: &headers, peer, now: replay::now() };
                let answer = answer::answer(data, &policy, &request, &mut StdRng::seed_from_u64(seed));
                assert!([200, 302, 400, 403, 404, 500].contains(&answer.status), "{}", answer.status);
                assert_eq!(answer.status == 302, answer.location.is_some());
                let visible = |text: &String| text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
                assert!(answer.location.as_ref().is_none_or(visible), "{:?}", answer.location);
                assert!(answer.headers.iter().all(|(_, value)| visible(value)), "{:?}", answer.headers);
                if let Some(record) = &answer.access {
                    assert_eq!(record.line().matches('\n').count(), 1, "{}", record.line());
                }
                let _ = body(&answer);
            }
        });
    }

    #[test]
    fn our_answers_stay_in_their_form(query in query()) {
        DATA.with(|data| {
            let list = ask(data, &Policy::default(), "/mirrorlist", &query, &[]);
            if list.content_type == Some("text/plain") {
                let urls = body(&list);
                for line in urls.lines().filter(|line| !line.starts_with("# ")) {
                    assert!(line.contains(".example/"), "{line:?} is of no mirror");
                    assert!(line.bytes().all(|byte| byte.is_ascii_graphic()), "{line:?}");
                }
            }
            let metalink = body(&ask(data, &Policy::default(), "/metalink", &query, &[]));
            if metalink.contains("<!-- ") {
                let comment = metalink.split_once("<!-- ").unwrap().1.strip_suffix("-->\n</metalink>\n").unwrap();
                assert!(!comment.contains("--"), "{comment}");
            }
            assert!(!metalink.contains(|c: char| c.is_control() && c != '\n'), "{metalink:?}");
        });
    }
}

#[test]
fn a_decoded_newline_is_no_new_line() {
    let data = replay::data();
    let query = "path=pub/small/a%0ahttp:evil&protocol=http%0aftp://evil.example/";
    let list = body(&ask(&data, &Policy::default(), "/mirrorlist", query, &[]));
    assert_eq!(list.lines().count(), 1, "{list}");
    assert!(list.starts_with("# path = pub/small/a%0Ahttp:evil "), "{list}");
    let query = "path=pub/small/a%0ab%26%20%25&country=SE";
    let list = body(&ask(&data, &Policy::default(), "/mirrorlist", query, &[]));
    assert_eq!(list.lines().nth(1), Some("http://h14.example/f/small/a%0Ab&%20%25"));
    let redirect = ask(&data, &Policy::default(), "/mirrorlist", &format!("{query}&redirect"), &[]);
    assert_eq!(redirect.location.as_deref(), Some("http://h14.example/f/small/a%0Ab&%20%25"));
}

/// The base URL is what a mirror's administrator, or an old program, put into the database.
#[test]
fn a_newline_in_a_base_url_is_no_new_line() {
    use snapshot::proto::{IntRepeatedIntMap, IntStringMap, MirrorList, MirrorListCacheType};
    let cache = MirrorList {
        hc_url_cache: vec![IntStringMap {
            key: 1,
            value: "http://a.example/x\nhttp://evil.example/\r".into(),
        }],
        mirror_list_cache: vec![MirrorListCacheType {
            directory: "pub/d".into(),
            global: vec![9],
            by_host_id: vec![IntRepeatedIntMap { key: 9, value: vec![1] }],
            ..MirrorListCacheType::default()
        }],
        ..MirrorList::default()
    };
    let data = DATA.with(|other| {
        Data::new(
            std::sync::Arc::new(snapshot::Snapshot::from_proto(&cache).unwrap()),
            other.countries.clone(),
            other.asns.clone(),
            other.continents.clone(),
        )
    });
    let list = body(&ask(&data, &Policy::default(), "/mirrorlist", "path=pub/d&country=global", &[]));
    let lines: Vec<&str> = list.lines().collect();
    assert_eq!(lines[1..], ["http://a.example/x%0Ahttp://evil.example/%0D/"]);
}

#[test]
fn a_comment_can_not_be_closed() {
    let data = replay::data();
    let metalink = body(&ask(&data, &Policy::default(), "/metalink", "repo=---%3e%3cx%3e-&arch=-", &[]));
    assert!(metalink.contains("<!-- # repo = - - -><x>- arch = - error"), "{metalink}");
    let metalink = body(&ask(&data, &Policy::default(), "/metalink", "path=pub/small/--%3e", &[]));
    assert!(
        metalink.ends_with("<!-- pub/small/- -> not found or has not metalink\n-->\n</metalink>\n"),
        "{metalink}"
    );
}

#[test]
fn a_log_line_keeps_its_fields() {
    let data = replay::data();
    let query = "path=pub/small&repo=a%20b;%0ac&arch=x%09y";
    let line = ask(&data, &Policy::default(), "/mirrorlist", query, &[b"203.0.113.5"]).access.unwrap().line();
    let day = "2026-11-21";
    assert_eq!(
        line,
        format!(
            "IP: 203.0.113.5; DATE: {day}; COUNTRY: DE; REPO: a%20b%3B%0Ac; ARCH: x%09y; PEER: 203.0.113.5\n"
        )
    );
    let fields: Vec<&str> = line.split_whitespace().collect();
    assert_eq!((fields[3], fields[5], fields[7]), ("2026-11-21;", "DE;", "a%20b%3B%0Ac;"));
}
