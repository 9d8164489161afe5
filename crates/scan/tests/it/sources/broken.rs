//! Listings that are cut off, damaged, hostile, or of programs that die: nothing is deleted on their word.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use scan::{Outcome, Problem, ScanOptions, ScanReport, Verdict};
use settings::Scan;
use settings::scan::ScanSource;
use store::Store;
use testkit::rsync::RsyncDaemon;
use testkit::stores::each;

use super::made::*;
use crate::setup::*;

const LIST: &str = "[Version]\n2\n\n[Files]\n5\td\t1\ta\n5\tf\t1\ta/f\n5\td\t1\tb\n5\tf\t1\tb/f\n\n\
                    [Checksums SHA1]\n0000\ta/f\n\n[End]\n";
const PRINTED: &str = "drwxr-xr-x 1 1970/01/01 00:00:05 .\ndrwxr-xr-x 1 1970/01/01 00:00:05 a\n\
                       -rw-r--r-- 1 1970/01/01 00:00:05 a/f\ndrwxr-xr-x 1 1970/01/01 00:00:05 b\n\
                       -rw-r--r-- 1 1970/01/01 00:00:05 b/f\n";

fn problems(report: &ScanReport) -> Vec<String> {
    report.categories[0].problems.iter().map(ToString::to_string).collect()
}

/// A category that was scanned by a saved list, and the settings to scan it again.
async fn scanned(store: &Store, folder: &Path, list: &[u8]) -> Scan {
    category(store, CATEGORY, "EPEL", TOP).await;
    let saved = folder.join("saved");
    fs::write(&saved, list).unwrap();
    let scan = with(folder, file(&saved.display().to_string()));
    let report = scan_with(store, &scan, &ScanOptions::default()).await;
    assert_eq!(report.verdict(), Verdict::Fine, "{report:?}");
    scan
}

#[tokio::test]
async fn a_list_cut_at_any_line_changes_nothing() {
    each(|store| async move {
        let folder = tempfile::tempdir().unwrap();
        let scan = scanned(&store, folder.path(), LIST.as_bytes()).await;
        assert_eq!(directories(&store).await, [TOP, "pub/epel/a", "pub/epel/b"]);
        let before = everything(&store).await;
        for lines in 0..LIST.lines().count() {
            let cut: String = LIST.lines().take(lines).map(|line| format!("{line}\n")).collect();
            for cut in [cut.as_str(), cut.trim_end()] {
                fs::write(folder.path().join("saved"), cut).unwrap();
                let report = scan_with(&store, &scan, &with_deletion()).await;
                assert!(matches!(report.categories[0].outcome, Outcome::Failed(_)), "{cut}: {report:?}");
                assert_eq!(everything(&store).await, before, "{cut}");
            }
        }
        // The whole one deletes what it does not have.
        fs::write(folder.path().join("saved"), LIST.replace("5\td\t1\tb\n5\tf\t1\tb/f\n", "")).unwrap();
        assert_eq!(scan_with(&store, &scan, &with_deletion()).await.verdict(), Verdict::Fine);
        assert_eq!(directories(&store).await, [TOP, "pub/epel/a"]);
    })
    .await;
}

