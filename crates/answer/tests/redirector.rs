//! Paths of a tree that are redirected as they are: `GET /pub/…`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod world;

use answer::{Answer, Data, Failure, Kind, Policy, ProtocolOrder, Request};
use proptest::prelude::*;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use world::{Host, World, body, host};

fn policy() -> Policy {
    Policy { redirect_prefixes: vec!["/pub".into()], ..Policy::default() }
}

fn accepting(data: &Data, policy: &Policy, target: &str, accept: &str) -> Answer {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let request = Request { accept, ..world::request(path, query, "10.1.0.9") };
    answer::answer(data, policy, &request, &mut StdRng::seed_from_u64(1))
}

fn ask(data: &Data, policy: &Policy, target: &str) -> Answer {
    accepting(data, policy, target, "*/*")
}

/// A German and an American mirror, and one that has no URL for the web.
fn three() -> Data {
    let mut silent = host(3, "DE");
    silent.urls = ["rsync", "ftp"].map(|protocol| (format!("{protocol}://h3.example/d"), None)).to_vec();
    let mut american = host(2, "US");
    american.urls.push(("https://h2.example/d".into(), None));
    World::of(vec![host(1, "DE"), american, silent]).data()
}

fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
}

#[test]
fn a_file_is_redirected_to_a_mirror_that_has_its_directory() {
    let answer = ask(&three(), &policy(), "/pub/d/f");
    assert_eq!((answer.status, answer.kind), (302, Kind::Redirect));
    assert_eq!(answer.location.as_deref(), Some("http://h1.example/d/d/f"));
    assert!(answer.body.is_empty());
    let link = header(&answer, "link").unwrap();
    assert!(link.starts_with("<http://h1.example/d/d/f>; rel=duplicate; pri=1; geo=de, <"), "{link}");
    assert!(
        link.ends_with(", <?format=metalink4>; rel=describedby; type=\"application/metalink4+xml\""),
        "{link}"
    );
    assert!(header(&answer, "repr-digest").unwrap().starts_with("sha-256=:qqqq"), "{:?}", answer.headers);
    assert_eq!(header(&answer, "vary"), Some("accept"));
    assert_eq!(answer.tier, Some(answer::Tier::Geoip));

    let unknown = ask(&three(), &policy(), "/pub/d/new.iso");
    assert_eq!(unknown.location.as_deref(), Some("http://h1.example/d/d/new.iso"));
    assert_eq!(header(&unknown, "repr-digest"), None);
    assert!(!header(&unknown, "link").unwrap().contains("describedby"));
}

#[test]
fn directories_with_and_without_slash() {
    for path in ["/pub/d", "/pub/d/", "//pub///d//", "/pub/%64/"] {
        // Two slashes in front are no prefix.
        let policy = Policy { redirect_prefixes: vec!["/pub".into(), "/".into()], ..policy() };
        let answer = ask(&three(), &policy, path);
        assert_eq!(answer.location.as_deref(), Some("http://h1.example/d/d/"), "{path}");
    }
}

#[test]
fn what_is_not_there_is_404() {
    for path in [
        "/pub",
        "/pub/",
        "/pub/absent/",
        "/pub/absent/f",
        "/pub/d/f/",
        "/pub/d/absent/",
        "/pub/d/..",
        "/pub/d/../d/f",
        "/pub/d/%2e%2e/f",
        "/pub/d%2ff",
        "/pub/d/f%00",
        "/pub/d/%ff",
        "/pub/d/a%0d%0aset-cookie:x",
    ] {
        let answer = ask(&three(), &policy(), path);
        assert_eq!((answer.status, answer.kind), (404, Kind::Error(Failure::Path)), "{path}");
        assert_eq!(answer.location, None);
    }
}

#[test]
fn a_mirror_without_a_web_url_is_never_given() {
    let mut silent = host(3, "DE");
    silent.urls = vec![("rsync://h3.example/d".into(), None), ("ftp://h3.example/d".into(), None)];
    let data = World::of(vec![silent]).data();
    let answer = ask(&data, &policy(), "/pub/d/f");
    assert_eq!((answer.status, answer.kind), (404, Kind::Error(Failure::NoMirror)));
    let secure = Policy { protocol_order: ProtocolOrder::Secure, ..policy() };
    assert_eq!(ask(&data, &secure, "/pub/d/f").status, 404);
    let location = |policy: &Policy, target: &str| ask(&three(), policy, target).location;
    assert_eq!(location(&secure, "/pub/d/f?country=US").as_deref(), Some("https://h2.example/d/d/f"));
    assert_eq!(location(&policy(), "/pub/d/f?country=US").as_deref(), Some("http://h2.example/d/d/f"));
}

