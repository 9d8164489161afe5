//! The writes: one of every path that changes what may be served.

use std::collections::HashSet;

use model::activity::CrawlScope;
use model::ids::{CategoryId, DirectoryId, FileDetailId, HostCategoryId, HostId, ProductId, SiteId};
use store::changes::{Change, Subject};
use store::crawl_hosts::{self, Books, Outcome, Rows};
use store::evidence::Keep;
use store::host_categories::Upkeep;
use store::master::{AgedDetail, DetailRow, Master, NewRepository, NewVersion, Orphans, UpdatedDirectory};
use store::urls::Visibility;
use store::verdicts::{self, CrawlResult, Proven, Rest, State, Verdicts};
use store::{
    Engine, Store, categories, countries, host_categories, hosts, netblocks, redirects, sites, urls,
};

use crate::world::{World, ids, now, pick, run, these, topdirs};

/// How many kinds of writes there are.
pub(crate) const KINDS: u8 = 29;

const DIRECTORIES: &str = "SELECT id FROM directory ORDER BY id";
const LINKED: &str = "SELECT directory_id FROM category_directory ORDER BY directory_id, category_id";
const HOSTS: &str = "SELECT id FROM host ORDER BY id";
const HOST_CATEGORIES: &str = "SELECT id FROM host_category ORDER BY id";

impl World {
    /// Makes one write, if there is something to write to, and tells which.
    pub(crate) async fn step(&mut self, store: &Store, kind: u8, a: usize, b: usize) -> String {
        let kind = kind % KINDS;
        match kind {
            0 => self.add_directories(store, a, 1 + b % 70).await,
            1 => self.add_host_category(store, a, b).await,
            2 => self.add_url(store, a, b).await,
            3 => self.prove(store, a, b, Rest::Keep).await,
            4 => self.add_details(store, a, b).await,
            5 => self.add_repository(store, a, b).await,
            6 => self.prove(store, a, b, Rest::False).await,
            7 => self.link(store, a, b).await,
            8 => self.directory_in_between(store, a, b).await,
            9 => update_directories(store, a, b).await,
            10 => delete_directories(store, a, b).await,
            11 => unlink(store, a, b).await,
            12 => delete_details(store, a, b).await,
            13 => clear_host(store, a).await,
            14 => drop(self.add_host(store, ["a", "b"][a % 2]).await),
            15 => delete_host(store, a, b).await,
            16 => delete_host_category(store, a, b).await,
            17 => self.add_netblock(store, a, b).await,
            18 => self.add_redirects(store).await,
            19 => edit_small_tables(store, a, b).await,
            20 => delete_site(store, a, b).await,
            21 => self.add_category(store).await,
            22 => delete_category(store, a, b).await,
            23 => self.hold_back(store, a).await,
            24 => self.row_without_directory(store, a, b).await,
            25 => self.whole_category(store, a).await,
            26 => self.other_path(store, a, b).await,
            27 => self.prove_odd(store).await,
            _ => reattach(store, a, b).await,
        }
        format!("kind {kind} ({a}, {b})")
    }

    async fn add_host_category(&mut self, store: &Store, a: usize, b: usize) {
        let Some(host) = pick(&ids(store, HOSTS).await, a) else { return };
        let Some((category, _)) = pick(&topdirs(store).await, b) else { return };
        let upkeep = if b.is_multiple_of(7) { Upkeep::AlwaysCurrent } else { Upkeep::Crawled };
        // It may be there already.
        let _ = host_categories::add(store, HostId(host), category, upkeep).await;
    }

    async fn add_url(&mut self, store: &Store, a: usize, b: usize) {
        let Some(id) = pick(&ids(store, HOST_CATEGORIES).await, a) else { return };
        let visibility = if b.is_multiple_of(5) { Visibility::Private } else { Visibility::Public };
        let url = format!("https://{}.example/", self.name());
        urls::add(store, HostCategoryId(id), &url, visibility).await.unwrap();
    }

    /// Verdicts about some directories, also about some that do not exist.
    async fn prove(&mut self, store: &Store, a: usize, b: usize, rest: Rest) {
        let Some(host_category) = pick(&ids(store, HOST_CATEGORIES).await, a) else { return };
        let mut directories = ids(store, DIRECTORIES).await;
        directories.push(1_000_000);
        let proven: Vec<Proven> = directories
            .into_iter()
            .enumerate()
            .filter(|(place, _)| !(place + b).is_multiple_of(3))
            .map(|(place, id)| Proven {
                directory: DirectoryId(id),
                path: format!("/d{id}"),
                state: if (place * 7 + b).is_multiple_of(4) { State::Stale } else { State::Current },
            })
            .collect();
        write_verdicts(store, host_category, &proven, rest).await;
    }

