//! The cache builder's reads: order, NULLs, the reduced schema and a role that may only read.

#![expect(clippy::unwrap_used, reason = "a panic is the report of a failed test")]

use sea_orm::ConnectionTrait;
use store::exclusive_netblocks::{self, Hashes};
use store::export::{self, Export, Place, UrlFamily};
use store::host_categories::Upkeep;
use store::hosts::NewHost;
use store::sites::NewSite;
use store::url_families::{self, UrlFamilies};
use store::urls::Visibility;
use store::{ConnectOptions, Engine, Store};
use testkit::stores::{self, TestStore};

/// Only the columns that are read, and each table's id.
const REDUCED: &str = "
CREATE TABLE site (id integer PRIMARY KEY, user_active boolean NOT NULL, admin_active boolean NOT NULL, private boolean NOT NULL);
CREATE TABLE host (id integer PRIMARY KEY, name text NOT NULL, site_id integer, user_active boolean NOT NULL,
  admin_active boolean NOT NULL, bandwidth_int integer, country text, asn_clients boolean NOT NULL, asn integer,
  max_connections integer NOT NULL, private boolean NOT NULL, internet2 boolean NOT NULL, internet2_clients boolean NOT NULL);
CREATE TABLE directory (id integer PRIMARY KEY, name text NOT NULL);
CREATE TABLE category (id integer PRIMARY KEY, topdir_id integer);
CREATE TABLE category_directory (category_id integer NOT NULL, directory_id integer NOT NULL);
CREATE TABLE host_category (id integer PRIMARY KEY, host_id integer, category_id integer, always_up2date boolean NOT NULL);
CREATE TABLE host_category_url (id integer PRIMARY KEY, host_category_id integer NOT NULL, url text NOT NULL, private boolean NOT NULL);
CREATE TABLE host_category_dir (id integer PRIMARY KEY, host_category_id integer NOT NULL, up2date boolean NOT NULL, directory_id integer);
CREATE TABLE host_country_allowed (id integer PRIMARY KEY, host_id integer, country text NOT NULL);
CREATE TABLE host_netblock (id integer PRIMARY KEY, host_id integer, netblock text);
CREATE TABLE file_detail (id integer PRIMARY KEY, directory_id integer NOT NULL, filename text NOT NULL, timestamp bigint,
  size bigint, sha1 text, md5 text, sha256 text, sha512 text);
CREATE TABLE arch (id integer PRIMARY KEY, name text NOT NULL);
CREATE TABLE repository (id integer PRIMARY KEY, prefix text, category_id integer, version_id integer, arch_id integer,
  directory_id integer, disabled boolean NOT NULL);
CREATE TABLE repository_redirect (id integer PRIMARY KEY, from_repo text NOT NULL, to_repo text);
CREATE TABLE country_continent_redirect (id integer PRIMARY KEY, country text NOT NULL, continent text NOT NULL);
CREATE TABLE netblock_country (id integer PRIMARY KEY, netblock text NOT NULL, country text NOT NULL);
";

/// Rows out of order, with every NULL that the schema allows.
const ROWS: &str = "
INSERT INTO site (id, user_active, admin_active, private) VALUES (1, true, false, true);
INSERT INTO host (id, name, site_id, user_active, admin_active, bandwidth_int, country, asn_clients, asn, max_connections, private, internet2, internet2_clients) VALUES
 (9, 'nine', 1, true, true, NULL, NULL, true, NULL, 1, false, false, false),
 (7, 'orphan', NULL, true, true, 5, 'DE', true, NULL, 1, false, false, false),
 (3, 'three', 1, false, true, 5, 'de', true, 64512, 2, true, true, true);
INSERT INTO directory (id, name) VALUES (30, 'pub/b'), (10, 'pub'), (20, 'pub/a');
INSERT INTO category (id, topdir_id) VALUES (2, NULL), (1, 10);
INSERT INTO category_directory (category_id, directory_id) VALUES (2, 20), (1, 20), (1, 10);
INSERT INTO host_category (id, host_id, category_id, always_up2date) VALUES (8, 9, 1, true), (5, NULL, NULL, false), (4, 3, 1, false);
INSERT INTO host_category_url (id, host_category_id, url, private) VALUES (2, 4, 'http://b/', false), (1, 4, 'http://a/', false), (3, 4, 'http://c/', true);
INSERT INTO host_category_dir (id, host_category_id, up2date, directory_id) VALUES
 (1, 4, true, 20), (2, 4, true, 20), (3, 4, false, 10), (4, 8, true, 30), (5, 8, true, NULL), (6, 8, true, 99), (7, 8, false, NULL);
