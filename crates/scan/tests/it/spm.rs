//! Policy `spm`: what differs from `umdl`, and the rows of the quirk table
//! (`spec/scan-primary-mirror.md` 11) that are not the listing's.

use std::sync::Arc;

use model::policy::Policy;
use scan::{Outcome, Problem, Quiet, ScanOptions, ScanReport, Verdict, Writing};
use settings::Scan;
use store::Store;
use testkit::stores::each;

use crate::memory::{MemoryDisk, ROOT};
use crate::setup::*;

const EPEL: &str = "Fedora EPEL";
const PLACE: &str = "pub/epel/9/Everything/x86_64";

fn spm() -> Scan {
    Scan { policy: Policy::Spm, ..settings(ROOT.as_ref()) }
}

async fn scan_with_policy(store: &Store, disk: &MemoryDisk) -> ScanReport {
    scan_by(store, disk, &spm(), &ScanOptions::default()).await
}

async fn scan_by(store: &Store, disk: &MemoryDisk, settings: &Scan, options: &ScanOptions) -> ScanReport {
    scan::run_on(disk.clone(), store, settings, options, &later(), Arc::new(Quiet)).await.unwrap()
}

fn epel() -> MemoryDisk {
    let disk = MemoryDisk::default();
    disk.at(1_000);
    disk.file(&format!("{PLACE}/repodata/repomd.xml"), repomd(&[5]));
    disk
}

#[tokio::test]
async fn row_1_a_detail_that_could_not_be_read_is_read_by_the_next_scan() {
    each(|store| async move {
        category(&store, EPEL, "EPEL", "pub/epel").await;
        let disk = epel();
        // Replaced as often as it is looked at: this scan gets no detail, and the tree stays as it is.
        disk.replaced_while_read(3);
        let first = scan_with_policy(&store, &disk).await;
        assert_eq!(first.verdict(), Verdict::Fine);
        assert!(matches!(first.categories[0].problems[..], [Problem::Index { .. }]), "{first:?}");
        assert_eq!(count(&store, "file_detail").await, 0);
        assert_eq!(count(&store, "repository").await, 1);
        let second = scan_with_policy(&store, &disk).await;
        assert_eq!(second.categories[0].problems, []);
        assert_eq!(details(&store).await, [format!("{PLACE}/repodata/repomd.xml 5")]);
        assert!(scan_with_policy(&store, &disk).await.is_unchanged());
    })
    .await;
}

#[tokio::test]
async fn row_2_an_unknown_architecture_costs_one_repository_and_nothing_else() {
    each(|store| async move {
        category(&store, EPEL, "EPEL", "pub/epel").await;
        let disk = epel();
        disk.file("pub/epel/9/Everything/vax/repodata/repomd.xml", repomd(&[6]));
        let report = scan_with_policy(&store, &disk).await;
        assert_eq!(report.verdict(), Verdict::Fine);
        let unknown =
            "no repository for pub/epel/9/Everything/vax: could not guess version and architecture (9, none)";
        let problems: Vec<String> = report.categories[0].problems.iter().map(ToString::to_string).collect();
        assert_eq!(problems, [unknown]);
        assert_eq!(count(&store, "file_detail").await, 2, "the details are kept");
        assert_eq!(count(&store, "repository").await, 1);
    })
    .await;
}

#[tokio::test]
async fn row_3_names_with_blanks_are_names() {
    each(|store| async move {
        category(&store, EPEL, "EPEL", "pub/epel").await;
        let disk = epel();
        disk.file("pub/epel/read me/two  blanks .txt", "x");
        assert_eq!(scan_with_policy(&store, &disk).await.categories[0].problems, []);
        let stored = files(&store, "pub/epel/read me").await.unwrap();
        assert_eq!(
            String::from_utf8(stored).unwrap(),
            r#"[{"name":"two  blanks .txt","size":1,"timestamp":1000}]"#
        );
    })
    .await;
}

