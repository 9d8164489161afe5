//! Connections that do nothing, or too little, are cut off.

use crate::support::{Client, DEADLINE, Deployment, LIST, get};

fn impatient() -> Deployment {
    let mut deployment = Deployment::new();
    deployment.options.serve.header_timeout_seconds = 1;
    deployment.options.serve.idle_timeout_seconds = 1;
    deployment
}

#[tokio::test]
async fn a_silent_connection_ends() {
    let server = impatient().start().await;
    assert!(Client::connect(server.address()).await.closed().await);
}

#[tokio::test]
async fn a_half_sent_request_ends() {
    let server = impatient().start().await;
    for part in ["G", "GET / HTTP/1.1\r\nhost:", "PRI * HTTP/2.0\r\n"] {
        let mut client = Client::connect(server.address()).await;
        client.send(part).await;
        client.end().await;
    }
    let mut client = Client::connect(server.address()).await;
    client.send("POST / HTTP/1.1\r\nhost: t\r\ncontent-length: 9\r\n\r\nabc").await;
    client.end().await;
}

#[tokio::test]
async fn trickling_headers_do_not_keep_a_connection_open() {
    let mut deployment = impatient();
    deployment.options.serve.idle_timeout_seconds = 3600;
    let server = deployment.start().await;
    let mut client = Client::connect(server.address()).await;
    client.send("GET / HTTP/1.1\r\n").await;
    let began = tokio::time::Instant::now();
    while client.trickle(b"x: y\r\n").await {
        assert!(began.elapsed() < DEADLINE, "still taking headers");
    }
}

#[tokio::test]
async fn an_unused_connection_ends_after_its_answer() {
    let server = impatient().start().await;
    let mut client = Client::connect(server.address()).await;
    assert_eq!(client.get(LIST).await.status, 200);
    assert!(client.closed().await);
}

#[tokio::test]
async fn a_client_that_never_reads_is_cut_off() {
    let server = impatient().start().await;
    let mut client = Client::connect(server.address()).await;
    let request = format!("GET {LIST} HTTP/1.1\r\nhost: t\r\n\r\n").repeat(1000);
    let stuffing = async { while client.try_send(&request).await {} };
    tokio::time::timeout(DEADLINE, stuffing).await.expect("the server ends the connection");
    assert_eq!(get(server.address(), LIST).await.status, 200);
}

#[tokio::test]
async fn no_more_connections_than_allowed_are_served_at_once() {
    let mut deployment = Deployment::new();
    deployment.options.serve.max_connections = 2;
    let server = deployment.start().await;
    let mut first = Client::connect(server.address()).await;
    let mut second = Client::connect(server.address()).await;
    assert_eq!(first.get(LIST).await.status, 200);
    assert_eq!(second.get(LIST).await.status, 200);
    // The third waits in the kernel's queue until there is room.
    let mut third = Client::connect(server.address()).await;
    third.send(format!("GET {LIST} HTTP/1.1\r\nhost: t\r\n\r\n")).await;
    assert_eq!(first.get(LIST).await.status, 200);
    assert!(third.nothing_yet());
    drop(second);
    assert_eq!(third.reply().await.unwrap().status, 200);
}
