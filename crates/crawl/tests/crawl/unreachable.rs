//! What is concluded from silence (decision 8).

use std::sync::{Arc, Mutex};

use crawl::{CategoryStatus, Ending, HostStatus, Job, MassFailure, Progress};
use settings::crawl::UnreachableCategory;
use testkit::mirror::{Behaviour, Mirror};
use testkit::stores::each;

use crate::scene::{ALL, FULL, Scene};

/// Brings mirrors back to life before the second try.
struct Revive(Mutex<Vec<Arc<Mirror>>>);

impl Progress for Revive {
    fn trying_again(&self, _: usize) {
        for mirror in self.0.lock().unwrap().iter() {
            mirror.behave(Behaviour::InSync);
        }
    }
}

#[tokio::test]
async fn a_silent_host_fails_and_loses_its_rows_after_the_second_try() {
    each(async |store| {
        let scene = Scene::new(store).await;
        let mirror = scene.good_host(1).await;
        mirror.behave(Behaviour::Dead);
        let before = mirror.connections();
        let host = scene.crawl_one().await;
        assert_eq!(
            (host.status, host.categories[0].status),
            (HostStatus::Failure, CategoryStatus::Unreachable)
        );
        assert!(scene.listed(10).await.is_empty());
        assert_eq!(host.statistics.hcds_deleted, 5);
        assert_eq!(scene.host_row(1).await.failures, Some(1));
        assert!(mirror.connections() - before >= 2, "it was tried twice");
        assert_eq!(scene.value::<String>("SELECT status FROM mm3_crawl_result").await, "unreachable");
    })
    .await;
}

#[tokio::test]
async fn a_host_that_answers_the_second_time_is_fine() {
    each(async |store| {
        let mut scene = Scene::new(store).await;
        let mirror = Arc::new(scene.good_host(1).await);
        mirror.behave(Behaviour::Dead);
        scene.progress = Arc::new(Revive(Mutex::new(vec![Arc::clone(&mirror)])));
        let host = scene.crawl_one().await;
        assert_eq!((host.status, host.categories[0].status), (HostStatus::Ok, CategoryStatus::Current));
        assert_eq!(scene.listed(10).await, ALL);
        assert_eq!(scene.host_row(1).await.failures, Some(0));
    })
    .await;
}

#[tokio::test]
async fn upstreams_way_keeps_the_rows() {
    each(async |store| {
        let mut scene = Scene::new(store).await;
        scene.settings.unreachable_category = UnreachableCategory::Keep;
        let mirror = scene.good_host(1).await;
        mirror.behave(Behaviour::Dead);
        assert_eq!(scene.crawl_one().await.status, HostStatus::Failure);
        assert_eq!(scene.listed(10).await, ALL);
        assert_eq!(scene.host_row(1).await.failures, Some(1));
    })
    .await;
}

#[tokio::test]
async fn one_dead_category_of_two_is_taken_off_and_the_host_is_fine() {
    each(async |store| {
        let scene = Scene::new(store).await;
        let _mirror = scene.good_host(1).await;
        let other = scene.mirror("other").await;
        scene.sql("INSERT INTO category (id, name, publiclist, product_id, topdir_id) VALUES (2, 'Repo', TRUE, 1, 3)").await;
        scene.sql("INSERT INTO category_directory (category_id, directory_id) VALUES (2, 3), (2, 4), (2, 5)").await;
        scene.carry(1, 2, 11, &[format!("{}/pub/test/repo", other.url())]).await;
        assert_eq!(scene.crawl_one().await.status, HostStatus::Ok);
        assert_eq!(scene.listed(11).await, ["", "/Packages", "/repodata"]);
        other.behave(Behaviour::Status(404));
        let host = scene.crawl_one().await;
        assert_eq!(host.status, HostStatus::Ok);
        assert_eq!(host.categories[1].status, CategoryStatus::Unreachable);
        assert!(host.categories[1].reason.as_ref().unwrap().ends_with("status 404"));
        assert!(scene.listed(11).await.is_empty());
        assert_eq!(scene.listed(10).await, ALL);
        // Only one category was asked for.
        let job = Job { categories: vec!["Repo".into()], ..Job::default() };
        let report = scene.crawl(&job).await;
        assert_eq!(report.hosts[0].categories.len(), 1);
        assert_eq!(report.hosts[0].status, HostStatus::Failure);
    })
    .await;
}