INSERT INTO host_country_allowed (id, host_id, country) VALUES (2, NULL, 'us'), (1, 3, 'de');
INSERT INTO host_netblock (id, host_id, netblock) VALUES (2, 3, NULL), (1, NULL, '192.0.2.0/24');
INSERT INTO file_detail (id, directory_id, filename, timestamp, size, sha1, md5, sha256, sha512) VALUES
 (1, 20, 'repomd.xml', NULL, NULL, NULL, NULL, NULL, NULL), (2, 20, 'repomd.xml', 100, 1, 'a', 'b', 'c', 'd'),
 (3, 20, 'repomd.xml', 300, 1, NULL, NULL, NULL, NULL), (4, 20, 'other', 300, 1, NULL, NULL, NULL, NULL), (5, 10, 'x', 1, 1, NULL, NULL, NULL, NULL);
INSERT INTO arch (id, name) VALUES (2, 'source'), (1, 'x86_64');
INSERT INTO repository (id, prefix, category_id, version_id, arch_id, directory_id, disabled) VALUES
 (5, 'e', NULL, 1, 1, 20, true), (4, 'd', 1, NULL, 1, 20, false), (3, 'c', 1, 1, NULL, 20, false), (2, 'b', 1, 1, 1, NULL, false), (1, NULL, 1, 1, 1, 20, false);
INSERT INTO repository_redirect (id, from_repo, to_repo) VALUES (2, 'x', NULL), (1, 'old', 'new');
INSERT INTO country_continent_redirect (id, country, continent) VALUES (2, 'IL', 'EU'), (1, 'AM', 'EU');
INSERT INTO netblock_country (id, netblock, country) VALUES (2, '10.0.0.0/8', 'de'), (1, '10.1.0.0/16', 'US');
";

async fn run(store: &Store, script: &str) {
    let tx = store.begin_write().await.unwrap();
    tx.db().execute_unprepared(script).await.unwrap();
    tx.commit().await.unwrap();
}

async fn reduced() -> [TestStore; 2] {
    let stores = [stores::empty_sqlite().await, stores::empty_postgres().await];
    for store in &stores {
        run(store, REDUCED).await;
        run(store, ROWS).await;
    }
    stores
}

fn check(found: &Export) {
    let ids = |rows: &[i32]| rows.to_vec();
    assert_eq!(
        found.head.hosts.iter().map(|row| row.id).collect::<Vec<_>>(),
        ids(&[3, 9]),
        "no site, no host"
    );
    let three = found.head.host(3).unwrap();
    assert!(!three.user_active && three.admin_active && three.private && three.site_private);
    assert!(three.site_user_active && !three.site_admin_active && three.internet2 && three.internet2_clients);
    assert_eq!(
        (three.asn, three.bandwidth_int, three.country.as_deref()),
        (Some(64512), Some(5), Some("de"))
    );
    assert_eq!(
        (found.head.host(9).unwrap().bandwidth_int, found.head.host(9).unwrap().country.as_deref()),
        (None, None)
    );
    assert_eq!(found.directories.ids(), [10, 20, 30]);
    assert_eq!(
        found.head.urls.iter().map(|row| row.id).collect::<Vec<_>>(),
        ids(&[1, 2]),
        "private URLs stay"
    );
    assert_eq!(
        found.head.categories.iter().map(|row| (row.id, row.topdir_id)).collect::<Vec<_>>(),
        [(1, Some(10)), (2, None)]
    );
    assert_eq!(
        found.directories.categories_of(20).iter().map(|row| row.category_id).collect::<Vec<_>>(),
        ids(&[1, 2])
    );
    assert!(found.directories.categories_of(30).is_empty());
    assert_eq!(found.head.host_categories.iter().map(|row| row.id).collect::<Vec<_>>(), ids(&[4, 5, 8]));
    assert_eq!(
        found.head.countries_allowed.iter().map(|row| row.host_id).collect::<Vec<_>>(),
        [Some(3), None]
    );
    assert_eq!(
        found.head.netblocks.iter().map(|row| row.netblock.as_deref()).collect::<Vec<_>>(),
        [Some("192.0.2.0/24"), None]
    );
    let details = |directory| found.files.of(directory).map(|row| row.id()).collect::<Vec<_>>();
    assert_eq!(details(20), ids(&[4, 3, 2, 1]), "newest first by (timestamp, id), unknown last");
    assert_eq!((details(10), details(30)), (ids(&[5]), ids(&[])));
    assert_eq!(found.head.repositories.iter().map(|row| row.id).collect::<Vec<_>>(), ids(&[1, 5]));
    assert_eq!(
        found.head.arches.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(),
        ["x86_64", "source"]
    );
    assert_eq!(found.head.repository_redirects.iter().map(|row| row.id).collect::<Vec<_>>(), ids(&[1, 2]));
    assert_eq!(found.head.continent_redirects.iter().map(|row| row.id).collect::<Vec<_>>(), ids(&[1, 2]));
    assert_eq!(found.head.netblock_countries.iter().map(|row| row.id).collect::<Vec<_>>(), ids(&[1, 2]));
    let at = |id| found.directories.position(id).unwrap();
    assert!(found.up_to_date.of(4).is_some_and(|set| set.contains(at(20)) && !set.contains(at(10))));
    assert!(found.up_to_date.of(8).is_some_and(|set| set.contains(at(30)) && set.len() == 1));
    assert!(found.up_to_date.without_directory().eq([(8, 2)]), "one NULL and one unknown id");
    assert_eq!(found.up_to_date.pairs(), 2);
}

