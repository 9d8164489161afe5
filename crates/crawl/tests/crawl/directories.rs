//! What is concluded about directories.

use std::time::Duration;

use crawl::{CategoryStatus, HostStatus, Job, Mode};
use testkit::mirror::Behaviour;
use testkit::stores::each;

use crate::scene::{ALL, Scene, remove};

const PACKAGE: &str = "/pub/test/repo/Packages/a.rpm";

fn without(left_out: &[&str]) -> Vec<String> {
    ALL.iter().filter(|path| !left_out.contains(path)).map(|path| (*path).to_owned()).collect()
}

#[tokio::test]
async fn all_good() {
    each(async |store| {
        let scene = Scene::new(store).await;
        let mirror = scene.mirror("m").await;
        scene.host(1, &[Scene::base(&mirror)]).await;
        let host = scene.crawl_one().await;
        assert_eq!(host.status, HostStatus::Ok);
        assert_eq!(scene.listed(10).await, ALL);
        let statistics = host.statistics;
        assert_eq!((statistics.total_directories, statistics.hcds_created, statistics.unknown), (5, 5, 0));
        let category = &host.categories[0];
        assert_eq!((category.status, category.current, category.stale), (CategoryStatus::Current, 5, 0));
        assert_eq!(category.first_bad, None);
        // Base, a name that does not exist, top.txt, a.rpm, b.rpm, repomd.xml (GET only), primary.xml.
        let requests = mirror.requests();
        assert_eq!((requests.len(), host.requests), (7, 7), "{requests:?}");
        assert!(
            !requests.iter().any(|r| r.target.contains("//")
                || r.target.contains("empty")
                || r.target.contains("secret"))
        );
        assert_eq!(requests.iter().filter(|r| r.method == "GET").count(), 1);
        assert_eq!(host.bytes, 100);
        let row = scene.host_row(1).await;
        assert!(row.crawled && row.user_active);
        assert_eq!((row.failures, row.duration), (Some(0), Some(0)));
        // UTC digits, whatever the session.
        assert_eq!(
            scene.value::<chrono::NaiveDateTime>("SELECT last_crawled FROM host").await.to_string(),
            "2027-01-15 08:00:00"
        );
        assert_eq!(
            scene.value::<String>("SELECT status FROM mm3_crawl_result WHERE host_category_id = 10").await,
            "current"
        );
        assert_eq!(
            scene
                .value::<i64>(
                    "SELECT COUNT(*) FROM mm3_change WHERE subject = 'host_category' AND directories <> '[]'"
                )
                .await,
            1
        );
        let changed: String = scene
            .value(
                "SELECT directories FROM mm3_change WHERE subject = 'host_category' AND directories <> '[]'",
            )
            .await;
        assert_eq!(changed, "[1,2,3,4,5]");

        let again = scene.crawl_one().await;
        assert_eq!((again.statistics.unchanged, again.statistics.hcds_created), (5, 0));
        assert_eq!(
            scene
                .value::<i64>(
                    "SELECT COUNT(*) FROM mm3_change WHERE subject = 'host_category' AND directories <> '[]'"
                )
                .await,
            1
        );
        serde_json::to_string(&again).unwrap();
    })
    .await;
}

#[tokio::test]
async fn one_file_missing_or_of_another_size() {
    each(async |store| {
        let scene = Scene::new(store).await;
        let mirror = scene.good_host(1).await;
        remove(&mirror.folder(), "pub/test/repo/Packages/b.rpm");
        let host = scene.crawl_one().await;
        assert_eq!(scene.listed(10).await, without(&["/repo/Packages"]));
        assert_eq!((host.statistics.not_up2date, host.statistics.unchanged), (1, 4));
        let category = &host.categories[0];
        assert_eq!(category.status, CategoryStatus::Stale);
        let reason = "1 of 5 directories not current: pub/test/repo/Packages/b.rpm: status 404";
        assert_eq!(category.reason.as_deref(), Some(reason));
        assert_eq!(scene.value::<String>("SELECT reason FROM mm3_crawl_result").await, reason);
        let changed: String = scene
            .value("SELECT directories FROM mm3_change WHERE subject = 'host_category' ORDER BY id DESC")
            .await;
        assert_eq!(changed, "[4]");

        std::fs::write(mirror.folder().join("pub/test/repo/Packages/b.rpm"), b"short").unwrap();
        let host = scene.crawl_one().await;
        assert_eq!(scene.listed(10).await, without(&["/repo/Packages"]));
        assert_eq!(host.categories[0].first_bad.as_ref().unwrap().reason, "size 5, expected 50");

        // A stale directory that never had a row gets none.
        scene.sql("DELETE FROM host_category_dir WHERE path = '/repo/Packages'").await;
        let host = scene.crawl_one().await;
        assert_eq!((host.statistics.unknown, host.statistics.hcds_created), (1, 0));
        assert!(!scene.rows(10).await.contains_key("/repo/Packages"));
    })
    .await;
}

