//! A small master tree, its rows in a store, and mirrors of it.
//!
//! ```text
//! pub/test            top.txt
//! pub/test/empty
//! pub/test/repo                       (a repository)
//! pub/test/repo/Packages   a.rpm b.rpm
//! pub/test/repo/repodata   primary.xml repomd.xml
//! pub/test/secret          hidden     (nobody may read it)
//! ```

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crawl::{CrawlReport, Fraction, HostReport, Job, Mode, Progress, Silent, Surroundings};
use model::activity::CrawlScope;
use model::clock::FixedClock;
use sea_orm::ConnectionTrait;
use settings::crawl::Crawl;
use sha2::{Digest, Sha256};
use store::sql::Sql;
use testkit::mirror::Mirror;
use testkit::stores::TestStore;
use tokio_util::sync::CancellationToken;

pub const NOW: i64 = 1_800_000_000;

/// A crawl that asks everything.
pub const FULL: Job = Job {
    categories: Vec::new(),
    scope: CrawlScope { disabled: false, private: false },
    start_id: 0,
    stop_id: 0,
    fraction: Fraction::ALL,
    mode: Mode::Full,
    run_limit: None,
    silent: false,
};

const FILES: &[(&str, &[&str])] = &[
    ("pub/test", &["top.txt"]),
    ("pub/test/empty", &[]),
    ("pub/test/repo", &[]),
    ("pub/test/repo/Packages", &["a.rpm", "b.rpm"]),
    ("pub/test/repo/repodata", &["primary.xml", "repomd.xml"]),
    ("pub/test/secret", &["hidden"]),
];

pub struct Scene {
    pub store: TestStore,
    pub folder: tempfile::TempDir,
    pub settings: Crawl,
    pub progress: Arc<dyn Progress>,
    pub cancel: CancellationToken,
}

fn content(name: &str) -> Vec<u8> {
    name.repeat(10).into_bytes()
}

