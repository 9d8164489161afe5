//! `/explain` tells the decision as it is, and nobody what is not theirs to know.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod replay;
mod world;

use answer::{Data, Explain, Explanation, Failure, Insight, Kind, Policy, Question, Request};
use proptest::prelude::*;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use serde_json::Value;
use snapshot::HostNo;
use world::{World, ask, body, host};

const DE: &[&[u8]] = &[b"203.0.113.5"];

fn request<'a>(path: &'a str, query: &'a str) -> Request<'a> {
    Request { path, query, accept: "", forwarded_for: DE, peer: [127, 0, 0, 1].into(), now: replay::now() }
}

fn explain(
    data: &Data,
    path: &str,
    query: &str,
    insight: Insight,
    seed: u64,
) -> Result<Explanation, Failure> {
    let policy = Policy::default();
    let question = Question::parse(path, query, policy.compatibility).unwrap();
    let client = question.ip.as_deref().filter(|ip| !ip.is_empty()).unwrap_or("203.0.113.5");
    let client = client.parse().map_err(|_| Failure::Address)?;
    answer::explain(data, &policy, &question, client, insight, &mut StdRng::seed_from_u64(seed))
}

/// Query of every recorded question that our defaults answer.
fn queries() -> Vec<String> {
    let cases = replay::cases();
    let queries = cases.iter().filter_map(|case| Some(case.target.split_once('?')?.1.to_owned()));
    queries.filter(|query| !query.contains(' ')).collect()
}

#[test]
fn the_explanation_lists_what_the_answer_lists_in_its_order() {
    let data = replay::data();
    let (mut lists, mut metalinks) = (0, 0);
    for query in queries() {
        let explained = |query: &str| explain(&data, "/explain", query, Insight::Full, 7);
        let given = |path: &str| {
            let request = request(path, &query);
            answer::answer(&data, &Policy::default(), &request, &mut StdRng::seed_from_u64(7))
        };
        let urls = |explanation: Explanation| -> Vec<String> {
            explanation.mirrors.into_iter().flat_map(|mirror| mirror.urls).collect()
        };
        let list = given("/mirrorlist");
        match (list.kind, explained(&query)) {
            (Kind::Mirrorlist, Ok(explanation)) => {
                assert_eq!(urls(explanation), world::urls(&list), "{query}");
                lists += 1;
            }
            (Kind::Redirect, Ok(explanation)) => {
                assert_eq!(urls(explanation).first(), list.location.as_ref(), "{query}");
            }
            (Kind::Error(Failure::NoMirror), Ok(explanation)) => assert_eq!(explanation.mirrors, []),
            // Here the client is read before the question.
            (Kind::Error(_), Err(Failure::Address)) => {}
            (Kind::Error(failure), Err(explained)) => assert_eq!(failure, explained, "{query}"),
            (kind, explained) => panic!("{query}: {kind:?}, explained as {explained:?}"),
        }
        let metalink = given("/metalink");
        let explained = explained(&format!("metalink&{query}"));
        if metalink.kind == Kind::Error(Failure::File) {
            assert_eq!(explained.as_ref().err(), Some(&Failure::File), "{query}");
        }
        if let (Kind::Metalink, Ok(explanation)) = (metalink.kind, explained) {
            let text = body(&metalink);
            let listed = text.split("</url>").filter_map(|part| Some(part.split_once("<url ")?.1));
            let listed: Vec<String> =
                listed.map(|url| url.split_once('>').unwrap().1.replace("&amp;", "&")).collect();
            assert_eq!(urls(explanation), listed, "{query}");
            metalinks += 1;
        }
    }
    assert!(lists > 100 && metalinks > 20, "{lists} lists and {metalinks} metalinks were compared");
}

#[test]
fn every_host_is_listed_or_left_out_once() {
    let data = replay::data();
    for query in queries() {
        let Ok(explanation) = explain(&data, "/explain", &query, Insight::Full, 1) else { continue };
        let left = explanation.left_out.unwrap();
        let mut ids: Vec<i64> =
            left.iter().flat_map(|group| group.hosts.iter().map(|host| host.id)).collect();
        ids.extend(explanation.mirrors.iter().map(|mirror| mirror.id));
        ids.sort_unstable();
        let mut all: Vec<i64> = (0..data.snapshot.host_count() as u32)
            .map(|number| data.snapshot.host(HostNo(number)).unwrap().id)
            .collect();
        all.sort_unstable();
        assert_eq!(ids, all, "{query}");
    }
}

#[test]
fn private_hosts_are_shown_to_the_public_only_where_the_answer_has_them() {
    let data = replay::data();
    let public = data.snapshot.public_hosts();
    let mut seen = 0;
    for query in queries() {
        let Ok(explanation) = explain(&data, "/explain", &query, Insight::Public, 1) else { continue };
        for group in explanation.left_out.unwrap() {
            for left in group.hosts {
                let is_it = |host: &HostNo| data.snapshot.host(*host).unwrap().id == left.id;
                assert!(public.iter().any(|host| is_it(&host)), "{query}: {left:?}");
            }
        }
        seen += explanation.mirrors.iter().filter(|mirror| mirror.private).count();
    }
    assert!(seen > 0, "some client is in a network of a private host");
}

