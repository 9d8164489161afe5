//! The forms of an answer that the old server does not have, in full.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod replay;
mod world;

use answer::{Answer, Data, Failure, Kind, Policy};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use quick_xml::events::Event;
use serde_json::{Value, json};
use world::{World, ask, body, detail, host};

const CLIENT: &str = "10.1.0.9";

/// A German and an American mirror, the second with two URLs, and an old version of the file.
fn two() -> Data {
    let mut american = host(2, "US");
    american.urls =
        ["rsync://h2.example/d", "https://h2.example/d"].map(|url| (url.to_owned(), None)).to_vec();
    let mut world = World::of(vec![host(1, "DE"), american]);
    world.details = vec![detail(1_700_000_000, "a"), detail(1_600_000_000, "b")];
    world.data()
}

fn ask_two(target: &str) -> Answer {
    ask(&two(), &Policy::default(), target, CLIENT, 1)
}

#[test]
fn a_metalink_4() {
    let answer = ask_two("/any/metalink4?path=pub/d/f");
    assert_eq!((answer.status, answer.kind), (200, Kind::Metalink4));
    assert_eq!(answer.content_type, Some("application/metalink4+xml"));
    let expected = format!(
        "\
<?xml version=\"1.0\" encoding=\"utf-8\"?>
<metalink xmlns=\"urn:ietf:params:xml:ns:metalink\">
 <generator>mirrormanager</generator>
 <published>2026-11-21T06:04:36Z</published>
 <file name=\"f\">
  <size>7</size>
  <hash type=\"sha-256\">{}</hash>
  <hash type=\"sha-512\">{}</hash>
  <url location=\"de\" priority=\"1\">http://h1.example/d/d/f</url>
  <url location=\"us\" priority=\"2\">rsync://h2.example/d/d/f</url>
  <url location=\"us\" priority=\"2\">https://h2.example/d/d/f</url>
 </file>
</metalink>
",
        "a".repeat(64),
        "a".repeat(128)
    );
    assert_eq!(body(&answer), expected);
}

#[test]
fn a_metalink_4_is_well_formed_whatever_is_in_it() {
    let data = replay::data();
    let mut documents = 0;
    for case in replay::cases() {
        let Some((_, query)) = case.target.split_once('?') else { continue };
        let answer =
            ask(&data, &Policy::default(), &format!("/metalink4?{query}&ip=203.0.113.5"), "127.0.0.1", 3);
        if answer.kind != Kind::Metalink4 {
            assert_eq!(answer.content_type, Some("text/plain"), "{query}");
            continue;
        }
        let text = body(&answer);
        let mut reader = quick_xml::Reader::from_str(&text);
        let (mut urls, mut files) = (0, 0);
        loop {
            match reader.read_event().unwrap() {
                Event::Start(tag) if tag.name().as_ref() == "url" => urls += 1,
                Event::Start(tag) if tag.name().as_ref() == "file" => files += 1,
                Event::Eof => break,
                _ => {}
            }
        }
        assert!(urls > 0 && files == 1, "RFC 5854 wants a file to have a URL: {text}");
        documents += 1;
    }
    assert!(documents > 20, "{documents}");
}

#[test]
fn a_list_in_json() {
    let answer = ask_two("/mirrorlist.json?repo=r&arch=a");
    assert_eq!(
        (answer.status, answer.kind, answer.content_type),
        (200, Kind::Json, Some("application/json"))
    );
    let expected = json!({
        "question": {"repo": "r", "arch": "a"},
        "client": {
            "address": CLIENT, "country": "DE", "country_source": "network", "asn": null, "networks": []
        },
        "directory": "pub/d",
        "cache_created": 1_750_000_000,
        "searched": "repo = r arch = a country = DE country = global",
        "mirrors": [
            {"id": 1, "name": "h1.example", "tier": "geoip", "country": "DE", "weight": 100, "private": false,
             "urls": ["http://h1.example/d/d/"]},
            {"id": 2, "name": "h2.example", "tier": "global", "country": "US", "weight": 100, "private": false,
             "urls": ["rsync://h2.example/d/d/", "https://h2.example/d/d/"]},
        ],
    });
    assert_eq!(serde_json::from_str::<Value>(&body(&answer)).unwrap(), expected);
    let file = serde_json::from_str::<Value>(&body(&ask_two("/mirrorlist.json?path=pub/d/f"))).unwrap();
    let digests = json!({"sha256": "a".repeat(64), "sha512": "a".repeat(128)});
    let expected = json!({"name": "f", "timestamp": 1_700_000_000, "size": 7, "digests": digests});
    assert_eq!(file["file"], expected);
}

