//! Address families of URLs.

use crawl::Mode;
use testkit::stores::{each, upstream};
use testkit::upstream::Variant;

use crate::scene::{ALL, Scene};

/// Rows that say IPv4 only, and all rows.
async fn rows(scene: &Scene) -> (i64, i64) {
    let v4 = "SELECT COUNT(*) FROM mm3_url_family WHERE v4 AND NOT v6";
    (scene.value(v4).await, scene.value("SELECT COUNT(*) FROM mm3_url_family").await)
}

#[tokio::test]
async fn a_full_crawl_keeps_the_families_of_every_url_and_writes_only_news() {
    each(async |store| {
        let scene = Scene::new(store).await;
        let (mirror, other) = (scene.mirror("m").await, scene.mirror("other").await);
        let named = "http://no-such-name.example/pub/test".to_owned();
        scene.host(1, &[Scene::base(&mirror), Scene::base(&other), named]).await;
        scene.crawl_mode(Mode::Canary).await;
        assert_eq!(rows(&scene).await, (0, 0));
        scene.crawl_one().await;
        assert_eq!(scene.listed(10).await, ALL);
        assert_eq!(rows(&scene).await, (2, 2), "nothing is known of the name");
        let changes =
            "SELECT COUNT(*) FROM mm3_change WHERE subject = 'host_category' AND directories = '[]'";
        assert_eq!(scene.value::<i64>(changes).await, 1);
        scene.crawl_one().await;
        assert_eq!(scene.value::<i64>(changes).await, 1, "no news, no write");
        // What is not so any more is written over; what is silent stays.
        scene.sql("UPDATE mm3_url_family SET v6 = TRUE").await;
        drop(other);
        scene.crawl_one().await;
        assert_eq!(rows(&scene).await, (1, 2));
        assert_eq!(scene.value::<i64>(changes).await, 2);
        // They go with their URL.
        scene.sql("DELETE FROM host_category_url").await;
        assert_eq!(rows(&scene).await, (0, 0));
    })
    .await;
}

#[tokio::test]
async fn a_database_without_our_tables_is_crawled_as_well() {
    let scene = Scene::new(upstream(Variant::Fresh, 6).await).await;
    let mirror = scene.mirror("m").await;
    scene.host(1, &[Scene::base(&mirror)]).await;
    scene.crawl_one().await;
    assert_eq!(scene.listed(10).await, ALL);
}
