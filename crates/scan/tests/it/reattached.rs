//! Repositories that lost their directory and get one again: each once, whatever names others have.

use store::changes::{self, Change, Cursor, Subject};
use testkit::stores::each_variant;

use crate::memory::MemoryDisk;
use crate::setup::*;

const TOP: &str = "pub/epel";

async fn scan_disk(store: &store::Store, disk: &MemoryDisk) -> scan::ScanReport {
    let settings = settings(crate::memory::ROOT.as_ref());
    let quiet = std::sync::Arc::new(scan::Quiet);
    scan::run_on(disk.clone(), store, &settings, &scan::ScanOptions::default(), &later(), quiet)
        .await
        .unwrap()
}

/// A category with version 9 and one repository that has lost its directory.
async fn orphan(store: &store::Store, name: &'static str) {
    category(store, "Fedora EPEL", "EPEL", TOP).await;
    execute(
        store,
        "INSERT INTO version (name, is_test, display, ordered_mirrorlist, sortorder, product_id) \
         SELECT '9', false, true, true, 0, id FROM product",
    )
    .await;
    repository(store, name, "epel-9").await;
}

async fn repository(store: &store::Store, name: &str, prefix: &str) {
    const ADD: store::sql::Sql = store::sql::Sql::same(
        "INSERT INTO repository (name, prefix, version_id, arch_id, disabled) \
         SELECT CAST($1 AS text), CAST($2 AS text), v.id, a.id, false FROM version v, arch a WHERE a.name = 'x86_64'",
    );
    let tx = store.begin_write().await.unwrap();
    tx.execute(ADD, [name.into(), prefix.into()]).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_name_that_another_row_has_is_not_taken_over() {
    each_variant(|store| async move {
        orphan(&store, "pub/epel/9/x86_64").await;
        repository(&store, "pub/epel/9/Everything/x86_64", "somebodys").await;
        let disk = MemoryDisk::default();
        disk.at(1000);
        disk.file(&format!("{TOP}/9/Everything/x86_64/repodata/repomd.xml"), repomd(&[5]));
        let report = scan_disk(&store, &disk).await;
        assert_eq!(report.verdict(), scan::Verdict::Fine, "{report:?}");
        assert_eq!(
            repositories(&store).await,
            [
                "pub/epel/9/Everything/x86_64 somebodys x86_64 9 NULL",
                "pub/epel/9/x86_64 epel-9 x86_64 9 pub/epel/9/Everything/x86_64"
            ]
        );
        assert!(scan_disk(&store, &disk).await.is_unchanged());
    })
    .await;
}

#[tokio::test]
async fn one_repository_goes_to_one_directory() {
    each_variant(|store| async move {
        // Its prefix was changed by hand, so one directory has its prefix and another its name.
        orphan(&store, "pub/epel/testing/9/x86_64").await;
        let disk = MemoryDisk::default();
        disk.at(1000);
        for place in ["9/x86_64", "testing/9/x86_64"] {
            disk.file(&format!("{TOP}/{place}/repodata/repomd.xml"), repomd(&[5]));
        }
        let report = scan_disk(&store, &disk).await;
        assert_eq!(report.verdict(), scan::Verdict::Fine, "{report:?}");
        assert_eq!(
            repositories(&store).await,
            [
                "pub/epel/9/x86_64 epel-9 x86_64 9 pub/epel/9/x86_64",
                "pub/epel/testing/9/x86_64 testing-epel9 x86_64 9 pub/epel/testing/9/x86_64"
            ]
        );
        assert!(scan_disk(&store, &disk).await.is_unchanged());
    })
    .await;
}

#[tokio::test]
async fn a_new_version_is_in_the_change_log() {
    each_variant(|store| async move {
        category(&store, "Fedora EPEL", "EPEL", TOP).await;
        let (_, before) = changes::read_since(&store, Cursor::START).await.unwrap();
        let disk = MemoryDisk::default();
        disk.at(1000);
        // No architecture, so no repository; the version is made nevertheless.
        disk.file(&format!("{TOP}/9/none/repodata/repomd.xml"), repomd(&[5]));
        assert_eq!(scan_disk(&store, &disk).await.categories[0].counts.versions, 1);
        let (rows, _) = changes::read_since(&store, before).await.unwrap();
        let rows: Vec<Change> = rows.into_iter().map(|row| row.change).collect();
        assert!(rows.contains(&Change::all(Subject::Reference, 0)), "{rows:?}");
    })
    .await;
}
