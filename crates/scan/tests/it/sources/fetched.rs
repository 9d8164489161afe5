//! Listings over HTTP: asked for once, kept, limited, and refused when they are not whole.

use std::fs;
use std::path::Path;
use std::time::Duration;

use scan::{Outcome, ScanOptions, ScanReport, Verdict};
use settings::Scan;
use settings::scan::ScanSource;
use testkit::mirror::{Behaviour, Mirror};
use testkit::stores::each;

use super::made::*;
use crate::setup::*;

const LIST: &str = "[Version]\n2\n[Files]\n5\td\t1\ta\n5\tf\t1\ta/f\n[End]\n";

fn failed(report: &ScanReport) -> &str {
    match &report.categories[0].outcome {
        Outcome::Failed(why) => why,
        _ => panic!("{report:?}"),
    }
}

/// The answer of a server that names versions.
fn answer(status: &str, body: &str) -> Behaviour {
    let text = format!(
        "HTTP/1.1 {status}\r\nETag: \"one\"\r\nLast-Modified: Tue, 14 Nov 2023 22:13:20 GMT\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    Behaviour::Raw(text.into_bytes())
}

#[tokio::test]
async fn a_list_that_has_not_changed_is_not_fetched_again() {
    each(|store| async move {
        category(&store, CATEGORY, "EPEL", TOP).await;
        let (folder, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let server = Mirror::start(folder.path()).await.unwrap();
        let url = format!("{}/pub/epel/fullfiletimelist-epel", server.url());
        let scan = Scan { list_folder: Some(kept.path().join("lists")), ..with(folder.path(), file(&url)) };
        server.behave(answer("200 OK", LIST));
        assert_eq!(scan_with(&store, &scan, &ScanOptions::default()).await.verdict(), Verdict::Fine);
        assert_eq!(directories(&store).await, [TOP, "pub/epel/a"]);
        assert_eq!(server.requests()[0].header("if-none-match"), None);
        assert_eq!(server.count(), 1, "once for both forms");

        server.behave(answer("304 Not Modified", ""));
        assert!(scan_with(&store, &scan, &with_deletion()).await.is_unchanged());
        let asked = server.requests().pop().unwrap();
        assert_eq!(asked.header("if-none-match"), Some("\"one\""));
        assert_eq!(asked.header("if-modified-since"), Some("Tue, 14 Nov 2023 22:13:20 GMT"));
        assert!(asked.header("user-agent").unwrap().starts_with("mirrormanager/"));

        // A kept list that somebody has cut is not believed.
        let list = fs::read_dir(kept.path().join("lists")).unwrap().map(|entry| entry.unwrap().path());
        let list = list.filter(|path| path.extension().unwrap() == "list").last().unwrap();
        fs::write(&list, &LIST[..20]).unwrap();
        server.behave(answer("200 OK", &LIST.replace("[End]", "5\td\t1\tb\n[End]")));
        assert_eq!(scan_with(&store, &scan, &with_deletion()).await.verdict(), Verdict::Fine);
        assert_eq!(server.requests().pop().unwrap().header("if-none-match"), None);
        assert_eq!(directories(&store).await, [TOP, "pub/epel/a", "pub/epel/b"]);
        assert_eq!(left(&kept.path().join("lists")), 2, "the list and its version");
    })
    .await;
}

/// A watch knows a list by the file that it lies in.
#[tokio::test]
async fn the_same_list_of_a_server_that_names_no_versions_is_the_same_file() {
    each(|store| async move {
        use std::os::unix::fs::MetadataExt as _;
        category(&store, CATEGORY, "EPEL", TOP).await;
        let (folder, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let server = Mirror::start(folder.path()).await.unwrap();
        let url = format!("{}/pub/epel/fullfiletimelist-epel", server.url());
        let scan = Scan { list_folder: Some(kept.path().to_owned()), ..with(folder.path(), file(&url)) };
        let list = || {
            let all = fs::read_dir(kept.path()).unwrap().map(|entry| entry.unwrap().path());
            all.filter(|path| path.extension().unwrap() == "list").last().unwrap().metadata().unwrap().ino()
        };
        let serve = |text: &str| {
            let length = text.len();
            let text =
                format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}");
            server.behave(Behaviour::Raw(text.into_bytes()));
        };
        serve(LIST);
        assert_eq!(scan_with(&store, &scan, &ScanOptions::default()).await.verdict(), Verdict::Fine);
        let before = list();
        assert!(scan_with(&store, &scan, &ScanOptions::default()).await.is_unchanged());
        assert_eq!(list(), before);
        serve(&LIST.replace("a/f", "a/g"));
        assert_eq!(scan_with(&store, &scan, &ScanOptions::default()).await.verdict(), Verdict::Fine);
        assert_ne!(list(), before);
    })
    .await;
}

fn left(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().count()
}

#[tokio::test]
async fn what_is_not_whole_is_refused() {
    each(|store| async move {
        category(&store, CATEGORY, "EPEL", TOP).await;
        let (folder, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        write(folder.path(), "pub/epel/list", LIST);
        let server = Mirror::start(folder.path()).await.unwrap();
        let scan = Scan {
            list_folder: Some(kept.path().to_owned()),
            listing_max_bytes: 100_000,
            listing_timeout_seconds: 2,
            listing_silence_seconds: 1,
            ..with(folder.path(), file(&format!("{}/pub/epel/list", server.url())))
        };
        scan_with(&store, &scan, &ScanOptions::default()).await;
        let before = everything(&store).await;
        for (behaviour, why) in [
            (Behaviour::Status(404), "status 404"),
            (Behaviour::Status(500), "status 500"),
            (Behaviour::Status(304), "cut off"),
            (Behaviour::Dead, "connection"),
            (Behaviour::Hang, "no answer"),
            (Behaviour::DripBody(Duration::from_millis(300)), ""),
            (Behaviour::Truncated, "cut off"),
            (Behaviour::CutBody, "body ended early"),
            (Behaviour::EndlessBody, "longer than 100000 bytes"),
            (Behaviour::LyingLength("1000".into()), "body"),
            (Behaviour::Redirect(server.url()), "redirect"),
            (Behaviour::ManyHeaders(10_000), "headers"),
            (Behaviour::ExtraHeaders(vec![("Content-Encoding".into(), "gzip".into())]), "encoded"),
            (Behaviour::Raw(b"HTTP/1.1 200 OK\r\n\r\n<html>a page</html>".to_vec()), "neither"),
            (Behaviour::Raw(b"HTTP/1.0 200 OK\r\n\r\n[Version]\n2\n[Files]\n5\td\t1\tc\n".to_vec()), "[End]"),
        ] {
            // Nothing is known, so that the whole list is asked for.
            for entry in fs::read_dir(kept.path()).unwrap() {
                fs::remove_file(entry.unwrap().path()).unwrap();
            }
            let what = format!("{behaviour:?}");
            let is_304 = what == "Status(304)";
            server.behave(behaviour);
            let report = scan_with(&store, &scan, &with_deletion()).await;
            let said = failed(&report).to_ascii_lowercase();
            assert!(is_304 || said.contains(&why.to_ascii_lowercase()), "{what}: {said}");
            assert_eq!(everything(&store).await, before, "{what}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_index_that_can_not_be_fetched_is_tried_again() {
    each(|store| async move {
        category(&store, CATEGORY, "EPEL", TOP).await;
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        tree(root);
        let server = Mirror::start(root).await.unwrap();
        let source = rsync(&root.join(TOP).display().to_string());
        let scan = with(root, ScanSource { checksum_base: Some(server.url()), ..source });
        let index = format!("/{TOP}/9/Everything/x86_64/repodata/repomd.xml");
        for (number, broken) in [
            Behaviour::Status(404),
            Behaviour::Status(503),
            Behaviour::CutBody,
            Behaviour::Raw(b"junk".to_vec()),
        ]
        .into_iter()
        .enumerate()
        {
            server.behave_at(&index, broken);
            let report = scan_with(&store, &scan, &ScanOptions::default()).await;
            assert_eq!(report.verdict(), Verdict::Fine);
            assert_eq!(report.categories[0].problems.len(), 1, "{report:?}");
            assert!(report.categories[0].problems[0].to_string().contains("tries again"), "{report:?}");
            assert_eq!(details(&store).await.iter().filter(|d| d.contains("repomd")).count(), 0, "{number}");
        }
        server.behave_evenly();
        let report = scan_with(&store, &scan, &ScanOptions::default()).await;
        assert_eq!(report.categories[0].problems, []);
        assert_eq!(details(&store).await.iter().filter(|d| d.contains("repomd")).count(), 1);
        server.forget();
        assert!(scan_with(&store, &scan, &ScanOptions::default()).await.is_unchanged());
        assert_eq!(server.count(), 0, "nothing has changed, nothing is asked");
    })
    .await;
}

/// A checksum file may tell of files in a directory below, whose files were not kept as it has not changed.
#[tokio::test]
async fn a_new_checksum_file_tells_of_an_unchanged_directory() {
    for source in [rsync("TREE"), file("LIST"), file("PRINTED")] {
        each(|store| {
            let source = source.clone();
            async move {
                category(&store, CATEGORY, "EPEL", TOP).await;
                let folder = tempfile::tempdir().unwrap();
                let root = folder.path();
                write(root, &format!("{TOP}/images/sub/y.img"), "img");
                write(root, &format!("{TOP}/images/x"), "x");
                times(&root.join(TOP), 1_600_000_000);
                let url =
                    root.join(source.url.as_deref().unwrap().replace("TREE", TOP)).display().to_string();
                let base = root.display().to_string();
                let scan =
                    with(root, ScanSource { url: Some(url), checksum_base: Some(base), ..source.clone() });
                let save = |time: &str| {
                    let list = String::from_utf8(full_file_time_list(&root.join(TOP))).unwrap();
                    let line = list.lines().find(|line| line.ends_with("\timages")).unwrap();
                    let (_, rest) = line.split_once('\t').unwrap();
                    let list = list.replace(line, &format!("{time}\t{rest}"));
                    fs::write(root.join("LIST"), list).unwrap();
                    fs::write(root.join("PRINTED"), rsync_listing(&root.join(TOP))).unwrap();
                };
                save("1");
                scan_with(&store, &scan, &ScanOptions::default()).await;
                let sum = "0123456789abcdef".repeat(4);
                write(root, &format!("{TOP}/images/x-CHECKSUM"), format!("SHA256 (sub/y.img) = {sum}\n"));
                save("2");
                scan_with(&store, &scan, &ScanOptions::default()).await;
                let details = details(&store).await;
                assert_eq!(details.len(), 1, "{source:?}: {details:?}");
                assert!(details[0].starts_with("pub/epel/images/sub/y.img "), "{details:?}");
            }
        })
        .await;
    }
}
