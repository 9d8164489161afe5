//! Adding, listing and deleting what an operator sets up.

use model::ids::{CategoryId, HostCategoryId, HostId, SiteId};
use sea_orm::EntityTrait;
use store::exclusive_netblocks::{self, Hashes};
use store::host_categories::Upkeep;
use store::hosts::NewHost;
use store::urls::Visibility;
use store::versions::NewVersion;
use store::{
    StoreError, arches, asns, categories, countries, host_categories, hosts, netblocks, products, redirects,
    sites, urls, versions,
};
use testkit::stores;

use crate::setup::{count, logged, now, site, world};

#[tokio::test]
async fn a_deployment_is_set_up() {
    stores::each_variant(|store| async move {
        let world = world(&store).await;
        let category = categories::named(store.read(), "Fedora Linux").await.unwrap();
        assert_eq!(category.admin_only, Some(false));
        let topdir = entities::directory::Entity::find_by_id(category.topdir_id.unwrap())
            .one(store.read())
            .await
            .unwrap()
            .unwrap();
        assert_eq!((topdir.name.as_str(), topdir.readable), ("pub/fedora/linux", true));
        let files = entities::directory_files::Entity::find_by_id(topdir.id).one(store.read()).await.unwrap();
        assert_eq!(files.unwrap().files.as_deref(), Some(b"[]".as_slice()));
        assert_eq!(count(&store, "category_directory").await, 1);

        let site = sites::by_name(store.read(), "s").await.unwrap().unwrap();
        assert_eq!(site.org_url.as_deref(), Some("https://example.org"));
        assert_eq!(site.created_at, now().naive_utc());
        assert!(!format!("{site:?}").contains("hunter2"), "a password in a log");
        assert_eq!(count(&store, "site_admin").await, 1);

        let host = hosts::named(store.read(), "h1", None).await.unwrap();
        assert_eq!(host.country, "US");
        assert_eq!(host.crawl_failures, Some(0));
        assert!(host.admin_active && host.user_active && !host.private);
        let url = &urls::list(&store, Some(world.host_categories[1])).await.unwrap()[0];
        assert_eq!(url.url, "https://h1.example/fedora");
        assert_eq!(
            host_categories::get(store.read(), world.hosts[1], world.category).await.unwrap().unwrap().id,
            world.host_categories[1].0
        );
        assert_eq!(host_categories::list(&store, Some(world.hosts[0])).await.unwrap().len(), 1);
        assert_eq!(hosts::list(&store, Some(world.site)).await.unwrap().len(), 2);

        netblocks::add(&store, world.hosts[0], "192.0.2.0/24", Some("office")).await.unwrap();
        assert_eq!(netblocks::list(&store, Some(world.hosts[0])).await.unwrap().len(), 1);
        asns::set(&store, world.hosts[0], Some(64496)).await.unwrap();
        asns::add_peer(&store, world.hosts[0], 64497, None).await.unwrap();
        assert_eq!(asns::peers(&store, None).await.unwrap()[0].asn, 64497);
        assert_eq!(hosts::by_id(store.read(), world.hosts[0]).await.unwrap().unwrap().asn, Some(64496));
        assert_eq!(logged(&store, 1).await, [("host".to_owned(), world.hosts[0].0)]);
        assert_eq!(asns::set(&store, world.hosts[0], None).await.unwrap().asn, None);

        countries::allow(&store, world.hosts[0], "de").await.unwrap();
        assert_eq!(countries::allowed(&store, None).await.unwrap()[0].country, "DE");
        countries::redirect(&store, "il", "eu").await.unwrap();
        assert_eq!(countries::redirects(&store).await.unwrap()[0].continent, "EU");
        store::reference::seed(&store).await.unwrap();
        countries::add_to_host(&store, world.hosts[0], "fr").await.unwrap();
        netblocks::add_country(&store, "10.0.0.0/8", "au").await.unwrap();
        assert_eq!(netblocks::list_countries(&store).await.unwrap()[0].country, "AU");

        let version = NewVersion {
            product: "Fedora".to_owned(),
            name: "40".to_owned(),
            is_test: false,
            display_name: None,
        };
        let version = versions::add(&store, &version).await.unwrap();
        let same = versions::by_name(store.read(), version.product_id.unwrap(), "40").await.unwrap();
        assert_eq!(same, Some(version));
        arches::add(&store, "mips64el").await.unwrap();
        assert!(arches::by_name(store.read(), "mips64el").await.unwrap().unwrap().publiclist);
        redirects::add(&store, "fedora-rawhide", "rawhide").await.unwrap();
        assert_eq!(logged(&store, 1).await, [("repository".to_owned(), 0)]);
        assert_eq!(redirects::list(&store).await.unwrap()[0].to_repo.as_deref(), Some("rawhide"));
    })
    .await;
}