    async fn add_details(&mut self, store: &Store, a: usize, b: usize) {
        let Some(directory) = pick(&ids(store, DIRECTORIES).await, a) else { return };
        let row = |n: i64| DetailRow {
            directory: DirectoryId(directory),
            filename: format!("f{}", b % 2),
            timestamp: (!b.is_multiple_of(9)).then_some(n + b as i64 % 50),
            size: Some(n),
            md5: None,
            sha1: Some("0aFF".into()),
            sha256: Some(format!("{b:064x}")),
            sha512: None,
        };
        let mut tx = Master::new(store).begin().await.unwrap();
        tx.add_details(&(0..1 + b as i64 % 3).map(row).collect::<Vec<_>>()).await.unwrap();
        tx.changed(these(CategoryId(1), [directory].into_iter()));
        tx.commit().await.unwrap();
    }

    async fn add_repository(&mut self, store: &Store, a: usize, b: usize) {
        let Some((category, _)) = pick(&topdirs(store).await, b) else { return };
        let Some(directory) = pick(&ids(store, DIRECTORIES).await, a) else { return };
        let arch = ids(store, "SELECT id FROM arch").await[0];
        let name = self.name();
        let mut tx = Master::new(store).begin().await.unwrap();
        let version = NewVersion { name: name.clone(), is_test: false, display: true };
        let version = tx.add_versions(ProductId(1), &[version]).await.unwrap()[0].0;
        let new = NewRepository {
            name: name.clone(),
            prefix: Some(format!("repo-{name}")),
            version,
            arch: arch.into(),
            directory: DirectoryId(directory),
        };
        tx.add_repositories(category, &[new]).await.unwrap();
        tx.changed(these(category, [directory].into_iter()));
        tx.commit().await.unwrap();
    }

    /// A directory gets one more category.
    async fn link(&mut self, store: &Store, a: usize, b: usize) {
        let Some((category, _)) = pick(&topdirs(store).await, a) else { return };
        let Some(directory) = pick(&ids(store, DIRECTORIES).await, b) else { return };
        let mut tx = Master::new(store).begin().await.unwrap();
        tx.link(category, &[DirectoryId(directory)]).await.unwrap();
        tx.changed(these(category, [directory].into_iter()));
        tx.commit().await.unwrap();
    }

    /// A new directory whose id is between those that are there.
    async fn directory_in_between(&mut self, store: &Store, a: usize, b: usize) {
        let Some((category, top)) = pick(&topdirs(store).await, a) else { return };
        let known: HashSet<i32> = ids(store, DIRECTORIES).await.into_iter().collect();
        let from = (b % 300) as i32 + 1;
        let Some(id) = (from..).find(|id| !known.contains(id)) else { return };
        let name = self.name();
        let sql = format!(
            "INSERT INTO directory (id, name, readable) VALUES ({id}, '{top}/{name}', TRUE); \
             INSERT INTO category_directory (category_id, directory_id) VALUES ({category}, {id})"
        );
        run(store, &sql, Some(these(category, [id].into_iter()))).await;
        if store.engine() == Engine::Postgres {
            let sql = "SELECT setval('directory_id_seq', (SELECT max(id) FROM directory))";
            run(store, sql, None).await;
        }
    }

    async fn add_netblock(&mut self, store: &Store, a: usize, b: usize) {
        let Some(host) = pick(&ids(store, HOSTS).await, a) else { return };
        let host = HostId(host);
        let block = format!("10.{}.{}.0/24", self.count % 250, b % 250);
        self.count += 1;
        let _ = netblocks::add(store, host, &block, None).await;
        let _ = countries::allow(store, host, ["de", "us"][b % 2]).await;
    }

    async fn add_redirects(&mut self, store: &Store) {
        let name = self.name();
        redirects::add(store, &name, "repo-n1").await.unwrap();
        netblocks::add_country(store, &format!("192.168.{}.0/24", self.count % 250), "de").await.unwrap();
    }

    async fn add_category(&mut self, store: &Store) {
        let name = self.name();
        categories::add(store, &name, "Fedora", &format!("pub/{name}")).await.unwrap();
    }

