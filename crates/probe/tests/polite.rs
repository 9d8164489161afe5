//! What saves requests and what keeps a mirror from too many: index pages of the real nginx, conditional GETs,
//! subtrees that are gone, budgets, HTTP/2 and its ways to fail, certificates.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use probe::classify::Reason;
use probe::connector::Proof;
use probe::{
    AddressGuard, Connector, Counters, DirectoryCheck, Failure, Http, HttpMirror, IndexUse, Length, Limits,
    Phase, Politeness, Redirects, Remembered, TableResolver, Target, Wanted, WantedFile,
};
use sha2::{Digest, Sha256};
use testkit::mirror::{Behaviour, Mirror};
use testkit::nginx::Nginx;
use testkit::tls::{Authority, Http2, TlsFront};

fn limits() -> Limits {
    Limits {
        connect: Duration::from_secs(2),
        first_byte: Duration::from_millis(500),
        head: Duration::from_secs(1),
        politeness: Politeness { per_second: 0, ..Politeness::default() },
        ..Limits::default()
    }
}

fn http(limits: Limits, authority: Option<&Authority>) -> Http {
    let guard = AddressGuard::new(["127.0.0.0/8".parse().unwrap()], []);
    let roots: Vec<_> = authority.map(Authority::certificate).into_iter().collect();
    let names = [("good.example".to_owned(), vec!["127.0.0.1".parse().unwrap()])];
    Http::trusting(guard, Arc::new(TableResolver(names.into())), limits, None, &roots).unwrap()
}

fn target(url: &str) -> Target {
    Target::parse(url).unwrap()
}

fn mirror(url: &str) -> (HttpMirror, Arc<Counters>) {
    let counters = Arc::new(Counters::default());
    (HttpMirror::new(http(limits(), None), target(url), Arc::clone(&counters)), counters)
}

fn sized(files: &[(&str, u64)]) -> Vec<WantedFile> {
    files.iter().map(|(name, size)| WantedFile { name: (*name).into(), proof: Proof::Size(*size) }).collect()
}

async fn check(mirror: &HttpMirror, path: &str, files: &[WantedFile]) -> DirectoryCheck {
    mirror.check(Wanted { path, files }, 0).await
}

fn write(root: &Path, path: &str, content: impl AsRef<[u8]>) {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

#[tokio::test]
async fn one_page_of_nginx_settles_a_directory_and_what_is_suspect_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    for name in [
        "d/a & b <c>.rpm",
        "d/100% ö#?.rpm",
        "d/a-name-that-is-longer-than-what-nginx-shows-of-it-in-a-page.rpm",
    ] {
        write(folder.path(), name, "12345");
    }
    let nginx = Nginx::serve(&[folder.path()]);
    let (mirror, counters) = mirror(&nginx.url(0));
    let all = [
        ("a & b <c>.rpm", 5),
        ("100% ö#?.rpm", 5),
        ("a-name-that-is-longer-than-what-nginx-shows-of-it-in-a-page.rpm", 5),
    ];
    assert_eq!(check(&mirror, "d", &sized(&all)).await, DirectoryCheck::Current);
    assert_eq!(counters.requests(), 1, "one page for three files");
    assert!(matches!(mirror.index_use(), IndexUse::Useful(probe::index::Form::Nginx)));
    let worse = [&all[..], &[("gone", 1)]].concat();
    let DirectoryCheck::Stale(finding) = check(&mirror, "d", &sized(&worse)).await else { panic!() };
    assert_eq!((finding.proven, finding.reason), (3, Reason::Status(404)));
    assert_eq!(counters.requests(), 3, "a page, and HEAD of what it does not name");
    let DirectoryCheck::Stale(finding) = check(&mirror, "d", &sized(&[all[0], all[1], (all[2].0, 6)])).await
    else {
        panic!()
    };
    assert_eq!(finding.reason, Reason::Size { expected: 6, found: 5 });
    assert_eq!(counters.requests(), 5);
}

