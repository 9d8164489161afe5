//! A disk that fails, lies or changes under the scan; two scans at once; a category that can not be read.

use std::sync::Arc;

use model::clock::FixedClock;
use scan::{Quiet, Reading, ScanOptions, ScanReport, Verdict};
use store::Store;
use store::master::Master;
use testkit::stores::each;

use crate::memory::{MemoryDisk, ROOT};
use crate::setup::*;

const TOP: &str = "pub/epel";

async fn scan_at(store: &Store, disk: &MemoryDisk, now: i64, options: &ScanOptions) -> ScanReport {
    let settings = settings(ROOT.as_ref());
    scan::run_on(disk.clone(), store, &settings, options, &FixedClock::at(now), Arc::new(Quiet))
        .await
        .unwrap()
}

async fn plain(store: &Store, disk: &MemoryDisk, now: i64) -> ScanReport {
    scan_at(store, disk, now, &ScanOptions::default()).await
}

#[tokio::test]
async fn a_directory_that_can_not_be_listed_is_kept_and_reported() {
    each(|store| async move {
        category(&store, "E", "EPEL", TOP).await;
        let disk = MemoryDisk::default();
        disk.at(1000);
        for name in ["a/b/f", "c/f", "zz/f"] {
            disk.file(&format!("{TOP}/{name}"), "x");
        }
        plain(&store, &disk, 1100).await;
        disk.at(2000);
        disk.unlisted(&format!("{TOP}/a"), true);
        disk.remove(&format!("{TOP}/c"));
        disk.directory(&format!("{TOP}/new/x"));
        disk.unlisted(&format!("{TOP}/new"), true);
        let options = ScanOptions { deletion: scan::Deletion::Guarded, ..ScanOptions::default() };
        let report = scan_at(&store, &disk, 2100, &options).await;
        assert_eq!(report.verdict(), Verdict::Fine);
        assert_eq!(report.categories[0].counts.unlisted, 2);
        let problem = report.categories[0].problems[0].to_string();
        assert!(problem.contains("/srv/pub/epel/a") && problem.contains("permission denied"), "{problem}");
        let state = "SELECT name || ' ' || CASE WHEN readable THEN 'open ' ELSE 'closed ' END || ctime \
                     FROM directory ORDER BY name";
        assert_eq!(
            texts(&store, state).await,
            [
                "pub/epel open 2000",
                "pub/epel/a closed 1000",
                "pub/epel/a/b open 1000",
                "pub/epel/new closed 0",
                "pub/epel/zz open 1000"
            ],
            "below an unlisted directory nothing is deleted"
        );
        assert!(files(&store, "pub/epel/a/b").await.is_some());
        let before = everything(&store).await;
        assert!(plain(&store, &disk, 2200).await.is_unchanged());
        assert_eq!(everything(&store).await, before);

        disk.unlisted(&format!("{TOP}/a"), false);
        disk.unlisted(&format!("{TOP}/new"), false);
        plain(&store, &disk, 2300).await;
        assert_eq!(
            texts(&store, state).await,
            [
                "pub/epel open 2000",
                "pub/epel/a open 1000",
                "pub/epel/a/b open 1000",
                "pub/epel/new open 2000",
                "pub/epel/new/x open 2000",
                "pub/epel/zz open 1000"
            ]
        );
    })
    .await;
}

#[tokio::test]
async fn a_file_that_can_not_be_looked_at_is_tried_again() {
    each(|store| async move {
        category(&store, "E", "EPEL", TOP).await;
        let disk = MemoryDisk::default();
        disk.at(1000);
        disk.file(&format!("{TOP}/a/one"), "1");
        disk.file(&format!("{TOP}/a/two"), "2");
        disk.unstatted(&format!("{TOP}/a/two"), true);
        let report = plain(&store, &disk, 1100).await;
        assert!(report.categories[0].problems[0].to_string().contains("/a/two"));
        let stored = |store: Store| async move {
            model::files::decode(&files(&store, "pub/epel/a").await.unwrap()).unwrap().len()
        };
        assert_eq!(stored(store.store()).await, 1);
        disk.unstatted(&format!("{TOP}/a/two"), false);
        plain(&store, &disk, 1200).await;
        assert_eq!(stored(store.store()).await, 2, "although the directory's time is the same");
        assert_eq!(count(&store, "mm3_retry").await, 0);
    })
    .await;
}

