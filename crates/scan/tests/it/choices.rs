//! What settings and options change.

use std::sync::Arc;

use model::clock::FixedClock;
use model::rule_table::MappingRule;
use scan::{Quiet, ScanOptions, ScanReport, Writing};
use settings::Scan;
use settings::scan::{NullPrefix, ScanSource};
use store::Store;
use testkit::stores::each;

use crate::memory::{MemoryDisk, ROOT};
use crate::setup::*;

async fn scan_by(store: &Store, disk: &MemoryDisk, settings: &Scan, options: &ScanOptions) -> ScanReport {
    scan::run_on(disk.clone(), store, settings, options, &later(), Arc::new(Quiet)).await.unwrap()
}

/// The first words of the repositories: their names and prefixes.
async fn prefixes(store: &Store) -> Vec<String> {
    let short = |row: &String| row.split(' ').take(2).collect::<Vec<_>>().join(" ");
    repositories(store).await.iter().map(short).collect()
}

#[tokio::test]
async fn an_own_mapping_comes_before_the_shipped_rules() {
    each(|store| async move {
        category(&store, "Fedora EPEL", "EPEL", "pub/epel").await;
        let disk = MemoryDisk::default();
        for place in ["9/Everything/x86_64", "next/9/Everything/x86_64"] {
            disk.file(&format!("pub/epel/{place}/repodata/repomd.xml"), repomd(&[5]));
        }
        let next = MappingRule {
            regex: "^pub/epel/next/".to_owned(),
            prefix: Some("epel-next".to_owned()),
            ..MappingRule::default()
        };
        let settings = Scan { repository_mapping: vec![next], ..settings(ROOT.as_ref()) };
        let report = scan_by(&store, &disk, &settings, &ScanOptions::default()).await;
        assert_eq!(report.categories[0].problems, []);
        assert_eq!(
            prefixes(&store).await,
            ["pub/epel/9/Everything/x86_64 epel-9", "pub/epel/next/9/Everything/x86_64 epel-next-9"]
        );
    })
    .await;
}

#[tokio::test]
async fn repositories_without_a_prefix() {
    for (choice, expected) in [(NullPrefix::First, 2), (NullPrefix::All, 3), (NullPrefix::None, 0)] {
        each(|store| async move {
            category(&store, "Other", "Fedora", "pub/other").await;
            let disk = MemoryDisk::default();
            for place in ["41/b/x86_64", "41/a/x86_64", "41/a/i386"] {
                disk.file(&format!("pub/other/{place}/repodata/repomd.xml"), repomd(&[5]));
            }
            let settings = Scan { null_prefix_repositories: Some(choice), ..settings(ROOT.as_ref()) };
            let report = scan_by(&store, &disk, &settings, &ScanOptions::default()).await;
            assert_eq!(report.categories[0].problems, [], "nothing to complain about");
            let made = prefixes(&store).await;
            assert_eq!(made.len(), expected, "{made:?}");
            assert!(made.iter().all(|row| row.ends_with(" NULL")));
            if choice == NullPrefix::First {
                assert_eq!(made[1], "pub/other/41/a/x86_64 NULL", "the first by name");
            }
            assert!(scan_by(&store, &disk, &settings, &ScanOptions::default()).await.is_unchanged());
        })
        .await;
    }
}

#[tokio::test]
async fn versions_and_places_that_are_not_wanted() {
    each(|store| async move {
        category(&store, "Fedora Linux", "Fedora", "pub/fedora/linux").await;
        category(&store, "Alt", "Fedora", "pub/alt").await;
        let disk = MemoryDisk::default();
        for name in
            ["fedora/linux/releases/41/Everything/x86_64/os", "alt/41/x86_64", "fedora/linux/atomic/39"]
        {
            disk.directory(&format!("pub/{name}/repodata"));
        }
        let settings = Scan { auto_create_versions: false, ..settings(ROOT.as_ref()) };
        let report = scan_by(&store, &disk, &settings, &ScanOptions::default()).await;
        assert_eq!(count(&store, "version").await, 0);
        assert_eq!(report.categories[0].problems.len(), 2, "{:?}", report.categories[0].problems);
        assert_eq!(report.categories[1].problems, [], "pub/alt is left alone silently");
        let settings = Scan { auto_create_versions: true, ..settings };
        scan_by(&store, &disk, &settings, &ScanOptions::default()).await;
        assert_eq!(prefixes(&store).await, ["pub/fedora/linux/releases/41/Everything/x86_64/os fedora-41"]);
    })
    .await;
}

#[tokio::test]
async fn an_ostree_repository_is_for_x86_64_and_its_summary_is_a_file_detail() {
    each(|store| async move {
        category(&store, "Fedora Linux", "Fedora", "pub/fedora/linux").await;
        let disk = MemoryDisk::default();
        disk.at(1_000);
        disk.file("pub/fedora/linux/atomic/39/summary", "s");
        disk.file("pub/fedora/linux/atomic/39/objects/00/x", "s");
        scan_by(&store, &disk, &settings(ROOT.as_ref()), &ScanOptions::default()).await;
        let place = "pub/fedora/linux/atomic/39";
        assert_eq!(repositories(&store).await, [format!("{place} atomic-39 x86_64 39 {place}")]);
        assert_eq!(details(&store).await, [format!("{place}/summary 1000")], "the file's own time");
        assert!(
            scan_by(&store, &disk, &settings(ROOT.as_ref()), &ScanOptions::default()).await.is_unchanged()
        );
    })
    .await;
}

