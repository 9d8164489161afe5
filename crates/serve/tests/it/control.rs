//! Health and metrics: where they are, and where not.

use crate::support::{Client, Deployment, LIST, get};

#[tokio::test]
async fn the_operators_paths_are_on_the_control_listener_only() {
    let server = Deployment::new().start().await;
    let control = server.control_address().unwrap();
    for path in ["/health/live", "/health/ready", "/healthz/live", "/healthz/ready", "/metrics"] {
        assert_eq!(get(server.address(), path).await.status, 404, "{path} on the public port");
        assert_eq!(get(control, path).await.status, 200, "{path}");
    }
    assert_eq!(get(control, "/mirrorlist").await.status, 404);
    let mut client = Client::connect(control).await;
    client.send("POST /metrics HTTP/1.1\r\nhost: t\r\ncontent-length: 0\r\n\r\n").await;
    assert_eq!(client.reply().await.unwrap().status, 405);
}

#[tokio::test]
async fn without_an_address_there_is_no_control_listener() {
    let mut deployment = Deployment::new();
    deployment.options.serve.control = None;
    assert_eq!(deployment.start().await.control_address(), None);
}

#[tokio::test]
async fn answers_and_the_age_of_the_cache_are_counted() {
    let server = Deployment::new().start().await;
    let mut client = Client::connect(server.address()).await;
    let mut bytes = 0;
    for target in [LIST, LIST, "/nothing", &format!("{LIST}&redirect=1")] {
        bytes += client.get(target).await.body.len();
    }
    let metrics = get(server.control_address().unwrap(), "/metrics").await;
    assert!(metrics.header("content-type").unwrap().starts_with("application/openmetrics-text"));
    for line in [
        r#"mirrormanager_serve_requests_total{kind="mirrorlist",status="200",tier="global"} 2"#,
        r#"mirrormanager_serve_requests_total{kind="redirect",status="302",tier="global"} 1"#,
        r#"mirrormanager_serve_requests_total{kind="error_not_served",status="404",tier="none"} 1"#,
        "mirrormanager_serve_latency_seconds_count 4",
        "mirrormanager_serve_snapshot_age_seconds 120",
        "mirrormanager_serve_snapshot_created_timestamp_seconds 1700000000",
        "mirrormanager_serve_snapshot_directories 2",
        "mirrormanager_serve_connections 1",
        &format!("mirrormanager_serve_body_bytes_total {bytes}"),
    ] {
        assert!(metrics.body.lines().any(|l| l == line), "{line:?} not in\n{}", metrics.body);
    }
}