#[tokio::test]
async fn what_is_there_is_not_added_again() {
    stores::each_variant(|store| async move {
        let world = world(&store).await;
        store::reference::seed(&store).await.unwrap();
        let (h, hc) = (world.hosts[0], world.host_categories[0]);
        netblocks::add(&store, h, "192.0.2.0/24", None).await.unwrap();
        countries::allow(&store, h, "DE").await.unwrap();
        asns::add_peer(&store, h, 5, None).await.unwrap();
        redirects::add(&store, "a", "b").await.unwrap();
        let rows = count(&store, "mm3_change").await;
        let twice = [
            products::add(&store, "Fedora").await.map(drop),
            categories::add(&store, "Fedora Linux", "Fedora", "pub/x").await.map(drop),
            sites::add(&store, &site("s"), now()).await.map(drop),
            hosts::add(&store, &NewHost::new("s", "h0", "US")).await.map(drop),
            host_categories::add(&store, h, world.category, Upkeep::AlwaysCurrent).await.map(drop),
            // Unique in the whole table, and compared as stored.
            urls::add(&store, hc, "https://h1.example/fedora", Visibility::Private).await.map(drop),
            netblocks::add(&store, h, " 192.0.2.0/24", None).await.map(drop),
            // Decision 4: one country can be given to one host only.
            countries::allow(&store, world.hosts[1], "de").await.map(drop),
            countries::add(&store, "us").await.map(drop),
            asns::add_peer(&store, h, 5, None).await.map(drop),
            arches::add(&store, "x86_64").await.map(drop),
            redirects::add(&store, "a", "c").await.map(drop),
        ];
        for (n, result) in twice.into_iter().enumerate() {
            assert!(matches!(result, Err(StoreError::Exists { .. })), "{n}: {result:?}");
        }
        assert_eq!(count(&store, "mm3_change").await, rows, "nothing was half-written");
        assert_eq!(count(&store, "directory").await, 1, "nor was the topdir of the refused category");
    })
    .await;
}

#[tokio::test]
async fn what_is_missing_is_named() {
    stores::each(|store| async move {
        let missing = |result: Result<(), StoreError>, text: &str| match result {
            Err(error @ StoreError::Missing { .. }) => assert!(error.to_string().contains(text), "{error}"),
            other => panic!("{text}: {other:?}"),
        };
        missing(categories::add(&store, "c", "Nope", "pub").await.map(drop), "product \"Nope\"");
        missing(hosts::add(&store, &NewHost::new("nope", "h", "US")).await.map(drop), "site \"nope\"");
        missing(categories::named(store.read(), "x").await.map(drop), "mirrormanager category add");
        world(&store).await;
        missing(categories::named(store.read(), "x").await.map(drop), "there are \"Fedora Linux\"");
        missing(hosts::named(store.read(), "x", None).await.map(drop), "host \"x\"");
        missing(
            urls::add(&store, HostCategoryId(99), "http://a/b", Visibility::Public).await.map(drop),
            "99",
        );
        missing(
            host_categories::add(&store, HostId(1), CategoryId(99), Upkeep::Crawled).await.map(drop),
            "99",
        );
        missing(netblocks::add(&store, HostId(99), "10.0.0.0/8", None).await.map(drop), "host \"99\"");
        missing(asns::set(&store, HostId(99), None).await.map(drop), "host \"99\"");
        for result in [
            sites::delete(&store, SiteId(99)).await,
            hosts::delete(&store, HostId(99)).await,
            host_categories::delete(&store, HostCategoryId(99)).await,
            categories::delete(&store, CategoryId(99)).await,
        ] {
            missing(result, "99");
        }
    })
    .await;
}