#[tokio::test]
async fn a_page_that_lies_is_found_out_and_not_used_any_more() {
    let folder = tempfile::tempdir().unwrap();
    // A hundred directories of three files, of which one is not there although the page names it.
    let mut page = String::from("<title>Index of /</title><hr><pre>");
    for name in ["a", "b", "c"] {
        page.push_str(&format!("<a href=\"{name}\">{name}</a> 21-Nov-2026 05:55 5\n"));
    }
    let server = Mirror::start(folder.path()).await.unwrap();
    let paths: Vec<String> = (0..100).map(|n| format!("d{n}")).collect();
    for path in &paths {
        for name in ["a", "b"] {
            write(folder.path(), &format!("{path}/{name}"), "12345");
        }
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{page}", page.len());
        server.behave_at(&format!("/{path}/"), Behaviour::Raw(answer.into_bytes()));
    }
    let (mirror, _) = mirror(&server.url());
    let wanted = sized(&[("a", 5), ("b", 5), ("c", 5)]);
    let mut believed = 0;
    for path in &paths {
        match check(&mirror, path, &wanted).await {
            DirectoryCheck::Current => believed += 1,
            DirectoryCheck::Stale(_) => break,
            other => panic!("{other:?}"),
        }
    }
    assert!(believed < 100, "one of a hundred files is sampled");
    assert_eq!(mirror.index_use(), IndexUse::Contradicted);
    assert!(matches!(check(&mirror, "d0", &wanted).await, DirectoryCheck::Stale(_)), "asked file by file");
}

#[tokio::test]
async fn pages_without_sizes_are_given_up_and_huge_ones_are_not_read() {
    let folder = tempfile::tempdir().unwrap();
    for n in 0..4 {
        for name in ["a", "b", "c"] {
            write(folder.path(), &format!("d{n}/{name}"), "12345");
        }
    }
    let wanted = sized(&[("a", 5), ("b", 5), ("c", 5)]);
    let server = Mirror::start(folder.path()).await.unwrap();
    let (plain, counters) = mirror(&server.url());
    for n in 0..4 {
        assert_eq!(check(&plain, &format!("d{n}"), &wanted).await, DirectoryCheck::Current);
    }
    assert_eq!(plain.index_use(), IndexUse::Useless);
    assert_eq!(counters.requests(), 4 * 3 + 2);
    server.behave_at("/d0/", Behaviour::EndlessBody);
    let (endless, counters) = mirror(&server.url());
    assert_eq!(check(&endless, "d0", &wanted).await, DirectoryCheck::Current);
    assert!(counters.bytes() < 9 << 20, "{}", counters.bytes());
}

#[tokio::test]
async fn below_a_directory_that_is_gone_nothing_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "there/d/f", "1");
    let nginx = Nginx::serve(&[folder.path()]);
    let (gone, counters) = mirror(&nginx.url(0));
    let file = sized(&[("f", 1)]);
    assert_eq!(check(&gone, "there/d", &file).await, DirectoryCheck::Current);
    for n in 0..50 {
        let found = check(&gone, &format!("old/releases/{n}/os"), &file).await;
        assert!(matches!(found, DirectoryCheck::Stale(_)), "{found:?}");
    }
    // Two files of one parent each … every parent is another here, so nothing was concluded yet.
    assert_eq!(counters.requests(), 51);
    for n in 0..50 {
        let found = check(&gone, &format!("old/releases/9/{n}"), &file).await;
        assert!(matches!(found, DirectoryCheck::Stale(_)), "{found:?}");
    }
    // One more file, then 9, releases, old and the top directory that is there.
    assert_eq!(counters.requests(), 51 + 1 + 4);
    // A server that says 404 for directories is not believed about them.
    let server = Mirror::start(folder.path()).await.unwrap();
    server.behave_at("/", Behaviour::Status(404));
    server.behave_at("/p/", Behaviour::Status(404));
    write(folder.path(), "p/c/f", "1");
    let (blind, _) = mirror(&server.url());
    for path in ["p/a", "p/b"] {
        assert!(matches!(check(&blind, path, &file).await, DirectoryCheck::Stale(_)));
    }
    assert_eq!(check(&blind, "p/c", &file).await, DirectoryCheck::Current);
}

