//! What goes with a deleted row, on every kind of database.
#![expect(clippy::unwrap_used, reason = "test helpers")]

use sea_orm::EntityTrait;
use store::hosts::NewHost;
use store::{Store, asns, categories, countries, host_categories, hosts, netblocks, sites};
use testkit::stores;

use crate::setup::{World, count, logged, now, run, site, world};

/// Rows in every table that hangs on a host, and in those whose leftovers block upstream's deletes.
async fn hang_everything_on(store: &Store, world: &World) {
    store::reference::seed(store).await.unwrap();
    for (host, hc) in world.hosts.into_iter().zip(world.host_categories) {
        netblocks::add(store, host, "192.0.2.0/24", None).await.unwrap();
        asns::add_peer(store, host, 5, None).await.unwrap();
        countries::add_to_host(store, host, "FR").await.unwrap();
        run(
            store,
            &format!(
                "INSERT INTO host_acl_ip (ip, host_id) VALUES ('192.0.2.{host}', {host}); \
                 INSERT INTO host_country_allowed (country, host_id) VALUES ('X{host}', {host}); \
                 INSERT INTO location (name) VALUES ('l{host}'); \
                 INSERT INTO host_location (location_id, host_id) SELECT id, {host} FROM location; \
                 INSERT INTO host_stats (timestamp, host_id) VALUES ('2026-01-01 00:00:00', {host}); \
                 INSERT INTO directory_exclusive_host (directory_id, host_id) VALUES (1, {host}); \
                 INSERT INTO host_category_dir (host_category_id, path, up2date, directory_id) \
                 VALUES ({hc}, '', true, 1); \
                 INSERT INTO mm3_evidence (host_category_id, data) VALUES ({hc}, ''); \
                 INSERT INTO mm3_crawl_result (host_category_id, status) VALUES ({hc}, 'ok')"
            ),
        )
        .await;
    }
    run(
        store,
        "INSERT INTO repository (name, prefix, category_id, disabled) VALUES ('r', 'f', 1, false); \
         INSERT INTO site_to_site (upstream_site_id, downstream_site_id) VALUES (1, 1)",
    )
    .await;
}

/// Tables with one row a host in the world above.
const PER_HOST: [&str; 13] = [
    "host",
    "host_category",
    "host_category_dir",
    "host_category_url",
    "host_acl_ip",
    "host_country",
    "host_country_allowed",
    "host_netblock",
    "host_peer_asn",
    "host_stats",
    "directory_exclusive_host",
    "mm3_evidence",
    "mm3_crawl_result",
];

#[tokio::test]
async fn a_deleted_host_takes_what_is_its_own_and_nothing_else() {
    stores::each_variant(|store| async move {
        let world = world(&store).await;
        hang_everything_on(&store, &world).await;
        hosts::delete(&store, world.hosts[0]).await.unwrap();
        for table in PER_HOST {
            assert_eq!(count(&store, table).await, 1, "{table}");
        }
        assert_eq!(count(&store, "directory").await, 1);
        assert_eq!(hosts::list(&store, None).await.unwrap()[0].id, world.hosts[1].0);
        assert_eq!(logged(&store, 1).await, [("host".to_owned(), world.hosts[0].0)]);
    })
    .await;
}

#[tokio::test]
async fn a_deleted_site_takes_its_hosts() {
    stores::each_variant(|store| async move {
        let world = world(&store).await;
        hang_everything_on(&store, &world).await;
        sites::add(&store, &site("other"), now()).await.unwrap();
        hosts::add(&store, &NewHost::new("other", "x", "US")).await.unwrap();
        sites::delete(&store, world.site).await.unwrap();
        for table in PER_HOST.into_iter().filter(|t| *t != "host") {
            assert_eq!(count(&store, table).await, 0, "{table}");
        }
        for (table, left) in
            [("host", 1), ("site", 1), ("site_admin", 1), ("site_to_site", 0), ("category", 1)]
        {
            assert_eq!(count(&store, table).await, left, "{table}");
        }
        assert_eq!(logged(&store, 1).await, [("site".to_owned(), world.site.0)]);
    })
    .await;
}

#[tokio::test]
async fn a_deleted_host_category_takes_its_urls_and_states() {
    stores::each_variant(|store| async move {
        let world = world(&store).await;
        hang_everything_on(&store, &world).await;
        host_categories::delete(&store, world.host_categories[0]).await.unwrap();
        for table in ["host_category", "host_category_dir", "host_category_url", "mm3_evidence"] {
            assert_eq!(count(&store, table).await, 1, "{table}");
        }
        assert_eq!(count(&store, "host").await, 2);
        assert_eq!(logged(&store, 1).await, [("host_category".to_owned(), world.host_categories[0].0)]);
    })
    .await;
}

#[tokio::test]
async fn a_deleted_category_leaves_directories_and_repositories() {
    stores::each_variant(|store| async move {
        let world = world(&store).await;
        hang_everything_on(&store, &world).await;
        categories::delete(&store, world.category).await.unwrap();
        for table in
            ["category", "host_category", "host_category_dir", "host_category_url", "category_directory"]
        {
            assert_eq!(count(&store, table).await, 0, "{table}");
        }
        for (table, left) in [("host", 2), ("directory", 1), ("product", 1)] {
            assert_eq!(count(&store, table).await, left, "{table}");
        }
        let repository = entities::repository::Entity::find().one(store.read()).await.unwrap().unwrap();
        assert_eq!(repository.category_id, None);
        assert_eq!(logged(&store, 1).await, [("category".to_owned(), world.category.0)]);
    })
    .await;
}