#[test]
fn wishes_count_and_other_names_are_nothing() {
    let location = |query: &str| ask(&three(), &policy(), &format!("/pub/d/f?{query}")).location.unwrap();
    assert_eq!(location("country=US"), "http://h2.example/d/d/f");
    assert_eq!(location("protocol=https"), "https://h2.example/d/d/f");
    assert_eq!(location("exclude=DE"), "http://h2.example/d/d/f");
    assert_eq!(location("ip=10.3.0.1"), "http://h2.example/d/d/f");
    for query in ["path=pub/other", "repo=x&arch=y", "redirect", "C=N;O=D", "metalink", "format=x"] {
        assert_eq!(location(query), "http://h1.example/d/d/f", "{query}");
    }
    assert_eq!(ask(&three(), &policy(), "/pub/d/f?repo=r&arch=a").access, None);
    assert_eq!(ask(&three(), &policy(), "/pub/d/f?ip=x").status, 400);
}

#[test]
fn another_form_is_asked_for_by_format_or_by_accept() {
    let form = |target: &str, accept: &str| {
        let answer = accepting(&three(), &policy(), target, accept);
        if answer.status < 400 {
            assert_eq!(header(&answer, "vary"), Some("accept"), "{target} {accept}");
        }
        answer.kind
    };
    let aria2 = "*/*,application/metalink4+xml,application/metalink+xml";
    assert_eq!(form("/pub/d/f", aria2), Kind::Metalink4);
    assert_eq!(form("/pub/d/f", "application/metalink+xml"), Kind::Metalink);
    assert_eq!(form("/pub/d/f", "text/html,*/*;q=0.8"), Kind::Redirect);
    assert_eq!(form("/pub/d/f", "application/json"), Kind::Json);
    assert_eq!(form("/pub/d/new.iso", aria2), Kind::Redirect, "its checksums are not known");
    assert_eq!(form("/pub/d/", aria2), Kind::Redirect);
    assert_eq!(form("/pub/d/", "application/json, application/metalink4+xml"), Kind::Json);
    assert_eq!(form("/pub/d/f?format=metalink", aria2), Kind::Metalink);
    assert_eq!(form("/pub/d/f?format=metalink4", ""), Kind::Metalink4);
    assert_eq!(form("/pub/d/f?format=mirrorlist", aria2), Kind::Mirrorlist);
    assert_eq!(form("/pub/d/f?format=json", ""), Kind::Json);
    assert_eq!(form("/pub/d/new.iso?format=metalink4", ""), Kind::Error(Failure::File));
}

#[test]
fn only_below_the_prefixes_and_not_as_upstream() {
    let kind = |policy: &Policy, target: &str| ask(&three(), policy, target).kind;
    let not_served = Kind::Error(Failure::NotServed);
    assert_eq!(kind(&policy(), "/other/d/f"), not_served);
    assert_eq!(kind(&Policy::default(), "/pub/d/f"), not_served);
    assert_eq!(
        kind(&Policy { redirect_prefixes: vec!["/pub".into()], ..Policy::upstream() }, "/pub/d/f"),
        not_served
    );
    // A file may be called like one of our paths; where nothing is redirected it is that path.
    assert_eq!(kind(&policy(), "/pub/d/mirrorlist?path=pub/d"), Kind::Redirect);
    assert_eq!(kind(&Policy::default(), "/pub/d/mirrorlist?path=pub/d"), Kind::Mirrorlist);
    assert_eq!(kind(&policy(), "/mirrorlist?path=pub/d"), Kind::Mirrorlist);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_path_leads_out_of_the_mirrors_tree(
        parts in prop::collection::vec(
            prop_oneof!["[a-zA-Z0-9.%/ -]{0,6}", Just("..".to_owned()), Just("%2e%2e".to_owned()), Just("%2F".to_owned()),
                Just("d".to_owned()), Just("%5c".to_owned()), Just("%0d%0aX:".to_owned()), any::<String>()],
            0..4,
        ),
        seed in any::<u64>(),
    ) {
        thread_local! {
            static DATA: Data = World::of((1..5).map(|id| Host { ..host(id, "DE") }).collect()).data();
        }
        let path = format!("/pub/d/{}", parts.join("/"));
        DATA.with(|data| {
            let request = world::request(&path, "", "10.1.0.9");
            let answer = answer::answer(data, &policy(), &request, &mut StdRng::seed_from_u64(seed));
            let visible = |text: &str| text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
            match answer.location {
                Some(location) => {
                    assert_eq!(answer.status, 302);
                    let rest = location.split_once(".example/d/d/").unwrap().1;
                    assert!(visible(rest) && !rest.contains(['/', '?', '#', '\\', ' ']), "{location}");
                    assert!(!matches!(rest, "." | ".."), "{location}");
                }
                None => assert_eq!(answer.status, 404, "{path}: {}", body(&answer)),
            }
            assert!(answer.headers.iter().all(|(_, value)| visible(value)), "{:?}", answer.headers);
        });
    }
}
