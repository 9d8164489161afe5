//! The process's signals. The handlers are there before the first signal is sent, so the other tests of
//! this process do not notice.

use std::fs;

use settings::serve::AccessLogFormat;

use crate::support::{DEADLINE, Deployment, LIST, TIME, cache, clock, get, until};

fn signal(name: &str) {
    testkit::programs::signal(name, std::process::id());
}

#[tokio::test]
async fn hangup_reloads_and_reopens_and_terminate_stops() {
    let mut deployment = Deployment::new();
    deployment.options.serve.access_log = AccessLogFormat::Upstream;
    let options = deployment.options.clone();
    let (tell, told) = tokio::sync::oneshot::channel();
    let running = tokio::spawn(async move {
        serve::run(&options, clock(), |running| tell.send(running.address()).unwrap()).await
    });
    let address = told.await.unwrap();
    get(address, LIST).await;
    let (path, old) = (&deployment.options.serve.access_log_file, deployment.path("access.log.1"));
    fs::rename(path, &old).unwrap();
    deployment.replace(&cache(TIME + 1, &["second.example"]));

    signal("HUP");
    until("the new host is listed", || async { get(address, LIST).await.body.contains("second.example") })
        .await;
    assert!(path.exists(), "the log was opened anew before the data was loaded");

    deployment.replace(&cache(TIME - 1, &["older.example"]));
    signal("HUP");
    signal("USR1");
    until("the older one is taken", || async { get(address, LIST).await.body.contains("older.example") })
        .await;

    signal("TERM");
    tokio::time::timeout(DEADLINE, running).await.expect("a stop").unwrap().unwrap();
    assert!(fs::read_to_string(old).unwrap().contains("REPO: linux-40"));
    assert!(fs::read_to_string(path).unwrap().contains("REPO: linux-40"));
}
