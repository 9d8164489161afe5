//! What is refused at the start, in which words.

use std::fs;

use serve::{Server, StartError};
use settings::serve::{AccessLogFormat, Serve};

use crate::support::{Deployment, LIST, clock, get};

async fn refusal(change: impl FnOnce(&Deployment, &mut Serve)) -> StartError {
    let deployment = Deployment::new();
    let mut options = deployment.options.clone();
    change(&deployment, &mut options.serve);
    match Server::start(&options, clock()).await {
        Ok(_) => panic!("started"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn each_failure_has_the_old_text_too() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &str| {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        path
    };
    let name = |name: &str| folder.path().join(name).display().to_string();
    let (no_mmdb, v6_only) = (file("no.mmdb", "no database"), file("v6.txt", "2001:db8::/32 1\n"));
    let (no_csv, empty) = (file("no.csv", "\"country\",\"continent\"\n"), file("empty.proto", ""));
    let torn = file("torn.proto", "\u{8}\u{1}\u{12}\u{50}abc");
    let gone = folder.path().join("gone");

    let error = refusal(|_, s| {
        s.access_log = AccessLogFormat::Upstream;
        s.access_log_file = gone.join("log");
    })
    .await;
    assert_eq!(error.upstream_text(), format!("Opening log file {} failed. Exiting!", name("gone/log")));
    let error = refusal(|_, s| s.cache = gone.clone()).await;
    assert!(error.upstream_text().starts_with(&format!("Opening {} failed: ", name("gone"))), "{error}");
    let error = refusal(|_, s| s.cache = empty.clone()).await;
    let missing = "Message `MirrorList` is missing required fields";
    assert_eq!(error.upstream_text(), format!("Parsing {} failed: {missing}", name("empty.proto")));
    let error = refusal(|_, s| s.cache = torn.clone()).await;
    assert_eq!(
        error.upstream_text(),
        format!("Parsing {} failed: Unexpected end of file", name("torn.proto"))
    );
    let error = refusal(|_, s| s.countries = Some(no_mmdb.clone())).await;
    assert_eq!(error.upstream_text(), format!("Reading GeoIP2 database {} failed", name("no.mmdb")));
    let error = refusal(|_, s| s.netblocks = Some(v6_only.clone())).await;
    assert_eq!(error.upstream_text(), "Creating ASN cache failed. Exiting!");
    let error = refusal(|_, s| s.continents = Some(no_csv.clone())).await;
    assert_eq!(error.upstream_text(), "Parsing country continent data failed. Exiting!");
    // Our own words name the file and what is wrong with it.
    assert!(error.to_string().contains(&name("no.csv")), "{error}");
}

#[tokio::test]
async fn an_address_in_use_is_named_with_its_setting() {
    let taken = Deployment::new().start().await;
    let error = refusal(|_, s| s.listen = taken.address()).await;
    let text = error.to_string();
    assert!(text.contains(&taken.address().to_string()) && text.contains("serve.listen"), "{text}");
    let error = refusal(|_, s| s.control = Some(taken.address())).await;
    assert!(error.to_string().contains("serve.control"), "{error}");
}

#[tokio::test]
async fn a_time_of_nothing_is_refused() {
    let error = refusal(|_, s| s.idle_timeout_seconds = 0).await;
    assert!(error.to_string().contains("serve.idle_timeout_seconds"), "{error}");
}

#[tokio::test]
async fn the_log_comes_before_the_cache_and_the_cache_before_the_rest() {
    let gone = |s: &mut Serve| {
        s.cache = "/nonexistent/cache".into();
        s.countries = Some("/nonexistent/mmdb".into());
    };
    let error = refusal(|_, s| {
        gone(s);
        s.access_log = AccessLogFormat::Upstream;
        s.access_log_file = "/nonexistent/log".into();
    })
    .await;
    assert!(matches!(error, StartError::AccessLog { .. }), "{error}");
    assert!(matches!(refusal(|_, s| gone(s)).await, StartError::Data(serve::DataError::Cache(_))));
}

#[tokio::test]
async fn it_listens_on_ipv6_too() {
    let mut deployment = Deployment::new();
    deployment.options.serve.listen = "[::1]:0".parse().unwrap();
    let server = match Server::start(&deployment.options, clock()).await {
        Ok(server) => server,
        // A machine without IPv6 has nothing to test here.
        Err(StartError::Listen { .. }) => return,
        Err(error) => panic!("{error}"),
    };
    assert_eq!(get(server.address(), LIST).await.status, 200);
}
