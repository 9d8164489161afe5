//! What made the old server close the connection or not start at all (spec mirrorlist A.2 to A.4 and C.10): an
//! answer, in both modes.

use std::fs;
use std::path::PathBuf;

use settings::serve::AccessLogFormat;
use snapshot::proto::{IntIntMap, IntRepeatedIntMap, MirrorList, StringRepeatedIntMap, StringStringMap};

use crate::support::{Client, Deployment, LIST, TIME, cache, get};

const METALINK: &str = "/metalink?repo=linux-40&arch=x86_64";
const E6: &str = "Cannot parse client IP address. Aborting.";

fn both() -> [Deployment; 2] {
    [Deployment::new(), Deployment::upstream()]
}

fn file(deployment: &Deployment, name: &str, content: &[u8]) -> PathBuf {
    let path = deployment.path(name);
    fs::write(&path, content).unwrap();
    path
}

/// Four hosts in Germany with these weights, in every tier of the right client; 192.0.2.0/24 is German.
fn weighing(weights: &[Option<i64>]) -> MirrorList {
    let names = ["a.example", "b.example", "c.example", "d.example"];
    let mut cache = cache(TIME, &names);
    cache.host_bandwidth_cache.clear();
    for (key, weight) in (1..).zip(weights) {
        cache.host_bandwidth_cache.extend(weight.map(|value| IntIntMap { key, value }));
    }
    for directory in &mut cache.mirror_list_cache {
        let value = directory.global.clone();
        directory.by_country.push(StringRepeatedIntMap { key: "DE".into(), value });
    }
    let german = StringStringMap { key: "192.0.2.0/24".into(), value: "DE".into() };
    cache.netblock_country_cache.push(german);
    cache
}

#[tokio::test]
async fn hosts_without_a_weight_are_listed_in_every_tier() {
    for weights in [
        [None, None, None, None],
        [Some(0), Some(0), Some(0), Some(0)],
        [None, Some(0), Some(-1), Some(i64::MIN)],
        [None, Some(100), Some(i64::MAX), Some(-100)],
    ] {
        for deployment in both() {
            deployment.replace(&weighing(&weights));
            let server = deployment.start().await;
            let mut client = Client::connect(server.address()).await;
            let tiers =
                ["&country=DE", "&ip=192.0.2.1", "&country=FR", "&country=global", "&ip=198.51.100.1"];
            for (question, tier) in [LIST, METALINK].into_iter().flat_map(|q| tiers.map(|tier| (q, tier))) {
                let reply = client.get(&format!("{question}{tier}")).await;
                assert_eq!(reply.status, 200, "{weights:?}: {question}{tier}");
                for name in ["//a.example/", "//b.example/", "//c.example/", "//d.example/"] {
                    assert_eq!(
                        reply.body.matches(name).count(),
                        1,
                        "{weights:?}: {question}{tier}: {reply:?}"
                    );
                }
            }
        }
    }
}

/// What stands behind an address in X-Forwarded-For, by what it makes of it.
fn expected(byte: u8, upstream: bool) -> (u16, &'static str) {
    match byte {
        // Another digit, or blank at the end of a header, or the end of the line by itself.
        b'0'..=b'9' | b' ' | b'\t' | b'\n' => (200, "# repo"),
        // No header may have it: refused by the HTTP layer.
        0..b' ' | 0x7f => (400, ""),
        _ => (if upstream { 500 } else { 400 }, E6),
    }
}

#[tokio::test]
async fn every_byte_in_x_forwarded_for_gets_its_answer() {
    for (deployment, upstream) in both().into_iter().zip([false, true]) {
        let server = deployment.start().await;
        for byte in 0..=255 {
            let mut client = Client::connect(server.address()).await;
            client.send(format!("GET {LIST} HTTP/1.1\r\nhost: t\r\nx-forwarded-for: 1.2.3.4")).await;
            client.send([byte]).await;
            client.send("\r\n\r\n").await;
            client.finish().await;
            let reply = client.reply().await;
            let reply = reply.unwrap_or_else(|| panic!("{byte:#04x}: no answer"));
            let (status, begin) = expected(byte, upstream);
            assert_eq!(reply.status, status, "{byte:#04x}: {reply:?}");
            assert!(
                reply.body.starts_with(begin) && (begin.is_empty() == reply.body.is_empty()),
                "{reply:?}"
            );
        }
    }
}

