//! Index and checksum files that are not what they should be: the directory is stored, nothing else suffers.

use std::sync::Arc;

use scan::{Quiet, ScanOptions, ScanReport, Verdict};
use store::Store;
use testkit::stores::each;

use crate::memory::{MemoryDisk, ROOT};
use crate::setup::*;

const EPEL: &str = "Fedora EPEL";

async fn scan_disk(store: &Store, disk: &MemoryDisk) -> ScanReport {
    let (settings, options) = (settings(ROOT.as_ref()), ScanOptions::default());
    scan::run_on(disk.clone(), store, &settings, &options, &later(), Arc::new(Quiet)).await.unwrap()
}

#[tokio::test]
async fn a_bad_repomd_is_reported_and_tried_again_until_it_is_good() {
    let deep = format!("<repomd>{}", "<a>".repeat(100_000));
    let laughs = "<?xml version=\"1.0\"?><!DOCTYPE repomd [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;\">]>\
                  <repomd><data><timestamp>&b;</timestamp></data></repomd>";
    let huge = vec![b' '; (scan::index::MAX_INDEX_BYTES + 1) as usize];
    let bad: [(&str, Vec<u8>, &str); 6] = [
        ("cut", repomd(&[5]).as_bytes()[..90].to_vec(), "damaged XML"),
        ("deep", deep.into(), "nested more than 64 deep"),
        ("laughs", laughs.into(), "document type declaration"),
        ("garbage", vec![0xff, 0x00, 0xfe], "not UTF-8"),
        ("empty", Vec::new(), "empty"),
        ("huge", huge, ""),
    ];
    each(|store| {
        let bad = bad.clone();
        async move {
            category(&store, EPEL, "EPEL", "pub/epel").await;
            let disk = MemoryDisk::default();
            for (name, content, _) in &bad {
                disk.file(&format!("pub/epel/9/{name}/x86_64/repodata/repomd.xml"), content.clone());
            }
            disk.file("pub/epel/9/good/x86_64/repodata/repomd.xml", repomd(&[7]));
            for _ in 0..2 {
                let report = scan_disk(&store, &disk).await;
                assert_eq!(report.verdict(), Verdict::Fine);
                let complaints: Vec<String> = report.categories[0]
                    .problems
                    .iter()
                    .filter(|p| matches!(p, scan::Problem::Index { .. }))
                    .map(ToString::to_string)
                    .collect();
                assert_eq!(complaints.len(), bad.len(), "each time again: {complaints:?}");
                for (name, _, reason) in &bad {
                    let said = |line: &String| line.contains(&format!("9/{name}/")) && line.contains(reason);
                    assert!(complaints.iter().any(said), "{name}: {complaints:?}");
                }
            }
            assert_eq!(details(&store).await, ["pub/epel/9/good/x86_64/repodata/repomd.xml 7"]);
            for (name, ..) in &bad {
                disk.rewrite(&format!("pub/epel/9/{name}/x86_64/repodata/repomd.xml"), repomd(&[8]));
            }
            scan_disk(&store, &disk).await;
            assert_eq!(count(&store, "file_detail").await, 1 + bad.len() as i64);
            assert_eq!(count(&store, "mm3_retry").await, 0);
        }
    })
    .await;
}

#[tokio::test]
async fn lines_of_checksum_files_that_say_nothing_usable_are_passed_over() {
    each(|store| async move {
        category(&store, EPEL, "EPEL", "pub/epel").await;
        let disk = MemoryDisk::default();
        for name in ["a.iso", "b.iso", "c.iso"] {
            disk.file(&format!("pub/epel/isos/{name}"), "x");
        }
        disk.file("pub/epel/secret", "x");
        let (short, long, good) = ("a".repeat(63), "a".repeat(65), "e".repeat(64));
        let mut lines = format!(
            "SHA256 (a.iso) = {short}\nSHA256 (a.iso) = {long}\nSHA256 (b.iso) = {}\n{good}  c.iso\n\
             {good}  ../secret\n{good}  /etc/passwd\n{good}  x/../../../secret\nMD5 (a.iso) = {good}\n\
             SHA3 (a.iso) = {good}\nSHA256 () = {good}\n{good}\n",
            "g".repeat(64),
        )
        .into_bytes();
        lines.extend([0xff, 0xfe, 0x00, b'\n', 0x80]);
        lines.extend(format!(" {good} {good} {good}\n").into_bytes());
        disk.file("pub/epel/isos/x-CHECKSUM", lines);
        disk.file("pub/epel/isos/SHA1SUM", (0..=255).collect::<Vec<u8>>());
        disk.file("pub/epel/isos/MD5SUM", "");
        let report = scan_disk(&store, &disk).await;
        assert_eq!(report.verdict(), Verdict::Fine);
        let told = texts(&store, "SELECT filename || ' ' || sha256 FROM file_detail").await;
        assert_eq!(told, [format!("c.iso {good}")]);
        let problems: Vec<String> = report.categories[0].problems.iter().map(ToString::to_string).collect();
        assert_eq!(problems.len(), 3, "{problems:?}");
        assert!(problems.iter().all(|line| line.starts_with("checksum file isos: ")), "{problems:?}");
        assert!(problems.iter().any(|line| line.contains("/etc/passwd")), "{problems:?}");
        assert!(scan_disk(&store, &disk).await.is_unchanged());
    })
    .await;
}

#[tokio::test]
async fn all_kinds_of_checksum_files_make_one_row_per_file() {
    each(|store| async move {
        category(&store, EPEL, "EPEL", "pub/epel").await;
        let disk = MemoryDisk::default();
        disk.at(1_000);
        disk.file("pub/epel/isos/a.iso", "abc");
        let [md5, sha1, sha256, sha512] = [32, 40, 64, 128].map(|length| "b".repeat(length));
        disk.file("pub/epel/isos/MD5SUM", format!("{md5} *a.iso\n"));
        disk.file("pub/epel/isos/a.sha1sum", format!("SHA1 (a.iso) = {sha1}\n"));
        disk.file("pub/epel/isos/x-CHECKSUM", format!("SHA256  (a.iso)  =  {sha256}\n"));
        disk.file("pub/epel/isos/SHA512SUMS", format!("{sha512}  a.iso\n"));
        disk.file("pub/epel/isos/SHA512SUMS.gpg", format!("{}  a.iso\n", "c".repeat(128)));
        scan_disk(&store, &disk).await;
        let rows = texts(
            &store,
            "SELECT filename || ' ' || size || ' ' || timestamp || ' ' || md5 || ' ' || sha1 || ' ' || sha256 || ' ' || sha512 \
             FROM file_detail",
        )
        .await;
        assert_eq!(rows, [format!("a.iso 3 1000 {md5} {sha1} {sha256} {sha512}")]);
    })
    .await;
}