#[tokio::test]
async fn a_schema_of_just_these_columns_is_enough_and_every_list_is_in_order() {
    for store in reduced().await {
        check(&export::read(&store).await.unwrap());
    }
}

#[tokio::test]
async fn a_role_that_may_only_read_is_enough_also_with_a_single_connection() {
    let [_, store] = reduced().await;
    assert_eq!(store.engine(), Engine::Postgres);
    run(
        &store,
        "CREATE ROLE cache_reader LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO cache_reader",
    )
    .await;
    let url = store.url().replace("user=mm", "user=cache_reader");
    for max_connections in [1, 8] {
        let options = ConnectOptions { max_connections, ..ConnectOptions::default() };
        let reader = Store::connect(&url, &options).await.unwrap();
        let write = reader.begin_write().await.unwrap();
        assert!(write.db().execute_unprepared("DELETE FROM directory").await.is_err(), "it may only read");
        drop(write);
        check(&export::read(&reader).await.unwrap());
    }
}

#[tokio::test]
async fn a_write_while_reading_is_not_seen() {
    for store in reduced().await {
        let before = export::read(&store).await.unwrap();
        let tx = store.begin_write().await.unwrap();
        tx.db()
            .execute_unprepared("DELETE FROM host_category_dir; DELETE FROM host_category_url")
            .await
            .unwrap();
        let during = export::read(&store).await.unwrap();
        assert_eq!(during.up_to_date.pairs(), before.up_to_date.pairs());
        assert_eq!(during.head.urls, before.head.urls);
        tx.commit().await.unwrap();
        let after = export::read(&store).await.unwrap();
        assert_eq!((after.up_to_date.pairs(), after.head.urls.len()), (0, 0));
    }
}

#[tokio::test]
async fn the_migrated_schema_is_read_too() {
    stores::each(|store| async move {
        let found = export::read(&store).await.unwrap();
        assert!(
            found.head.hosts.is_empty() && found.up_to_date.pairs() == 0 && !found.head.arches.is_empty()
        );
    })
    .await;
}

#[tokio::test]
async fn places_and_our_own_tables_are_read_where_they_are() {
    for store in reduced().await {
        let head = export::read(&store).await.unwrap().head;
        assert!(head.places.is_empty() && head.families.is_empty() && head.exclusive.is_empty());
    }
    stores::each_variant(|store| async move {
        store::products::add(&store, "p").await.unwrap();
        let category = store::categories::add(&store, "c", "p", "pub").await.unwrap();
        let new = NewSite { name: "s".into(), created_by: "me".into(), ..NewSite::default() };
        store::sites::add(&store, &new, chrono::DateTime::UNIX_EPOCH).await.unwrap();
        let mut hosts = Vec::new();
        for name in ["here", "nowhere"] {
            hosts.push(store::hosts::add(&store, &NewHost::new("s", name, "de")).await.unwrap().id);
        }
        run(&store, "UPDATE host SET latitude = 50, longitude = 8.5 WHERE name = 'here'").await;
        run(&store, "UPDATE host SET latitude = 1 WHERE name = 'nowhere'").await;
        let carries =
            store::host_categories::add(&store, hosts[0].into(), category.id.into(), Upkeep::Crawled);
        let carries = carries.await.unwrap().id.into();
        let url = store::urls::add(&store, carries, "http://h", Visibility::Public).await.unwrap();
        let families = [UrlFamilies { url: url.id, v4: true, v6: false }];
        url_families::write(&store, carries, &families, chrono::DateTime::UNIX_EPOCH).await.unwrap();
        exclusive_netblocks::add(&store, "10.0.0.0/8", hosts[1].into(), Hashes::Without, None).await.unwrap();
        let head = export::read(&store).await.unwrap().head;
        assert_eq!(head.places, [Place { id: hosts[0], latitude: 50.0, longitude: 8.5 }]);
        assert_eq!(head.families, [UrlFamily { host_category_url_id: url.id, v4: true, v6: false }]);
        let [only] = head.exclusive.as_slice() else { panic!("{:?}", head.exclusive) };
        assert_eq!((only.netblock.as_str(), only.host_id, only.hashes), ("10.0.0.0/8", hosts[1], false));
    })
    .await;
}

#[tokio::test]
async fn a_role_that_may_not_read_our_tables_reads_the_rest() {
    let store = stores::postgres().await;
    let role = format!("knows_upstream_{}", std::process::id());
    let sql = format!(
        "CREATE ROLE {role} LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}; \
         REVOKE SELECT ON mm3_url_family, mm3_exclusive_netblock FROM {role}"
    );
    run(&store, &sql).await;
    let url = store.url().replace("user=mm", &format!("user={role}"));
    let reader = Store::connect(&url, &ConnectOptions::default()).await.unwrap();
    assert!(export::read(&reader).await.unwrap().head.families.is_empty());
}
