//! The access log as the statistics read it.

use std::fs;

use settings::serve::AccessLogFormat;

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

#[tokio::test]
async fn without_it_no_file_is_made() {
    let deployment = Deployment::new();
    let server = deployment.start().await;
    get(server.address(), LIST).await;
    server.stop().await;
    assert!(!deployment.options.serve.access_log_file.exists());
}
