//! The acceptance scenarios of `spec/umdl.md` section 20 that concern a walk over a disk.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use scan::{Outcome, Verdict};
use tempfile::tempdir;
use testkit::stores::each;

use crate::setup::*;

const EPEL: &str = "Fedora EPEL";

#[tokio::test]
async fn scenario_1_and_2_a_repository_appears_and_a_second_run_writes_nothing() {
    each(|store| async move {
        category(&store, EPEL, "EPEL", "pub/epel").await;
        let root = tempdir().unwrap();
        let index = "pub/epel/t/9/x86_64/repodata/repomd.xml";
        write(root.path(), index, repomd(&[1_700_000_000, 1_700_000_100]));
        let report = scan(&store, root.path()).await;
        assert_eq!(report.verdict(), Verdict::Fine);
        let t = "pub/epel/t";
        assert_eq!(
            directories(&store).await,
            ["pub/epel", t, &format!("{t}/9"), &format!("{t}/9/x86_64"), &format!("{t}/9/x86_64/repodata")]
        );
        assert_eq!(repositories(&store).await, ["pub/epel/t/9/x86_64 epel-9 x86_64 9 pub/epel/t/9/x86_64"]);
        assert_eq!(details(&store).await, [format!("{index} 1700000100")]);
        assert_eq!(count(&store, "category_directory").await, 5);
        let counts = report.categories[0].counts;
        assert_eq!(
            (counts.new + counts.changed, counts.repositories, counts.versions, counts.details),
            (5, 1, 1, 1)
        );
        let log = texts(
            &store,
            "SELECT subject || ' ' || directories FROM mm3_change WHERE directories IS NOT NULL",
        )
        .await;
        assert!(log[0].starts_with("category ["), "{log:?}");

        let before = everything(&store).await;
        let second = scan(&store, root.path()).await;
        assert!(second.is_unchanged());
        assert_eq!(second.categories[0].counts.unchanged, 5);
        assert_eq!(everything(&store).await, before);
        assert!(second.categories[0].statements + second.statements <= 10, "{second:?}");

        fs::write(root.path().join(index), repomd(&[1_700_000_200])).unwrap();
        assert!(scan(&store, root.path()).await.is_unchanged(), "rewritten in place: not noticed");
        publish(root.path(), index, repomd(&[1_700_000_300]));
        execute(&store, "UPDATE directory SET ctime = 1 WHERE name LIKE '%repodata'").await;
        let third = scan(&store, root.path()).await;
        assert_eq!(third.categories[0].counts.details, 1);
        assert_eq!(third.details_aged, 1, "the first is old and superseded");
        assert_eq!(details(&store).await, [format!("{index} 1700000300")]);
    })
    .await;
}

#[tokio::test]
async fn scenario_3_checksum_files() {
    each(|store| async move {
        category(&store, EPEL, "EPEL", "pub/epel").await;
        let root = tempdir().unwrap();
        write(root.path(), "pub/epel/isos/a.iso", "iso");
        write(root.path(), "pub/epel/isos/sub/vmlinuz", "kernel");
        let (sha1, sha256, kernel) = ("A".repeat(40), "b".repeat(64), "c".repeat(64));
        let lines = format!(
            "# a.iso: 3 bytes\nSHA256 (a.iso) = {sha256}\nSHA256 (missing.iso) = {sha256}\n\
             {kernel}  sub/vmlinuz\n{kernel} ../../escape\n"
        );
        write(root.path(), "pub/epel/isos/x-CHECKSUM", lines);
        write(root.path(), "pub/epel/isos/x-CHECKSUM.asc", format!("SHA256 (a.iso) = {kernel}\n"));
        write(root.path(), "pub/epel/isos/SHA1SUM", format!("{sha1}  a.iso\n"));
        let report = scan(&store, root.path()).await;
        let all = rows(
            &store,
            "SELECT d.name AS directory, f.filename, f.size, f.sha1, f.sha256, f.md5, f.sha512, f.timestamp \
             FROM file_detail f JOIN directory d ON d.id = f.directory_id ORDER BY d.name",
        )
        .await;
        assert_eq!(all.len(), 2);
        let text = |i: usize, column| all[i].try_get::<Option<String>>("", column).unwrap();
        assert_eq!(text(0, "directory").unwrap(), "pub/epel/isos");
        assert_eq!(text(0, "sha1"), Some("a".repeat(40)), "stored in lower case");
        assert_eq!(text(0, "sha256"), Some(sha256));
        assert_eq!((text(0, "md5"), text(0, "sha512")), (None, None));
        assert_eq!(text(1, "directory").unwrap(), "pub/epel/isos/sub", "where the file lives");
        assert_eq!(text(1, "filename").unwrap(), "vmlinuz");
        use std::os::unix::fs::MetadataExt as _;
        let ctime = fs::metadata(root.path().join("pub/epel/isos/a.iso")).unwrap().ctime();
        assert_eq!(all[0].try_get::<i64>("", "timestamp").unwrap(), ctime);
        let problems: Vec<String> = report.categories[0].problems.iter().map(ToString::to_string).collect();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].contains("../../escape") && problems[0].contains("isos"), "{problems:?}");
        assert!(scan(&store, root.path()).await.is_unchanged());
    })
    .await;
}

