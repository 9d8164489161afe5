//! The access log as the statistics read it.

use std::fs;

use serde_json::{Value, json};
use settings::Secret;
use settings::serve::{AccessLogAddresses, AccessLogFormat};

use crate::support::{Client, Deployment, LIST, get};

fn logging(mut deployment: Deployment) -> Deployment {
    deployment.options.serve.access_log = AccessLogFormat::Upstream;
    deployment
}

#[tokio::test]
async fn one_line_per_request_for_a_repository_all_written_at_the_stop() {
    let deployment = logging(Deployment::upstream());
    let server = deployment.start().await;
    let mut client = Client::connect(server.address()).await;
    for target in [LIST, "/mirrorlist?path=pub/linux/40/x86_64/os", "/", &format!("{LIST}&ip=2001:DB8::1")] {
        client.get(target).await;
    }
    for n in 0..1000 {
        client.get(&format!("{LIST}&n={n}")).await;
    }
    drop(client);
    server.stop().await;
    let log = fs::read_to_string(&deployment.options.serve.access_log_file).unwrap();
    let lines: Vec<&str> = log.lines().collect();
    assert_eq!(lines.len(), 1002);
    assert_eq!(lines[0], "IP: 127.0.0.1; DATE: 2023-11-14; COUNTRY: N/A; REPO: linux-40; ARCH: x86_64");
    assert_eq!(lines[1], "IP: 2001:db8::1; DATE: 2023-11-14; COUNTRY: N/A; REPO: linux-40; ARCH: x86_64");
}

#[tokio::test]
async fn no_value_can_break_the_line() {
    for deployment in [logging(Deployment::new()), logging(Deployment::upstream())] {
        let server = deployment.start().await;
        let hostile = "/mirrorlist?path=pub/linux/40/x86_64/os&arch=x%3B%20y&repo=a%0AIP:%20b%0D%00%20c";
        assert_eq!(get(server.address(), hostile).await.status, 200);
        server.stop().await;
        let log = fs::read_to_string(&deployment.options.serve.access_log_file).unwrap();
        assert_eq!(log.lines().count(), 1, "{log:?}");
        let fields: Vec<&str> = log.split_whitespace().collect();
        assert_eq!((fields[6], fields[8]), ("REPO:", "ARCH:"), "{log:?}");
        assert!(log.ends_with('\n') && !log.contains('\0'), "{log:?}");
    }
}

#[tokio::test]
async fn the_true_peer_is_in_the_line_when_the_client_names_another_address() {
    let deployment = logging(Deployment::new());
    let server = deployment.start().await;
    get(server.address(), &format!("{LIST}&ip=192.0.2.9")).await;
    server.stop().await;
    let log = fs::read_to_string(&deployment.options.serve.access_log_file).unwrap();
    assert!(log.starts_with("IP: 192.0.2.9; ") && log.contains("127.0.0.1"), "{log:?}");
}

#[tokio::test]
async fn reopening_follows_a_rotation() {
    let deployment = logging(Deployment::new());
    let server = deployment.start().await;
    let (path, old) = (&deployment.options.serve.access_log_file, deployment.path("access.log.1"));
    get(server.address(), LIST).await;
    fs::rename(path, &old).unwrap();
    get(server.address(), LIST).await;
    server.reopen_access_log().await.unwrap();
    get(server.address(), LIST).await;
    server.stop().await;
    assert_eq!(fs::read_to_string(old).unwrap().lines().count(), 2);
    assert_eq!(fs::read_to_string(path).unwrap().lines().count(), 1);
}

/// The line of a request for the list with `ip=192.0.2.77`, in this form and with these addresses.
async fn one_line(format: AccessLogFormat, addresses: AccessLogAddresses, key: &str) -> String {
    let mut deployment = Deployment::new();
    let serve = &mut deployment.options.serve;
    serve.access_log = format;
    serve.access_log_addresses = addresses;
    serve.access_log_key = Some(Secret::new(key));
    let server = deployment.start().await;
    get(server.address(), &format!("{LIST}&ip=192.0.2.77")).await;
    server.stop().await;
    fs::read_to_string(&deployment.options.serve.access_log_file).unwrap()
}

