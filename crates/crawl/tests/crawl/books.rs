//! What is concluded about hosts.

use crawl::{HostStatus, Job, Mode};
use model::activity::CrawlScope;
use model::ids::HostCategoryId;
use testkit::mirror::Behaviour;
use testkit::stores::each;

use crate::directories::wait_until;
use crate::scene::{ALL, Scene};

const AUTO: &str = "Host has been disabled (user_active) after 4 consecutive crawl failures";

#[tokio::test]
async fn the_fourth_failure_switches_a_host_off() {
    each(async |store| {
        let scene = Scene::new(store).await;
        let mirror = scene.good_host(1).await;
        mirror.behave(Behaviour::Status(500));
        scene.sql("UPDATE host SET crawl_failures = NULL WHERE crawl_failures = 99").await;
        for failures in 1..=3 {
            let host = scene.crawl_one().await;
            assert_eq!((host.status, host.failures, host.disabled), (HostStatus::Failure, failures, None));
        }
        let row = scene.host_row(1).await;
        assert_eq!((row.user_active, row.failures, row.reason), (true, Some(3), None));
        let host = scene.crawl_one().await;
        assert_eq!(host.disabled.as_deref(), Some(AUTO));
        let row = scene.host_row(1).await;
        assert_eq!((row.user_active, row.failures, row.reason.as_deref()), (false, Some(4), Some(AUTO)));
        assert_eq!(scene.value::<i64>("SELECT COUNT(*) FROM mm3_change WHERE subject = 'host'").await, 1);
        let events = store::outbox::waiting(&scene.store, 9).await.unwrap();
        assert_eq!(events.len(), 1);
        assert_eq!(
            (events[0].topic.as_str(), events[0].body["reason"].as_str()),
            (store::outbox::HOST_DISABLED, Some(AUTO))
        );
        // Switched off, it is not crawled any more.
        assert!(scene.crawl(&Job::default()).await.hosts.is_empty());
    })
    .await;
}

#[tokio::test]
async fn only_what_a_crawl_switched_off_is_switched_on_again() {
    each(async |store| {
        let scene = Scene::new(store).await;
        let _mirror = scene.good_host(1).await;
        let disabled = Job { scope: CrawlScope { disabled: true, private: false }, ..Job::default() };
        let off = |reason: &str| {
            format!("UPDATE host SET user_active = FALSE, crawl_failures = 5, disable_reason = {reason}")
        };
        for (reason, on) in [
            (format!("'{AUTO}'"), true),
            ("'Embargoed country: XX'".into(), true),
            ("'maintenance'".into(), false),
            ("NULL".into(), false),
        ] {
            scene.sql(&off(&reason)).await;
            let report = scene.crawl(&disabled).await;
            assert_eq!((report.hosts[0].status, report.hosts[0].enabled), (HostStatus::Ok, on), "{reason}");
            let row = scene.host_row(1).await;
            assert_eq!((row.user_active, row.failures), (on, Some(0)), "{reason}");
            assert_eq!(row.reason.is_none(), on || reason == "NULL");
        }
        // An owner's note on a host that is on stays, too.
        scene.sql("UPDATE host SET user_active = TRUE, disable_reason = 'note'").await;
        scene.crawl_one().await;
        assert_eq!(scene.host_row(1).await.reason.as_deref(), Some("note"));
    })
    .await;
}

#[tokio::test]
async fn a_host_switched_off_by_its_owner_during_the_crawl_stays_off() {
    each(async |store| {
        let mut scene = Scene::new(store).await;
        scene.be_impatient();
        scene.settings.attempts = 100;
        let mirror = scene.good_host(1).await;
        mirror.behave_at("/pub/test/top.txt", Behaviour::Hang);
        let owner = async {
            wait_until(|| mirror.requests().iter().any(|r| r.target == "/pub/test/top.txt")).await;
            scene.sql("UPDATE host SET user_active = FALSE").await;
            // And an operator takes it off the lists.
            scene.sql("UPDATE host_category_dir SET up2date = FALSE WHERE path = '/empty'").await;
            mirror.behave_evenly();
        };
        let job = Job::default();
        let (report, ()) = tokio::join!(scene.crawl(&job), owner);
        assert_eq!(report.hosts[0].status, HostStatus::Ok);
        assert!(!scene.host_row(1).await.user_active);
        assert!(!scene.rows(10).await["/empty"], "what an operator set false meanwhile is not resurrected");
        assert_eq!(scene.listed(10).await.len(), ALL.len() - 1);
        // The next crawl finds it false from the start and may list it again.
        scene.sql("UPDATE host SET user_active = TRUE").await;
        scene.crawl_one().await;
        assert_eq!(scene.listed(10).await, ALL);
    })
    .await;
}