#[tokio::test]
async fn a_checksum_file_of_an_unchanged_directory_tells_about_a_new_file_below() {
    each(|store| async move {
        category(&store, EPEL, "EPEL", "pub/epel").await;
        let root = tempdir().unwrap();
        write(root.path(), "pub/epel/isos/sub/other", "x");
        write(root.path(), "pub/epel/isos/CHECKSUM", format!("{}  sub/vmlinuz\n", "c".repeat(64)));
        scan(&store, root.path()).await;
        assert_eq!(count(&store, "file_detail").await, 0);
        write(root.path(), "pub/epel/isos/sub/vmlinuz", "kernel");
        execute(&store, "UPDATE directory SET ctime = 1 WHERE name = 'pub/epel/isos/sub'").await;
        let report = scan(&store, root.path()).await;
        assert_eq!(report.categories[0].counts.changed, 1);
        assert_eq!(report.categories[0].counts.details, 1);
    })
    .await;
}

#[tokio::test]
async fn two_checksum_files_that_say_the_same_make_one_detail() {
    each(|store| async move {
        category(&store, EPEL, "EPEL", "pub/epel").await;
        let root = tempdir().unwrap();
        write(root.path(), "pub/epel/isos/sub/vmlinuz", "kernel");
        write(root.path(), "pub/epel/isos/CHECKSUM", format!("{}  sub/vmlinuz\n", "c".repeat(64)));
        write(root.path(), "pub/epel/isos/sub/CHECKSUM", format!("{}  vmlinuz\n", "c".repeat(64)));
        let report = scan(&store, root.path()).await;
        assert_eq!((report.categories[0].counts.details, count(&store, "file_detail").await), (1, 1));
        assert!(scan(&store, root.path()).await.is_unchanged());
    })
    .await;
}

#[tokio::test]
async fn scenario_4_large_directories_keep_the_newest() {
    each(|store| async move {
        category(&store, EPEL, "EPEL", "pub/epel").await;
        let root = tempdir().unwrap();
        for number in 0..12 {
            write(root.path(), &format!("pub/epel/p{number:02}.rpm"), "");
        }
        write(root.path(), "pub/epel/zzz.txt", "");
        scan(&store, root.path()).await;
        let stored = files(&store, "pub/epel").await.unwrap();
        let list = model::files::decode(&stored).unwrap();
        assert_eq!(list.len(), 3);
        // Made within one tick the times are equal, else the order of making and that of the names agree.
        let names: Vec<String> = list.iter().map(|f| f.name.to_string()).collect();
        assert_eq!(names, ["p10.rpm", "p11.rpm", "zzz.txt"]);
        assert_eq!(model::files::encode(&list), stored, "the stored form is upstream's");
    })
    .await;
}

#[tokio::test]
async fn scenario_5_unreadable_to_others_is_inherited() {
    each(|store| async move {
        category(&store, EPEL, "EPEL", "pub/epel").await;
        let root = tempdir().unwrap();
        fs::create_dir_all(root.path().join("pub/epel/closed/child")).unwrap();
        fs::create_dir_all(root.path().join("pub/epel/enter-only")).unwrap();
        let set = |name: &str, mode| {
            fs::set_permissions(root.path().join("pub/epel").join(name), fs::Permissions::from_mode(mode))
                .unwrap();
        };
        set("closed", 0o750);
        set("enter-only", 0o751);
        scan(&store, root.path()).await;
        let closed = texts(&store, "SELECT name FROM directory WHERE NOT readable ORDER BY name").await;
        assert_eq!(closed, ["pub/epel/closed", "pub/epel/closed/child", "pub/epel/enter-only"]);
        set("closed", 0o755);
        scan(&store, root.path()).await;
        let closed = texts(&store, "SELECT name FROM directory WHERE NOT readable ORDER BY name").await;
        assert_eq!(closed, ["pub/epel/enter-only"], "the child's own time has not changed");
    })
    .await;
}