#[tokio::test]
async fn addresses_are_cut_or_hashed_wherever_they_stand() {
    use AccessLogAddresses::{Hashed, Truncated};
    let cut = one_line(AccessLogFormat::Upstream, Truncated, "").await;
    assert!(cut.starts_with("IP: 192.0.2.0; ") && cut.ends_with("; PEER: 127.0.0.0\n"), "{cut:?}");
    let cut = one_line(AccessLogFormat::Json, Truncated, "").await;
    assert!(cut.contains(r#""client":"192.0.2.0","peer":"127.0.0.0""#), "{cut:?}");

    let hashed = one_line(AccessLogFormat::Upstream, Hashed, "a secret of some length").await;
    assert!(!hashed.contains("192.0.2") && !hashed.contains("127.0"), "{hashed:?}");
    assert_eq!(hashed.split_whitespace().nth(2), Some("DATE:"), "the fields are where they were: {hashed:?}");
    assert_eq!(one_line(AccessLogFormat::Upstream, Hashed, "a secret of some length").await, hashed);
    assert_ne!(one_line(AccessLogFormat::Upstream, Hashed, "another secret of it").await, hashed);
    let client = hashed.split_whitespace().nth(1).unwrap().trim_end_matches(';');
    let json = one_line(AccessLogFormat::Json, Hashed, "a secret of some length").await;
    assert!(json.contains(&format!(r#""client":"{client}""#)), "{json:?}");
}

#[tokio::test]
async fn json_has_a_line_for_every_request() {
    let mut deployment = Deployment::new();
    deployment.options.serve.access_log = AccessLogFormat::Json;
    let netblocks = deployment.path("global_netblocks.txt");
    fs::write(&netblocks, "192.0.2.0/24 64500\n").unwrap();
    deployment.options.serve.netblocks = Some(netblocks);
    let server = deployment.start().await;
    let mut client = Client::connect(server.address()).await;
    let bytes = client.get(&format!("{LIST}&ip=192.0.2.77")).await.body.len();
    client.send("GET /nothing?ip=192.0.2.77 HTTP/1.1\r\nhost: t\r\nuser-agent: a\"\\\u{e9}b\r\n\r\n").await;
    assert_eq!(client.reply().await.unwrap().status, 404);
    client
        .send(format!(
            "GET /{} HTTP/1.1\r\nhost: t\r\nuser-agent: {}\r\n\r\n",
            "p".repeat(999),
            "a".repeat(999)
        ))
        .await;
    assert_eq!(client.reply().await.unwrap().status, 404);
    client.get("/mirrorlist?path=pub/linux/40/x86_64/os&ip=192.0.2.77").await;
    drop(client);
    server.stop().await;
    let log = fs::read_to_string(&deployment.options.serve.access_log_file).unwrap();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [list, nothing, long, path] = lines.as_slice() else { panic!("{log}") };
    let expected = json!({
        "time": "2023-11-14T22:15:20.000Z", "client": "192.0.2.77", "peer": "127.0.0.1", "asn": "64500",
        "repo": "linux-40", "arch": "x86_64", "path": "/mirrorlist", "kind": "mirrorlist", "status": 200,
        "tier": "global", "host": 1, "bytes": bytes, "duration_us": list["duration_us"],
    });
    assert_eq!(*list, expected);
    assert!(list["duration_us"].is_u64());
    assert_eq!((&nothing["path"], &nothing["kind"]), (&json!("/nothing"), &json!("error_not_served")));
    assert_eq!(nothing["user_agent"], json!("a\"\\\u{e9}b"));
    assert_eq!(nothing.get("client"), None, "what nobody looked at is not said");
    assert_eq!(
        (&path["client"], &path["asn"], &path["host"]),
        (&json!("192.0.2.77"), &json!("64500"), &json!(1))
    );
    assert_eq!((path.get("repo"), &path["kind"]), (None, &json!("mirrorlist")));
    assert!(!log.lines().nth(1).unwrap().contains("192.0.2.77"), "no query, which may name addresses");
    assert_eq!(long["path"].as_str().map(str::len), Some(256));
    assert_eq!(long["user_agent"].as_str().map(str::len), Some(256));
}

#[tokio::test]
async fn without_it_no_file_is_made() {
    let deployment = Deployment::new();
    let server = deployment.start().await;
    get(server.address(), LIST).await;
    server.stop().await;
    assert!(!deployment.options.serve.access_log_file.exists());
}