impl Scene {
    /// One category (1, `Test`) and its tree; no hosts.
    pub async fn new(store: TestStore) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let scene = Self {
            store,
            folder,
            settings: quick(),
            progress: Arc::new(Silent),
            cancel: CancellationToken::new(),
        };
        scene.sql("INSERT INTO product (id, name, publiclist) VALUES (1, 'Test', TRUE)").await;
        for (id, (name, files)) in (1..).zip(FILES) {
            scene.directory(id, name, files, *name != "pub/test/secret").await;
        }
        scene
            .sql("INSERT INTO category (id, name, publiclist, product_id, topdir_id) VALUES (1, 'Test', TRUE, 1, 1)")
            .await;
        scene
            .sql("INSERT INTO category_directory (category_id, directory_id) SELECT 1, id FROM directory")
            .await;
        let digest = hex(&content("repomd.xml"));
        for (id, age, sha256) in [(1, 1, "0".repeat(64)), (2, 9, digest), (3, 5, "f".repeat(64))] {
            // The newest by time counts, not the one with the highest id (decision 44).
            let size = content("repomd.xml").len();
            scene
                .sql(&format!(
                    "INSERT INTO file_detail (id, filename, \"timestamp\", size, sha256, directory_id) \
                     VALUES ({id}, 'repomd.xml', {age}, {size}, '{sha256}', 5)"
                ))
                .await;
        }
        scene
            .sql("INSERT INTO site (id, name, private, admin_active, user_active, created_at, created_by, \
                  all_sites_can_pull_from_me, email_on_drop, email_on_add) \
                  VALUES (1, 's', FALSE, TRUE, TRUE, '2020-01-01 00:00:00.000000', 'me', FALSE, FALSE, FALSE)")
            .await;
        scene
    }

    async fn directory(&self, id: i32, name: &str, files: &[&str], readable: bool) {
        let list: model::files::Files = files
            .iter()
            .map(|file| model::files::FileEntry::new(*file, content(file).len() as u64, 1))
            .collect();
        let insert =
            Sql::same("INSERT INTO directory (id, name, files, readable, ctime) VALUES ($1, $2, $3, $4, 1)");
        let tx = self.store.begin_write().await.unwrap();
        let files = (!list.is_empty()).then(|| model::files::encode(&list));
        tx.execute(insert, [id.into(), name.into(), files.into(), readable.into()]).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// The master now holds these files, with these sizes, in a directory.
    pub async fn expect(&self, id: i32, files: &[(&str, u64)]) {
        let list: model::files::Files =
            files.iter().map(|(name, size)| model::files::FileEntry::new(*name, *size, 1)).collect();
        let tx = self.store.begin_write().await.unwrap();
        let update = Sql::same("UPDATE directory SET files = $2 WHERE id = $1");
        tx.execute(update, [id.into(), model::files::encode(&list).into()]).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// A folder that holds the whole tree, readable part and all.
    pub fn tree(&self, name: &str) -> std::path::PathBuf {
        let root = self.folder.path().join(name);
        for (directory, files) in FILES {
            std::fs::create_dir_all(root.join(directory)).unwrap();
            for file in *files {
                std::fs::write(root.join(directory).join(file), content(file)).unwrap();
            }
        }
        root
    }

    /// A running mirror of the whole tree.
    pub async fn mirror(&self, name: &str) -> Mirror {
        Mirror::start(self.tree(name)).await.unwrap()
    }

    /// A host (id) with one host category (id × 10) of category 1 at these URLs.
    pub async fn host(&self, id: i32, urls: &[String]) {
        self.sql(&format!(
            "INSERT INTO host (id, name, site_id, admin_active, user_active, country, private, internet2, \
             internet2_clients, asn_clients, max_connections, crawl_failures) VALUES \
             ({id}, 'host{id}', 1, TRUE, TRUE, 'US', FALSE, FALSE, FALSE, TRUE, 1, 0)"
        ))
        .await;
        self.carry(id, 1, id * 10, urls).await;
    }

    /// A further category on a host.
    pub async fn carry(&self, host: i32, category: i32, host_category: i32, urls: &[String]) {
        self.sql(&format!(
            "INSERT INTO host_category (id, host_id, category_id, always_up2date) \
             VALUES ({host_category}, {host}, {category}, FALSE)"
        ))
        .await;
        for url in urls {
            self.sql(&format!(
                "INSERT INTO host_category_url (host_category_id, url, private) VALUES ({host_category}, '{url}', FALSE)"
            ))
            .await;
        }
    }

    /// Waits for an answer only for a moment from now on: for mirrors that never answer.
    pub fn be_impatient(&mut self) {
        self.settings.first_byte_timeout_ms = 250;
    }

    /// The base URL of a mirror for category 1.
    pub fn base(mirror: &Mirror) -> String {
        format!("{}/pub/test", mirror.url())
    }

    /// A host with one good mirror, crawled once: everything is listed.
    pub async fn good_host(&self, id: i32) -> Mirror {
        let mirror = self.mirror(&format!("m{id}")).await;
        self.host(id, &[Self::base(&mirror)]).await;
        let job = Job { start_id: id, stop_id: id + 1, ..FULL };
        let report = self.crawl(&job).await;
        assert_eq!(report.hosts[0].status.as_str(), "OK", "{report:?}");
        mirror.forget();
        mirror
    }

    pub async fn sql(&self, text: &str) {
        let tx = self.store.begin_write().await.unwrap();
        tx.db().execute_unprepared(text).await.unwrap_or_else(|error| panic!("{text}: {error}"));
        tx.commit().await.unwrap();
    }

    pub async fn crawl(&self, job: &Job) -> CrawlReport {
        let around = Surroundings {
            clock: Arc::new(FixedClock::at(NOW)),
            resolver: Arc::new(probe::TableResolver::default()),
            seed: 1,
            progress: Arc::clone(&self.progress),
            cancel: self.cancel.clone(),
        };
        crawl::run(&self.store, &self.settings, job, &around).await.unwrap()
    }

    /// A full crawl of which the only host is reported.
    pub async fn crawl_one(&self) -> HostReport {
        self.crawl_mode(Mode::Full).await
    }

    pub async fn crawl_mode(&self, mode: Mode) -> HostReport {
        let mut report = self.crawl(&Job { mode, ..Job::default() }).await;
        assert_eq!(report.hosts.len(), 1, "{report:?}");
        report.hosts.remove(0)
    }

    /// `path -> up2date` of a host category.
    pub async fn rows(&self, host_category: i32) -> BTreeMap<String, bool> {
        let text = Sql::same("SELECT path, up2date FROM host_category_dir WHERE host_category_id = $1");
        let statement = text.with(self.store.engine(), [host_category.into()]);
        let rows = self.store.read().query_all_raw(statement).await.unwrap();
        rows.iter()
            .map(|row| (row.try_get("", "path").unwrap(), row.try_get("", "up2date").unwrap()))
            .collect()
    }

    /// The paths that a host category is listed for.
    pub async fn listed(&self, host_category: i32) -> Vec<String> {
        self.rows(host_category)
            .await
            .into_iter()
            .filter(|(_, up2date)| *up2date)
            .map(|(path, _)| path)
            .collect()
    }

    pub async fn value<T: sea_orm::TryGetable>(&self, text: &'static str) -> T {
        let statement = Sql::same(text).with(self.store.engine(), []);
        let row = self.store.read().query_one_raw(statement).await.unwrap().unwrap();
        row.try_get_by_index(0).unwrap()
    }

    pub async fn host_row(&self, id: i32) -> entities_row::Host {
        entities_row::read(self, id).await
    }
}

pub mod entities_row {
    //! The columns of `host` that a crawl writes.

    use super::{ConnectionTrait, Scene, Sql};

    #[derive(Debug, PartialEq, Eq)]
    pub struct Host {
        pub user_active: bool,
        pub failures: Option<i32>,
        pub reason: Option<String>,
        pub crawled: bool,
        pub duration: Option<i64>,
    }

    pub async fn read(scene: &Scene, id: i32) -> Host {
        let text = Sql::same(
            "SELECT user_active, crawl_failures, disable_reason, last_crawled IS NOT NULL AS crawled, \
             last_crawl_duration FROM host WHERE id = $1",
        );
        let statement = text.with(scene.store.engine(), [id.into()]);
        let row = scene.store.read().query_one_raw(statement).await.unwrap().unwrap();
        Host {
            user_active: row.try_get("", "user_active").unwrap(),
            failures: row.try_get("", "crawl_failures").unwrap(),
            reason: row.try_get("", "disable_reason").unwrap(),
            crawled: row.try_get("", "crawled").unwrap(),
            duration: row.try_get("", "last_crawl_duration").unwrap(),
        }
    }
}

/// Settings that never make a test wait for long.
pub fn quick() -> Crawl {
    Crawl {
        allowed_networks: vec!["127.0.0.0/8".into()],
        attempts: 3,
        retry_wait_ms: 0,
        recheck_after_seconds: 0,
        requests_per_second: 0,
        first_byte_timeout_ms: 5_000,
        head_timeout_ms: 10_000,
        get_timeout_ms: 10_000,
        ..Crawl::default()
    }
}

pub const ALL: [&str; 5] = ["", "/empty", "/repo", "/repo/Packages", "/repo/repodata"];

fn hex(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn remove(root: &Path, file: &str) {
    std::fs::remove_file(root.join(file)).unwrap();
}