#[tokio::test]
async fn row_4_old_times_and_repodata_at_the_top_are_nothing_special() {
    each(|store| async move {
        category(&store, "CentOS", "CentOS", "").await;
        let disk = MemoryDisk::default();
        disk.at(-86_400);
        disk.file("repodata/repomd.xml", repomd(&[5]));
        disk.file("9/x86_64/f", "x");
        let report = scan_with_policy(&store, &disk).await;
        assert_eq!(report.verdict(), Verdict::Fine);
        assert_eq!(details(&store).await, ["repodata/repomd.xml 5"]);
        let stored = files(&store, "9/x86_64").await.unwrap();
        assert_eq!(String::from_utf8(stored).unwrap(), r#"[{"name":"f","size":1,"timestamp":-86400}]"#);
        assert!(scan_with_policy(&store, &disk).await.is_unchanged());
    })
    .await;
}

#[tokio::test]
async fn row_6_twenty_thousand_new_directories_are_one_scan() {
    each(|store| async move {
        category(&store, EPEL, "EPEL", "pub/epel").await;
        let disk = MemoryDisk::default();
        for n in 0..100 {
            for m in 0..199 {
                disk.file(&format!("pub/epel/{n:02}/{m:03}/f"), "x");
            }
        }
        let report = scan_with_policy(&store, &disk).await;
        assert_eq!(report.verdict(), Verdict::Fine);
        assert_eq!(count(&store, "category_directory").await, 20_001);
    })
    .await;
}

#[tokio::test]
async fn row_7_directories_that_are_there_without_the_category_join_it() {
    each(|store| async move {
        category(&store, EPEL, "EPEL", "pub/epel").await;
        execute(&store, "DELETE FROM category_directory").await;
        execute(&store, "INSERT INTO directory (name, readable, ctime) VALUES ('pub/epel/9', true, 1)").await;
        let report = scan_with_policy(&store, &epel()).await;
        assert_eq!(report.verdict(), Verdict::Fine);
        assert_eq!(count(&store, "category_directory").await, 5);
        assert_eq!(count(&store, "directory").await, 5);
        assert!(report.categories[0].changes.directories.added.contains(&"pub/epel/9".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn row_8_without_a_prefix_there_is_no_repository() {
    each(|store| async move {
        category(&store, "Other", "Fedora", "pub/other").await;
        let disk = MemoryDisk::default();
        disk.file("pub/other/41/x86_64/repodata/repomd.xml", repomd(&[5]));
        let report = scan_with_policy(&store, &disk).await;
        assert_eq!(
            report.categories[0].problems,
            [Problem::NoPrefix { directory: "pub/other/41/x86_64".to_owned() }]
        );
        assert_eq!(count(&store, "repository").await, 0);
        assert_eq!(count(&store, "file_detail").await, 1);
    })
    .await;
}

#[tokio::test]
async fn row_13_an_index_rewritten_in_place_is_noticed() {
    each(|store| async move {
        category(&store, EPEL, "EPEL", "pub/epel").await;
        let disk = epel();
        scan_with_policy(&store, &disk).await;
        disk.rewrite(&format!("{PLACE}/repodata/repomd.xml"), repomd(&[5, 6]));
        let umdl = settings(ROOT.as_ref());
        let dry = ScanOptions { writing: Writing::DryRun, ..ScanOptions::default() };
        let blind = scan_by(&store, &disk, &umdl, &dry).await;
        assert_eq!(blind.categories[0].counts.details, 0, "policy umdl goes by the directory's time");
        let report = scan_with_policy(&store, &disk).await;
        assert_eq!(report.categories[0].counts.details, 1);
        let index = format!("{PLACE}/repodata/repomd.xml");
        assert_eq!(details(&store).await, [format!("{index} 6")], "the old one is aged away");
        let changed = &report.categories[0].changes.details.changed;
        assert_eq!(changed.len(), 1, "a new state of a known file: {changed:?}");
        assert!(scan_with_policy(&store, &disk).await.is_unchanged());
    })
    .await;
}

#[tokio::test]
async fn row_16_of_two_directories_for_one_repository_the_shorter_path_wins() {
    for (policy, winner) in
        [(Policy::Spm, "pub/epel/9/Modular/x86_64"), (Policy::Umdl, "pub/epel/9/Long/er/Modular/x86_64")]
    {
        each(|store| async move {
            category(&store, EPEL, "EPEL", "pub/epel").await;
            let disk = MemoryDisk::default();
            disk.directory("pub/epel/9/Long/er/Modular/x86_64/repodata");
            disk.directory("pub/epel/9/Modular/x86_64/repodata");
            let both = model::rule_table::MappingRule {
                regex: "Modular".to_owned(),
                prefix: Some("modular".to_owned()),
                ..Default::default()
            };
            let settings = Scan { policy, repository_mapping: vec![both], ..settings(ROOT.as_ref()) };
            let report = scan_by(&store, &disk, &settings, &ScanOptions::default()).await;
            assert!(matches!(report.categories[0].problems[..], [Problem::Conflict { .. }]), "{report:?}");
            assert_eq!(repositories(&store).await, [format!("{winner} modular-9 x86_64 9 {winner}")]);
        })
        .await;
    }
}

#[tokio::test]
async fn hidden_names_are_left_out_and_ostree_is_no_repository() {
    for (policy, directories_wanted, files_wanted, repositories_wanted) in [
        (Policy::Spm, 5, r#"[{"name":"f","size":1,"timestamp":1000}]"#, 0),
        (
            Policy::Umdl,
            6,
            r#"[{"name": ".hidden", "size": 1, "timestamp": 1000}, {"name": "f", "size": 1, "timestamp": 1000}]"#,
            1,
        ),
    ] {
        each(|store| async move {
            category(&store, "Fedora Linux", "Fedora", "pub").await;
            let disk = MemoryDisk::default();
            disk.at(1_000);
            disk.file("pub/a/f", "x");
            disk.file("pub/a/.hidden", "x");
            disk.directory("pub/.internal");
            disk.file("pub/atomic/39/summary", "s");
            disk.directory("pub/atomic/39/objects");
            let settings = Scan { policy, ..settings(ROOT.as_ref()) };
            let report = scan_by(&store, &disk, &settings, &ScanOptions::default()).await;
            assert_eq!(report.categories[0].outcome, Outcome::Done);
            assert_eq!(directories(&store).await.len(), directories_wanted);
            assert_eq!(String::from_utf8(files(&store, "pub/a").await.unwrap()).unwrap(), files_wanted);
            assert_eq!(count(&store, "repository").await, repositories_wanted);
        })
        .await;
    }
}

#[tokio::test]
async fn the_lists_hold_the_ten_newest_newest_first_as_compact_json() {
    each(|store| async move {
        category(&store, EPEL, "EPEL", "pub/epel").await;
        let disk = MemoryDisk::default();
        for n in 1..=12 {
            disk.at(n);
            disk.file(&format!("pub/epel/p/p{n:02}.rpm"), "");
        }
        scan_with_policy(&store, &disk).await;
        let row = |n: i64| format!(r#"{{"name":"p{n:02}.rpm","size":0,"timestamp":{n}}}"#);
        let newest: Vec<String> = (3..=12).rev().map(row).collect();
        let stored = String::from_utf8(files(&store, "pub/epel/p").await.unwrap()).unwrap();
        assert_eq!(stored, format!("[{}]", newest.join(",")));
    })
    .await;
}

#[tokio::test]
async fn only_details_of_the_scanned_category_age() {
    for (policy, left) in [(Policy::Spm, 3), (Policy::Umdl, 2)] {
        each(|store| async move {
            category(&store, EPEL, "EPEL", "pub/epel").await;
            category(&store, "Other", "EPEL", "pub/other").await;
            for sql in [
                "INSERT INTO file_detail (directory_id, filename, timestamp) \
                 SELECT id, 'f', 5 FROM directory WHERE name IN ('pub/epel', 'pub/other')",
                "INSERT INTO file_detail (directory_id, filename, timestamp) \
                 SELECT id, 'f', 6 FROM directory WHERE name IN ('pub/epel', 'pub/other')",
            ] {
                execute(&store, sql).await;
            }
            let disk = MemoryDisk::default();
            disk.file("pub/epel/f", "x");
            // Its root is missing: what is not scanned does not age either.
            let settings = Scan {
                policy,
                max_stale_days: Some(0),
                max_propagation_days: Some(0),
                ..settings(ROOT.as_ref())
            };
            let dry = ScanOptions { writing: Writing::DryRun, ..ScanOptions::default() };
            let told = scan_by(&store, &disk, &settings, &dry).await;
            assert_eq!(told.aged.len(), 4 - left);
            assert_eq!((told.aged[0].directory.as_str(), told.aged[0].timestamp), ("pub/epel", Some(5)));
            let report = scan_by(&store, &disk, &settings, &ScanOptions::default()).await;
            assert_eq!(report.details_aged, 4 - left);
            assert_eq!(count(&store, "file_detail").await, left as i64);
        })
        .await;
    }
}