#[tokio::test]
async fn a_mirror_that_falls_silent_half_way_keeps_what_it_proved() {
    each(async |store| {
        let mut scene = Scene::new(store).await;
        scene.be_impatient();
        scene.settings.requests_per_mirror = 1;
        let mirror = scene.good_host(1).await;
        mirror.behave_at("/pub/test/repo/repodata/primary.xml", Behaviour::Hang);
        let host = scene.crawl_one().await;
        assert_eq!(
            (host.status, host.categories[0].status),
            (HostStatus::Failure, CategoryStatus::Unreachable)
        );
        let reason = host.categories[0].reason.clone().unwrap();
        assert!(reason.ends_with("timeout: no answer (after 3 tries)"), "{reason}");
        assert_eq!(scene.listed(10).await, ["", "/empty", "/repo/Packages"]);
    })
    .await;
}

#[tokio::test]
async fn forbidden_addresses_are_not_accessible_and_never_asked() {
    each(async |store| {
        let mut scene = Scene::new(store).await;
        let mirror = scene.mirror("m").await;
        scene.host(1, &[Scene::base(&mirror)]).await;
        scene.settings.allowed_networks.clear();
        let host = scene.crawl_one().await;
        assert_eq!(host.categories[0].status, CategoryStatus::Unreachable);
        assert!(
            host.categories[0]
                .reason
                .as_ref()
                .unwrap()
                .ends_with("refused by us: address 127.0.0.1 is not allowed")
        );
        assert_eq!(mirror.connections(), 0);
    })
    .await;
}

/// Makes the crawl of a host whose waiting would be noticed, and waits until `is_so` in the meantime.
async fn while_it_waits(scene: &Scene, is_so: impl AsyncFn() -> bool) -> crawl::CrawlReport {
    let job = FULL;
    let crawling = scene.crawl(&job);
    let watching = async {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
        while !is_so().await {
            assert!(std::time::Instant::now() < deadline, "it never happened");
            tokio::task::yield_now().await;
        }
        scene.cancel.cancel();
    };
    tokio::join!(crawling, watching).0
}

#[tokio::test]
async fn waiting_for_a_second_try_holds_nobody_else_back() {
    each(async |store| {
        let mut scene = Scene::new(store).await;
        scene.settings.recheck_after_seconds = 3600;
        let dead = scene.good_host(1).await;
        dead.behave(Behaviour::Dead);
        let good = scene.mirror("good").await;
        scene.host(2, &[Scene::base(&good)]).await;
        let report = while_it_waits(&scene, async || {
            // The dead one was found dead, and the good one is listed and its books are closed.
            dead.connections() > 0 && scene.listed(20).await == ALL && scene.host_row(2).await.crawled
        })
        .await;
        assert_eq!(report.ending, Ending::Cancelled);
        let dead = report.hosts.iter().find(|host| host.id.0 == 1).unwrap();
        assert_eq!(dead.status, HostStatus::Unknown, "stopped before the second try: {dead:?}");
        assert_eq!(scene.listed(10).await, ALL);
        assert_eq!(scene.host_row(1).await.failures, Some(0));
    })
    .await;
}

#[tokio::test]
async fn what_waiting_can_not_change_is_not_waited_for() {
    each(async |store| {
        let mut scene = Scene::new(store).await;
        scene.settings.recheck_after_seconds = u64::MAX;
        let _mirror = scene.good_host(1).await;
        // No URL that can be asked; a URL that is none; a place that we never connect to.
        for (id, url) in
            [(2, "rsync://mirror.example/pub"), (3, "http://u:p@mirror.example/"), (4, "http://10.0.0.1/")]
        {
            scene.host(id, &[url.to_owned()]).await;
            scene.sql(&format!("INSERT INTO host_category_dir (host_category_id, path, up2date, directory_id) VALUES ({}, '', TRUE, 1)", id * 10)).await;
        }
        let report = scene.crawl(&FULL).await;
        assert_eq!((report.ending, report.hosts.len()), (Ending::Finished, 4));
        for id in 2..=4 {
            let host = report.hosts.iter().find(|host| host.id.0 == id).unwrap();
            assert_eq!(host.status, HostStatus::Failure, "{host:?}");
            assert_eq!((host.failures, host.statistics.hcds_deleted), (1, 1), "{host:?}");
            assert!(scene.listed(id * 10).await.is_empty());
        }
    })
    .await;
}

