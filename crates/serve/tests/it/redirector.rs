//! A site for downloads, and the pages beside the lists, over real sockets.

use crate::support::{Client, Deployment, get};

const FILE: &str = "/pub/linux/40/x86_64/os/repodata/repomd.xml";
const TARGET: &str = "http://first.example/linux/40/x86_64/os/repodata/repomd.xml";

fn site() -> Deployment {
    let mut deployment = Deployment::new();
    deployment.options.answer.redirect_prefixes = vec!["/pub/".into()];
    deployment
}

#[tokio::test]
async fn a_download_is_redirected_for_get_and_head() {
    let server = site().start().await;
    let redirect = get(server.address(), FILE).await;
    assert_eq!((redirect.status, redirect.body.as_str()), (302, ""));
    assert_eq!(
        redirect.header_names(),
        ["content-length", "content-type", "date", "link", "location", "vary"]
    );
    assert_eq!(redirect.header("location"), Some(TARGET));
    assert_eq!(redirect.header("vary"), Some("accept"));
    let mut client = Client::connect(server.address()).await;
    client.send(format!("HEAD {FILE} HTTP/1.1\r\nhost: t\r\n\r\n")).await;
    let head = client.head_reply().await.unwrap();
    assert_eq!((head.status, &head.headers), (302, &redirect.headers));
    assert_eq!(get(server.address(), "/pub/linux/40/x86_64/os/").await.status, 302);
    assert_eq!(get(server.address(), "/pub/linux/40/absent/").await.status, 404);
    assert_eq!(get(server.address(), "/pub/linux/40/x86_64/os/repodata/..%2f..").await.status, 404);
    assert_eq!(get(Deployment::new().start().await.address(), FILE).await.status, 404);
}

#[tokio::test]
async fn programs_for_metalinks_get_one() {
    let server = site().start().await;
    let mut client = Client::connect(server.address()).await;
    client
        .send(format!(
            "GET {FILE} HTTP/1.1\r\nhost: t\r\naccept: */*,application/metalink4+xml,application/metalink+xml\r\n\r\n"
        ))
        .await;
    let metalink = client.reply().await.unwrap();
    assert_eq!(metalink.header("content-type"), Some("application/metalink4+xml"));
    assert!(metalink.body.contains(&format!("priority=\"1\">{TARGET}</url>")), "{}", metalink.body);
    let same = client.get(&format!("{FILE}?format=metalink4")).await;
    assert_eq!(same.body, metalink.body);
}

#[tokio::test]
async fn the_pages_are_there_unless_it_is_as_upstream() {
    let server = site().start().await;
    let query = "repo=linux-40&arch=x86_64";
    for (page, content_type) in [
        ("explain", "text/plain"),
        ("allowlist", "text/plain"),
        ("mirrorlist.json", "application/json"),
        ("metalink4", "application/metalink4+xml"),
    ] {
        let reply = get(server.address(), &format!("/{page}?{query}")).await;
        assert_eq!((reply.status, reply.header("content-type")), (200, Some(content_type)), "{page}");
        assert!(reply.body.contains("first.example"), "{page}: {}", reply.body);
    }
    let mut upstream = Deployment::upstream();
    upstream.options.answer.redirect_prefixes = vec!["/pub".into()];
    let server = upstream.start().await;
    for target in ["/explain", "/allowlist", "/mirrorlist.json", "/metalink4", FILE] {
        let reply = get(server.address(), &format!("{target}?{query}")).await;
        assert_eq!((reply.status, reply.body.as_str()), (404, "We don't serve their kind here!"), "{target}");
    }
}

/// The client of a proxy that is believed is not trusted because the proxy is near.
#[tokio::test]
async fn explanations_about_others_are_for_near_clients() {
    let server = site().start().await;
    let mut client = Client::connect(server.address()).await;
    let mut ask = async |forwarded: &str| {
        let query = "repo=linux-40&arch=x86_64&ip=198.51.100.7";
        client.send(format!("GET /explain?{query} HTTP/1.1\r\nhost: t\r\n{forwarded}\r\n")).await;
        client.reply().await.unwrap()
    };
    assert_eq!(ask("").await.status, 200);
    let refused = ask("x-forwarded-for: 203.0.113.5\r\n").await;
    assert_eq!(refused.status, 403);
    assert!(refused.body.starts_with("error: only trusted networks may ask"), "{}", refused.body);
    assert_eq!(ask("x-forwarded-for: 198.51.100.7\r\n").await.status, 200, "its own address");
}