#[tokio::test]
async fn scenario_6_built_in_and_own_excludes() {
    each(|store| async move {
        category(&store, EPEL, "EPEL", "pub/epel").await;
        let root = tempdir().unwrap();
        for name in [".snapshot/hourly/x", "a/.~tmp~/x", ".~tmp~/x", "a/kept/x", "private/x/y"] {
            write(root.path(), &format!("pub/epel/{name}"), "");
        }
        let mut settings = settings(root.path());
        settings.sources = vec![settings::scan::ScanSource {
            category: EPEL.to_owned(),
            excludes: vec!["pub/epel/private".to_owned()],
            ..settings::scan::ScanSource::default()
        }];
        let report = scan_with(&store, &settings, &scan::ScanOptions::default()).await;
        assert_eq!(directories(&store).await, ["pub/epel", "pub/epel/a", "pub/epel/a/kept"]);
        assert_eq!(report.categories[0].counts.skipped, 4);
    })
    .await;
}

#[tokio::test]
async fn scenario_8_nested_categories_share_directories() {
    each(|store| async move {
        category(&store, "Outer", "Fedora", "pub/a").await;
        category(&store, "Inner", "Fedora", "pub/a/b").await;
        let root = tempdir().unwrap();
        write(root.path(), "pub/a/x/f", "1");
        write(root.path(), "pub/a/b/41/x86_64/repodata/repomd.xml", repomd(&[1]));
        let report = scan(&store, root.path()).await;
        assert_eq!(report.verdict(), Verdict::Fine, "{report:?}");
        let links = "SELECT c.name || ' ' || d.name FROM category_directory cd JOIN category c ON c.id = cd.category_id \
                     JOIN directory d ON d.id = cd.directory_id ORDER BY 1";
        let b = ["pub/a/b", "pub/a/b/41", "pub/a/b/41/x86_64", "pub/a/b/41/x86_64/repodata"];
        let mut expected: Vec<String> = b.iter().map(|name| format!("Inner {name}")).collect();
        expected.push("Outer pub/a".to_owned());
        expected.extend(b.iter().map(|name| format!("Outer {name}")));
        expected.push("Outer pub/a/x".to_owned());
        assert_eq!(texts(&store, links).await, expected);
        assert_eq!(count(&store, "repository").await, 1);
        assert_eq!(details(&store).await.len(), 1);
        let before = everything(&store).await;
        assert!(scan(&store, root.path()).await.is_unchanged());
        assert_eq!(everything(&store).await, before);
    })
    .await;
}

#[tokio::test]
async fn scenario_9_a_damaged_index_is_tried_again_although_the_time_is_the_same() {
    each(|store| async move {
        category(&store, EPEL, "EPEL", "pub/epel").await;
        let root = tempdir().unwrap();
        let (bad, good) =
            ("pub/epel/t/9/x86_64/repodata/repomd.xml", "pub/epel/t/9/aarch64/repodata/repomd.xml");
        write(root.path(), bad, "<repomd><data><timestamp>5");
        write(root.path(), good, repomd(&[7]));
        let report = scan(&store, root.path()).await;
        assert_eq!(report.verdict(), Verdict::Fine);
        assert_eq!(details(&store).await, [format!("{good} 7")]);
        assert_eq!(count(&store, "repository").await, 2, "the repository itself is there");
        assert!(files(&store, "pub/epel/t/9/x86_64/repodata").await.is_some(), "the directory is stored");
        let problem = report.categories[0].problems[0].to_string();
        assert!(
            problem.contains("t/9/x86_64/repodata/repomd.xml") && problem.contains("cut off"),
            "{problem}"
        );

        let before = everything(&store).await;
        let again = scan(&store, root.path()).await;
        assert_eq!(again.categories[0].problems.len(), 1, "still reported");
        assert_eq!(everything(&store).await, before);

        fs::write(root.path().join(bad), repomd(&[9])).unwrap();
        scan(&store, root.path()).await;
        assert_eq!(details(&store).await, [format!("{good} 7"), format!("{bad} 9")]);
        assert_eq!(count(&store, "mm3_retry").await, 0);
    })
    .await;
}

