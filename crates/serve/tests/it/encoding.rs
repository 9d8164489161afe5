//! Answers in gzip, and answers that a client has already.

use std::io::Read as _;
use std::net::SocketAddr;

use flate2::read::GzDecoder;
use serve::Running;
use settings::serve::Compression;
use snapshot::proto::StringStringMap;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{Client, Deployment, LIST, TIME, cache, get, metric};

const METALINK: &str = "/metalink?repo=linux-40&arch=x86_64";
const NO_LIST: &str = "/mirrorlist?repo=wrong&arch=x86_64";
const NO_METALINK: &str = "/metalink?repo=wrong&arch=x86_64";
const ALLOWED: &str = "/allowlist?repo=linux-40&arch=x86_64";

/// Head and body of an answer to a client that takes these codings.
async fn ask(address: SocketAddr, method: &str, target: &str, codings: &str) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "{method} {target} HTTP/1.1\r\nhost: t\r\naccept-encoding: {codings}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let body = answer.split_off(end);
    (String::from_utf8(answer).unwrap(), body)
}

fn unzipped(body: &[u8]) -> String {
    let mut text = String::new();
    GzDecoder::new(body).read_to_string(&mut text).unwrap();
    text
}

/// A cache with many repositories and hosts.
fn large(mut deployment: Deployment, compression: Compression) -> Deployment {
    let hosts: Vec<String> = (0..40).map(|n| format!("host-{n}.example")).collect();
    let mut content = cache(TIME, &hosts.iter().map(String::as_str).collect::<Vec<_>>());
    for n in 0..200 {
        let key = format!("repository-{n}--x+x86_64");
        content.repo_arch_to_directory_name.push(StringStringMap { key, value: "pub/linux".into() });
    }
    deployment.replace(&content);
    deployment.options.serve.compression = compression;
    deployment
}

#[tokio::test]
async fn the_list_of_all_repositories_is_compressed_for_those_who_take_it() {
    for compression in [Compression::Prepared, Compression::All] {
        let server = large(Deployment::new(), compression).start().await;
        for target in [NO_LIST, NO_METALINK] {
            let (plain_head, plain) = ask(server.address(), "GET", target, "br").await;
            assert!(plain_head.contains("\r\nvary: accept-encoding\r\n"), "{plain_head}");
            assert!(!plain_head.contains("content-encoding"), "{plain_head}");
            let plain = String::from_utf8(plain).unwrap();
            assert_eq!(
                plain.matches("# repo=").count() + plain.matches("repository-").count(),
                401,
                "{plain}"
            );

            let (head, body) = ask(server.address(), "GET", target, "br, gzip").await;
            assert!(
                head.starts_with("HTTP/1.1 404 ") && head.contains("\r\ncontent-encoding: gzip\r\n"),
                "{head}"
            );
            assert!(head.contains("\r\nvary: accept-encoding\r\n"), "{head}");
            assert!(head.contains(&format!("\r\ncontent-length: {}\r\n", body.len())), "{head}");
            assert!(body.len() * 3 < plain.len(), "{} of {}", body.len(), plain.len());
            let without_time = |text: &str| match text.split_once("pubdate=") {
                Some((before, rest)) => before.to_owned() + rest.split_once(" generator").unwrap().1,
                None => text.to_owned(),
            };
            assert_eq!(without_time(&unzipped(&body)), without_time(&plain));

            let (of_head, nothing) = ask(server.address(), "HEAD", target, "gzip").await;
            let lines = |head: &str| {
                let lines = head.lines().filter(|line| !line.starts_with("date: ")).map(str::to_owned);
                lines.collect::<std::collections::BTreeSet<_>>()
            };
            assert_eq!((lines(&of_head), nothing), (lines(&head), Vec::new()));
        }
    }
}

#[tokio::test]
async fn lists_and_metalinks_are_compressed_only_if_the_settings_want_it() {
    for (compression, compressed) in
        [(Compression::Off, false), (Compression::Prepared, false), (Compression::All, true)]
    {
        let server = large(Deployment::new(), compression).start().await;
        let (head, body) = ask(server.address(), "GET", METALINK, "gzip").await;
        assert_eq!(head.contains("content-encoding: gzip"), compressed, "{compression:?}: {head}");
        assert_eq!(head.contains("vary: "), compressed, "{compression:?}: {head}");
        let text = if compressed { unzipped(&body) } else { String::from_utf8(body).unwrap() };
        assert_eq!(text.matches("<url ").count(), 40);
        assert!(text.ends_with("</metalink>\n"));
    }
    // Nothing is gained with what is small.
    let mut small = Deployment::new();
    small.options.serve.compression = Compression::All;
    let server = small.start().await;
    let (head, _) = ask(server.address(), "GET", LIST, "gzip").await;
    assert!(!head.contains("content-encoding") && !head.contains("vary"), "{head}");
}

#[tokio::test]
async fn the_old_server_compressed_nothing() {
    let server = large(Deployment::upstream(), Compression::All).start().await;
    for target in [NO_LIST, NO_METALINK, METALINK] {
        let (head, body) = ask(server.address(), "GET", target, "gzip").await;
        assert!(!head.contains("content-encoding") && !head.contains("vary"), "{head}");
        assert!(String::from_utf8(body).is_ok());
    }
}

#[tokio::test]
async fn a_list_for_firewalls_that_has_not_changed_does_not_come_again() {
    let deployment = Deployment::new();
    let server = deployment.start().await;
    let tag = async |server: &Running| {
        let reply = get(server.address(), ALLOWED).await;
        assert_eq!(reply.status, 200);
        reply.header("etag").unwrap().to_owned()
    };
    let first = tag(&server).await;
    assert!(first.starts_with("W/\"") && first.len() == 20, "{first}");
    let mut client = Client::connect(server.address()).await;
    for had in [first.as_str(), "*", &format!("\"x\", {first}"), first.trim_start_matches("W/")] {
        client.send(format!("GET {ALLOWED} HTTP/1.1\r\nhost: t\r\nif-none-match: {had}\r\n\r\n")).await;
        let reply = client.head_reply().await.unwrap();
        assert_eq!((reply.status, reply.header("etag")), (304, Some(first.as_str())), "{had}");
        assert_eq!(reply.header_names(), ["date", "etag"], "{had}");
    }
    assert!(
        metric(
            &server,
            r#"mirrormanager_serve_requests_total{kind="allow_list",status="304",tier="none"} 4"#
        )
        .await
    );
    client.send(format!("GET {ALLOWED} HTTP/1.1\r\nhost: t\r\nif-none-match: \"x\"\r\n\r\n")).await;
    assert_eq!(client.reply().await.unwrap().status, 200);

    deployment.replace(&cache(TIME + 1, &["second.example"]));
    server.reload_now().await.unwrap();
    assert_ne!(tag(&server).await, first);
    client.send(format!("GET {ALLOWED} HTTP/1.1\r\nhost: t\r\nif-none-match: {first}\r\n\r\n")).await;
    assert!(client.reply().await.unwrap().body.contains("second.example"));

    // What is another one each time has no version.
    for target in [LIST, METALINK, NO_LIST] {
        assert_eq!(get(server.address(), target).await.header("etag"), None, "{target}");
    }
}
