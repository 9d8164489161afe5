//! What is deleted, what is not, and what is never believed.

use scan::{Deletion, Outcome, ScanOptions, ScanReport, Verdict, Writing};
use store::Store;
use testkit::stores::{each, each_variant};

use crate::memory::MemoryDisk;
use crate::setup::*;

const TOP: &str = "pub/epel";

fn with(deletion: Deletion) -> ScanOptions {
    ScanOptions { deletion, ..ScanOptions::default() }
}

async fn scan_disk(store: &Store, disk: &MemoryDisk, options: &ScanOptions) -> ScanReport {
    let settings = settings(crate::memory::ROOT.as_ref());
    let quiet = std::sync::Arc::new(scan::Quiet);
    scan::run_on(disk.clone(), store, &settings, options, &later(), quiet).await.unwrap()
}

/// A category of `count` directories with a file each, scanned.
async fn filled(store: &Store, count: usize) -> MemoryDisk {
    category(store, "Fedora EPEL", "EPEL", TOP).await;
    let disk = MemoryDisk::default();
    disk.at(1000);
    for number in 0..count {
        disk.file(&format!("{TOP}/d{number:03}/f"), "x");
    }
    assert_eq!(scan_disk(store, &disk, &ScanOptions::default()).await.verdict(), Verdict::Fine);
    disk.at(2000);
    disk
}

#[tokio::test]
async fn only_on_demand_and_with_everything_that_hangs_on_it() {
    each_variant(|store| async move {
        let disk = filled(&store, 3).await;
        disk.file(&format!("{TOP}/9/x86_64/repodata/repomd.xml"), repomd(&[5]));
        scan_disk(&store, &disk, &ScanOptions::default()).await;
        assert_eq!(repositories(&store).await, [format!("{TOP}/9/x86_64 epel-9 x86_64 9 {TOP}/9/x86_64")]);
        execute(&store, "INSERT INTO file_group (name) VALUES ('g')").await;
        execute(
            &store,
            "INSERT INTO file_detail_file_group (file_detail_id, file_group_id) \
             SELECT f.id, g.id FROM file_detail f, file_group g",
        )
        .await;
        execute(
            &store,
            "INSERT INTO site (name, private, admin_active, user_active, created_at, created_by, \
             all_sites_can_pull_from_me, email_on_drop, email_on_add) \
             VALUES ('s', false, true, true, '2020-01-01 00:00:00', 'x', false, false, false)",
        )
        .await;
        let host = store::hosts::add(&store, &store::hosts::NewHost::new("s", "h", "DE")).await.unwrap();
        assert!(host.id > 0);
        execute(
            &store,
            "INSERT INTO host_category (host_id, category_id, always_up2date) \
             SELECT h.id, c.id, false FROM host h, category c",
        )
        .await;
        execute(
            &store,
            "INSERT INTO host_category_dir (host_category_id, path, up2date, directory_id) \
             SELECT hc.id, d.name, true, d.id FROM host_category hc, directory d",
        )
        .await;
        execute(
            &store,
            "INSERT INTO directory_exclusive_host (directory_id, host_id) SELECT d.id, h.id FROM directory d, host h",
        )
        .await;
        disk.remove(&format!("{TOP}/9"));
        let report = scan_disk(&store, &disk, &ScanOptions::default()).await;
        assert_eq!((report.categories[0].counts.gone, report.categories[0].counts.deleted), (3, 0));
        assert_eq!(count(&store, "directory").await, 7);

        let dry = ScanOptions { writing: Writing::DryRun, ..with(Deletion::Guarded) };
        let report = scan_disk(&store, &disk, &dry).await;
        assert_eq!(report.categories[0].changes.directories.gone.len(), 3);
        assert_eq!(count(&store, "directory").await, 7, "a dry run writes nothing");

        let report = scan_disk(&store, &disk, &with(Deletion::Guarded)).await;
        assert_eq!(report.verdict(), Verdict::Fine, "{report:?}");
        assert_eq!(report.categories[0].counts.deleted, 3);
        assert_eq!(
            directories(&store).await,
            [TOP, "pub/epel/d000", "pub/epel/d001", "pub/epel/d002"]
        );
        for table in ["file_detail", "file_detail_file_group"] {
            assert_eq!(count(&store, table).await, 0, "{table}");
        }
        for table in ["host_category_dir", "category_directory", "directory_exclusive_host"] {
            assert_eq!(count(&store, table).await, 4, "{table}");
        }
        let kept = [format!("{TOP}/9/x86_64 epel-9 x86_64 9 NULL")];
        assert_eq!(repositories(&store).await, kept, "the row is kept (decision 31)");

        disk.at(3000);
        disk.file(&format!("{TOP}/9/x86_64/repodata/repomd.xml"), repomd(&[6]));
        let report = scan_disk(&store, &disk, &ScanOptions::default()).await;
        assert_eq!(report.categories[0].counts.reattached, 1);
        assert_eq!(repositories(&store).await, [format!("{TOP}/9/x86_64 epel-9 x86_64 9 {TOP}/9/x86_64")]);
    })
    .await;
}