#[tokio::test]
async fn where_head_is_refused_the_first_byte_tells_the_size() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "f", "12345");
    write(folder.path(), "empty", "");
    let server = Mirror::start(folder.path()).await.unwrap();
    for (status, ranges) in [(405, true), (501, true), (405, false)] {
        server.behave(Behaviour::NoHead { status, ranges });
        server.forget();
        let (mirror, _) = mirror(&server.url());
        mirror.base_check().await.unwrap();
        assert_eq!(check(&mirror, "", &sized(&[("f", 5), ("empty", 0)])).await, DirectoryCheck::Current);
        let DirectoryCheck::Stale(finding) = check(&mirror, "", &sized(&[("f", 6)])).await else { panic!() };
        assert_eq!(finding.reason, Reason::Size { expected: 6, found: 5 });
        let DirectoryCheck::Stale(finding) = check(&mirror, "", &sized(&[("gone", 6)])).await else {
            panic!()
        };
        assert_eq!(finding.reason, Reason::Status(404));
        let heads = server.requests().iter().filter(|request| request.method == "HEAD").count();
        assert_eq!(heads, 2, "the base and the first file; then it is known");
    }
}

#[tokio::test]
async fn a_proven_version_is_asked_for_by_its_strong_tag() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "repomd.xml", "<repomd/>");
    let sha256: [u8; 32] = Sha256::digest(b"<repomd/>").into();
    let file = |sha256| {
        [WantedFile {
            name: "repomd.xml".into(),
            proof: Proof::Digest { sha256: Some(sha256), size: Some(9) },
        }]
    };
    let server = Mirror::start(folder.path()).await.unwrap();
    for (tag, bytes) in [("\"strong\"", 9), ("W/\"weak\"", 18)] {
        server.behave(Behaviour::Tagged(tag.into()));
        let (mirror, counters) = mirror(&server.url());
        let mirror = mirror.remembering(Arc::new(Remembered::new(1000, [])));
        for _ in 0..2 {
            assert_eq!(check(&mirror, "", &file(sha256)).await, DirectoryCheck::Current);
        }
        assert_eq!((counters.requests(), counters.bytes()), (2, bytes), "{tag}");
        // Another content is wanted now: what the mirror says about the old one is of no interest.
        assert!(matches!(check(&mirror, "", &file([1; 32])).await, DirectoryCheck::Stale(_)));
    }
    // A 304 that nobody asked for proves nothing.
    server.behave(Behaviour::Status(304));
    let (mirror, _) = mirror(&server.url());
    assert!(matches!(check(&mirror, "", &file(sha256)).await, DirectoryCheck::Unknown(_)));
}

#[tokio::test]
async fn a_timeout_among_others_is_tried_again_alone() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "f", "12345");
    let server = Mirror::start(folder.path()).await.unwrap();
    server.behave_at("/slow", Behaviour::Hang);
    let (http, counters) = (http(limits(), None), Counters::default());
    let (one, other) = (target(&format!("{}/slow", server.url())), target(&format!("{}/f", server.url())));
    let quick = async {
        while counters.requests() < 20 {
            http.head(&other, Redirects::Follow, &counters).await.unwrap();
        }
    };
    let (slow, ()) = tokio::join!(http.head(&one, Redirects::Follow, &counters), quick);
    assert_eq!(slow, Err(Failure::Timeout(Phase::FirstByte)));
    let asked = server.requests().iter().filter(|request| request.target == "/slow").count();
    assert_eq!(asked, 2);
    // Alone at once: that counts.
    server.forget();
    assert!(http.head(&one, Redirects::Follow, &counters).await.is_err());
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn retry_after_is_kept_and_a_long_one_ends_the_asking() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "f", "12345");
    let server = Mirror::start(folder.path()).await.unwrap();
    let busy =
        |status, seconds: &str| Behaviour::StatusWith(status, vec![("Retry-After".into(), seconds.into())]);
    let (http, counters) = (http(limits(), None), Counters::default());
    let file = target(&format!("{}/f", server.url()));
    server.behave(busy(429, "1"));
    assert_eq!(http.head(&file, Redirects::Follow, &counters).await.unwrap().status, 429);
    server.behave(Behaviour::InSync);
    let began = Instant::now();
    assert_eq!(http.head(&file, Redirects::Follow, &counters).await.unwrap().status, 200);
    assert!(began.elapsed() > Duration::from_millis(900), "{:?}", began.elapsed());
    server.behave(busy(503, "3600"));
    http.head(&file, Redirects::Follow, &counters).await.unwrap();
    server.behave(Behaviour::InSync);
    let before = server.count();
    assert!(matches!(http.head(&file, Redirects::Follow, &counters).await, Err(Failure::Deferred(_))));
    assert_eq!(server.count(), before, "nothing was asked");
}

