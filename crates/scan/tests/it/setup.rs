//! A category, a tree, a scan, and what the database says afterwards.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use model::clock::{Clock as _, FixedClock, SystemClock};
use scan::{Quiet, ScanOptions, ScanReport};
use sea_orm::{ConnectionTrait as _, QueryResult, Statement};
use settings::Scan;
use store::Store;

/// A category with its product and topdir.
pub(crate) async fn category(store: &Store, name: &str, product: &str, topdir: &str) {
    if store::products::list(store).await.unwrap().iter().all(|p| p.name != product) {
        store::products::add(store, product).await.unwrap();
    }
    // A database of upstream's gets no reference data from us.
    store::reference::seed(store).await.unwrap();
    store::categories::add(store, name, product, topdir).await.unwrap();
}

/// A minute from now, so that nothing on the disk is younger than the scan.
pub(crate) fn later() -> FixedClock {
    FixedClock::at(SystemClock.now().timestamp() + 60)
}

pub(crate) fn settings(root: &Path) -> Scan {
    Scan { content_root: root.to_path_buf(), threads: 4, ..Scan::default() }
}

pub(crate) async fn scan_with(store: &Store, settings: &Scan, options: &ScanOptions) -> ScanReport {
    scan::run(store, settings, options, &later(), Arc::new(Quiet)).await.unwrap()
}

pub(crate) async fn scan(store: &Store, root: &Path) -> ScanReport {
    scan_with(store, &settings(root), &ScanOptions::default()).await
}

pub(crate) fn write(root: &Path, name: &str, content: impl AsRef<[u8]>) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// A file put in place the way publishers do it.
pub(crate) fn publish(root: &Path, name: &str, content: impl AsRef<[u8]>) {
    write(root, &format!("{name}.new"), content);
    fs::rename(root.join(format!("{name}.new")), root.join(name)).unwrap();
}

pub(crate) fn repomd(timestamps: &[i64]) -> String {
    let data: String =
        timestamps.iter().map(|t| format!("<data type=\"x\"><timestamp>{t}</timestamp></data>")).collect();
    format!(
        "<?xml version=\"1.0\"?>\n<repomd xmlns=\"http://linux.duke.edu/metadata/repo\">{data}</repomd>\n"
    )
}

pub(crate) async fn rows(store: &Store, sql: &str) -> Vec<QueryResult> {
    let statement = Statement::from_string(store.engine().backend(), sql);
    store.read().query_all_raw(statement).await.unwrap()
}

/// One text per row of a query with one text column.
pub(crate) async fn texts(store: &Store, sql: &str) -> Vec<String> {
    rows(store, sql).await.iter().map(|row| row.try_get_by_index::<String>(0).unwrap()).collect()
}

pub(crate) async fn execute(store: &Store, sql: &'static str) {
    let tx = store.begin_write().await.unwrap();
    tx.execute(store::sql::Sql::same(sql), []).await.unwrap();
    tx.commit().await.unwrap();
}

/// The names of all directories, in order.
pub(crate) async fn directories(store: &Store) -> Vec<String> {
    let mut names = texts(store, "SELECT name FROM directory").await;
    names.sort();
    names
}

/// The stored file list of a directory.
pub(crate) async fn files(store: &Store, name: &str) -> Option<Vec<u8>> {
    let sql = format!("SELECT files FROM directory WHERE name = '{name}'");
    rows(store, &sql).await[0].try_get_by_index(0).unwrap()
}

/// `prefix arch version directory` of every repository, by name.
pub(crate) async fn repositories(store: &Store) -> Vec<String> {
    texts(
        store,
        "SELECT r.name || ' ' || COALESCE(r.prefix, 'NULL') || ' ' || a.name || ' ' || v.name || ' ' || \
         COALESCE(d.name, 'NULL') FROM repository r JOIN arch a ON a.id = r.arch_id \
         JOIN version v ON v.id = r.version_id LEFT JOIN directory d ON d.id = r.directory_id ORDER BY r.name",
    )
    .await
}

/// `directory/filename timestamp` of every file detail, by time.
pub(crate) async fn details(store: &Store) -> Vec<String> {
    texts(
        store,
        "SELECT d.name || '/' || f.filename || ' ' || f.timestamp FROM file_detail f \
         JOIN directory d ON d.id = f.directory_id ORDER BY d.name, f.filename, f.timestamp, f.id",
    )
    .await
}

pub(crate) async fn count(store: &Store, table: &str) -> i64 {
    rows(store, &format!("SELECT COUNT(*) FROM {table}")).await[0].try_get_by_index(0).unwrap()
}

/// Everything a scan may write, as text: equal before and after means that nothing was written.
pub(crate) async fn everything(store: &Store) -> Vec<String> {
    let mut out = Vec::new();
    for sql in [
        "SELECT 'd ' || id || name || readable || COALESCE(ctime, -1) || ' ' || COALESCE(LENGTH(files), -1) \
         FROM directory ORDER BY id",
        "SELECT 'c ' || category_id || ' ' || directory_id FROM category_directory ORDER BY 1",
        "SELECT 'f ' || id || filename || timestamp FROM file_detail ORDER BY id",
        "SELECT 'r ' || id || name || COALESCE(directory_id, -1) FROM repository ORDER BY id",
        "SELECT 'v ' || id || name FROM version ORDER BY id",
        "SELECT 'm ' || directory_id || reason FROM mm3_retry ORDER BY directory_id",
        "SELECT 'l ' || id FROM mm3_change ORDER BY id",
    ] {
        out.extend(texts(store, sql).await);
    }
    out
}
