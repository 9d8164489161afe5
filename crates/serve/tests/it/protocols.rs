//! HTTP/1.0, 1.1 and 2, the methods, and exactly the headers that were promised.

use std::io::Write as _;
use std::net::Shutdown;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

use crate::support::{Client, Deployment, LIST, Reply, get};

const BODY: &str =
    "# repo = linux-40 arch = x86_64 country = global \nhttp://first.example/linux/40/x86_64/os/\n";

#[tokio::test]
async fn an_answer_has_these_headers_and_no_others() {
    let server = Deployment::new().start().await;
    let list = get(server.address(), LIST).await;
    assert_eq!((list.status, list.body.as_str()), (200, BODY));
    assert_eq!(list.header_names(), ["content-length", "content-type", "date"]);
    assert_eq!(list.header("content-type"), Some("text/plain"));

    let metalink = get(server.address(), "/metalink?repo=linux-40&arch=x86_64").await;
    assert_eq!(metalink.header("content-type"), Some("application/metalink+xml"));

    let redirect = get(server.address(), &format!("{LIST}&redirect=1")).await;
    assert_eq!((redirect.status, redirect.body.as_str()), (302, ""));
    assert_eq!(redirect.header_names(), ["content-length", "content-type", "date", "link", "location"]);
    assert_eq!(
        redirect.header("link"),
        Some("<http://first.example/linux/40/x86_64/os/>; rel=duplicate; pri=1; geo=de")
    );
    assert_eq!(redirect.header("location"), Some("http://first.example/linux/40/x86_64/os/"));
    assert_eq!(redirect.header("content-length"), Some("0"));

    let nothing = get(server.address(), "/").await;
    assert_eq!((nothing.status, nothing.body.as_str()), (404, "We don't serve their kind here!"));
    assert_eq!(nothing.header_names(), ["content-length", "date"]);
}

#[tokio::test]
async fn http_1_0_ends_after_the_answer_unless_asked_to_stay() {
    let server = Deployment::new().start().await;
    let mut client = Client::connect(server.address()).await;
    client.send(format!("GET {LIST} HTTP/1.0\r\n\r\n")).await;
    assert_eq!(client.reply().await.unwrap().body, BODY);
    assert!(client.closed().await);

    let mut client = Client::connect(server.address()).await;
    for _ in 0..2 {
        client.send(format!("GET {LIST} HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")).await;
        let reply = client.reply().await.unwrap();
        assert_eq!((reply.body.as_str(), reply.header("connection")), (BODY, Some("keep-alive")));
    }
}

#[tokio::test]
async fn http_1_1_keeps_the_connection_and_answers_pipelined_requests_in_order() {
    let server = Deployment::new().start().await;
    let mut client = Client::connect(server.address()).await;
    assert_eq!(client.get(LIST).await.body, BODY);
    assert_eq!(client.get(LIST).await.body, BODY);
    let pipeline: String =
        (0..50).map(|n| format!("GET /mirrorlist?repo=r{n}&arch=a HTTP/1.1\r\nhost: t\r\n\r\n")).collect();
    client.send(pipeline).await;
    for n in 0..50 {
        let reply = client.reply().await.unwrap();
        assert!(reply.body.starts_with(&format!("# repo = r{n} arch = a ")), "{reply:?}");
    }
    client.send(format!("GET {LIST} HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n")).await;
    assert_eq!(client.reply().await.unwrap().body, BODY);
    assert!(client.closed().await);
}

/// Netcat and old proxies close their side once all is sent; every request still has its answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_closes_its_side_gets_all_its_answers() {
    let server = Deployment::new().start().await;
    for requests in [1, 2, 5, 100, 400] {
        let sent = format!("GET {LIST} HTTP/1.1\r\nhost: t\r\n\r\n").repeat(requests);
        // The end is there when the server is still busy with the last of many.
        let mut client = std::net::TcpStream::connect(server.address()).unwrap();
        client.write_all(sent.as_bytes()).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        client.set_nonblocking(true).unwrap();
        let mut answers = String::new();
        TcpStream::from_std(client).unwrap().read_to_string(&mut answers).await.unwrap();
        assert_eq!(answers.matches("200 OK").count(), requests);
    }
}

