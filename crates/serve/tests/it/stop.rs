//! Stopping.

use tokio::net::TcpStream;

use crate::support::{Client, DEADLINE, Deployment, LIST};

#[tokio::test]
async fn an_unused_connection_does_not_delay_the_stop() {
    let server = Deployment::new().start().await;
    let (address, control) = (server.address(), server.control_address().unwrap());
    let mut client = Client::connect(address).await;
    assert_eq!(client.get(LIST).await.status, 200);
    tokio::time::timeout(DEADLINE / 2, server.stop()).await.expect("a prompt stop");
    assert!(client.closed().await);
    assert!(TcpStream::connect(address).await.is_err(), "nothing listens any more");
    assert!(TcpStream::connect(control).await.is_err());
}

#[tokio::test]
async fn a_request_under_way_is_answered_while_readiness_says_stopping() {
    let server = Deployment::new().start().await;
    let (address, control) = (server.address(), server.control_address().unwrap());
    let mut client = Client::connect(address).await;
    client
        .send(format!("POST {LIST} HTTP/1.1\r\nhost: t\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n"))
        .await;
    assert_eq!(client.reply().await.unwrap().status, 100, "the request is being handled");
    let stopping = tokio::spawn(server.stop());
    crate::support::until("readiness says stopping", || async {
        crate::support::get(control, "/health/ready").await.status == 503
    })
    .await;
    client.send("ok").await;
    assert_eq!(client.reply().await.unwrap().status, 200);
    assert!(client.closed().await);
    tokio::time::timeout(DEADLINE, stopping).await.expect("a stop").unwrap();
}

#[tokio::test]
async fn what_the_kernel_has_accepted_is_answered_and_who_says_nothing_does_not_delay_the_stop() {
    for threads in [1, 4] {
        let mut deployment = Deployment::new();
        deployment.options.serve.threads = threads;
        let server = deployment.start().await;
        let mut clients = Vec::new();
        let silent = Client::connect(server.address()).await;
        for _ in 0..200 {
            let mut client = Client::connect(server.address()).await;
            client.send(format!("GET {LIST} HTTP/1.1\r\nhost: t\r\n\r\n")).await;
            clients.push(client);
        }
        tokio::time::timeout(DEADLINE / 2, server.stop()).await.expect("a prompt stop");
        for (number, client) in clients.iter_mut().enumerate() {
            let reply = client.reply().await.unwrap_or_else(|| panic!("no answer for client {number}"));
            assert_eq!(reply.status, 200);
        }
        drop(silent);
    }
}

#[tokio::test]
async fn a_request_that_never_ends_is_cut_off() {
    let mut deployment = Deployment::new();
    deployment.options.serve.drain_seconds = 1;
    let server = deployment.start().await;
    let mut client = Client::connect(server.address()).await;
    client
        .send(format!("POST {LIST} HTTP/1.1\r\nhost: t\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n"))
        .await;
    assert_eq!(client.reply().await.unwrap().status, 100);
    tokio::time::timeout(DEADLINE / 2, server.stop()).await.expect("a stop");
    assert!(client.closed().await);
}
