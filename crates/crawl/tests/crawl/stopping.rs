//! Time limits of the run, and being told to stop.

use std::sync::Arc;
use std::time::Duration;

use crawl::{CategoryStatus, Ending, HostStatus, Job, Progress};
use model::ids::HostId;
use testkit::mirror::Behaviour;
use testkit::stores::each;
use tokio_util::sync::CancellationToken;

use crate::scene::{ALL, FULL, Scene};

/// Tells the crawl to stop when so many directories of a category have a result.
struct StopAfter(usize, CancellationToken);

impl Progress for StopAfter {
    fn directories(&self, _: HostId, _: &str, done: usize, _: usize) {
        if done >= self.0 {
            self.1.cancel();
        }
    }
}

#[tokio::test]
async fn what_is_known_is_written_when_it_is_told_to_stop() {
    each(async |store| {
        let mut scene = Scene::new(store).await;
        scene.be_impatient();
        scene.settings.requests_per_mirror = 1;
        let mirror = scene.good_host(1).await;
        // The first directory is stale now, the last ones are never reached.
        std::fs::remove_file(mirror.folder().join("pub/test/top.txt")).unwrap();
        mirror.behave_at("/pub/test/repo/Packages/a.rpm", Behaviour::Hang);
        scene.settings.attempts = 1000;
        scene.progress = Arc::new(StopAfter(3, scene.cancel.clone()));
        let report = scene.crawl(&FULL).await;
        assert_eq!(report.ending, Ending::Cancelled);
        let host = &report.hosts[0];
        assert_eq!((host.status, host.categories[0].status), (HostStatus::Unknown, CategoryStatus::Stopped));
        let mut listed: Vec<&str> = ALL.to_vec();
        listed.remove(0);
        assert_eq!(scene.listed(10).await, listed, "the rest stays as it was");
        assert_eq!(scene.host_row(1).await.failures, Some(0));
        // Nothing further is begun: no base check. (The last request of before may still be on its way.)
        mirror.forget();
        let report = scene.crawl(&FULL).await;
        assert!(report.hosts.is_empty());
        assert!(!mirror.requests().iter().any(|request| request.target == "/pub/test"));
    })
    .await;
}

#[tokio::test]
async fn when_the_runs_time_is_over_nobody_is_blamed() {
    each(async |store| {
        let mut scene = Scene::new(store).await;
        scene.be_impatient();
        let mirror = scene.good_host(1).await;
        scene.host(2, &[]).await;
        let report = scene.crawl(&Job { run_limit: Some(Duration::ZERO), ..FULL }).await;
        assert_eq!(report.ending, Ending::TimeLimit);
        let text = "Crawler reached its maximum execution time, could not complete this host's scan.";
        for host in &report.hosts {
            assert_eq!((host.status, host.details.as_deref()), (HostStatus::Unknown, Some(text)));
            assert!(scene.host_row(host.id.0).await.crawled);
        }
        assert_eq!((report.hosts.len(), mirror.count()), (2, 0));
        assert_eq!(scene.listed(10).await, ALL);

        // In the middle of a host: by the clock.
        scene.settings.attempts = 1000;
        mirror.behave(Behaviour::Hang);
        let job = Job { run_limit: Some(Duration::from_millis(200)), stop_id: 2, ..FULL };
        let report = scene.crawl(&job).await;
        assert_eq!((report.ending, report.hosts[0].status), (Ending::TimeLimit, HostStatus::Unknown));
        assert_eq!(scene.listed(10).await, ALL);
    })
    .await;
}