#[tokio::test]
async fn hosts_without_a_usable_url_do_not_make_our_network_suspect() {
    each(async |store| {
        let mut scene = Scene::new(store).await;
        let good = scene.mirror("good").await;
        let dead = scene.mirror("dead").await;
        dead.behave(Behaviour::Dead);
        for id in 1..=20 {
            let url = match id {
                1..=10 => format!("rsync://h{id}/"),
                11 => Scene::base(&dead),
                _ => format!("{}?{id}", Scene::base(&good)),
            };
            scene.host(id, &[url]).await;
        }
        scene.settings.mass_failure_percent = 20;
        let report = scene.crawl(&FULL).await;
        assert_eq!(report.mass_failure, None);
        assert_eq!(scene.host_row(11).await.failures, Some(1));
    })
    .await;
}

#[tokio::test]
async fn half_an_answer_falsifies_nothing_while_our_network_is_suspect() {
    each(async |store| {
        let mut scene = Scene::new(store).await;
        scene.be_impatient();
        scene.settings.requests_per_mirror = 1;
        scene.settings.mass_failure_hosts = 1;
        let mirror = scene.good_host(1).await;
        mirror.behave_at("/pub/test/repo/repodata/primary.xml", Behaviour::Hang);
        let report = scene.crawl(&FULL).await;
        assert!(report.mass_failure.is_some());
        assert_eq!(scene.listed(10).await, ALL);
    })
    .await;
}

#[tokio::test]
async fn limits_without_end_are_no_limits() {
    each(async |store| {
        let mut scene = Scene::new(store).await;
        scene.settings.run_timeout_seconds = u64::MAX;
        scene.settings.host_timeout_seconds = u64::MAX;
        let _mirror = scene.good_host(1).await;
    })
    .await;
}

async fn twenty_hosts_of_which(dead: i32, scene: &mut Scene) -> (crawl::CrawlReport, Mirror) {
    let good = scene.mirror("good").await;
    let bad = scene.mirror("bad").await;
    for id in 1..=20 {
        let mirror = if id <= dead { &bad } else { &good };
        scene.host(id, &[format!("{}?{id}", Scene::base(mirror))]).await;
        scene.sql(&format!("INSERT INTO host_category_dir (host_category_id, path, up2date, directory_id) VALUES ({}, '', TRUE, 1)", id * 10)).await;
    }
    bad.behave(Behaviour::Dead);
    // One of the living lacks something: an answer counts even when the network is suspect.
    std::fs::remove_file(good.folder().join("pub/test/top.txt")).unwrap();
    (scene.crawl(&FULL).await, bad)
}

#[tokio::test]
async fn too_many_silent_hosts_keep_what_they_had() {
    each(async |store| {
        let mut scene = Scene::new(store).await;
        let (report, _bad) = twenty_hosts_of_which(5, &mut scene).await;
        assert_eq!(report.mass_failure, Some(MassFailure { unreachable: 5, hosts: 20 }));
        assert_eq!((report.ending, report.hosts.len()), (Ending::Finished, 20));
        for id in 1..=5 {
            assert_eq!(scene.listed(id * 10).await, [""], "host {id}");
            let row = scene.host_row(id).await;
            assert_eq!((row.failures, row.crawled), (Some(0), true));
        }
        assert_eq!(report.hosts.iter().filter(|host| host.status == HostStatus::Unknown).count(), 5);
        // Falsehoods proven by an answer were written all the same.
        assert!(!scene.rows(200).await[""]);
    })
    .await;
}

#[tokio::test]
async fn a_fifth_of_silent_hosts_is_not_too_many() {
    each(async |store| {
        let mut scene = Scene::new(store).await;
        let (report, _bad) = twenty_hosts_of_which(4, &mut scene).await;
        assert_eq!(report.mass_failure, None);
        for id in 1..=4 {
            assert!(scene.listed(id * 10).await.is_empty());
            assert_eq!(scene.host_row(id).await.failures, Some(1));
        }
    })
    .await;
}
