//! A small deployment, and a look at what is in the tables.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "test helpers")]

use chrono::{DateTime, Utc};
use entities::secret::Secret;
use model::ids::{CategoryId, HostCategoryId, HostId, SiteId};
use sea_orm::{ConnectionTrait, Statement};
use store::host_categories::Upkeep;
use store::hosts::NewHost;
use store::sites::NewSite;
use store::urls::Visibility;
use store::{Store, categories, host_categories, hosts, products, sites, urls};

pub(crate) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).unwrap()
}

pub(crate) fn site(name: &str) -> NewSite {
    NewSite {
        name: name.to_owned(),
        created_by: "admin".to_owned(),
        password: Some(Secret("hunter2".to_owned())),
        org_url: Some("https://example.org/".to_owned()),
        ..NewSite::default()
    }
}

/// Product, category with topdir, site, two hosts that carry the category, each with a URL.
pub(crate) struct World {
    pub(crate) category: CategoryId,
    pub(crate) site: SiteId,
    pub(crate) hosts: [HostId; 2],
    pub(crate) host_categories: [HostCategoryId; 2],
}

pub(crate) async fn world(store: &Store) -> World {
    products::add(store, "Fedora").await.unwrap();
    let category = categories::add(store, "Fedora Linux", "Fedora", "/pub/fedora/linux/").await.unwrap();
    let category = CategoryId(category.id);
    let site = SiteId(sites::add(store, &site("s"), now()).await.unwrap().id);
    let mut hosts = [HostId(0); 2];
    let mut host_categories = [HostCategoryId(0); 2];
    for n in 0..2 {
        let host = hosts::add(store, &NewHost::new("s", &format!("h{n}"), "us")).await.unwrap();
        hosts[n] = HostId(host.id);
        let hc = host_categories::add(store, hosts[n], category, Upkeep::Crawled).await.unwrap();
        host_categories[n] = HostCategoryId(hc.id);
        urls::add(store, host_categories[n], &format!(" https://h{n}.example/fedora/ "), Visibility::Public)
            .await
            .unwrap();
    }
    World { category, site, hosts, host_categories }
}

pub(crate) async fn run(store: &Store, sql: &str) {
    let tx = store.begin_write().await.unwrap();
    tx.db().execute_unprepared(sql).await.unwrap();
    tx.commit().await.unwrap();
}

pub(crate) async fn count(store: &Store, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    let statement = Statement::from_string(store.engine().backend(), sql);
    store.read().query_one_raw(statement).await.unwrap().unwrap().try_get_by_index(0).unwrap()
}

/// The newest rows of the change log: subject and id.
pub(crate) async fn logged(store: &Store, newest: usize) -> Vec<(String, i32)> {
    let sql = format!("SELECT subject, subject_id FROM mm3_change ORDER BY id DESC LIMIT {newest}");
    let statement = Statement::from_string(store.engine().backend(), sql);
    let rows = store.read().query_all_raw(statement).await.unwrap();
    rows.iter().map(|r| (r.try_get_by_index(0).unwrap(), r.try_get_by_index(1).unwrap())).collect()
}