#[tokio::test]
async fn http2_is_spoken_where_tls_agrees_on_it_with_one_connection() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "f", "12345");
    let server = Mirror::start(folder.path()).await.unwrap();
    let authority = Authority::new();
    let front =
        TlsFront::start(server.address(), &authority, &["127.0.0.1"], (2020, 2090), Http2::Good).await;
    let (http, counters) = (http(limits(), Some(&authority)), Counters::default());
    let file = target(&format!("{}/f", front.url()));
    assert_eq!(http.head(&file, Redirects::Follow, &counters).await.unwrap().length, Length::Bytes(5));
    let many = (0..40).map(|_| http.head(&file, Redirects::Follow, &counters));
    assert!(join_all(many).await.into_iter().all(|head| head.is_ok()));
    assert_eq!(front.http2_connections(), 1);
    // What is no HTTP behind it resets the stream; the fall back to 1.1 then sees it as it is.
    server.behave(Behaviour::Raw(b"nonsense\r\n\r\n".to_vec()));
    let failed = http.head(&file, Redirects::Follow, &counters).await;
    assert!(matches!(failed, Err(Failure::Protocol(_) | Failure::Lost(_))), "{failed:?}");
}

#[tokio::test]
async fn a_mess_of_http2_falls_back_to_http1_for_good() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "f", "12345");
    let server = Mirror::start(folder.path()).await.unwrap();
    let authority = Authority::new();
    let settings = b"\0\0\0\x04\0\0\0\0\0".to_vec();
    let goaway = b"\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\x01".to_vec();
    let huge_frame = b"\xff\xff\xff\0\0\0\0\0\x01".to_vec();
    for (name, bytes) in [
        ("nothing", Vec::new()),
        ("garbage", b"HTTP/1.1 200 OK\r\n\r\n".to_vec()),
        ("settings then the end", settings.clone()),
        ("goaway", [settings.clone(), goaway].concat()),
        ("a frame of 16 MiB", [settings, huge_frame].concat()),
    ] {
        let front =
            TlsFront::start(server.address(), &authority, &["127.0.0.1"], (2020, 2090), Http2::Raw(bytes))
                .await;
        let (http, counters) = (http(limits(), Some(&authority)), Counters::default());
        let file = target(&format!("{}/f", front.url()));
        for _ in 0..3 {
            let head = http.head(&file, Redirects::Follow, &counters).await;
            assert_eq!(head.map(|head| head.length), Ok(Length::Bytes(5)), "{name}");
        }
        assert_eq!(counters.requests(), 4, "{name}: one over HTTP/2");
    }
}

#[tokio::test]
async fn certificates_are_checked() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "f", "12345");
    let server = Mirror::start(folder.path()).await.unwrap();
    let (authority, stranger) = (Authority::new(), Authority::new());
    let http = http(limits(), Some(&authority));
    let counters = Counters::default();
    for (issuer, name, years, host, said) in [
        (&authority, "good.example", (2020, 2090), "good.example", None),
        (&authority, "other.example", (2020, 2090), "good.example", Some("NotValidForName")),
        (&authority, "good.example", (2020, 2021), "good.example", Some("Expired")),
        (&authority, "good.example", (2080, 2090), "good.example", Some("NotValidYet")),
        // Another authority of the same name.
        (&stranger, "good.example", (2020, 2090), "good.example", Some("BadSignature")),
    ] {
        let front = TlsFront::start(server.address(), issuer, &[name], years, Http2::Off).await;
        let url = format!("https://{host}:{}/f", front.address().port());
        let head = http.head(&target(&url), Redirects::Follow, &counters).await;
        match said {
            None => assert_eq!(head.unwrap().status, 200),
            Some(said) => {
                assert!(matches!(&head, Err(Failure::Tls(why)) if why.contains(said)), "{said}: {head:?}")
            }
        }
    }
}
