//! Whose time it is: change time, list time, modification time; and what a change of the source does.

use std::fs;

use model::clock::{Clock as _, SystemClock};
use scan::ScanOptions;
use settings::Scan;
use store::Store;
use testkit::stores::each;

use super::made::*;
use crate::setup::*;

async fn time_of(store: &Store, name: &str) -> i64 {
    rows(store, &format!("SELECT ctime FROM directory WHERE name = '{name}'")).await[0]
        .try_get_by_index(0)
        .unwrap()
}

async fn file_time(store: &Store, directory: &str, name: &str) -> i64 {
    let stored = files(store, directory).await.unwrap();
    model::files::decode(&stored).unwrap().get(name.as_bytes()).unwrap().timestamp
}

async fn kind(store: &Store) -> Vec<String> {
    texts(store, "SELECT source FROM mm3_scan_state").await
}

#[tokio::test]
async fn each_source_has_its_own_clock_and_a_change_of_it_reads_everything_once() {
    each(|store| async move {
        use std::os::unix::fs::MetadataExt as _;
        category(&store, CATEGORY, "EPEL", TOP).await;
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        write(root, &format!("{TOP}/d/f"), "1");
        times(&root.join(TOP), 1_600_000_000);
        let metadata = |name: &str| fs::metadata(root.join(TOP).join(name)).unwrap();
        let d = format!("{TOP}/d");

        let walk = Scan { skip_fullfiletimelist: true, ..settings(root) };
        scan_with(&store, &walk, &ScanOptions::default()).await;
        assert_eq!(time_of(&store, &d).await, metadata("d").ctime());
        assert_eq!(file_time(&store, &d, "f").await, metadata("d/f").ctime());
        assert_eq!(kind(&store).await, ["directory"]);

        let mtime = (metadata("d").mtime(), metadata("d/f").mtime());
        assert!(mtime.0 < 1_700_000_000, "the modification time is an old one");
        let by_rsync = with(root, rsync(&root.join(TOP).display().to_string()));
        scan_with(&store, &by_rsync, &ScanOptions::default()).await;
        assert_eq!((time_of(&store, &d).await, file_time(&store, &d, "f").await), mtime, "in UTC");
        assert_eq!(kind(&store).await, ["rsync"]);

        // The time of the list's own making, which no file has.
        let list =
            "[Version]\n2\n[Files]\n5\td\t1\td\n6\tf\t1\td/f\n7\tf\t9\troot-file\n4\tf\t9\tolder\n[End]\n";
        let saved = root.join("saved");
        fs::write(&saved, list).unwrap();
        let by_list = with(root, file(&saved.display().to_string()));
        scan_with(&store, &by_list, &ScanOptions::default()).await;
        assert_eq!((time_of(&store, &d).await, file_time(&store, &d, "f").await), (5, 6));
        assert_eq!(
            time_of(&store, TOP).await,
            7,
            "that of the newest file in it: the list has no line for it"
        );
        assert_eq!(kind(&store).await, ["fullfiletimelist"]);
        let before = everything(&store).await;
        assert!(scan_with(&store, &by_list, &ScanOptions::default()).await.is_unchanged());
        assert_eq!(everything(&store).await, before);
    })
    .await;
}

#[tokio::test]
async fn equal_times_of_different_clocks_prove_nothing() {
    each(|store| async move {
        category(&store, CATEGORY, "EPEL", TOP).await;
        let folder = tempfile::tempdir().unwrap();
        let saved = folder.path().join("saved");
        let scan_saved = |text: &'static str| {
            fs::write(&saved, text).unwrap();
            with(folder.path(), file(&saved.display().to_string()))
        };
        let list = scan_saved("[Version]\n2\n[Files]\n5\td\t1\td\n5\tf\t1\td/old\n[End]\n");
        scan_with(&store, &list, &ScanOptions::default()).await;
        let rsync = scan_saved(
            "drwxr-xr-x 1 1970/01/01 00:00:05 .\ndrwxr-xr-x 1 1970/01/01 00:00:05 d\n\
             -rw-r--r-- 2 1970/01/01 00:00:05 d/new\n",
        );
        scan_with(&store, &rsync, &ScanOptions::default()).await;
        let stored = model::files::decode(&files(&store, "pub/epel/d").await.unwrap()).unwrap();
        assert!(stored.get(b"new").is_some() && stored.len() == 1, "{stored:?}");
    })
    .await;
}

/// The three sources that tell the size and time of each file without being asked.
#[tokio::test]
async fn an_index_that_was_rewritten_in_place_is_seen() {
    each(|store| async move {
        category(&store, CATEGORY, "EPEL", TOP).await;
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let repodata = format!("{TOP}/9/x86_64/repodata");
        // Not so old that the first state is forgotten at once.
        let now = SystemClock.now().timestamp();
        write(root, &format!("{repodata}/repomd.xml"), repomd(&[now]));
        write(root, &format!("{repodata}/other"), "1");
        let list = |repomd_time: i64| {
            let size = fs::metadata(root.join(&repodata).join("repomd.xml")).unwrap().len();
            let text = format!(
                "[Version]\n2\n[Files]\n1\td\t1\t9\n1\td\t1\t9/x86_64\n1\td\t1\t9/x86_64/repodata\n\
                 {repomd_time}\tf\t{size}\t9/x86_64/repodata/repomd.xml\n1\tf\t1\t9/x86_64/repodata/other\n[End]\n"
            );
            fs::write(root.join(TOP).join("fullfiletimelist-epel"), text).unwrap();
        };
        list(2);
        scan(&store, root).await;
        let detail = format!("{repodata}/repomd.xml");
        assert_eq!(details(&store).await, [format!("{detail} {now}")]);
        // Nothing differs: nothing is read.
        let report = scan(&store, root).await;
        assert_eq!((report.is_unchanged(), report.categories[0].counts.bytes_read), (true, 0));
        // Only the file's own time says so.
        fs::write(root.join(&repodata).join("repomd.xml"), repomd(&[now + 1])).unwrap();
        list(3);
        let report = scan(&store, root).await;
        assert_eq!((report.categories[0].counts.details, report.categories[0].counts.changed), (1, 1));
        assert_eq!(details(&store).await, [format!("{detail} {now}"), format!("{detail} {}", now + 1)]);
        assert_eq!(file_time(&store, &repodata, "repomd.xml").await, 3, "and mirrors are to have the new one");
        assert_eq!(file_time(&store, &repodata, "other").await, 1);
        assert!(scan(&store, root).await.is_unchanged());
    })
    .await;
}
