//! All sources say the same of one tree, but for the time, of which each has its own clock.

use std::fs;
use std::path::Path;

use scan::{Outcome, ScanOptions};
use settings::Scan;
use settings::scan::ScanSource;
use store::Store;
use testkit::mirror::Mirror;
use testkit::rsync::RsyncDaemon;
use testkit::stores::each;

use super::made::*;
use crate::setup::*;

/// Everything that must be the same: directories with readability and files without their times, repositories,
/// file details with their digests.
async fn facts(store: &Store) -> Vec<String> {
    let mut out = Vec::new();
    for row in rows(store, "SELECT name, readable, files FROM directory ORDER BY name").await {
        let name: String = row.try_get_by_index(0).unwrap();
        let readable: bool = row.try_get_by_index(1).unwrap();
        let stored: Option<Vec<u8>> = row.try_get_by_index(2).unwrap();
        let files = model::files::decode(&stored.unwrap_or_default()).unwrap();
        let files: Vec<String> = files.iter().map(|f| format!("{} {}", f.name, f.size)).collect();
        out.push(format!("{name} {readable} {}", files.join(", ")));
    }
    out.extend(repositories(store).await);
    out.extend(
        texts(
            store,
            "SELECT d.name || '/' || f.filename || ' ' || f.size || ' ' || COALESCE(f.sha256, '-') || \
             CASE WHEN f.filename = 'repomd.xml' THEN ' ' || f.timestamp ELSE '' END \
             FROM file_detail f JOIN directory d ON d.id = f.directory_id ORDER BY d.name, f.filename",
        )
        .await,
    );
    out
}

async fn check(what: &str, scan: &Scan, expected: &[String]) {
    let store = testkit::stores::sqlite().await;
    category(&store, CATEGORY, "EPEL", TOP).await;
    let report = scan_with(&store, scan, &ScanOptions::default()).await;
    assert_eq!(report.categories[0].outcome, Outcome::Done, "{what}");
    assert_eq!(facts(&store).await, expected, "{what}");
    let before = everything(&store).await;
    assert!(scan_with(&store, scan, &ScanOptions::default()).await.is_unchanged(), "{what}");
    assert_eq!(everything(&store).await, before, "{what}: a second scan writes nothing");
}