    /// Leaves a transaction open, or ends it, so that the change log holds rows back for some time.
    async fn hold_back(&mut self, store: &Store, a: usize) {
        if let Some(open) = self.open.take() {
            match a % 2 {
                0 => open.commit().await.unwrap(),
                _ => drop(open),
            }
            return;
        }
        // SQLite has one writer: with it open, nobody else could write.
        if store.engine() == Engine::Postgres {
            let mut tx = store.begin_write().await.unwrap();
            tx.execute(store::sql::Sql::same("SELECT pg_current_xact_id()"), []).await.unwrap();
            tx.changed(Change::all(Subject::Host, 1));
            self.open = Some(tx);
        }
    }

    /// A change that names no directories.
    async fn whole_category(&mut self, store: &Store, a: usize) {
        let Some((category, _)) = pick(&topdirs(store).await, a) else { return };
        let sql = format!(
            "DELETE FROM file_detail WHERE directory_id IN \
             (SELECT directory_id FROM category_directory WHERE category_id = {category})"
        );
        run(store, &sql, Some(Change::all(Subject::Category, category.0))).await;
    }

    /// A row as an old check-in left it.
    async fn row_without_directory(&mut self, store: &Store, a: usize, b: usize) {
        let Some(host_category) = pick(&ids(store, HOST_CATEGORIES).await, a) else { return };
        let Some(directory) = pick(&ids(store, DIRECTORIES).await, b) else { return };
        let sql = format!(
            "DELETE FROM host_category_dir WHERE host_category_id = {host_category} AND path = '/d{directory}'; \
             INSERT INTO host_category_dir (host_category_id, path, up2date) \
             VALUES ({host_category}, '/d{directory}', TRUE)"
        );
        run(store, &sql, Some(Change::all(Subject::HostCategory, host_category))).await;
        self.odd.push((host_category, directory));
    }

    /// A row that has the path of another directory.
    async fn other_path(&mut self, store: &Store, a: usize, b: usize) {
        let Some(host_category) = pick(&ids(store, HOST_CATEGORIES).await, a) else { return };
        let directories = ids(store, DIRECTORIES).await;
        let (Some(first), Some(second)) = (pick(&directories, b), pick(&directories, b + 1)) else { return };
        let sql = format!(
            "DELETE FROM host_category_dir WHERE host_category_id = {host_category} \
             AND (path = '/d{first}' OR directory_id IN ({first}, {second})); \
             INSERT INTO host_category_dir (host_category_id, path, up2date, directory_id) \
             VALUES ({host_category}, '/d{first}', TRUE, {second})"
        );
        run(store, &sql, Some(Change::all(Subject::HostCategory, host_category))).await;
        self.odd.push((host_category, first));
    }

    /// A crawl finds out to which directories odd rows belong.
    async fn prove_odd(&mut self, store: &Store) {
        for (host_category, directory) in std::mem::take(&mut self.odd) {
            let path = format!("/d{directory}");
            let proven = [Proven { directory: DirectoryId(directory), path, state: State::Current }];
            write_verdicts(store, host_category, &proven, Rest::Keep).await;
        }
    }
}

async fn write_verdicts(store: &Store, host_category: i32, proven: &[Proven], rest: Rest) {
    let result = CrawlResult {
        status: "current".into(),
        reason: None,
        started_at: now(),
        finished_at: now(),
        current: 0,
        stale: 0,
        unknown: 0,
        requests: 0,
        bytes: 0,
        behind_since: None,
        bad: Vec::new(),
    };
    let verdicts = Verdicts {
        host_category: HostCategoryId(host_category),
        scope: CrawlScope { private: true, ..CrawlScope::default() },
        true_at_start: &HashSet::new(),
        proven,
        rest,
        result: &result,
        evidence: Keep::Old,
    };
    verdicts::write(store, &verdicts).await.unwrap();
}

/// As a scan that finds new times and nothing that is served.
async fn update_directories(store: &Store, a: usize, b: usize) {
    let Some(directory) = pick(&ids(store, DIRECTORIES).await, a) else { return };
    let mut tx = Master::new(store).begin().await.unwrap();
    let id = DirectoryId(directory);
    let row = UpdatedDirectory { id, readable: true, ctime: Some(b as i64), files: None };
    tx.update_directories(&[row]).await.unwrap();
    tx.changed(these(CategoryId(1), [directory].into_iter()));
    tx.commit().await.unwrap();
}

async fn delete_directories(store: &Store, a: usize, b: usize) {
    let Some((category, _)) = pick(&topdirs(store).await, a) else { return };
    let all = ids(store, DIRECTORIES).await;
    let gone: Vec<DirectoryId> =
        all.into_iter().filter(|id| (*id as usize + b).is_multiple_of(17)).map(DirectoryId).collect();
    let orphans = if b.is_multiple_of(2) { Orphans::Keep } else { Orphans::Delete };
    let mut tx = Master::new(store).begin().await.unwrap();
    tx.delete_directories(category, &gone, orphans).await.unwrap();
    tx.changed(these(category, gone.iter().map(|id| id.0)));
    tx.commit().await.unwrap();
}

