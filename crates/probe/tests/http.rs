//! The HTTP side against a scripted mirror: good, broken and hostile.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use probe::classify::Reason;
use probe::connector::{Finding, Proof};
use probe::http::{FetchedBody, Moved};
use probe::mirror::Trust;
use probe::{
    AddressGuard, Connector, Counters, DirectoryCheck, Failure, Http, HttpMirror, Length, Limits, Phase,
    Redirects, Refusal, TableResolver, Target, Validators, Verdict, Wanted, WantedFile, classify,
};
use sha2::{Digest, Sha256};
use testkit::mirror::{Behaviour, Mirror};

const CONTENT: &[u8] = b"0123456789";

fn short() -> Limits {
    Limits {
        connect: Duration::from_millis(2000),
        first_byte: Duration::from_millis(300),
        head: Duration::from_millis(600),
        get: Duration::from_millis(1000),
        min_rate_after: Duration::from_millis(200),
        ..Limits::default()
    }
}

fn http_with(limits: Limits, allowed: &[&str], names: &[(&str, &[&str])]) -> Http {
    let guard = AddressGuard::new(allowed.iter().map(|net| net.parse().unwrap()), []);
    let table: HashMap<String, Vec<IpAddr>> = names
        .iter()
        .map(|(name, list)| ((*name).to_owned(), list.iter().map(|a| a.parse().unwrap()).collect()))
        .collect();
    Http::new(guard, Arc::new(TableResolver(table)), limits, Some("https://example.org/mm")).unwrap()
}

fn http() -> Http {
    http_with(short(), &["127.0.0.0/8"], &[])
}

struct Scene {
    mirror: Mirror,
    counters: Arc<Counters>,
    _folder: tempfile::TempDir,
}

impl Scene {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("d")).unwrap();
        std::fs::write(folder.path().join("file"), CONTENT).unwrap();
        std::fs::write(folder.path().join("d/odd #1%.rpm"), CONTENT).unwrap();
        let mirror = Mirror::start(folder.path()).await.unwrap();
        Self { mirror, counters: Arc::default(), _folder: folder }
    }

    fn target(&self, path: &str) -> Target {
        Target::parse(&format!("{}{path}", self.mirror.url())).unwrap()
    }

    async fn head(&self, http: &Http) -> probe::HeadOutcome {
        http.head(&self.target("/file"), Redirects::Follow, &self.counters).await
    }

    async fn get(&self, http: &Http) -> probe::GetOutcome {
        http.get_digest(&self.target("/file"), Some(10), &Validators::default(), &self.counters).await
    }
}

fn digest() -> [u8; 32] {
    Sha256::digest(CONTENT).into()
}

#[tokio::test]
async fn requests_say_who_we_are_and_share_a_connection() {
    let scene = Scene::new().await;
    let http = http();
    for _ in 0..5 {
        let head = scene.head(&http).await.unwrap();
        assert_eq!((head.status, head.length, head.moved), (200, Length::Bytes(10), Moved::No));
    }
    let fetched = scene.get(&http).await.unwrap();
    assert_eq!(fetched.body, FetchedBody::Whole { size: 10, sha256: digest() });
    assert_eq!((scene.counters.requests(), scene.counters.answers(), scene.counters.bytes()), (6, 6, 10));
    assert_eq!(scene.mirror.connections(), 1);
    let request = &scene.mirror.requests()[0];
    assert_eq!((request.method.as_str(), request.target.as_str()), ("HEAD", "/file"));
    assert!(request.header("user-agent").unwrap().starts_with("mirrormanager-crawler/"));
    assert!(request.header("user-agent").unwrap().ends_with("(+https://example.org/mm)"));
    assert_eq!(request.header("accept-encoding"), Some("identity"));
    assert_eq!(request.header("pragma"), Some("no-cache"));
    assert_eq!(request.header("authorization"), None);
    assert_eq!(request.header("cookie"), None);
}