#[tokio::test]
async fn orphaned_repositories_may_be_deleted_and_moved_ones_move() {
    each_variant(|store| async move {
        let disk = filled(&store, 3).await;
        for place in ["9/x86_64", "9/aarch64"] {
            disk.file(&format!("{TOP}/{place}/repodata/repomd.xml"), repomd(&[5]));
        }
        scan_disk(&store, &disk, &ScanOptions::default()).await;
        disk.at(3000);
        disk.remove(&format!("{TOP}/9"));
        disk.file(&format!("{TOP}/9/Everything/x86_64/repodata/repomd.xml"), repomd(&[5]));
        let settings = settings::Scan {
            orphan_repositories: settings::scan::OrphanRepositories::Delete,
            ..settings(crate::memory::ROOT.as_ref())
        };
        let quiet = std::sync::Arc::new(scan::Quiet);
        let options = with(Deletion::Guarded);
        scan::run_on(disk, &store, &settings, &options, &later(), quiet).await.unwrap();
        let moved = format!("{TOP}/9/Everything/x86_64");
        assert_eq!(repositories(&store).await, [format!("{moved} epel-9 x86_64 9 {moved}")]);
    })
    .await;
}

#[tokio::test]
async fn the_guard_refuses_many_and_still_stores_the_rest() {
    each(|store| async move {
        let disk = filled(&store, 100).await;
        for number in 0..51 {
            disk.remove(&format!("{TOP}/d{number:03}"));
        }
        disk.file(&format!("{TOP}/new/f"), "x");
        let report = scan_disk(&store, &disk, &with(Deletion::Guarded)).await;
        assert_eq!(report.verdict(), Verdict::DeletionRefused);
        let Outcome::DeletionRefused(why) = &report.categories[0].outcome else { panic!("{report:?}") };
        assert!(why.contains("51 of 101"), "{why}");
        assert_eq!(count(&store, "directory").await, 102, "nothing deleted, the new one added");

        disk.file(&format!("{TOP}/d000/f"), "x");
        let report = scan_disk(&store, &disk, &with(Deletion::Guarded)).await;
        assert_eq!(report.verdict(), Verdict::Fine, "50 are always allowed");
        assert_eq!(count(&store, "directory").await, 52);
    })
    .await;
}

#[tokio::test]
async fn force_overrides_the_share() {
    each(|store| async move {
        let disk = filled(&store, 100).await;
        for number in 0..90 {
            disk.remove(&format!("{TOP}/d{number:03}"));
        }
        let report = scan_disk(&store, &disk, &with(Deletion::Forced)).await;
        assert_eq!(report.verdict(), Verdict::Fine);
        assert_eq!(count(&store, "directory").await, 11);
    })
    .await;
}

#[tokio::test]
async fn scenario_7_an_unmounted_root_changes_nothing() {
    each(|store| async move {
        let disk = filled(&store, 3).await;
        let before = everything(&store).await;
        let empty = MemoryDisk::default();
        empty.directory(TOP);
        let other = MemoryDisk::default();
        other.file(&format!("{TOP}/lost+found/f"), "x");
        let unlisted = disk.clone();
        for (what, wrong) in [("missing", MemoryDisk::default()), ("empty", empty), ("another", other)] {
            for deletion in [Deletion::Guarded, Deletion::Forced, Deletion::Off] {
                let report = scan_disk(&store, &wrong, &with(deletion)).await;
                let expected = match deletion {
                    Deletion::Off => Verdict::Failed,
                    Deletion::Guarded | Deletion::Forced => Verdict::DeletionRefused,
                };
                assert_eq!(report.verdict(), expected, "{what}");
                let (Outcome::RootRefused(why) | Outcome::Failed(why)) = &report.categories[0].outcome else {
                    panic!("{what}: {report:?}")
                };
                assert!(why.contains("/srv/pub/epel") && why.contains("mounted"), "{what}: {why}");
                assert_eq!(everything(&store).await, before, "{what}");
            }
        }
        unlisted.unlisted(TOP, true);
        let report = scan_disk(&store, &unlisted, &with(Deletion::Forced)).await;
        assert_eq!(report.verdict(), Verdict::DeletionRefused);
        assert_eq!(everything(&store).await, before);
    })
    .await;
}

