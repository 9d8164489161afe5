//! Which hosts are crawled, in which order.

use crawl::{CrawlError, HostStatus, Job, Mode, Surroundings};
use model::activity::CrawlScope;
use testkit::stores::each;

use crate::scene::Scene;

async fn crawled(scene: &Scene, job: Job) -> Vec<i32> {
    let mut ids: Vec<i32> = scene.crawl(&job).await.hosts.iter().map(|host| host.id.0).collect();
    ids.sort_unstable();
    ids
}

#[tokio::test]
async fn flags_ids_and_fractions() {
    each(async |store| {
        let scene = Scene::new(store).await;
        for id in 1..=7 {
            scene.host(id, &[]).await;
        }
        let site = |id: i32, flags: &str| {
            format!(
                "INSERT INTO site (id, name, private, admin_active, user_active, created_at, created_by, \
                     all_sites_can_pull_from_me, email_on_drop, email_on_add) \
                     VALUES ({id}, 's', {flags}, '2020-01-01 00:00:00.000000', 'me', FALSE, FALSE, FALSE)"
            )
        };
        scene.sql(&site(2, "TRUE, TRUE, TRUE")).await;
        scene.sql(&site(3, "FALSE, FALSE, TRUE")).await;
        for change in [
            "private = TRUE WHERE id = 2",
            "user_active = FALSE WHERE id = 3",
            "admin_active = FALSE WHERE id = 4",
            "site_id = 2 WHERE id = 5",
            "site_id = 3 WHERE id = 6",
            "site_id = NULL WHERE id = 7",
        ] {
            scene.sql(&format!("UPDATE host SET {change}")).await;
        }
        let scope = |disabled, private| Job { scope: CrawlScope { disabled, private }, ..Job::default() };
        assert_eq!(crawled(&scene, scope(false, false)).await, [1]);
        assert_eq!(crawled(&scene, scope(true, false)).await, [1, 3]);
        assert_eq!(crawled(&scene, scope(false, true)).await, [1, 2, 5]);
        assert_eq!(crawled(&scene, scope(true, true)).await, [1, 2, 3, 5]);
        let job = Job { start_id: 2, stop_id: 5, ..scope(true, true) };
        assert_eq!(crawled(&scene, job).await, [2, 3]);
        let part = |text: &str| Job { fraction: text.parse().unwrap(), ..scope(true, true) };
        assert_eq!(crawled(&scene, part("1:3")).await, [1]);
        assert_eq!(crawled(&scene, part("3:3")).await, [3, 5]);
        assert_eq!(crawled(&scene, part("1:9")).await, Vec::<i32>::new());
    })
    .await;
}

#[tokio::test]
async fn slowest_first_those_never_crawled_before_all() {
    each(async |store| {
        let mut scene = Scene::new(store).await;
        scene.settings.hosts_in_parallel = 1;
        for (id, duration) in [(1, "5"), (2, "NULL"), (3, "900"), (4, "5")] {
            scene.host(id, &[]).await;
            scene.sql(&format!("UPDATE host SET last_crawl_duration = {duration} WHERE id = {id}")).await;
        }
        let ids: Vec<i32> = scene.crawl(&Job::default()).await.hosts.iter().map(|host| host.id.0).collect();
        assert_eq!(ids, [2, 3, 1, 4]);
    })
    .await;
}

#[tokio::test]
async fn categories_by_name() {
    each(async |store| {
        let scene = Scene::new(store).await;
        scene.host(1, &[]).await;
        scene.host(2, &[]).await;
        scene.sql("DELETE FROM host_category WHERE host_id = 2").await;
        let named = |name: &str| Job { categories: vec![name.into()], ..Job::default() };
        assert_eq!(crawled(&scene, named("Test")).await, [1]);
        // A host that carries nothing is not to blame.
        let report = scene.crawl(&Job { start_id: 2, ..Job::default() }).await;
        assert_eq!(report.hosts[0].status, HostStatus::Unknown);
        let around = Surroundings {
            clock: std::sync::Arc::new(model::clock::SystemClock),
            resolver: std::sync::Arc::new(probe::SystemResolver),
            seed: 0,
            progress: scene.progress.clone(),
            cancel: scene.cancel.clone(),
        };
        let job = named("test");
        let run = crawl::run(&scene.store, &scene.settings, &job, &around);
        // Callers may want to spawn it.
        fn is_send<T: Send>(future: T) -> T {
            future
        }
        let error = is_send(run).await.unwrap_err();
        assert!(matches!(error, CrawlError::UnknownCategory { .. }));
        assert_eq!(error.to_string(), "category \"test\" does not exist; available categories: Test");
        let settings =
            settings::crawl::Crawl { denied_networks: vec!["10.0.0.0/99".into()], ..scene.settings.clone() };
        let error = crawl::run(&scene.store, &settings, &Job::default(), &around).await.unwrap_err();
        assert!(
            error.to_string().starts_with("setting crawl.denied_networks: \"10.0.0.0/99\" is not usable"),
            "{error}"
        );
    })
    .await;
}

#[tokio::test]
async fn hosts_with_a_changed_repository_come_first() {
    each(async |store| {
        let mut scene = Scene::new(store).await;
        scene.settings.hosts_in_parallel = 1;
        let mirror = scene.mirror("m").await;
        for id in 1..=3 {
            scene.host(id, &[format!("{}?{id}", Scene::base(&mirror))]).await;
            scene.sql(&format!("UPDATE host SET last_crawl_duration = {id} WHERE id = {id}")).await;
        }
        let order = async |mode| {
            let report = scene.crawl(&Job { mode, ..Job::default() }).await;
            report.hosts.iter().map(|host| host.id.0).collect::<Vec<i32>>()
        };
        let crawled = "UPDATE host SET last_crawl_duration = id, last_crawled = '2027-01-01 00:00:00.000000' WHERE id <> 2; \
                       UPDATE host SET last_crawl_duration = id, last_crawled = '2026-01-01 00:00:00.000000' WHERE id = 2";
        scene.sql(crawled).await;
        // In between.
        scene.sql("UPDATE directory SET ctime = 1780000000 WHERE id = 5").await;
        assert_eq!(order(Mode::Incremental).await, [2, 3, 1]);
        scene.sql(crawled).await;
        assert_eq!(order(Mode::Full).await, [3, 2, 1], "slowest first");
    })
    .await;
}