#[tokio::test]
async fn which_categories_are_scanned() {
    each(|store| async move {
        for name in ["A", "B", "C"] {
            category(&store, name, "Fedora", &format!("pub/{name}")).await;
        }
        let disk = MemoryDisk::default();
        for name in ["A", "B", "C"] {
            disk.file(&format!("pub/{name}/f"), "1");
        }
        let names = |report: ScanReport| report.categories.into_iter().map(|c| c.name).collect::<Vec<_>>();
        let dry = |only: &[&str], except: &[&str]| ScanOptions {
            only: only.iter().map(ToString::to_string).collect(),
            except: except.iter().map(ToString::to_string).collect(),
            writing: Writing::DryRun,
            ..ScanOptions::default()
        };
        let all = settings(ROOT.as_ref());
        let source = |name: &str| ScanSource { category: name.to_owned(), ..ScanSource::default() };
        let some = Scan { sources: vec![source("C"), source("A")], ..all.clone() };
        let before = everything(&store).await;
        assert_eq!(names(scan_by(&store, &disk, &all, &dry(&[], &[])).await), ["A", "B", "C"]);
        assert_eq!(names(scan_by(&store, &disk, &all, &dry(&[], &["B"])).await), ["A", "C"]);
        assert_eq!(names(scan_by(&store, &disk, &all, &dry(&["A", "B"], &["B"])).await), ["A"]);
        assert_eq!(names(scan_by(&store, &disk, &some, &dry(&[], &[])).await), ["C", "A"]);
        assert_eq!(names(scan_by(&store, &disk, &some, &dry(&["B"], &[])).await), ["B"], "asked for by name");
        assert_eq!(everything(&store).await, before, "a dry run writes nothing");
        let report = scan_by(&store, &disk, &all, &dry(&["A"], &[])).await;
        assert_eq!(
            report.categories[0].changes.directories.changed,
            ["pub/A"],
            "it tells what it would change"
        );
    })
    .await;
}

#[tokio::test]
async fn a_top_directory_outside_of_the_content_root_is_not_scanned() {
    each(|store| async move {
        category(&store, "Up", "P", "pub/up").await;
        category(&store, "Slash", "P", "pub/slash").await;
        // Only we check what is entered.
        execute(&store, "UPDATE directory SET name = 'content/../../up' WHERE name = 'pub/up'").await;
        execute(&store, "UPDATE directory SET name = '/pub/slash' WHERE name = 'pub/slash'").await;
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "up/secret/f", "x");
        write(folder.path(), "content/pub/slash/a/f", "x");
        let report = scan(&store, &folder.path().join("content")).await;
        let scan::Outcome::Failed(why) = &report.categories[0].outcome else { panic!("{report:?}") };
        assert!(why.contains("content/../../up"), "{why}");
        assert_eq!(report.categories[1].outcome, scan::Outcome::Done);
        assert_eq!(directories(&store).await, ["/pub/slash", "/pub/slash/a", "content/../../up"]);
        assert!(nothing_is_left_to_do(&store, &folder.path().join("content")).await);
    })
    .await;
}

async fn nothing_is_left_to_do(store: &store::Store, root: &std::path::Path) -> bool {
    scan(store, root).await.categories.iter().all(|c| c.counts.is_unchanged())
}

#[tokio::test]
async fn the_time_of_the_last_good_scan_is_kept() {
    each(|store| async move {
        category(&store, "E", "EPEL", "pub/epel").await;
        let disk = MemoryDisk::default();
        disk.at(900);
        disk.file("pub/epel/9/f", "1");
        let settings = settings(ROOT.as_ref());
        let last_good = async |now: i64, options: &ScanOptions| {
            let clock = FixedClock::at(now);
            let report = scan::run_on(disk.clone(), &store, &settings, options, &clock, Arc::new(Quiet))
                .await
                .unwrap();
            report.last_good.get("E").copied()
        };
        let dry = ScanOptions { writing: Writing::DryRun, ..ScanOptions::default() };
        let plain = ScanOptions::default();
        assert_eq!(last_good(1_000, &dry).await, None);
        assert_eq!(last_good(1_100, &plain).await, Some(1_100));
        assert_eq!(last_good(1_200, &plain).await, Some(1_200), "although nothing has changed");
        disk.remove("pub/epel");
        assert_eq!(last_good(1_300, &plain).await, Some(1_200));
    })
    .await;
}

#[tokio::test]
async fn the_digest_of_any_package_of_a_large_directory_is_recorded() {
    each(|store| async move {
        category(&store, "E", "EPEL", "pub/epel").await;
        let disk = MemoryDisk::default();
        for number in 0..200 {
            disk.at(1_000 - number);
            disk.file(&format!("pub/epel/9/{number:03}.rpm"), "1");
        }
        let hash = "0".repeat(64);
        disk.file("pub/epel/9/x-CHECKSUM", format!("{hash}  150.rpm\n{hash}  000.rpm\n{hash}  gone.rpm\n"));
        let report = scan_by(&store, &disk, &settings(ROOT.as_ref()), &ScanOptions::default()).await;
        assert_eq!((report.categories[0].counts.files, report.categories[0].problems.len()), (201, 0));
        assert_eq!(details(&store).await, ["pub/epel/9/000.rpm 1000", "pub/epel/9/150.rpm 850"]);
        let stored = files(&store, "pub/epel/9").await.unwrap();
        assert_eq!(model::files::decode(&stored).unwrap().len(), 3);
    })
    .await;
}