#[tokio::test]
async fn every_source_says_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    tree(root);
    let top = root.join(TOP);
    let walk = Scan { skip_fullfiletimelist: true, ..with(root, ScanSource::default()) };
    let store = testkit::stores::sqlite().await;
    category(&store, CATEGORY, "EPEL", TOP).await;
    let report = scan_with(&store, &walk, &ScanOptions::default()).await;
    assert_eq!(report.categories[0].problems, []);
    let expected = facts(&store).await;
    let has = |text: &str| assert!(expected.iter().any(|row| row.contains(text)), "{text}: {expected:#?}");
    for text in [
        "pub/epel true RPM-GPG-KEY 3",
        "with blank.rpm 1",
        "caf\\xe9 7",
        "pub/epel/empty true ",
        "pub/epel/private false ",
        "pub/epel/private/open false f 1",
        "pub/epel/.hidden true f 1",
        "pub/epel/9/Everything/x86_64 epel-9 x86_64 9",
        "pub/epel/ostree/10 ",
        "images/boot.iso 3 0123456789abcdef",
        "images/sub/y.img 3 0123456789abcdef",
        "repodata/repomd.xml",
        "ostree/10/summary 7",
    ] {
        has(text);
    }
    assert!(!expected.iter().any(|row| row.contains(".snapshot")));

    let daemon = RsyncDaemon::serve(&[("epel", &top)]);
    let web = Mirror::start(root).await.unwrap();
    let saved = tempfile::tempdir().unwrap();
    let save = |name: &str, content: &[u8]| {
        let path = saved.path().join(name);
        fs::write(&path, content).unwrap();
        path.display().to_string()
    };
    let list = full_file_time_list(&top);
    let printed = rsync_listing(&top);
    let base = |source: ScanSource, base: &str| ScanSource { checksum_base: Some(base.to_owned()), ..source };
    let local = format!("file://{}", root.display());
    let http = format!("{}/", web.url());
    for (what, source) in [
        ("rsync daemon, contents by HTTP", base(rsync(&daemon.url("epel")), &http)),
        (
            "rsync of a path, contents from a path",
            base(rsync(&top.display().to_string()), &root.display().to_string()),
        ),
        ("saved list", base(file(&save("list", &list)), &local)),
        ("saved list, gzip", base(file(&save("list.gz", &gzip(&list))), &local)),
        ("saved list, zstd", base(file(&save("list.zst", &zstd::encode_all(&*list, 3).unwrap())), &local)),
        ("saved list, bzip2", base(file(&save("list.bz2", &bzip2(&list))), &local)),
        ("saved listing of rsync", base(file(&save("printed", &printed)), &http)),
        (
            "list that begins above the top directory",
            ScanSource {
                list_root: Some("pub".into()),
                ..base(file(&save("above", &full_file_time_list(&root.join("pub")))), &local)
            },
        ),
    ] {
        check(what, &with(root, source), &expected).await;
    }
    // The list in its place; it is not part of what it lists.
    let lists = tempfile::tempdir().unwrap();
    copy(root, lists.path());
    fs::write(lists.path().join(TOP).join("fullfiletimelist-epel"), &list).unwrap();
    check("list in the directory", &with(lists.path(), ScanSource::default()), &expected).await;
    // And fetched, with the files beside it.
    let web = Mirror::start(lists.path()).await.unwrap();
    let url = format!("{}/{TOP}/fullfiletimelist-epel", web.url());
    check("fetched list", &with(root, file(&url)), &expected).await;
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut out = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn copy(from: &Path, to: &Path) {
    let done = std::process::Command::new("cp").arg("-a").arg(from.join("pub")).arg(to).status().unwrap();
    assert!(done.success());
}

#[tokio::test]
async fn a_list_one_level_up_and_what_it_says_of_others() {
    each(|store| async move {
        category(&store, "Fedora Linux", "Fedora", "pub/fedora/linux").await;
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        write(root, "pub/fedora/linux/releases/41/Everything/x86_64/os/repodata/repomd.xml", repomd(&[7]));
        write(root, "pub/fedora/linux/README", "read");
        write(root, "pub/fedora/extras/f", "other");
        write(root, "pub/fedora/fullfilelist", "a stray one");
        write(root, "pub/fedora/linuxish/f", "other");
        let list = full_file_time_list(&root.join("pub/fedora"));
        write(root, "pub/fedora/fullfiletimelist-fedora", list);
        // Not walked: what is only on the disk is not seen.
        write(root, "pub/fedora/linux/unlisted/f", "later");
        let report = scan(&store, root).await;
        assert_eq!(report.categories[0].problems, []);
        let top = "pub/fedora/linux";
        let os = "pub/fedora/linux/releases/41/Everything/x86_64/os";
        assert_eq!(repositories(&store).await, [format!("{os} fedora-41 x86_64 41 {os}")]);
        assert_eq!(details(&store).await, [format!("{os}/repodata/repomd.xml 7")]);
        let names = directories(&store).await;
        assert!(names.iter().all(|name| name.starts_with(top) && !name.contains("linuxish")), "{names:?}");
        assert!(!names.contains(&format!("{top}/unlisted")), "{names:?}");
        let root_files = model::files::decode(&files(&store, top).await.unwrap()).unwrap();
        assert_eq!(root_files.len(), 1, "files of the top directory are kept");
        // The flag.
        let walk = Scan { skip_fullfiletimelist: true, ..settings(root) };
        scan_with(&store, &walk, &ScanOptions::default()).await;
        assert!(directories(&store).await.contains(&format!("{top}/unlisted")));
    })
    .await;
}