#[tokio::test]
async fn excluded_shared_and_top_directories_stay() {
    each(|store| async move {
        category(&store, "Outer", "Fedora", "pub/a").await;
        category(&store, "Inner", "Fedora", "pub/a/b/c").await;
        let disk = MemoryDisk::default();
        disk.at(1000);
        for name in ["keep/f", "x/private/sub/f", "b/c/d/f", "b/e/f", "gone/f"] {
            disk.file(&format!("pub/a/{name}"), "x");
        }
        scan_disk(&store, &disk, &ScanOptions::default()).await;
        disk.at(2000);
        for name in ["x/private", "b", "gone"] {
            disk.remove(&format!("pub/a/{name}"));
        }
        let mut settings = settings(crate::memory::ROOT.as_ref());
        settings.excludes = vec!["pub/a/x/private$".to_owned()];
        let options = ScanOptions { only: vec!["Outer".to_owned()], ..with(Deletion::Guarded) };
        let quiet = std::sync::Arc::new(scan::Quiet);
        let report = scan::run_on(disk, &store, &settings, &options, &later(), quiet).await.unwrap();
        assert_eq!(report.verdict(), Verdict::Fine, "{report:?}");
        assert_eq!(
            directories(&store).await,
            [
                "pub/a",
                "pub/a/b/c",
                "pub/a/b/c/d",
                "pub/a/keep",
                "pub/a/x",
                "pub/a/x/private",
                "pub/a/x/private/sub"
            ]
        );
        let outer = "category_directory cd JOIN category c ON c.id = cd.category_id WHERE c.name = 'Outer'";
        assert_eq!(count(&store, outer).await, 5, "what the other category keeps is no longer in this one");
    })
    .await;
}

#[tokio::test]
async fn what_another_source_of_the_category_may_have_is_not_deleted() {
    each(|store| async move {
        let disk = filled(&store, 3).await;
        disk.file("other/d000/f", "x");
        disk.file("other/more/f", "x");
        let source = |path: &str| settings::scan::ScanSource {
            category: "Fedora EPEL".to_owned(),
            path: Some(MemoryDisk::path(path)),
            ..settings::scan::ScanSource::default()
        };
        for deletion in [Deletion::Guarded, Deletion::Forced] {
            let settings = settings::Scan {
                sources: vec![source(TOP), source("other")],
                ..settings(crate::memory::ROOT.as_ref())
            };
            let quiet = std::sync::Arc::new(scan::Quiet);
            let options = with(deletion);
            let report =
                scan::run_on(disk.clone(), &store, &settings, &options, &later(), quiet).await.unwrap();
            assert_eq!(report.verdict(), Verdict::DeletionRefused, "{report:?}");
            let all = [TOP, "pub/epel/d000", "pub/epel/d001", "pub/epel/d002", "pub/epel/more"];
            assert_eq!(directories(&store).await, all);
        }
        // The same root twice is one source.
        let settings = settings::Scan {
            sources: vec![source(TOP), source(TOP)],
            ..settings(crate::memory::ROOT.as_ref())
        };
        let quiet = std::sync::Arc::new(scan::Quiet);
        let options = with(Deletion::Guarded);
        let report = scan::run_on(disk.clone(), &store, &settings, &options, &later(), quiet).await.unwrap();
        assert_eq!(report.verdict(), Verdict::Fine, "{report:?}");
        assert_eq!(directories(&store).await, [TOP, "pub/epel/d000", "pub/epel/d001", "pub/epel/d002"]);
    })
    .await;
}

/// Gives a directory to another category at the last moment: when the comparison is done.
struct Meanwhile(String);

impl scan::Progress for Meanwhile {
    fn writing(&self) {
        let url = self.0.clone();
        let link = async move {
            let store = Store::connect(&url, &store::ConnectOptions::default()).await.unwrap();
            execute(
                &store,
                "INSERT INTO category_directory (category_id, directory_id) \
                 SELECT c.id, d.id FROM category c, directory d \
                 WHERE c.name = 'Other' AND d.name = 'pub/epel/d000'",
            )
            .await;
            store.close().await;
        };
        let run =
            || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(link);
        std::thread::scope(|scope| scope.spawn(run).join()).unwrap();
    }
}

#[tokio::test]
async fn what_another_category_gets_at_the_last_moment_is_not_deleted() {
    each_variant(|store| async move {
        let disk = filled(&store, 3).await;
        category(&store, "Other", "EPEL", "pub/other").await;
        disk.file("pub/other/f", "x");
        disk.remove(&format!("{TOP}/d000"));
        disk.remove(&format!("{TOP}/d001"));
        let options = ScanOptions { only: vec!["Fedora EPEL".to_owned()], ..with(Deletion::Guarded) };
        let meanwhile = std::sync::Arc::new(Meanwhile(store.url().to_owned()));
        let settings = settings(crate::memory::ROOT.as_ref());
        let report = scan::run_on(disk, &store, &settings, &options, &later(), meanwhile).await.unwrap();
        assert_eq!(report.verdict(), Verdict::Fine, "{report:?}");
        assert_eq!(directories(&store).await, [TOP, "pub/epel/d000", "pub/epel/d002", "pub/other"]);
        let owners = "SELECT c.name FROM category c JOIN category_directory cd ON cd.category_id = c.id \
                      JOIN directory d ON d.id = cd.directory_id WHERE d.name = 'pub/epel/d000'";
        assert_eq!(texts(&store, owners).await, ["Other"]);
    })
    .await;
}