#[tokio::test]
async fn a_host_that_becomes_private_during_the_crawl_is_left_alone() {
    each(async |store| {
        let mut scene = Scene::new(store).await;
        scene.be_impatient();
        scene.settings.attempts = 100;
        let mirror = scene.mirror("m").await;
        scene.host(1, &[Scene::base(&mirror)]).await;
        mirror.behave_at("/pub/test/top.txt", Behaviour::Hang);
        let owner = async {
            wait_until(|| mirror.requests().iter().any(|r| r.target == "/pub/test/top.txt")).await;
            scene.sql("UPDATE host SET private = TRUE").await;
            mirror.behave_evenly();
        };
        let job = Job::default();
        tokio::join!(scene.crawl(&job), owner);
        assert!(scene.rows(10).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_canary_writes_nothing_when_well_and_takes_all_when_not() {
    each(async |store| {
        let scene = Scene::new(store).await;
        let mirror = scene.good_host(1).await;
        scene.sql("UPDATE host SET crawl_failures = 2, last_crawl_duration = 77").await;
        std::fs::remove_dir_all(mirror.folder().join("pub/test/repo")).unwrap();
        let host = scene.crawl_mode(Mode::Canary).await;
        assert_eq!((host.status, mirror.count()), (HostStatus::Ok, 1));
        assert_eq!(scene.listed(10).await, ALL);
        assert_eq!(scene.host_row(1).await.failures, Some(0), "a good canary forgets failures");

        scene.sql("UPDATE host SET crawl_failures = 2").await;
        mirror.behave(Behaviour::Status(404));
        let host = scene.crawl_mode(Mode::Canary).await;
        assert_eq!(host.status, HostStatus::Failure);
        assert_eq!(
            host.details.as_deref(),
            Some("Canary mode failed for all categories. Marking host as not up to date.")
        );
        assert!(scene.listed(10).await.is_empty());
        let row = scene.host_row(1).await;
        assert_eq!(
            (row.failures, row.duration, row.user_active),
            (Some(2), Some(77), true),
            "it does not count"
        );
        assert_eq!(host.statistics.hcds_deleted, 5);
    })
    .await;
}

#[tokio::test]
async fn a_host_out_of_time_loses_all_its_rows() {
    each(async |store| {
        let mut scene = Scene::new(store).await;
        scene.be_impatient();
        let mirror = scene.good_host(1).await;
        scene.settings.host_timeout_seconds = 1;
        scene.settings.attempts = 1000;
        mirror.behave_at("/pub/test/repo/Packages/a.rpm", Behaviour::Hang);
        let host = scene.crawl_one().await;
        assert_eq!(host.status, HostStatus::Timeout);
        assert_eq!(
            host.details.as_deref(),
            Some("Crawler timed out before completing. Host is likely overloaded.")
        );
        assert!(scene.listed(10).await.is_empty());
        let row = scene.host_row(1).await;
        assert_eq!(row.failures, Some(1));
        assert!(row.duration >= Some(1), "{row:?}");
    })
    .await;
}

#[tokio::test]
async fn a_host_log_tells_what_was_found() {
    each(async |store| {
        let mut scene = Scene::new(store).await;
        let logs = scene.folder.path().join("logs/crawler");
        scene.settings.log_folder = Some(logs.clone());
        let mirror = scene.good_host(1).await;
        mirror.behave_at("/pub/test/repo/Packages/a.rpm", Behaviour::Truncated);
        scene.crawl_one().await;
        let text = std::fs::read_to_string(logs.join("1.log")).unwrap();
        assert_eq!(text.matches("Crawl of host1 (1) begins").count(), 2, "appended: {text}");
        let line =
            "Directory pub/test/repo/Packages is not up-to-date on this host. (a.rpm: size 25, expected 50)";
        assert!(text.contains(line), "{text}");
        for line in text.lines() {
            let (time, rest) = line.split_at(23);
            assert!(chrono::NaiveDateTime::parse_from_str(time, "%Y-%m-%d %H:%M:%S,%3f").is_ok(), "{line}");
            assert!(rest.starts_with(" - INFO - ") || rest.starts_with(" - ERROR - "), "{line}");
        }
    })
    .await;
}

#[tokio::test]
async fn how_far_behind_a_mirror_is_and_what_is_wrong_is_kept() {
    each(async |store| {
        let scene = Scene::new(store).await;
        let mirror = scene.good_host(1).await;
        scene.sql("UPDATE directory SET ctime = 1799990000 WHERE id = 5").await;
        mirror.behave_at("/pub/test/repo/repodata/repomd.xml", Behaviour::Corrupt);
        std::fs::remove_file(mirror.folder().join("pub/test/top.txt")).unwrap();
        let host = scene.crawl_one().await;
        assert_eq!(host.categories[0].behind_since, Some(1_799_990_000));
        let kept = store::verdicts::result(&scene.store, HostCategoryId(10)).await.unwrap().unwrap();
        assert_eq!(kept.behind_since, Some(1_799_990_000));
        let bad: Vec<_> = kept.bad.iter().map(|bad| (bad.directory.as_str(), bad.file.as_deref())).collect();
        assert_eq!(bad, [("pub/test", Some("top.txt")), ("pub/test/repo/repodata", Some("repomd.xml"))]);
        // What is missing altogether is not behind.
        mirror.behave_at("/pub/test/repo/repodata/repomd.xml", Behaviour::Status(404));
        assert_eq!(scene.crawl_one().await.categories[0].behind_since, None);
    })
    .await;
}