#[tokio::test]
async fn a_list_that_is_cut_off_in_a_directory_makes_way_for_the_walk() {
    each(|store| async move {
        category(&store, CATEGORY, "EPEL", TOP).await;
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for name in ["a/f", "b/f"] {
            write(root, &format!("{TOP}/{name}"), "1");
        }
        let list = root.join(TOP).join("fullfiletimelist-epel");
        for (cut, reason) in [
            ("[Version]\n2\n\n[Files]\n5\td\t1\ta\n", "[End]"),
            ("[Version]\n2\n", "[Files]"),
            ("", "neither"),
            ("\u{0}\u{1}", "neither"),
        ] {
            fs::write(&list, cut).unwrap();
            let report = scan_with(&store, &settings(root), &with_deletion()).await;
            assert_eq!(report.verdict(), Verdict::Fine);
            let said = problems(&report);
            assert!(said.len() == 1 && said[0].contains(reason) && said[0].contains("walked"), "{said:?}");
            assert_eq!(directories(&store).await, [TOP, "pub/epel/a", "pub/epel/b"]);
            assert_eq!(texts(&store, "SELECT source FROM mm3_scan_state").await, ["directory"]);
        }
        // Without a list nothing is said.
        fs::remove_file(&list).unwrap();
        assert_eq!(problems(&scan(&store, root).await), Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn a_list_beside_a_tree_that_is_not_mounted_is_not_believed() {
    each(|store| async move {
        category(&store, "Fedora Linux", "Fedora", "pub/fedora/linux").await;
        let folder = tempfile::tempdir().unwrap();
        write(
            folder.path(),
            "pub/fedora/fullfiletimelist-fedora",
            "[Version]\n2\n[Files]\n5\td\t1\tlinux/a\n[End]\n",
        );
        let report = scan_with(&store, &settings(folder.path()), &with_deletion()).await;
        assert!(matches!(report.categories[0].outcome, Outcome::RootRefused(_)), "{report:?}");
        assert_eq!(directories(&store).await, ["pub/fedora/linux"]);
    })
    .await;
}

#[tokio::test]
async fn damage_inside_of_a_list_keeps_everything() {
    each(|store| async move {
        let folder = tempfile::tempdir().unwrap();
        let scan = scanned(&store, folder.path(), LIST.as_bytes()).await;
        let without = |text: &str| LIST.replace("5\td\t1\tb\n5\tf\t1\tb/f\n", text);
        for damaged in [
            without("5\td\n"),
            without("five\tf\t1\tb/f\n"),
            without("5\tf\t1\tname\nwith line feed\n"),
            without("5\tf\t1\tname\n[End]\n"),
            without("5\tf\t1\t../../etc/passwd\n"),
            without("5\td\t1\t/etc\n"),
            without("5\td\t1\ta//c\n"),
            without("5\tf\t1\ta/./f\n"),
            without("6\td\t1\ta\n"),
            // Something of a directory that is not listed itself.
            without("5\tf\t1\tc/f\n"),
            without("5\td\t1\tc/d\n"),
            LIST.replace("[Version]\n2\n", "")
                .replace("[End]\n", "")
                .replace("5\td\t1\tb\n5\tf\t1\tb/f\n", ""),
        ] {
            fs::write(folder.path().join("saved"), &damaged).unwrap();
            let report = scan_with(&store, &scan, &with_deletion()).await;
            assert_eq!(report.verdict(), Verdict::Fine, "{damaged}");
            assert!(
                problems(&report).iter().any(|p| p.contains("nothing is deleted")),
                "{damaged}: {report:?}"
            );
            let names = directories(&store).await;
            assert!(names.contains(&"pub/epel/b".to_owned()), "{damaged}: {names:?}");
            assert!(names.iter().all(|name| !name.contains("etc") && !name.contains("..")), "{names:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_saved_listing_of_rsync_deletes_nothing_as_nothing_says_where_it_ends() {
    each(|store| async move {
        let folder = tempfile::tempdir().unwrap();
        let scan = scanned(&store, folder.path(), format!("motd\n\n{PRINTED}").as_bytes()).await;
        assert_eq!(directories(&store).await, [TOP, "pub/epel/a", "pub/epel/b"]);
        let count = PRINTED.lines().count();
        for lines in 0..count {
            let cut: String = PRINTED.lines().take(lines).map(|line| format!("{line}\n")).collect();
            fs::write(folder.path().join("saved"), &cut).unwrap();
            scan_with(&store, &scan, &with_deletion()).await;
            assert_eq!(directories(&store).await, [TOP, "pub/epel/a", "pub/epel/b"], "{cut}");
            let in_a_line = cut.trim_end();
            fs::write(folder.path().join("saved"), in_a_line).unwrap();
            let report = scan_with(&store, &scan, &with_deletion()).await;
            assert!(matches!(report.categories[0].outcome, Outcome::Failed(_)), "{in_a_line}");
        }
        fs::write(folder.path().join("saved"), "<html>404</html>\n").unwrap();
        let report = scan_with(&store, &scan, &with_deletion()).await;
        let Outcome::Failed(why) = &report.categories[0].outcome else { panic!("{report:?}") };
        assert!(why.contains("saved is neither a fullfiletimelist nor a listing of rsync"), "{why}");
    })
    .await;
}

fn script(folder: &Path, text: &str) -> Scan {
    let path = folder.join("rsync");
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    Scan { rsync_program: path, ..with(folder, rsync("rsync://host/epel")) }
}

#[tokio::test]
async fn an_rsync_that_dies_half_way_changes_nothing() {
    each(|store| async move {
        category(&store, CATEGORY, "EPEL", TOP).await;
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("whole"), PRINTED).unwrap();
        let half: String = PRINTED.lines().take(3).map(|line| format!("{line}\n")).collect();
        fs::write(folder.path().join("half"), half).unwrap();
        let whole = script(folder.path(), &format!("cat {}/whole", folder.path().display()));
        assert_eq!(scan_with(&store, &whole, &ScanOptions::default()).await.verdict(), Verdict::Fine);
        let before = everything(&store).await;
        let half = format!("cat {}/half", folder.path().display());
        for end in ["exit 12", "exit 20", "exit 30", "exit 5", "exit 10", "exit 1", "kill -9 $$", "printf x"]
        {
            let dying = script(folder.path(), &format!("{half}; {end}"));
            let report = scan_with(&store, &dying, &with_deletion()).await;
            assert!(matches!(report.categories[0].outcome, Outcome::Failed(_)), "{end}: {report:?}");
            assert_eq!(everything(&store).await, before, "{end}");
        }
        // A part may be listed only: nothing is deleted, nothing emptied.
        for end in ["exit 23", "exit 24"] {
            let partial = script(folder.path(), &format!("{half}; {end}"));
            let report = scan_with(&store, &partial, &with_deletion()).await;
            assert_eq!(report.verdict(), Verdict::Fine);
            assert!(problems(&report)[0].contains(&end.replace("exit", "status")), "{report:?}");
            assert_eq!(directories(&store).await, [TOP, "pub/epel/a", "pub/epel/b"], "{end}");
        }
        // Nothing at all is no tree.
        let report = scan_with(&store, &script(folder.path(), "exit 0"), &with_deletion()).await;
        assert!(matches!(report.categories[0].outcome, Outcome::RootRefused(_)), "{report:?}");
        // And a whole listing that lacks something deletes it.
        let less = script(folder.path(), &half);
        assert_eq!(scan_with(&store, &less, &with_deletion()).await.verdict(), Verdict::Fine);
        assert_eq!(directories(&store).await, [TOP, "pub/epel/a"]);
    })
    .await;
}

#[tokio::test]
async fn a_directory_that_rsync_could_not_open_keeps_its_files() {
    each(|store| async move {
        category(&store, CATEGORY, "EPEL", TOP).await;
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("whole"), PRINTED).unwrap();
        let whole = script(folder.path(), &format!("cat {}/whole", folder.path().display()));
        scan_with(&store, &whole, &ScanOptions::default()).await;
        let closed =
            PRINTED.replace("-rw-r--r-- 1 1970/01/01 00:00:05 b/f\n", "").replace("00:00:05 b", "00:00:06 b");
        fs::write(folder.path().join("whole"), closed).unwrap();
        let partial = script(folder.path(), &format!("cat {}/whole; exit 23", folder.path().display()));
        scan_with(&store, &partial, &ScanOptions::default()).await;
        let stored = model::files::decode(&files(&store, "pub/epel/b").await.unwrap()).unwrap();
        assert_eq!(stored.len(), 1);
        // When it is listed as a whole, it is empty indeed.
        let whole = script(folder.path(), &format!("cat {}/whole", folder.path().display()));
        scan_with(&store, &whole, &ScanOptions::default()).await;
        let stored = model::files::decode(&files(&store, "pub/epel/b").await.unwrap()).unwrap();
        assert_eq!(stored.len(), 0);
    })
    .await;
}

#[tokio::test]
async fn an_rsync_that_hangs_or_floods_changes_nothing() {
    each(|store| async move {
        category(&store, CATEGORY, "EPEL", TOP).await;
        let folder = tempfile::tempdir().unwrap();
        let before = everything(&store).await;
        let line = "drwxr-xr-x 1 1970/01/01 00:00:05 a";
        for (text, why) in [
            (format!("echo '{line}'; sleep 1000"), "did not end within 1 s"),
            (format!("yes '{line}'"), "more than 10000 lines"),
        ] {
            let limits = |scan| match why.starts_with("did") {
                true => Scan { listing_timeout_seconds: 1, ..scan },
                false => Scan { listing_max_lines: 10_000, ..scan },
            };
            let hostile = limits(script(folder.path(), &text));
            let report = scan_with(&store, &hostile, &with_deletion()).await;
            let Outcome::Failed(said) = &report.categories[0].outcome else { panic!("{report:?}") };
            assert!(said.contains(why), "{said}");
            assert_eq!(everything(&store).await, before);
        }
    })
    .await;
}

#[tokio::test]
async fn names_that_a_database_can_not_hold_are_left_out_with_a_word() {
    each(|store| async move {
        let folder = tempfile::tempdir().unwrap();
        let long = vec!["x".repeat(200); 20].join("/");
        let mut list =
            b"[Version]\n2\n[Files]\n5\td\t1\tok\n5\td\t1\tbad\xff\n5\tf\t1\tbad\xff/f\n5\td\t1\tbad\xff/d\n"
                .to_vec();
        let mut at = String::new();
        for part in long.split('/') {
            at = if at.is_empty() { part.to_owned() } else { format!("{at}/{part}") };
            list.extend_from_slice(format!("5\td\t1\t{at}\n").as_bytes());
        }
        list.extend_from_slice(format!("5\tf\t1\t{long}/f\n5\tf\t1\tok/\u{e4}\n").as_bytes());
        list.extend_from_slice(b"5\tf\t1\tok/caf\xe9\n[End]\n");
        scanned(&store, folder.path(), b"[Version]\n2\n[Files]\n5\td\t1\tok\n[End]\n").await;
        fs::write(folder.path().join("saved"), list).unwrap();
        let saved = with(folder.path(), file(&folder.path().join("saved").display().to_string()));
        let full = ScanOptions { reading: scan::Reading::All, ..with_deletion() };
        let report = scan_with(&store, &saved, &full).await;
        assert_eq!(report.verdict(), Verdict::Fine);
        let said = &report.categories[0].problems;
        assert_eq!(said.iter().filter(|p| matches!(p, Problem::Name { .. })).count(), 1, "{said:?}");
        assert_eq!(said.iter().filter(|p| matches!(p, Problem::LongName { .. })).count(), 1, "{said:?}");
        assert!(said[0].to_string().contains("pub/epel/bad%FF"), "{said:?}");
        assert_eq!(said.len(), 2, "{said:?}");
        let stored = model::files::decode(&files(&store, "pub/epel/ok").await.unwrap()).unwrap();
        assert_eq!(stored.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_real_daemon_goes_away() {
    each(|store| async move {
        category(&store, CATEGORY, "EPEL", TOP).await;
        let folder = tempfile::tempdir().unwrap();
        tree(folder.path());
        let daemon = RsyncDaemon::serve(&[("epel", &folder.path().join(TOP))]);
        let scan = with(folder.path(), rsync(&daemon.url("epel")));
        let report = scan_with(&store, &scan, &with_deletion()).await;
        assert_eq!(report.verdict(), Verdict::Fine);
        assert!(problems(&report).iter().any(|p| p.contains("checksum_base")), "{report:?}");
        let before = everything(&store).await;
        let excluded = Scan {
            sources: vec![ScanSource { options: vec!["--exclude=/9".into()], ..scan.sources[0].clone() }],
            ..scan.clone()
        };
        let report = scan_with(&store, &excluded, &ScanOptions::default()).await;
        assert_eq!(report.categories[0].counts.gone, 8, "the option reaches rsync");
        drop(daemon);
        let report = scan_with(&store, &scan, &with_deletion()).await;
        assert!(matches!(report.categories[0].outcome, Outcome::Failed(_)), "{report:?}");
        assert_eq!(everything(&store).await, before);
    })
    .await;
}
