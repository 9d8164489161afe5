//! How far new content has spread.

use std::sync::Arc;

use crawl::{Ending, Job, PropagationReport, Surroundings};
use model::clock::FixedClock;
use model::propagation::Release;
use testkit::mirror::{Behaviour, Mirror};
use testkit::stores::each;

use crate::scene::{NOW, Scene};

fn release() -> Release {
    Release { product: "Fedora".into(), version: "42".into() }
}

async fn propagation(scene: &Scene, now: i64) -> PropagationReport {
    let around = Surroundings {
        clock: Arc::new(FixedClock::at(now)),
        resolver: Arc::new(probe::TableResolver::default()),
        seed: 1,
        progress: Arc::clone(&scene.progress),
        cancel: scene.cancel.clone(),
    };
    crawl::propagation(&scene.store, &scene.settings, &Job::default(), &[release()], &around).await.unwrap()
}

/// The scene's repository is that of Fedora 42: its newest version is an hour old, another one is two days older.
async fn fedora(scene: &Scene) {
    scene.sql("UPDATE product SET name = 'Fedora'").await;
    scene
        .sql(
            "INSERT INTO version (id, name, is_test, display, ordered_mirrorlist, sortorder, product_id) \
              VALUES (1, '42', FALSE, TRUE, FALSE, 0, 1)",
        )
        .await;
    scene.sql("DELETE FROM arch").await;
    scene.sql("INSERT INTO arch (id, name, publiclist, primary_arch) VALUES (1, 'aarch64', TRUE, TRUE), (2, 'x86_64', TRUE, TRUE)").await;
    scene
        .sql("INSERT INTO repository (id, name, prefix, category_id, version_id, arch_id, directory_id, disabled) VALUES \
              (1, 'pub/test/other', 'updates-released-f42', 1, 1, 1, NULL, FALSE), \
              (2, 'pub/test/repo', 'updates-released-f42', 1, 1, 2, 3, FALSE)")
        .await;
    scene.sql(&format!("UPDATE file_detail SET \"timestamp\" = {} WHERE id = 2", NOW - 3600)).await;
    scene.sql(&format!("UPDATE file_detail SET \"timestamp\" = {} WHERE id <> 2", NOW - 10 * 86_400)).await;
}

async fn host(scene: &Scene, id: i32, bandwidth: i32) -> Mirror {
    let mirror = scene.mirror(&format!("m{id}")).await;
    scene
        .host(
            id,
            &["rsync://mirror/x".into(), Scene::base(&mirror)]
                .map(|url: String| url.replace("/x", &format!("/x{id}"))),
        )
        .await;
    scene.sql(&format!("UPDATE host SET bandwidth_int = {bandwidth} WHERE id = {id}")).await;
    mirror
}

#[tokio::test]
async fn mirrors_are_counted_by_how_old_their_copy_is() {
    each(async |store| {
        let scene = Scene::new(store).await;
        fedora(&scene).await;
        let newest = host(&scene, 1, 100).await;
        let older = host(&scene, 2, 1000).await;
        let dead = host(&scene, 3, 100).await;
        scene.host(4, &["rsync://mirror/y".into()]).await;
        older.behave_at("/pub/test/repo/repodata/repomd.xml", Behaviour::Corrupt);
        dead.behave(Behaviour::Dead);
        let report = propagation(&scene, NOW).await;
        assert_eq!(report.ending, Ending::Finished);
        let repositories: Vec<_> = report
            .repositories
            .iter()
            .map(|one| (one.repository, [one.same_day, one.one_day, one.two_day, one.older, one.no_info]))
            .collect();
        // The dead one does not answer for x86_64, and of the next candidate nothing is known; the last one has no URL
        // that could be asked.
        assert_eq!(repositories, [(1, [0, 0, 0, 0, 1]), (2, [1, 0, 0, 1, 1])]);
        assert_eq!(newest.count(), 1, "one request for a mirror");
        let spread = report.repositories.last().unwrap();
        assert_eq!(spread.hosts, [Some(3600), None, None]);
        assert_eq!(spread.bandwidth, [None; 3], "the fast one is behind");
        assert_eq!(scene.value::<i64>("SELECT COUNT(*) FROM propagation_stat").await, 2);
        assert_eq!(scene.value::<i32>("SELECT older FROM propagation_stat WHERE repository_id = 2").await, 1);

        // An hour later it has come; what was reached before keeps its time.
        older.behave_at("/pub/test/repo/repodata/repomd.xml", Behaviour::InSync);
        let spread = propagation(&scene, NOW + 3600).await.repositories.remove(1);
        assert_eq!(spread.hosts, [Some(3600), Some(7200), Some(7200)]);
        assert_eq!(spread.bandwidth, [Some(7200); 3]);
        assert_eq!(scene.value::<i64>("SELECT COUNT(*) FROM propagation_stat").await, 4);
        assert_eq!(scene.value::<i64>("SELECT COUNT(*) FROM mm3_push").await, 1);
    })
    .await;
}

#[tokio::test]
async fn the_current_releases_are_those_of_the_settings_or_of_bodhi() {
    let folder = tempfile::tempdir().unwrap();
    let releases = folder.path().join("releases");
    std::fs::create_dir_all(&releases).unwrap();
    let bodhi = Mirror::start(folder.path().to_path_buf()).await.unwrap();
    let mut settings = settings::crawl::Crawl { releases_url: bodhi.url().to_string(), ..Default::default() };
    let resolver = || Arc::new(probe::TableResolver::default());
    let error = crawl::releases::current(&settings, resolver()).await.unwrap_err().to_string();
    assert!(error.starts_with("cannot get the list of current releases from http://127.0.0.1:"), "{error}");
    assert!(error.ends_with("or set crawl.releases"), "{error}");
    settings.releases = vec!["EPEL 9".into(), "Fedora 42".into()];
    let current = crawl::releases::current(&settings, resolver()).await.unwrap();
    assert_eq!(current.iter().map(Release::to_string).collect::<Vec<_>>(), ["EPEL 9", "Fedora 42"]);
    settings.releases = vec!["Fedora".into()];
    let error = crawl::releases::current(&settings, resolver()).await.unwrap_err().to_string();
    assert!(error.starts_with("setting crawl.releases: \"Fedora\" is not usable"), "{error}");
}