#[tokio::test]
async fn an_index_that_is_replaced_while_it_is_read_is_read_again() {
    each(|store| async move {
        category(&store, "E", "EPEL", TOP).await;
        let index = format!("{TOP}/9/x86_64/repodata/repomd.xml");
        let disk = MemoryDisk::default();
        disk.at(1000);
        disk.file(&index, repomd(&[5]));
        disk.replaced_while_read(2);
        let report = plain(&store, &disk, 1100).await;
        assert_eq!((report.categories[0].counts.details, disk.reads()), (1, 3));

        disk.at(2000);
        disk.file(&index, repomd(&[6]));
        disk.replaced_while_read(9);
        let report = plain(&store, &disk, 2100).await;
        assert_eq!(report.categories[0].counts.details, 0);
        assert!(report.categories[0].problems[0].to_string().contains("changes while"));
        disk.replaced_while_read(0);
        assert_eq!(
            plain(&store, &disk, 2200).await.categories[0].counts.details,
            1,
            "the next scan tries again"
        );
    })
    .await;
}

#[tokio::test]
async fn a_second_change_within_the_second_of_the_scan_is_not_missed() {
    each(|store| async move {
        category(&store, "E", "EPEL", TOP).await;
        let index = format!("{TOP}/9/x86_64/repodata/repomd.xml");
        let disk = MemoryDisk::default();
        disk.at(1000);
        disk.file(&index, repomd(&[5]));
        plain(&store, &disk, 1000).await;
        disk.file(&index, repomd(&[6]));
        assert_eq!(plain(&store, &disk, 1010).await.categories[0].counts.details, 1);
        assert_eq!(count(&store, "mm3_retry").await, 0);
        let before = everything(&store).await;
        assert!(plain(&store, &disk, 1020).await.is_unchanged());
        assert_eq!(everything(&store).await, before);
    })
    .await;
}

#[tokio::test]
async fn reading_all_finds_what_was_rewritten_in_place() {
    each(|store| async move {
        category(&store, "E", "EPEL", TOP).await;
        let index = format!("{TOP}/9/x86_64/repodata/repomd.xml");
        let disk = MemoryDisk::default();
        disk.at(1000);
        disk.file(&index, repomd(&[5]));
        plain(&store, &disk, 1100).await;
        disk.rewrite(&index, repomd(&[6]));
        assert!(plain(&store, &disk, 1200).await.is_unchanged());
        let all = ScanOptions { reading: Reading::All, ..ScanOptions::default() };
        let report = scan_at(&store, &disk, 1300, &all).await;
        assert_eq!((report.categories[0].counts.details, report.categories[0].counts.unchanged), (1, 4));
    })
    .await;
}

#[tokio::test]
async fn of_two_directories_for_one_repository_the_first_by_name_wins() {
    each(|store| async move {
        category(&store, "Fedora EPEL", "EPEL", TOP).await;
        let disk = MemoryDisk::default();
        disk.at(1000);
        for place in ["next/9/Everything/x86_64", "9/Everything/x86_64", "9/other/i386", "9/none/SRPMS"] {
            disk.file(&format!("{TOP}/{place}/repodata/repomd.xml"), repomd(&[5]));
        }
        disk.directory(&format!("{TOP}/Server/9/x86_64/repodata"));
        disk.directory(&format!("{TOP}/plain/repodata"));
        let report = plain(&store, &disk, 1100).await;
        let names: Vec<String> =
            repositories(&store).await.iter().map(|r| r.split(' ').next().unwrap().into()).collect();
        assert_eq!(names, ["pub/epel/9/Everything/x86_64", "pub/epel/9/none/SRPMS", "pub/epel/9/other/i386"]);
        let problems: Vec<String> = report.categories[0].problems.iter().map(ToString::to_string).collect();
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(
            problems[0].contains("pub/epel/9/Everything/x86_64")
                && problems[0].contains("pub/epel/next/9/Everything/x86_64"),
            "both are named: {problems:?}"
        );
        assert!(problems[1].contains("pub/epel/plain"), "{problems:?}");
        let again = plain(&store, &disk, 1200).await;
        assert_eq!(again.categories[0].problems.len(), 2, "reported as long as it is so");
        assert!(again.is_unchanged());
    })
    .await;
}