#[tokio::test]
async fn redirects_are_followed_three_hops_and_no_further() {
    let scene = Scene::new().await;
    let other = Scene::new().await;
    let http = http();
    scene.mirror.behave(Behaviour::Redirect(other.mirror.url()));
    let head = scene.head(&http).await.unwrap();
    assert_eq!((head.status, head.length), (200, Length::Bytes(10)));
    assert_eq!(head.moved, Moved::Elsewhere(other.mirror.address().to_string()));
    assert_eq!(scene.counters.requests(), 2);
    // Not followed when the redirect itself is the answer.
    let head = http.head(&scene.target("/file"), Redirects::Report, &scene.counters).await.unwrap();
    assert_eq!(head.status, 302);
    // A loop.
    scene.mirror.forget();
    scene.mirror.behave(Behaviour::Redirect(scene.mirror.url()));
    assert_eq!(scene.head(&http).await, Err(Failure::Redirects));
    assert_eq!(scene.mirror.count(), 4);
}

#[tokio::test]
async fn a_redirect_to_a_forbidden_place_is_not_followed() {
    let scene = Scene::new().await;
    let secret = Mirror::start_at(([127, 0, 0, 2], 0).into(), scene.mirror.folder()).await.unwrap();
    let http = http_with(
        short(),
        &["127.0.0.1/32"],
        &[("evil", &["127.0.0.2"]), ("mixed", &["127.0.0.1", "10.0.0.1"])],
    );
    let port = secret.address().port();
    for (to, refused) in [
        (secret.url(), Failure::Refused(Refusal::Address("127.0.0.2".parse().unwrap()))),
        (format!("http://evil:{port}"), Failure::Refused(Refusal::Address("127.0.0.2".parse().unwrap()))),
        (format!("http://mixed:{port}"), Failure::Refused(Refusal::Address("10.0.0.1".parse().unwrap()))),
        (
            format!("http://0x7f000002:{port}"),
            Failure::Refused(Refusal::Address("127.0.0.2".parse().unwrap())),
        ),
        (
            format!("http://2130706434:{port}"),
            Failure::Refused(Refusal::Address("127.0.0.2".parse().unwrap())),
        ),
        (
            format!("http://[::ffff:127.0.0.2]:{port}"),
            Failure::Refused(Refusal::Address("::ffff:127.0.0.2".parse().unwrap())),
        ),
        ("http://127.0.0.1:22".into(), Failure::Refused(Refusal::Port(22))),
    ] {
        scene.mirror.behave(Behaviour::Redirect(to.clone()));
        assert_eq!(scene.head(&http).await, Err(refused.clone()), "{to}");
        assert_eq!(scene.get(&http).await, Err(refused), "{to}");
    }
    for to in ["file://", "gopher://x", "http://user:pw@127.0.0.1"] {
        scene.mirror.behave(Behaviour::Redirect(to.into()));
        assert!(matches!(scene.head(&http).await, Err(Failure::Location(_))), "{to}");
    }
    assert_eq!(secret.count(), 0);
    assert_eq!(secret.connections(), 0);
}