#[tokio::test]
async fn answers_about_one_file() {
    each(async |store| {
        let scene = Scene::new(store).await;
        let mirror = scene.good_host(1).await;
        let other = scene.mirror("other").await;
        let elsewhere = |url: String| Behaviour::RedirectWith(301, url);
        for (behaviour, listed) in [
            (Behaviour::NoLength, true),
            (Behaviour::Redirect(other.url()), true),
            (elsewhere(other.url()), true),
            // A login page for everything: another size.
            (elsewhere(format!("{}/pub/test/top.txt?", other.url())), false),
            // A loop.
            (elsewhere(mirror.url()), false),
            // To where we must not go.
            (elsewhere("http://169.254.169.254".into()), false),
            (Behaviour::Status(301), false),
            (Behaviour::Status(403), false),
            (Behaviour::Status(404), false),
            (Behaviour::Status(410), false),
            (Behaviour::Status(500), false),
            (Behaviour::Status(401), false),
            (Behaviour::Truncated, false),
            (Behaviour::LyingLength("1e9".into()), false),
            (Behaviour::ManyHeaders(500), false),
            (Behaviour::InSync, true),
        ] {
            mirror.behave_at(PACKAGE, behaviour.clone());
            let host = scene.crawl_one().await;
            assert_eq!(host.status, HostStatus::Ok);
            assert_eq!(
                scene.rows(10).await["/repo/Packages"],
                listed,
                "{behaviour:?}: {:?}",
                host.categories
            );
            assert_eq!(scene.listed(10).await.len(), 4 + usize::from(listed), "{behaviour:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_could_not_be_told_is_unknown_and_false_only_after_a_full_crawl() {
    each(async |store| {
        let scene = Scene::new(store).await;
        let mirror = scene.good_host(1).await;
        mirror.behave_at("/pub/test/repo/repodata/primary.xml", Behaviour::Status(500));
        let host = scene.crawl_mode(Mode::Repodata).await;
        assert_eq!((host.statistics.unknown, host.categories[0].unknown), (2, 2));
        assert_eq!(scene.listed(10).await, ALL);
        let host = scene.crawl_one().await;
        assert_eq!(scene.listed(10).await, without(&["/repo", "/repo/repodata"]));
        assert_eq!(
            (host.statistics.unknown, host.statistics.hcds_deleted, host.statistics.not_up2date),
            (2, 2, 0)
        );
        assert_eq!(host.categories[0].status, CategoryStatus::Unknown);
        // It was asked about a second time: once per crawl and once more.
        let asked = mirror.requests().iter().filter(|r| r.target.ends_with("primary.xml")).count();
        assert_eq!(asked, 4);
    })
    .await;
}

#[tokio::test]
async fn a_repository_follows_its_repodata() {
    each(async |store| {
        let mut scene = Scene::new(store).await;
        let mirror = scene.good_host(1).await;
        mirror.behave_at("/pub/test/repo/repodata/repomd.xml", Behaviour::Corrupt);
        let host = scene.crawl_one().await;
        assert_eq!(scene.listed(10).await, without(&["/repo", "/repo/repodata"]));
        let bad = host.categories[0].first_bad.clone().unwrap();
        assert_eq!(
            (bad.directory.as_str(), bad.file.as_deref()),
            ("pub/test/repo/repodata", Some("repomd.xml"))
        );
        assert!(bad.reason.starts_with("SHA-256 "), "{}", bad.reason);
        // Upstream's rule: a directory without files needs no proof.
        scene.settings.repository_top = settings::crawl::RepositoryTop::Files;
        scene.crawl_one().await;
        assert_eq!(scene.listed(10).await, without(&["/repo/repodata"]));
        // Without a digest on the master nothing is proven (must match).
        mirror.behave_evenly();
        scene.sql("DELETE FROM file_detail").await;
        let host = scene.crawl_one().await;
        assert_eq!(scene.listed(10).await, without(&["/repo/repodata"]));
        assert_eq!(
            host.categories[0].first_bad.as_ref().unwrap().reason,
            "no digest of it is known on the master"
        );
    })
    .await;
}

#[tokio::test]
async fn a_slow_url_is_given_up_and_the_next_one_starts_with_what_failed() {
    each(async |store| {
        let mut scene = Scene::new(store).await;
        scene.be_impatient();
        let (slow, good) = (scene.mirror("slow").await, scene.mirror("good").await);
        scene.host(1, &[Scene::base(&slow), Scene::base(&good)]).await;
        slow.behave_at("/pub/test/top.txt", Behaviour::Hang);
        slow.behave_at("/pub/test/repo/Packages/b.rpm", Behaviour::Hang);
        let host = scene.crawl_one().await;
        assert_eq!(host.status, HostStatus::Ok);
        assert_eq!(scene.listed(10).await, ALL, "the top directory, too");
        assert_eq!(host.categories[0].url, Some(Scene::base(&good)));
        assert_eq!(slow.requests().iter().filter(|r| r.target.ends_with("top.txt")).count(), 3);
        assert!(good.requests().iter().any(|r| r.target == "/pub/test/top.txt"));
    })
    .await;
}

#[tokio::test]
async fn a_dead_url_is_passed_over_and_rsync_and_ftp_are_left_out() {
    each(async |store| {
        let scene = Scene::new(store).await;
        let (dead, good) = (scene.mirror("dead").await, scene.mirror("good").await);
        let urls = [
            "rsync://127.0.0.1/m".into(),
            "ftp://127.0.0.1/m".into(),
            Scene::base(&dead),
            Scene::base(&good),
        ];
        scene.host(1, &urls).await;
        dead.stop().await;
        assert_eq!(scene.crawl_one().await.status, HostStatus::Ok);
        assert_eq!(scene.listed(10).await, ALL);
    })
    .await;
}

#[tokio::test]
async fn flapping_mirrors_are_asked_until_they_answer() {
    each(async |store| {
        let scene = Scene::new(store).await;
        let mirror = scene.mirror("m").await;
        scene.host(1, &[Scene::base(&mirror)]).await;
        for behaviour in [Behaviour::Flapping, Behaviour::Resetting] {
            mirror.forget();
            mirror.behave(behaviour);
            let host = scene.crawl_one().await;
            assert_eq!(host.categories[0].status, CategoryStatus::Current, "{:?}", host.categories);
            assert_eq!(scene.listed(10).await, ALL);
        }
    })
    .await;
}

#[tokio::test]
async fn a_mirror_that_says_yes_to_everything_is_believed_by_digest_only() {
    each(async |store| {
        let scene = Scene::new(store).await;
        let mirror = scene.good_host(1).await;
        mirror.behave(Behaviour::Soft200(50));
        let host = scene.crawl_one().await;
        assert_eq!(scene.listed(10).await, ["/empty", "/repo", "/repo/repodata"]);
        assert_eq!(host.categories[0].status, CategoryStatus::Unknown);
        assert!(
            host.categories[0].reason.as_ref().unwrap().contains("do not exist"),
            "{:?}",
            host.categories
        );
    })
    .await;
}

#[tokio::test]
async fn an_unreadable_directory_is_not_asked_and_loses_its_row() {
    each(async |store| {
        let scene = Scene::new(store).await;
        let mirror = scene.good_host(1).await;
        scene.sql("INSERT INTO host_category_dir (host_category_id, path, up2date, directory_id) VALUES (10, '/secret', TRUE, 6)").await;
        scene.sql("INSERT INTO host_category_dir (host_category_id, path, up2date) VALUES (10, '/gone', TRUE)").await;
        let host = scene.crawl_one().await;
        assert_eq!(scene.listed(10).await, ALL);
        assert_eq!((host.statistics.unreadable, host.statistics.hcds_deleted), (1, 2));
        assert!(!mirror.requests().iter().any(|r| r.target.contains("secret")));
    })
    .await;
}

#[tokio::test]
async fn repodata_mode_touches_repositories_only() {
    each(async |store| {
        let scene = Scene::new(store).await;
        let mirror = scene.good_host(1).await;
        scene.sql("UPDATE host SET last_crawl_duration = 77").await;
        std::fs::remove_dir_all(mirror.folder().join("pub/test/repo/Packages")).unwrap();
        remove(&mirror.folder(), "pub/test/repo/repodata/repomd.xml");
        let host = scene.crawl_mode(Mode::Repodata).await;
        assert_eq!(scene.listed(10).await, without(&["/repo", "/repo/repodata"]));
        assert_eq!(host.statistics.total_directories, 1);
        assert_eq!(scene.host_row(1).await.duration, Some(77));
        // Base, soft-200, one GET.
        assert_eq!(mirror.count(), 3);
    })
    .await;
}

#[tokio::test]
async fn always_up2date_is_never_asked() {
    each(async |store| {
        let scene = Scene::new(store).await;
        let mirror = scene.good_host(1).await;
        scene.sql("UPDATE host_category SET always_up2date = TRUE").await;
        mirror.behave(Behaviour::Dead);
        let host = scene.crawl_one().await;
        assert_eq!((host.status, host.categories[0].status), (HostStatus::Ok, CategoryStatus::AlwaysUp2date));
        assert_eq!((mirror.count(), host.requests), (0, 0));
        assert_eq!(scene.listed(10).await, ALL);
    })
    .await;
}

#[tokio::test]
async fn two_rows_of_one_directory_become_one() {
    each(async |store| {
        let scene = Scene::new(store).await;
        let mirror = scene.mirror("m").await;
        scene.host(1, &[Scene::base(&mirror)]).await;
        // As a check-in writes them, and beside it the crawler's.
        for values in ["(10, 'repo/Packages', FALSE, 4)", "(10, '/repo/Packages', TRUE, 4)", "(10, 'empty', FALSE, NULL)"] {
            scene.sql(&format!("INSERT INTO host_category_dir (host_category_id, path, up2date, directory_id) VALUES {values}")).await;
        }
        let host = scene.crawl_one().await;
        assert_eq!(scene.listed(10).await, ALL);
        assert_eq!(scene.rows(10).await.len(), 5);
        assert_eq!(host.statistics.hcds_created, 3);
        assert_eq!(scene.value::<i64>("SELECT COUNT(*) FROM host_category_dir WHERE directory_id IS NULL").await, 0);
    })
    .await;
}

#[tokio::test]
async fn names_that_need_escaping_reach_the_mirror() {
    each(async |store| {
        let scene = Scene::new(store).await;
        let mirror = scene.mirror("m").await;
        let odd = "100% odd #1?.rpm";
        std::fs::write(mirror.folder().join("pub/test/empty").join(odd), b"odd").unwrap();
        let files = format!(r#"[{{"name": "{odd}", "size": 3, "timestamp": 1}}]"#);
        let update = store::sql::Sql::same("UPDATE directory SET files = $1 WHERE id = 2");
        let tx = scene.store.begin_write().await.unwrap();
        tx.execute(update, [files.into_bytes().into()]).await.unwrap();
        tx.commit().await.unwrap();
        scene.host(1, &[format!("{}/", Scene::base(&mirror))]).await;
        scene.crawl_one().await;
        assert_eq!(scene.listed(10).await, ALL);
    })
    .await;
}

#[tokio::test]
async fn a_mirror_that_is_ahead_of_what_was_loaded_is_not_blamed() {
    each(async |store| {
        let mut scene = Scene::new(store).await;
        scene.be_impatient();
        scene.settings.attempts = 100;
        let mirror = scene.good_host(1).await;
        // The mirror has the new version already; the master's rows change while the crawl is at work.
        std::fs::write(mirror.folder().join("pub/test/repo/Packages/a.rpm"), b"new").unwrap();
        mirror.behave_at("/pub/test/top.txt", Behaviour::Hang);
        let change = async {
            wait_until(|| mirror.requests().iter().any(|r| r.target == "/pub/test/top.txt")).await;
            let files = br#"[{"name": "a.rpm", "size": 3, "timestamp": 2}]"#.to_vec();
            let tx = scene.store.begin_write().await.unwrap();
            let update = store::sql::Sql::same("UPDATE directory SET files = $1, ctime = 2 WHERE id = 4");
            tx.execute(update, [files.into()]).await.unwrap();
            tx.commit().await.unwrap();
            mirror.behave_evenly();
        };
        let job = Job::default();
        let (report, ()) = tokio::join!(scene.crawl(&job), change);
        assert_eq!(report.hosts[0].categories[0].status, CategoryStatus::Current, "{report:?}");
        assert_eq!(scene.listed(10).await, ALL);
    })
    .await;
}

/// Polls until it is so.
pub async fn wait_until(mut is_so: impl FnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(tokio::time::Instant::now() < deadline, "it never became so");
        tokio::task::yield_now().await;
    }
}