#[tokio::test]
async fn scenario_13_the_references_own_tree() {
    each(|store| async move {
        category(&store, "Fedora Linux", "Fedora", "pub/fedora/linux").await;
        let root = tempdir().unwrap();
        let top = "pub/fedora/linux";
        for (name, time) in [
            ("development/22/x86_64/os/repodata", 11),
            ("releases/20/Fedora/x86_64/os/repodata", 12),
            ("releases/20/Fedora/source/SRPMS/repodata", 13),
        ] {
            write(root.path(), &format!("{top}/{name}/repomd.xml"), repomd(&[time]));
        }
        for (place, name, images) in [
            ("releases/20/Fedora/x86_64/iso", "Fedora-20-x86_64-CHECKSUM", ["DVD.iso", "netinst.iso"]),
            ("releases/20/Live/x86_64", "Fedora-Live-x86_64-20-CHECKSUM", ["Desktop.iso", "KDE.iso"]),
        ] {
            let line = |image: &&str| format!("SHA256 ({image}) = {}\n", "d".repeat(64));
            write(root.path(), &format!("{top}/{place}/{name}"), images.iter().map(line).collect::<String>());
            for image in images {
                write(root.path(), &format!("{top}/{place}/{image}"), image);
            }
        }
        let mut settings = settings(root.path());
        let source = |name: &str| settings::scan::ScanSource { category: name.to_owned(), ..Default::default() };
        settings.sources = vec![source("Fedora Linux"), source("Fedora Other")];
        let report = scan_with(&store, &settings, &scan::ScanOptions::default()).await;
        assert_eq!(report.verdict(), Verdict::Fine);
        assert_eq!(
            report.categories[1].outcome,
            Outcome::Skipped(
                "UMDL_MASTER_DIRECTORIES Category Fedora Other does not exist in the database, skipping".to_owned()
            )
        );
        assert_eq!(texts(&store, "SELECT name FROM version ORDER BY id").await, ["22", "20"]);
        assert_eq!(
            repositories(&store).await,
            [
                format!("{top}/development/22/x86_64/os NULL x86_64 22 {top}/development/22/x86_64/os"),
                format!("{top}/releases/20/Fedora/source/SRPMS NULL source 20 {top}/releases/20/Fedora/source/SRPMS"),
                format!(
                    "{top}/releases/20/Fedora/x86_64/os fedora-install-20 x86_64 20 {top}/releases/20/Fedora/x86_64/os"
                ),
            ]
        );
        assert_eq!(count(&store, "file_detail").await, 7);
        let whole = "file_detail WHERE filename = 'repomd.xml' AND md5 IS NOT NULL AND sha1 IS NOT NULL \
                     AND sha256 IS NOT NULL AND sha512 IS NOT NULL";
        assert_eq!(count(&store, whole).await, 3);
        let images = "file_detail WHERE filename LIKE '%.iso' AND sha256 IS NOT NULL AND md5 IS NULL \
                      AND sha1 IS NULL AND sha512 IS NULL";
        assert_eq!(count(&store, images).await, 4);
        assert_eq!(count(&store, "host_category_dir").await, 0);
    })
    .await;
}

#[tokio::test]
async fn links_are_harmless() {
    each(|store| async move {
        category(&store, EPEL, "EPEL", "pub/epel").await;
        let root = tempdir().unwrap();
        write(root.path(), "pub/epel/9/x86_64/real/repomd.xml", repomd(&[5]));
        write(root.path(), "pub/epel/9/x86_64/target", "abc");
        let at = root.path().join("pub/epel/9/x86_64");
        symlink("real", at.join("repodata")).unwrap();
        symlink("..", at.join("loop")).unwrap();
        symlink("self", at.join("self")).unwrap();
        symlink("nowhere", at.join("dangling")).unwrap();
        symlink("target", at.join("link")).unwrap();
        let report = scan(&store, root.path()).await;
        assert_eq!(report.categories[0].problems, []);
        assert_eq!(directories(&store).await.last().unwrap(), "pub/epel/9/x86_64/real");
        let list = model::files::decode(&files(&store, "pub/epel/9/x86_64").await.unwrap()).unwrap();
        let names: Vec<(String, u64)> = list.iter().map(|f| (f.name.to_string(), f.size)).collect();
        assert_eq!(names, [("link".to_owned(), 3), ("target".to_owned(), 3)], "a link has its target's size");
        assert_eq!(count(&store, "repository").await, 1, "a link named repodata counts");
        let before = everything(&store).await;
        assert!(scan(&store, root.path()).await.is_unchanged());
        assert_eq!(everything(&store).await, before);
    })
    .await;
}

#[tokio::test]
async fn names_that_are_not_utf_8() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    each(|store| async move {
        category(&store, EPEL, "EPEL", "pub/epel").await;
        let root = tempdir().unwrap();
        write(root.path(), "pub/epel/ok/f", "");
        let bad = root.path().join("pub/epel").join(OsStr::from_bytes(b"bad\xff"));
        fs::create_dir_all(bad.join("below")).unwrap();
        fs::write(root.path().join("pub/epel/ok").join(OsStr::from_bytes(b"caf\xe9")), "1").unwrap();
        let report = scan(&store, root.path()).await;
        assert_eq!(directories(&store).await, ["pub/epel", "pub/epel/ok"]);
        let problem = report.categories[0].problems[0].to_string();
        assert!(problem.contains("pub/epel/bad%FF"), "{problem}");
        assert_eq!(report.verdict(), Verdict::Fine);
        let stored = String::from_utf8(files(&store, "pub/epel/ok").await.unwrap()).unwrap();
        assert!(stored.contains("\"caf\\udce9\""), "{stored}");
    })
    .await;
}