#[tokio::test]
async fn time_limits_end_every_kind_of_waiting() {
    let scene = Scene::new().await;
    let http = http();
    let began = Instant::now();
    scene.mirror.behave(Behaviour::Hang);
    assert_eq!(scene.head(&http).await, Err(Failure::Timeout(Phase::FirstByte)));
    assert_eq!(scene.get(&http).await, Err(Failure::Timeout(Phase::FirstByte)));
    // A head that comes byte by byte is no answer until it is whole.
    scene.mirror.behave(Behaviour::Drip(Duration::from_millis(50)));
    assert!(matches!(scene.head(&http).await, Err(Failure::Timeout(_))));
    scene.mirror.behave(Behaviour::DripBody(Duration::from_millis(100)));
    assert_eq!(scene.get(&http).await, Err(Failure::Timeout(Phase::Rate)));
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_dead_mirror_is_no_connection_or_a_lost_one() {
    let scene = Scene::new().await;
    let http = http();
    scene.mirror.behave(Behaviour::Dead);
    assert!(matches!(scene.head(&http).await, Err(Failure::Lost(_))), "{:?}", scene.head(&http).await);
    let target = scene.target("/file");
    scene.mirror.stop().await;
    assert!(matches!(http.head(&target, Redirects::Follow, &scene.counters).await, Err(Failure::Connect(_))));
    let nowhere = Target::parse("http://nowhere.invalid/").unwrap();
    assert_eq!(http.head(&nowhere, Redirects::Follow, &scene.counters).await, Err(Failure::Name));
}

#[tokio::test]
async fn endless_and_oversized_bodies_are_cut() {
    let scene = Scene::new().await;
    let http = http();
    scene.mirror.behave(Behaviour::EndlessBody);
    let fetched = scene.get(&http).await.unwrap();
    assert_eq!(fetched.body, FetchedBody::TooLong);
    assert!(scene.counters.bytes() < 1024 * 1024, "{}", scene.counters.bytes());
    // Without an expected size the general limit holds.
    let limits = Limits { body_bytes: 100_000, ..short() };
    let small = http_with(limits, &["127.0.0.0/8"], &[]);
    for expected in [None, Some(u64::MAX)] {
        let fetched = small
            .get_digest(&scene.target("/file"), expected, &Validators::default(), &scene.counters)
            .await
            .unwrap();
        assert_eq!(fetched.body, FetchedBody::Unread);
    }
}

#[tokio::test]
async fn lying_lengths() {
    let scene = Scene::new().await;
    let http = http();
    let lie = |text: &str| Behaviour::LyingLength(text.into());
    // More announced than sent: another size, so it is not even read.
    scene.mirror.behave(lie("11"));
    assert_eq!(scene.get(&http).await.unwrap().body, FetchedBody::Skipped);
    // Less announced than sent: the rest is never taken for an answer.
    scene.mirror.behave(lie("5"));
    assert_eq!(scene.get(&http).await.unwrap().body, FetchedBody::Skipped);
    for text in ["1e1", "+10", "-10", "99999999999999999999999", "ten", "10, 10"] {
        scene.mirror.behave(lie(text));
        // The client may refuse it before we see it; present it is never.
        let verdict = classify(&scene.head(&http).await, 10);
        assert!(matches!(verdict, Verdict::Unknown(_)), "{text}: {verdict:?}");
        assert!(!matches!(scene.get(&http).await, Ok(f) if f.body != FetchedBody::Skipped), "{text}");
    }
    // The body breaks off.
    scene.mirror.behave(Behaviour::CutBody);
    assert!(matches!(scene.get(&http).await, Err(Failure::Lost(_))));
    scene.mirror.behave(Behaviour::InSync);
    assert_eq!(scene.head(&http).await.unwrap().length, Length::Bytes(10));
}

#[tokio::test]
async fn floods_of_headers_and_interim_answers_are_refused() {
    let scene = Scene::new().await;
    let http = http();
    for flood in [
        Behaviour::ManyHeaders(200),
        Behaviour::HugeHeader(64 * 1024),
        Behaviour::Interim(1000),
        Behaviour::Raw(b"\x16\x03\x01 not http\r\n\r\n".to_vec()),
        Behaviour::Raw(b"HTTP/1.1 2000 OK\r\n\r\n".to_vec()),
    ] {
        scene.mirror.behave(flood.clone());
        let outcome = scene.head(&http).await;
        assert!(matches!(outcome, Err(Failure::Protocol(_))), "{flood:?}: {outcome:?}");
    }
    scene.mirror.behave(Behaviour::ManyHeaders(50));
    assert!(scene.head(&http).await.is_ok());
    scene.mirror.behave(Behaviour::Interim(5));
    assert!(scene.head(&http).await.is_ok());
}

#[tokio::test]
async fn an_answer_to_head_with_a_body_does_not_poison_the_next_one() {
    let scene = Scene::new().await;
    let http = http();
    let smuggled =
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n";
    scene.mirror.behave(Behaviour::Raw(smuggled.to_vec()));
    assert_eq!(scene.head(&http).await.unwrap().length, Length::Bytes(10));
    scene.mirror.behave(Behaviour::InSync);
    for _ in 0..3 {
        assert_eq!(scene.head(&http).await.unwrap().length, Length::Bytes(10));
    }
}

#[tokio::test]
async fn an_encoded_body_is_not_taken_for_the_file() {
    let scene = Scene::new().await;
    let http = http();
    scene.mirror.behave(Behaviour::ExtraHeaders(vec![("Content-Encoding".into(), "gzip".into())]));
    let fetched = scene.get(&http).await.unwrap();
    assert_eq!((fetched.head.encoded, fetched.body), (true, FetchedBody::Skipped));
}

#[tokio::test]
async fn https_on_a_plain_port_fails_as_tls_or_connection() {
    let scene = Scene::new().await;
    let url = scene.mirror.url().replace("http:", "https:");
    let target = Target::parse(&url).unwrap();
    let outcome = http().head(&target, Redirects::Follow, &scene.counters).await;
    assert!(
        matches!(outcome, Err(Failure::Tls(_) | Failure::Connect(_) | Failure::Timeout(_))),
        "{outcome:?}"
    );
}

fn files(list: &[(&str, Proof)]) -> Vec<WantedFile> {
    list.iter().map(|(name, proof)| WantedFile { name: (*name).into(), proof: proof.clone() }).collect()
}

#[tokio::test]
async fn a_directory_stops_at_the_first_bad_file_and_goes_on_where_it_stopped() {
    let scene = Scene::new().await;
    let mirror = HttpMirror::new(http(), scene.target(""), Arc::clone(&scene.counters));
    let wanted = files(&[
        ("odd #1%.rpm", Proof::Size(10)),
        ("gone", Proof::Size(1)),
        ("never asked", Proof::Digest { sha256: Some([0; 32]), size: None }),
    ]);
    let check = mirror.check(Wanted { path: "d", files: &wanted }, 0).await;
    let DirectoryCheck::Stale(Finding { proven, file, reason }) = check else { panic!("{check:?}") };
    assert_eq!((proven, file.to_str(), reason.to_string().as_str()), (1, Some("gone"), "status 404"));
    assert_eq!(scene.counters.requests(), 2);
    assert_eq!(scene.mirror.requests()[0].target, "/d/odd%20%231%25.rpm");
    mirror.check(Wanted { path: "d", files: &wanted }, 1).await;
    assert_eq!(scene.counters.requests(), 3);
    // Nothing expected: nothing asked.
    assert_eq!(mirror.check(Wanted { path: "d", files: &[] }, 0).await, DirectoryCheck::Current);
    assert_eq!(scene.counters.requests(), 3);
    // The top directory has no double slash.
    let top = files(&[("file", Proof::Digest { sha256: Some(digest()), size: Some(10) })]);
    assert_eq!(mirror.check(Wanted { path: "", files: &top }, 0).await, DirectoryCheck::Current);
    assert_eq!(scene.mirror.requests().last().unwrap().target, "/file");
}

#[tokio::test]
async fn a_mirror_that_says_yes_to_everything_is_believed_by_digest_only() {
    let scene = Scene::new().await;
    let mirror = HttpMirror::new(http(), scene.target(""), Arc::clone(&scene.counters));
    assert_eq!(mirror.measure_trust("no-such-file").await, Ok(Trust::Answers));
    scene.mirror.behave(Behaviour::Status(503));
    assert_eq!(mirror.measure_trust("no-such-file").await, Err(Reason::Status(503)));
    scene.mirror.behave(Behaviour::Soft200(10));
    let trust = mirror.measure_trust("no-such-file").await.unwrap();
    assert_eq!(trust, Trust::Digests);
    let mirror = mirror.trusted(trust);
    let sizes = files(&[("lies", Proof::Size(10))]);
    assert!(matches!(mirror.check(Wanted { path: "d", files: &sizes }, 0).await, DirectoryCheck::Unknown(_)));
    let proven = files(&[
        ("file", Proof::Digest { sha256: Some(digest()), size: Some(10) }),
        ("lies", Proof::Size(10)),
    ]);
    assert_eq!(mirror.check(Wanted { path: "", files: &proven }, 0).await, DirectoryCheck::Current);
}

#[tokio::test]
async fn the_base_check_takes_any_status_below_400() {
    let scene = Scene::new().await;
    let mirror = HttpMirror::new(http(), scene.target("/"), Arc::clone(&scene.counters));
    assert!(mirror.base_check().await.is_ok());
    for (status, good) in [(301, true), (304, true), (401, false), (403, false), (404, false), (500, false)] {
        scene.mirror.behave(Behaviour::Status(status));
        assert_eq!(mirror.base_check().await.is_ok(), good, "{status}");
    }
}