#[tokio::test]
async fn a_failing_category_does_not_keep_the_others_from_being_scanned() {
    each(|store| async move {
        category(&store, "A", "Fedora", "pub/a").await;
        category(&store, "B", "Fedora", "pub/b").await;
        let disk = MemoryDisk::default();
        disk.at(1000);
        disk.file("pub/b/x/f", "1");
        let report = plain(&store, &disk, 1100).await;
        assert_eq!(report.verdict(), Verdict::Failed);
        assert_eq!(report.categories[1].counts.new, 1);
        assert_eq!(directories(&store).await, ["pub/a", "pub/b", "pub/b/x"]);
    })
    .await;
}

#[tokio::test]
async fn a_locked_category_is_left_alone() {
    each(|store| async move {
        category(&store, "E", "EPEL", TOP).await;
        let disk = MemoryDisk::default();
        disk.at(1000);
        disk.file(&format!("{TOP}/a/f"), "1");
        let master = Master::new(&store);
        let id = master.categories().await.unwrap()[0].id;
        let now = chrono::DateTime::from_timestamp(1100, 0).unwrap();
        let lock =
            master.lock(id, "somebody", now, |_| store::master::Holder::Unknown).await.unwrap().unwrap();
        let report = plain(&store, &disk, 1100).await;
        assert_eq!(report.verdict(), Verdict::Locked);
        assert_eq!(count(&store, "directory").await, 1);
        lock.release().await.unwrap();
        assert_eq!(plain(&store, &disk, 1100).await.verdict(), Verdict::Fine);
        assert_eq!(count(&store, "directory").await, 2);
    })
    .await;
}

#[tokio::test]
async fn a_name_that_nothing_knows_is_an_error() {
    each(|store| async move {
        category(&store, "Fedora EPEL", "EPEL", TOP).await;
        let options = ScanOptions { only: vec!["fedora epel".to_owned()], ..ScanOptions::default() };
        let settings = settings(ROOT.as_ref());
        let e = scan::run(&store, &settings, &options, &later(), Arc::new(Quiet)).await.unwrap_err();
        assert!(e.to_string().contains("did you mean \"Fedora EPEL\"?"), "{e}");
    })
    .await;
}

#[tokio::test]
async fn a_database_without_our_tables() {
    each(|mut store| async move {
        category(&store, "E", "EPEL", TOP).await;
        for sql in ["DROP TABLE mm3_change", "DROP TABLE mm3_retry", "DROP TABLE mm3_scan_state"] {
            execute(&store, sql).await;
        }
        store.refresh().await.unwrap();
        let (bad, good) =
            (format!("{TOP}/9/x86_64/repodata/repomd.xml"), format!("{TOP}/9/i386/repodata/repomd.xml"));
        let disk = MemoryDisk::default();
        disk.at(1000);
        disk.file(&bad, "<repomd>");
        disk.file(&good, repomd(&[5]));
        for now in [1000, 1100] {
            let report = plain(&store, &disk, now).await;
            assert_eq!(report.verdict(), Verdict::Fine, "{report:?}");
            assert_eq!(report.categories[0].problems.len(), 1);
        }
        let state = "SELECT name || ' ' || ctime FROM directory WHERE name LIKE '%repodata' ORDER BY name";
        let times = texts(&store, state).await;
        assert_eq!(times, [format!("{TOP}/9/i386/repodata 1000"), format!("{TOP}/9/x86_64/repodata 0")]);
        disk.rewrite(&bad, repomd(&[6]));
        assert_eq!(
            plain(&store, &disk, 1200).await.categories[0].counts.details,
            1,
            "the old time made it look again"
        );
        assert!(plain(&store, &disk, 1300).await.is_unchanged());
    })
    .await;
}
