//! Unix sockets.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;

use serve::{Server, StartError};
use settings::serve::AccessLogFormat;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

use crate::support::{Deployment, LIST, clock, get};

fn with_socket() -> (Deployment, PathBuf) {
    let mut deployment = Deployment::new();
    let path = deployment.path("mirrorlist.sock");
    deployment.options.serve.unix_socket = Some(path.clone());
    (deployment, path)
}

#[tokio::test]
async fn a_proxy_on_this_machine_is_answered_and_believed() {
    let (mut deployment, path) = with_socket();
    deployment.options.serve.unix_socket_mode = "0600".into();
    deployment.options.serve.access_log = AccessLogFormat::Upstream;
    deployment.options.serve.threads = 3;
    let server = deployment.start().await;
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    for _ in 0..20 {
        let mut client = UnixStream::connect(&path).await.unwrap();
        let request = format!("GET {LIST} HTTP/1.0\r\nx-forwarded-for: 192.0.2.7\r\n\r\n");
        client.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.0 200 OK\r\n"), "{answer}");
    }
    assert_eq!(get(server.address(), LIST).await.status, 200, "beside TCP");
    server.stop().await;
    assert!(!path.exists());
    let log = fs::read_to_string(&deployment.options.serve.access_log_file).unwrap();
    assert_eq!(log.matches("IP: 192.0.2.7; ").count(), 20, "{log}");
}

#[tokio::test]
async fn a_socket_that_was_left_behind_is_replaced_and_one_in_use_is_not() {
    let (deployment, path) = with_socket();
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists(), "left behind");
    let server = deployment.start().await;
    let refusal = async || match Server::start(&deployment.options, clock()).await {
        Ok(_) => panic!("started"),
        Err(error) => error,
    };
    let error = refusal().await;
    assert!(matches!(error, StartError::UnixSocket { .. }), "{error}");
    assert!(error.to_string().contains("mirrorlist.sock"), "{error}");
    assert!(UnixStream::connect(&path).await.is_ok(), "the first one goes on");
    server.stop().await;

    fs::write(&path, "no socket").unwrap();
    assert!(matches!(refusal().await, StartError::UnixSocket { .. }));
    assert_eq!(fs::read_to_string(&path).unwrap(), "no socket");
}
