//! A small deployment that grows and shrinks by the store's own write paths.

use chrono::{DateTime, Utc};
use model::ids::{CategoryId, HostId};
use sea_orm::{ConnectionTrait, Statement};
use store::changes::{Change, Directories, Subject};
use store::hosts::NewHost;
use store::master::{Master, NewDirectory};
use store::sites::NewSite;
use store::{Store, WriteTx, categories, hosts, products, sites};

/// The time of everything.
pub(crate) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).unwrap()
}

/// What the writes need to know about each other.
#[derive(Default)]
pub(crate) struct World {
    /// Makes new names.
    pub(crate) count: usize,
    /// A transaction that is left open, so that the change log holds rows back.
    pub(crate) open: Option<WriteTx>,
    /// Host categories and directories whose rows are not as a crawl leaves them.
    pub(crate) odd: Vec<(i32, i32)>,
}

impl World {
    /// Two categories, three sites with two hosts each, a few directories.
    pub(crate) async fn new(store: &Store) -> Self {
        let mut world = Self::default();
        products::add(store, "Fedora").await.unwrap();
        for name in ["linux", "epel"] {
            categories::add(store, name, "Fedora", &format!("pub/{name}")).await.unwrap();
        }
        // A new database has arches already, an adopted one has none.
        let tx = store.begin_write().await.unwrap();
        tx.db().execute_unprepared("DELETE FROM arch").await.unwrap();
        tx.commit().await.unwrap();
        store::arches::add(store, "x86_64").await.unwrap();
        for site in ["a", "b", "c"] {
            let new = NewSite { name: site.into(), created_by: "me".into(), ..NewSite::default() };
            sites::add(store, &new, now()).await.unwrap();
            for _ in 0..2 {
                world.add_host(store, site).await;
            }
        }
        for kind in 0..8 {
            world.step(store, kind, 3, 1).await;
            world.step(store, kind, 2, 0).await;
        }
        world
    }

    pub(crate) fn name(&mut self) -> String {
        self.count += 1;
        format!("n{}", self.count)
    }

    pub(crate) async fn add_host(&mut self, store: &Store, site: &str) -> HostId {
        let country = ["de", "us", "fr"][self.count % 3];
        let name = self.name();
        let private = self.count.is_multiple_of(5);
        let internet2 = self.count.is_multiple_of(3);
        let new = NewHost { private, internet2, ..NewHost::new(site, &name, country) };
        HostId(hosts::add(store, &new).await.unwrap().id)
    }

    /// Adds directories to a category as a scan does; gives their ids.
    pub(crate) async fn add_directories(&mut self, store: &Store, category: usize, count: usize) {
        let Some((category, top)) = pick(&topdirs(store).await, category) else { return };
        let rows: Vec<NewDirectory> = (0..count)
            .map(|_| NewDirectory {
                name: format!("{top}/{}", self.name()),
                readable: true,
                ctime: 1,
                files: None,
            })
            .collect();
        let mut tx = Master::new(store).begin().await.unwrap();
        let ids: Vec<_> = tx.add_directories(&rows).await.unwrap().into_iter().map(|(id, _)| id).collect();
        tx.link(category, &ids).await.unwrap();
        tx.changed(these(category, ids.iter().map(|id| id.0)));
        tx.commit().await.unwrap();
    }
}

/// A note about some directories of a category.
pub(crate) fn these(category: CategoryId, ids: impl Iterator<Item = i32>) -> Change {
    Change { subject: Subject::Category, id: category.0, directories: Directories::These(ids.collect()) }
}

/// Categories and the names of their top directories.
pub(crate) async fn topdirs(store: &Store) -> Vec<(CategoryId, String)> {
    let all = Master::new(store).categories().await.unwrap();
    all.into_iter().filter_map(|row| Some((row.id, row.topdir?.1))).collect()
}

/// One of a list, if there is one.
pub(crate) fn pick<T: Clone>(list: &[T], number: usize) -> Option<T> {
    list.get(number.checked_rem(list.len())?).cloned()
}

/// Ids of a statement's rows.
pub(crate) async fn ids(store: &Store, sql: &str) -> Vec<i32> {
    let statement = Statement::from_string(store.engine().backend(), sql);
    let rows = store.read().query_all_raw(statement).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

/// Runs a statement and notes what it changed.
pub(crate) async fn run(store: &Store, sql: &str, change: Option<Change>) {
    let mut tx = store.begin_write().await.unwrap();
    tx.db().execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    if let Some(change) = change {
        tx.changed(change);
    }
    tx.commit().await.unwrap();
}