#[tokio::test]
async fn every_byte_in_a_request_target_gets_an_answer() {
    for deployment in both() {
        let server = deployment.start().await;
        for byte in 0..=255u8 {
            for target in
                ["/mirrorlist?path=pub/linux/40/x86_64/os/a", "/mirrorlist?repo=linux-40&arch=x86_64&x="]
            {
                let mut client = Client::connect(server.address()).await;
                client.send(format!("GET {target}")).await;
                client.send([byte]).await;
                client.send("b HTTP/1.1\r\nhost: t\r\n\r\n").await;
                client.finish().await;
                let reply = client.reply().await;
                let reply = reply.unwrap_or_else(|| panic!("{byte:#04x}: no answer"));
                match reply.status {
                    200 => assert!(reply.body.starts_with("# "), "{byte:#04x}: {reply:?}"),
                    // The directory `a` is not there.
                    404 => assert_eq!((byte, reply.body.as_str()), (b'/', "error: invalid path")),
                    status => assert_eq!((status, reply.body.as_str()), (400, ""), "{byte:#04x}"),
                }
                let clean = byte.is_ascii_alphanumeric() || b"!$%&'()*+,-./:;=?@_~".contains(&byte);
                assert!(reply.status != 400 || !clean, "{byte:#04x} is refused");
                // A blank ends the target, and what follows is no version; a newline likewise.
                let never = byte.is_ascii_control() || b" <>\"".contains(&byte);
                assert!(reply.status == 400 || !never, "{byte:#04x} is let through: {reply:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_redirect_that_fits_no_header_is_escaped_or_as_upstream_none() {
    let mut hostile = cache(TIME, &["first.example"]);
    hostile.hc_url_cache[0].value = "http://first.example/l\u{e4}\r\nset-cookie: a=b".into();
    for (deployment, upstream) in both().into_iter().zip([false, true]) {
        deployment.replace(&hostile);
        let server = deployment.start().await;
        let reply = get(server.address(), &format!("{LIST}&redirect=1")).await;
        assert_eq!(reply.header("set-cookie"), None);
        if upstream {
            assert_eq!((reply.status, reply.body.as_str(), reply.header("location")), (404, "", None));
        } else {
            let location = "http://first.example/l%C3%A4%0D%0Aset-cookie:%20a=b/40/x86_64/os/";
            assert_eq!((reply.status, reply.header("location")), (302, Some(location)));
        }
    }
}

/// Routing tables and continents: what is not understood is skipped, the rest counts.
#[tokio::test]
async fn lines_with_missing_fields_do_not_keep_the_server_from_starting() {
    for mut deployment in both() {
        let netblocks = b"\n   \n192.0.2.0/24\nrubbish 1\n1.2.3.4 5\n0.0.0.0/0 64501\n\xff\xfe 7\n\
            192.0.2.0/24 64500 and more\n192.0.2.0/24\t64501\n2001:db8::/32 64501\n198.51.100.0/24 AS7";
        let continents = b"\"code\",\"continent\"\n\nDE,EU\nXX\nFR\nFR,EU\r\nUSA,NA\n\xff\xfe,EU\n,\n";
        deployment.options.serve.netblocks = Some(file(&deployment, "global_netblocks.txt", netblocks));
        deployment.options.serve.continents = Some(file(&deployment, "country_continent.csv", continents));
        let mut wanted = weighing(&[Some(1); 4]);
        wanted.host_asn_cache.push(IntRepeatedIntMap { key: 64501, value: vec![2] });
        wanted.host_asn_cache.push(IntRepeatedIntMap { key: -1, value: vec![3] });
        deployment.replace(&wanted);
        let server = deployment.start().await;
        for (more, words) in [
            ("&ip=192.0.2.1", "Using ASN 64501 "),
            ("&ip=2001:db8::1", "Using ASN 64501 "),
            ("&ip=198.51.100.1", "Using ASN AS7 "),
            ("&country=FR", "country = DE "),
        ] {
            let reply = get(server.address(), &format!("{LIST}{more}")).await;
            assert!(reply.body.contains(words), "{more}: {reply:?}");
        }
        let reply = get(server.address(), &format!("{LIST}&ip=1.2.3.4")).await;
        assert!(!reply.body.contains("ASN"), "neither a bare address nor /0 counts: {reply:?}");
    }
}

/// `/dev/full` takes every open and no write.
#[tokio::test]
async fn a_full_disk_under_the_log_costs_lines_and_no_answers() {
    for mut deployment in both() {
        deployment.options.serve.access_log = AccessLogFormat::Upstream;
        deployment.options.serve.access_log_file = "/dev/full".into();
        let server = deployment.start().await;
        let mut client = Client::connect(server.address()).await;
        for _ in 0..3 {
            assert_eq!(client.get(LIST).await.status, 200);
        }
        let control = server.control_address().unwrap();
        crate::support::until("the lost lines are counted", || async {
            let metrics = get(control, "/metrics").await.body;
            let lost =
                metrics.lines().find(|line| line.starts_with("mirrormanager_serve_access_log_dropped_lines"));
            lost.is_some_and(|line| line.ends_with(" 3"))
        })
        .await;
    }
}

/// A v4 address inside of a v6 one (A.4).
#[tokio::test]
async fn a_mapped_address_is_the_address_in_it_but_not_as_upstream() {
    for (deployment, upstream) in both().into_iter().zip([false, true]) {
        deployment.replace(&weighing(&[Some(1); 4]));
        let server = deployment.start().await;
        let reply = get(server.address(), &format!("{LIST}&ip=::ffff:192.0.2.1")).await;
        assert_eq!(reply.body.contains("country = DE"), !upstream, "{reply:?}");
    }
}