async fn unlink(store: &Store, a: usize, b: usize) {
    let Some((category, _)) = pick(&topdirs(store).await, a) else { return };
    let Some(directory) = pick(&ids(store, LINKED).await, b) else { return };
    let mut tx = Master::new(store).begin().await.unwrap();
    tx.unlink(category, &[DirectoryId(directory)]).await.unwrap();
    tx.changed(these(category, [directory].into_iter()));
    tx.commit().await.unwrap();
}

/// Details of directories without a category are served, too.
async fn delete_details(store: &Store, a: usize, b: usize) {
    let details = ids(store, "SELECT id FROM file_detail ORDER BY id").await;
    let Some(id) = pick(&details, a) else { return };
    let directory = ids(store, &format!("SELECT directory_id FROM file_detail WHERE id = {id}")).await[0];
    let mut tx = Master::new(store).begin().await.unwrap();
    let directory = DirectoryId(directory);
    tx.delete_details(&[AgedDetail { id: FileDetailId(id), directory, category: None }]).await.unwrap();
    tx.changed(these(CategoryId((b % 2) as i32), [directory.0].into_iter()));
    tx.commit().await.unwrap();
}

async fn clear_host(store: &Store, a: usize) {
    let Some(id) = pick(&ids(store, HOSTS).await, a) else { return };
    let scope = CrawlScope { private: true, ..CrawlScope::default() };
    let Some(host) = crawl_hosts::load(store, HostId(id), scope).await.unwrap() else { return };
    let books = Books {
        outcome: Outcome::Failed,
        rows: Rows::AllFalse,
        finished_at: now(),
        duration_seconds: None,
        auto_disable: 2,
        announce: true,
    };
    crawl_hosts::close(store, &host, &books).await.unwrap();
}

/// Not too often: an empty world has nothing to show.
async fn delete_host(store: &Store, a: usize, b: usize) {
    let Some(id) = pick(&ids(store, HOSTS).await, a).filter(|_| b.is_multiple_of(3)) else { return };
    hosts::delete(store, HostId(id)).await.unwrap();
}

async fn delete_host_category(store: &Store, a: usize, b: usize) {
    let Some(id) = pick(&ids(store, HOST_CATEGORIES).await, a).filter(|_| b.is_multiple_of(3)) else {
        return;
    };
    host_categories::delete(store, HostCategoryId(id)).await.unwrap();
}

/// As upstream's web pages do, which keep no change log.
async fn edit_small_tables(store: &Store, a: usize, b: usize) {
    let sql = [
        "UPDATE host SET country = 'JP'",
        "UPDATE host SET private = NOT private",
        "UPDATE site SET user_active = NOT user_active",
        "UPDATE host_category SET always_up2date = NOT always_up2date",
        "UPDATE repository SET disabled = NOT disabled",
        "UPDATE host SET bandwidth_int = bandwidth_int + 1, asn = id",
    ][a % 6];
    run(store, &format!("{sql} WHERE id % 3 = {}", b % 3), None).await;
}

async fn delete_site(store: &Store, a: usize, b: usize) {
    let all = ids(store, "SELECT id FROM site WHERE name NOT IN ('a', 'b') ORDER BY id").await;
    let Some(id) = pick(&all, a).filter(|_| b.is_multiple_of(4)) else { return };
    sites::delete(store, SiteId(id)).await.unwrap();
}

async fn delete_category(store: &Store, a: usize, b: usize) {
    let Some((category, _)) = pick(&topdirs(store).await, a).filter(|_| b.is_multiple_of(4)) else { return };
    categories::delete(store, category).await.unwrap();
}

/// A repository moves to another directory.
async fn reattach(store: &Store, a: usize, b: usize) {
    let Some((category, _)) = pick(&topdirs(store).await, b) else { return };
    let Some(repository) = pick(&ids(store, "SELECT id FROM repository ORDER BY id").await, a) else {
        return;
    };
    let Some(directory) = pick(&ids(store, DIRECTORIES).await, b) else { return };
    let mut tx = Master::new(store).begin().await.unwrap();
    let row = (repository.into(), DirectoryId(directory), format!("moved-{repository}"));
    tx.attach_repositories(category, &[row]).await.unwrap();
    tx.changed(these(category, [directory].into_iter()));
    tx.commit().await.unwrap();
}