#[test]
fn a_redirect_names_further_mirrors_the_metalink_and_the_digest() {
    let answer = ask_two("/some/mirrorlist?path=pub/d/f&redirect");
    assert_eq!((answer.status, answer.location.as_deref()), (302, Some("http://h1.example/d/d/f")));
    let link = "<http://h1.example/d/d/f>; rel=duplicate; pri=1; geo=de, \
                <https://h2.example/d/d/f>; rel=duplicate; pri=2; geo=us, \
                <metalink4?path=pub/d/f>; rel=describedby; type=\"application/metalink4+xml\"";
    let digest = |bytes: usize| STANDARD.encode(vec![0xaa; bytes]);
    let digest = format!("sha-256=:{}:, sha-512=:{}:", digest(32), digest(64));
    assert_eq!(answer.headers, [("repr-digest", digest), ("link", link.to_owned())]);

    let directory = ask_two("/mirrorlist?repo=r&arch=a&redirect");
    let link = "<http://h1.example/d/d/>; rel=duplicate; pri=1; geo=de, \
                <https://h2.example/d/d/>; rel=duplicate; pri=2; geo=us";
    assert_eq!(directory.headers, [("link", link.to_owned())]);

    let one = Policy { link_mirrors: 1, ..Policy::default() };
    let one = ask(&two(), &one, "/mirrorlist?repo=r&arch=a&redirect", CLIENT, 1);
    assert_eq!(one.headers[0].1.matches("duplicate").count(), 1);
    let none = Policy { link_mirrors: 0, ..Policy::default() };
    assert_eq!(ask(&two(), &none, "/mirrorlist?repo=r&arch=a&redirect", CLIENT, 1).headers, []);
    assert_eq!(ask(&two(), &Policy::upstream(), "/mirrorlist?path=pub/d/f&redirect", CLIENT, 1).headers, []);
}

#[test]
fn a_link_can_not_be_left_by_what_is_in_it() {
    let mut odd = host(1, "D>");
    odd.urls = vec![("http://h1.example/>; rel=evil, <\"\u{e4}\r\n".to_owned(), None)];
    let data = World::of(vec![odd]).data();
    let answer =
        ask(&data, &Policy::default(), "/mirrorlist?path=pub/d/%3e%22%0d%0a,&redirect", "10.4.0.1", 1);
    assert_eq!(answer.headers.len(), 1);
    let link = &answer.headers[0].1;
    assert!(link.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{link}");
    assert_eq!(link.matches(['<', '>']).count(), 2, "{link}");
    assert!(!link.contains("geo="), "{link}");
}

#[test]
fn failures_have_a_fitting_status_and_form() {
    for (query, status, failure) in [
        ("", 400, Failure::Parameters),
        ("path=absent/x", 404, Failure::Path),
        ("repo=x&arch=y", 404, Failure::Repository),
        ("path=pub/d&ip=rubbish", 400, Failure::Address),
    ] {
        let metalink = ask_two(&format!("/metalink4?{query}"));
        assert_eq!((metalink.status, metalink.kind), (status, Kind::Error(failure)), "{query}");
        assert_eq!(metalink.content_type, Some("text/plain"));
        assert!(body(&metalink).starts_with("error: "));
        let json = ask_two(&format!("/mirrorlist.json?{query}"));
        assert_eq!((json.status, json.kind), (status, Kind::Error(failure)), "{query}");
        assert!(serde_json::from_str::<Value>(&body(&json)).unwrap()["error"].is_string());
    }
    let unknown = ask_two("/metalink4?path=pub/d/unknown");
    assert_eq!((unknown.status, unknown.kind), (404, Kind::Error(Failure::File)));
    let none = ask_two("/metalink4?path=pub/d/f&protocol=gopher");
    assert_eq!((none.status, none.kind), (404, Kind::Error(Failure::NoMirror)));
}

#[test]
fn upstream_knows_none_of_the_new_paths() {
    for path in ["/metalink4", "/mirrorlist.json", "/explain"] {
        let answer = ask(&two(), &Policy::upstream(), &format!("{path}?path=pub/d/f"), CLIENT, 1);
        assert_eq!((answer.status, answer.kind), (404, Kind::Error(Failure::NotServed)), "{path}");
    }
}

#[test]
fn a_download_is_logged_and_counted_in_every_form() {
    for path in ["/mirrorlist", "/metalink", "/metalink4", "/mirrorlist.json"] {
        let answer = ask_two(&format!("{path}?path=pub/d/f&repo=r&arch=a"));
        assert_eq!(answer.access.unwrap().repository.unwrap().repo, "r", "{path}");
        assert_eq!(answer.tier, Some(answer::Tier::Geoip), "{path}");
    }
    assert_eq!(ask_two("/explain?repo=r&arch=a").access, None, "nobody downloads by an explanation");
}
