//! New data without a restart; bad data without an effect.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use serve::DataError;
use snapshot::Snapshot;

use crate::support::{Client, Deployment, LIST, Reply, TIME, cache, get, listed, metric, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_file_is_taken_into_use_while_every_request_is_answered() {
    let mut deployment = Deployment::new();
    deployment.options.serve.watch_seconds = 1;
    let server = deployment.start().await;
    let address = server.address();
    let (stop, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let clients: Vec<_> = (0..3)
        .map(|_| {
            let (stop, asked) = (Arc::clone(&stop), Arc::clone(&asked));
            tokio::spawn(async move {
                let mut client = Client::connect(address).await;
                let mut newest = 0;
                while !stop.load(Relaxed) {
                    let reply = client.get(LIST).await;
                    assert_eq!(reply.status, 200);
                    let age = ["first.example", "second.example", "third.example"]
                        .iter()
                        .position(|host| reply.body.contains(host))
                        .expect("a list of one of the caches");
                    assert!(age >= newest, "never back to older data");
                    newest = age;
                    asked.fetch_add(1, Relaxed);
                }
            })
        })
        .collect();
    for (age, host) in [(1, "second.example"), (2, "third.example")] {
        deployment.replace(&cache(TIME + age, &[host]));
        until("the new host is listed", || async { listed(&server).await.contains(host) }).await;
    }
    stop.store(true, Relaxed);
    for client in clients {
        client.await.unwrap();
    }
    assert!(asked.load(Relaxed) > 0);
    until("both are counted", || metric(&server, "mirrormanager_serve_data_swaps_total 2")).await;
    assert!(metric(&server, "mirrormanager_serve_snapshot_created_timestamp_seconds 1700000002").await);
}

/// Whole, and of one of the caches alone; which.
fn age_of(reply: &Reply) -> u64 {
    assert_eq!(reply.status, 200, "{reply:?}");
    let urls: Vec<&str> = reply.body.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(urls.len(), 50, "{reply:?}");
    let ages: BTreeSet<&str> = urls.iter().filter_map(|url| url.split('.').nth(1)).collect();
    assert_eq!(ages.len(), 1, "one answer, one cache: {reply:?}");
    ages.first().unwrap().trim_start_matches("age-").parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_swaps_under_load_fail_no_request() {
    const SWAPS: u64 = 20;
    let content = |age: u64| {
        let hosts: Vec<String> = (0..50).map(|host| format!("host-{host}.age-{age}.example")).collect();
        cache(TIME + age, &hosts.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let mut deployment = Deployment::new();
    deployment.options.serve.threads = 3;
    deployment.replace(&content(0));
    let server = deployment.start().await;
    let address = server.address();
    let stop = Arc::new(AtomicBool::new(false));
    let mut clients = tokio::task::JoinSet::new();
    for number in 0..8 {
        let stop = Arc::clone(&stop);
        clients.spawn(async move {
            // Half of them stay, the others come anew for each question.
            let mut client = Client::connect(address).await;
            let (mut newest, mut asked) = (0, 0);
            while !stop.load(Relaxed) {
                if number % 2 == 0 {
                    client = Client::connect(address).await;
                }
                let age = age_of(&client.get(LIST).await);
                assert!(age >= newest, "never back to older data");
                newest = age;
                asked += 1;
            }
            asked
        });
    }
    for age in 1..=SWAPS {
        if age % 2 == 0 {
            deployment.replace(&content(age));
        } else {
            let native = Snapshot::from_proto(&content(age)).unwrap();
            native.write(deployment.cache_file(), native.serial(), None).unwrap();
        }
        server.reload_now().await.unwrap();
        // Some questions to each of them.
        for _ in 0..20 {
            assert_eq!(age_of(&get(address, LIST).await), age);
        }
    }
    stop.store(true, Relaxed);
    while let Some(client) = clients.join_next().await {
        assert!(client.unwrap() > 0, "each was answered");
    }
    let control = server.control_address().unwrap();
    let metrics = get(control, "/metrics").await.body;
    for line in [
        &format!("mirrormanager_serve_data_swaps_total {SWAPS}"),
        "mirrormanager_serve_panics_total 0",
        "mirrormanager_serve_reload_failed 0",
    ] {
        assert!(metrics.lines().any(|l| l == line), "{line} not in\n{metrics}");
    }
    let answers = metrics.lines().filter(|line| line.starts_with("mirrormanager_serve_requests_total"));
    assert_eq!(answers.count(), 1, "no kind of answer but one:\n{metrics}");
}

#[tokio::test]
async fn a_broken_file_changes_nothing_and_shows_until_a_good_one_comes() {
    let mut deployment = Deployment::new();
    deployment.options.serve.watch_seconds = 1;
    let server = deployment.start().await;
    let good = fs::read(deployment.cache_file()).unwrap();
    // Renamed into place, so that the watcher can not see it half-written and refuse it twice.
    fs::write(deployment.path("torn"), &good[..good.len() - 5]).unwrap();
    fs::rename(deployment.path("torn"), deployment.cache_file()).unwrap();
    until("the refusal is counted", || async {
        metric(&server, "mirrormanager_serve_data_refusals_total{reason=\"damaged\"} 1").await
    })
    .await;
    assert!(listed(&server).await.contains("first.example"));
    assert!(metric(&server, "mirrormanager_serve_reload_failed 1").await);

    deployment.replace(&cache(TIME + 1, &["second.example"]));
    until("the new host is listed", || async { listed(&server).await.contains("second.example") }).await;
    assert!(metric(&server, "mirrormanager_serve_reload_failed 0").await);
    let once = metric(&server, "mirrormanager_serve_data_refusals_total{reason=\"damaged\"} 1").await;
    assert!(once, "tried once only");
}

#[tokio::test]
async fn a_cut_off_file_changes_nothing() {
    let deployment = Deployment::new();
    let server = deployment.start().await;
    let good = fs::read(deployment.cache_file()).unwrap();
    let mut refused = 0;
    for length in (0..good.len()).step_by(7) {
        let before = listed(&server).await;
        fs::write(deployment.cache_file(), &good[..length]).unwrap();
        // A cut between two elements can not be told from a shorter cache; all others are.
        if server.reload_now().await.is_err() {
            refused += 1;
            assert_eq!(listed(&server).await, before, "cut at {length}");
        }
    }
    assert!(refused * 7 > good.len() / 2, "{refused} refused");
}

#[tokio::test]
async fn an_older_cache_is_refused_unless_the_settings_allow_it() {
    let mut deployment = Deployment::new();
    let server = deployment.start().await;
    deployment.replace(&cache(TIME - 1, &["older.example"]));
    let refusal = server.reload_now().await.unwrap_err();
    assert!(matches!(refusal, DataError::Older { serial: 1_699_999_999_000, .. }), "{refusal}");
    assert!(listed(&server).await.contains("first.example"));

    deployment.replace(&cache(TIME, &["first.example"]));
    deployment.options.serve.accept_older = true;
    let server = deployment.start().await;
    deployment.replace(&cache(TIME - 1, &["older.example"]));
    server.reload_now().await.unwrap();
    assert!(listed(&server).await.contains("older.example"));
}

#[tokio::test]
async fn every_input_file_is_watched() {
    let mut deployment = Deployment::new();
    let netblocks = deployment.path("global_netblocks.txt");
    fs::write(&netblocks, "192.0.2.0/24 64500\n").unwrap();
    let continents = deployment.path("country_continent.csv");
    fs::write(&continents, "DE,EU\nFR,AS\n").unwrap();
    let mut with_asn = cache(TIME, &["first.example"]);
    with_asn.host_asn_cache.push(snapshot::proto::IntRepeatedIntMap { key: 64501, value: vec![1] });
    with_asn.mirror_list_cache[0]
        .by_country
        .push(snapshot::proto::StringRepeatedIntMap { key: "DE".into(), value: vec![1] });
    deployment.replace(&with_asn);
    deployment.options.serve.netblocks = Some(netblocks.clone());
    deployment.options.serve.continents = Some(continents.clone());
    deployment.options.serve.watch_seconds = 1;
    let server = deployment.start().await;
    let header = async |more: &str| {
        let body = get(server.address(), &format!("{LIST}{more}")).await.body;
        body.lines().next().unwrap_or_default().to_owned()
    };
    assert!(!header("&ip=192.0.2.1").await.contains("ASN"));
    fs::write(&netblocks, "192.0.2.0/24 64501\n").unwrap();
    until("the new ASN counts", || async { header("&ip=192.0.2.1").await.contains("Using ASN 64501") }).await;

    let near = async || get(server.address(), &format!("{LIST}&country=FR")).await.body;
    let far = near().await;
    fs::write(&continents, "DE,EU\nFR,EU\n").unwrap();
    until("the new continent counts", || async { near().await != far }).await;

    fs::remove_file(&continents).unwrap();
    until("the missing file is counted", || async {
        metric(&server, "mirrormanager_serve_reload_failed 1").await
    })
    .await;
    assert!(header("&ip=192.0.2.1").await.contains("Using ASN 64501"), "the rest stays in use");
    fs::write(&continents, "DE,EU\nFR,EU\n").unwrap();
    until("all is well again", || async { metric(&server, "mirrormanager_serve_reload_failed 0").await })
        .await;
}