#[test]
fn an_explanation_for_people() {
    let mut private = host(30, "DE");
    private.private = true;
    let mut elsewhere = host(4, "DE");
    elsewhere.carries = false;
    let mut own = host(5, "US");
    (own.private, own.networks) = (true, vec!["10.1.0.0/24"]);
    let mut silent = host(6, "DE");
    silent.urls = vec![("rsync://h6.example/d".into(), None)];
    let data = World::of(vec![host(1, "DE"), host(2, "US"), private, elsewhere, own, silent]).data();
    let policy = Policy { minimum: 1, ..Policy::default() };
    let answer = ask(&data, &policy, "/explain?repo=r&arch=a", "10.1.0.9", 1);
    assert_eq!((answer.status, answer.content_type), (200, Some("text/plain")));
    let expected = "\
question   arch=a repo=r
client     10.1.0.9, country DE (set by hand for its network)
           in the network 10.1.0.0/24 of a mirror
directory  pub/d
searched   repo = r arch = a Using preferred netblock country = DE

mirrors    2
   1  h5.example  netblock   US  weight 100  private
      http://h5.example/d/d/
   2  h1.example  geoip      DE  weight 100
      http://h1.example/d/d/

left out (1): has no URL of a wanted protocol
      h6.example

left out (1): is not near, and there are enough that are, or only some countries are wanted
      h2.example

left out (1): is private, and the client is in none of its networks
      h30.example

left out (1): does not carry the directory, as far as is known
      h4.example
";
    assert_eq!(body(&answer), expected);
    let stranger = Policy { minimum: 0, ..policy };
    let public = body(&ask(&data, &stranger, "/explain?repo=r&arch=a", "198.51.100.1", 1));
    assert!(!public.contains("h5.") && !public.contains("h30.") && public.contains("h4."), "{public}");
}

#[test]
fn only_trusted_networks_may_ask_about_others() {
    let data = World::of(vec![host(1, "DE")]).data();
    let status = |policy: &Policy, query: &str, peer: &str| {
        let answer = ask(&data, policy, &format!("/explain?path=pub/d{query}"), peer, 1);
        (answer.status, body(&answer))
    };
    let usual = Policy::default();
    for near in ["127.0.0.1", "::1", "10.3.0.1", "fd00::1"] {
        assert_eq!(status(&usual, "&ip=198.51.100.7", near).0, 200, "{near}");
    }
    let far = "203.0.113.9";
    let refused = "error: only trusted networks may ask about other addresses than their own\n";
    assert_eq!(status(&usual, "&ip=198.51.100.7", far), (403, refused.into()));
    assert_eq!(status(&usual, "&ip=rubbish", far).0, 400);
    for own in ["", "&ip=", "&ip=203.0.113.9", "&ip=::ffff:203.0.113.9"] {
        assert_eq!(status(&usual, own, far).0, 200, "{own}");
    }
    let trusting = Policy { explain_networks: vec!["203.0.113.0/24".parse().unwrap()], ..usual.clone() };
    assert_eq!(status(&trusting, "&ip=198.51.100.7", far).0, 200);
    let open = Policy { explain: Explain::Everybody, ..usual.clone() };
    assert_eq!(status(&open, "&ip=198.51.100.7", far).0, 200);
    let closed = Policy { explain: Explain::Nobody, ..usual };
    assert_eq!(status(&closed, "", "127.0.0.1").0, 404);
    let kind = ask(&data, &Policy::upstream(), "/explain?path=pub/d", "127.0.0.1", 1).kind;
    assert_eq!(kind, Kind::Error(Failure::NotServed));
}

#[test]
fn a_proxy_that_is_believed_does_not_lend_its_trust() {
    let data = World::of(vec![host(1, "DE")]).data();
    let request = Request { accept: "application/json", ..request("/explain", "path=pub/d&ip=10.1.0.1") };
    let answer = answer::answer(&data, &Policy::default(), &request, &mut StdRng::seed_from_u64(1));
    assert_eq!((answer.status, answer.content_type), (403, Some("application/json")));
}

#[test]
fn json_is_asked_for_by_format_or_by_accept() {
    let data = World::of(vec![host(1, "DE")]).data();
    let content_type = |accept: &str, query: &str| {
        let request = Request { accept, ..request("/explain", query) };
        answer::answer(&data, &Policy::default(), &request, &mut StdRng::seed_from_u64(1)).content_type
    };
    assert_eq!(content_type("*/*", "path=pub/d"), Some("text/plain"));
    assert_eq!(content_type("", "path=pub/d&format=json"), Some("application/json"));
    assert_eq!(content_type("application/json", "path=pub/d"), Some("application/json"));
    assert_eq!(content_type("application/json", "path=absent"), Some("application/json"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_value_begins_a_line_or_breaks_the_json(value in "\\PC{0,20}|[a-z%0-9]{0,12}|(%0a|%00|%22|%5c|%e2%80%a8){0,4}") {
        thread_local! {
            static DATA: Data = replay::data();
        }
        DATA.with(|data| {
            let value = value.replace(['&', '='], "");
            let query = format!("path=pub/small/{value}&country={value}&protocol=http,{value}");
            let answer = |query: &str| {
                answer::answer(data, &Policy::default(), &request("/explain", query), &mut StdRng::seed_from_u64(1))
            };
            let text = body(&answer(&query));
            let words = ["question", "client", "  ", "directory", "file", "searched", "mirrors", "left out ("];
            for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with("error: ")) {
                assert!(words.iter().any(|word| line.starts_with(word)), "{line:?}");
                assert!(!line.contains(|c: char| c.is_control()), "{line:?}");
            }
            let json = body(&answer(&format!("{query}&format=json")));
            assert!(serde_json::from_str::<Value>(&json).is_ok_and(|value| value.is_object()), "{json}");
            assert_eq!(json.matches('\n').count(), 1, "{json}");
        });
    }
}