#[tokio::test]
async fn http_2_without_tls_by_prior_knowledge() {
    let server = Deployment::new().start().await;
    let stream = TcpStream::connect(server.address()).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    let driver = tokio::spawn(connection);
    let mut ask = async |method: &str, target: &str| {
        let request = hyper::Request::builder()
            .method(method)
            .uri(format!("http://t{target}"))
            .body(Full::<Bytes>::default())
            .unwrap();
        let (head, body) = sender.send_request(request).await.unwrap().into_parts();
        let headers =
            head.headers.iter().map(|(n, v)| (n.to_string(), v.to_str().unwrap().to_owned())).collect();
        let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        Reply { status: head.status.as_u16(), headers, body }
    };
    let list = ask("GET", LIST).await;
    assert_eq!((list.status, list.body.as_str()), (200, BODY));
    assert_eq!(list.header_names(), ["content-length", "content-type", "date"]);
    let head = ask("HEAD", LIST).await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert_eq!(head.header("content-length"), list.header("content-length"));
    let redirect = ask("GET", &format!("{LIST}&redirect")).await;
    assert_eq!((redirect.status, redirect.header("content-length")), (302, Some("0")));
    assert_eq!(ask("DELETE", LIST).await.status, 405);
    driver.abort();
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let server = Deployment::new().start().await;
    let mut client = Client::connect(server.address()).await;
    for target in [LIST, "/metalink?repo=linux-40&arch=x86_64", "/", &format!("{LIST}&redirect=1")] {
        let get = client.get(target).await;
        client.send(format!("HEAD {target} HTTP/1.1\r\nhost: t\r\n\r\n")).await;
        let head = client.head_reply().await.unwrap();
        assert_eq!((head.status, &head.headers), (get.status, &get.headers), "{target}");
    }
    assert_eq!(client.get(LIST).await.body, BODY, "no stray bytes of a body in between");
}

#[tokio::test]
async fn the_body_of_a_post_is_ignored_and_the_connection_goes_on() {
    let mut deployment = Deployment::new();
    deployment.options.serve.max_body_bytes = 1000;
    let server = deployment.start().await;
    let mut client = Client::connect(server.address()).await;
    let head = |more: &str| format!("POST {LIST} HTTP/1.1\r\nhost: t\r\n{more}\r\n\r\n");
    client.send(format!("{}hello", head("content-length: 5"))).await;
    assert_eq!(client.reply().await.unwrap().body, BODY);
    client.send(format!("{}5\r\nhello\r\n0\r\n\r\n", head("transfer-encoding: chunked"))).await;
    assert_eq!(client.reply().await.unwrap().body, BODY);
    client.send(head("content-length: 3\r\nexpect: 100-continue")).await;
    assert_eq!(client.reply().await.unwrap().status, 100);
    client.send("abc").await;
    assert_eq!(client.reply().await.unwrap().body, BODY);

    client.send(format!("{}{}", head("content-length: 100000"), "x".repeat(2000))).await;
    assert_eq!(client.reply().await.unwrap().body, BODY, "answered although the body is too long");
    assert!(client.closed().await, "but the rest of it is not waited for");
}

#[tokio::test]
async fn other_methods_are_refused_or_answered_like_get_in_upstream_compatibility() {
    let native = Deployment::new().start().await;
    let upstream = Deployment::upstream().start().await;
    for method in ["DELETE", "PUT", "PATCH", "OPTIONS", "TRACE", "BREW"] {
        let mut client = Client::connect(native.address()).await;
        client.send(format!("{method} {LIST} HTTP/1.1\r\nhost: t\r\n\r\n")).await;
        let reply = client.reply().await.unwrap();
        assert_eq!((reply.status, reply.header("allow")), (405, Some("GET, HEAD, POST")), "{method}");
        let mut client = Client::connect(upstream.address()).await;
        client.send(format!("{method} {LIST} HTTP/1.1\r\nhost: t\r\n\r\n")).await;
        assert_eq!(client.reply().await.unwrap().body, BODY, "{method}");
    }
    let mut client = Client::connect(upstream.address()).await;
    client.send("OPTIONS * HTTP/1.1\r\nhost: t\r\n\r\n").await;
    assert_eq!(client.reply().await.unwrap().status, 404);
}