#[tokio::test]
async fn invalid_values_are_refused_before_anything_is_written() {
    let store = stores::sqlite().await;
    let world = world(&store).await;
    let rows = count(&store, "mm3_change").await;
    let (h, hc) = (world.hosts[0], world.host_categories[0]);
    let url = async |url: &str| urls::add(&store, hc, url, Visibility::Public).await.map(drop);
    let too_long = "x".repeat(256);
    let refused = [
        url("").await,
        url("example.org/fedora").await,
        url("gopher://example.org/").await,
        url("https:///fedora").await,
        url("https://exa mple.org/").await,
        url("https://example.org/\r\nX: y").await,
        products::add(&store, "  ").await.map(drop),
        products::add(&store, &too_long).await.map(drop),
        products::add(&store, "a\nb").await.map(drop),
        categories::add(&store, "c", "Fedora", "pub/../etc").await.map(drop),
        categories::add(&store, "c", "Fedora", "pub//x").await.map(drop),
        hosts::add(&store, &NewHost::new("s", "x", "USA")).await.map(drop),
        hosts::add(&store, &NewHost { bandwidth: 0, ..NewHost::new("s", "x", "US") }).await.map(drop),
        hosts::add(&store, &NewHost { asn: Some(u32::MAX), ..NewHost::new("s", "x", "US") }).await.map(drop),
        netblocks::add(&store, h, "10.0.0.0/8; x", None).await.map(drop),
        countries::redirect(&store, "IL", "XX").await.map(drop),
        countries::allow(&store, h, "1").await.map(drop),
        asns::set(&store, h, Some(0)).await.map(drop),
    ];
    for (n, result) in refused.into_iter().enumerate() {
        assert!(matches!(result, Err(StoreError::Invalid { .. })), "{n}: {result:?}");
    }
    assert_eq!(count(&store, "mm3_change").await, rows);
}

#[tokio::test]
async fn a_host_name_of_two_sites_needs_its_site() {
    stores::each(|store| async move {
        sites::add(&store, &site("a"), now()).await.unwrap();
        sites::add(&store, &site("b"), now()).await.unwrap();
        hosts::add(&store, &NewHost::new("a", "mirror", "US")).await.unwrap();
        let b = hosts::add(&store, &NewHost::new("b", "mirror", "US")).await.unwrap();
        let error = hosts::named(store.read(), "mirror", None).await.unwrap_err();
        assert!(matches!(error, StoreError::Ambiguous { .. }), "{error}");
        assert_eq!(hosts::named(store.read(), "mirror", Some("b")).await.unwrap(), b);
    })
    .await;
}

#[tokio::test]
async fn lists_are_in_the_same_order_on_every_engine() {
    stores::each(|store| async move {
        for name in ["b", "A", "_", "a", "B"] {
            products::add(&store, name).await.unwrap();
            sites::add(&store, &site(name), now()).await.unwrap();
        }
        let names: Vec<String> = products::list(&store).await.unwrap().into_iter().map(|p| p.name).collect();
        assert_eq!(names, ["A", "B", "_", "a", "b"]);
        let names: Vec<String> = sites::list(&store).await.unwrap().into_iter().map(|s| s.name).collect();
        assert_eq!(names, ["A", "B", "_", "a", "b"]);
    })
    .await;
}

#[tokio::test]
async fn an_exclusive_network_belongs_to_one_host_and_goes_with_it() {
    stores::each_variant(|store| async move {
        let world = world(&store).await;
        let [first, second] = world.hosts;
        let add = async |text, host| exclusive_netblocks::add(&store, text, host, Hashes::With, None).await;
        let row = add(" 192.0.2.9/24", first).await.unwrap();
        assert_eq!((row.netblock.as_str(), row.host, row.hashes), ("192.0.2.0/24", first, true));
        assert_eq!(logged(&store, 1).await, [("host".to_owned(), first.0)]);
        let error = add("192.0.2.0/24", second).await.unwrap_err();
        assert!(matches!(error, StoreError::Exists { .. }), "{error}");
        assert!(matches!(add("mirror.example", first).await.unwrap_err(), StoreError::Invalid { .. }));
        assert!(matches!(add("10.0.0.0/8", HostId(999)).await.unwrap_err(), StoreError::Missing { .. }));
        let without = exclusive_netblocks::add(&store, "2001:DB8::/32", second, Hashes::Without, Some("x"))
            .await
            .unwrap();
        assert_eq!(exclusive_netblocks::list(&store).await.unwrap(), [row, without]);
        exclusive_netblocks::remove(&store, "2001:db8::/32").await.unwrap();
        assert_eq!(logged(&store, 1).await, [("host".to_owned(), second.0)]);
        let error = exclusive_netblocks::remove(&store, "2001:db8::/32").await.unwrap_err();
        assert!(matches!(error, StoreError::Missing { .. }), "{error}");
        hosts::delete(&store, first).await.unwrap();
        assert_eq!(exclusive_netblocks::list(&store).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn without_our_tables_there_are_no_exclusive_networks() {
    let store = stores::upstream(testkit::upstream::Variant::Migrated, 6).await;
    let error = exclusive_netblocks::list(&store).await.unwrap_err();
    assert!(error.to_string().contains("db migrate"), "{error}");
}
