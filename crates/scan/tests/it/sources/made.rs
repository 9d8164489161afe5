//! A tree on a disk with times of its own, and the listings that other programs make of it.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use scan::ScanOptions;
use settings::Scan;
use settings::scan::{ScanSource, SourceType};

use crate::setup::{repomd, settings, write};

pub(crate) const CATEGORY: &str = "Fedora EPEL";
pub(crate) const TOP: &str = "pub/epel";

/// Files of every kind below `pub/epel` of a folder; each file and directory has a time of its own.
pub(crate) fn tree(root: &Path) {
    let sha = "0123456789abcdef".repeat(4);
    for (name, content) in [
        ("RPM-GPG-KEY", "key".to_owned()),
        ("9/Everything/x86_64/repodata/repomd.xml", repomd(&[1_700_000_000, 1_700_000_100])),
        ("9/Everything/x86_64/repodata/primary.xml.gz", "p".repeat(2_345)),
        ("9/Everything/x86_64/Packages/a/a-1.rpm", "a".repeat(1_234)),
        ("9/Everything/x86_64/Packages/with blank.rpm", "x".to_owned()),
        ("9/Everything/images/boot.iso", "iso".to_owned()),
        (
            "9/Everything/images/x-CHECKSUM",
            format!("SHA256 (boot.iso) = {sha}\nSHA256 (sub/y.img) = {sha}\n"),
        ),
        ("9/Everything/images/sub/y.img", "img".to_owned()),
        ("ostree/10/summary", "summary".to_owned()),
        ("ostree/10/objects/00/x", "o".to_owned()),
        ("private/open/f", "1".to_owned()),
        (".hidden/f", "1".to_owned()),
        ("a/.snapshot/f", "left out".to_owned()),
        ("empty/f", "removed".to_owned()),
    ] {
        write(root, &format!("{TOP}/{name}"), content);
    }
    let top = root.join(TOP);
    fs::remove_file(top.join("empty/f")).unwrap();
    fs::write(top.join(std::ffi::OsStr::from_bytes(b"a/caf\xe9")), "latin 1").unwrap();
    fs::write(top.join(std::ffi::OsStr::from_bytes("a/b\u{e4}r".as_bytes())), "utf-8").unwrap();
    fs::set_permissions(top.join("private"), fs::Permissions::from_mode(0o750)).unwrap();
    times(&top, 1_600_000_000);
}

/// Gives everything below a path a modification time of its own, in whole seconds, from `at` on.
pub(crate) fn times(path: &Path, at: i64) -> i64 {
    let mut next = at;
    if path.is_dir() {
        let mut entries: Vec<_> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for entry in entries {
            next = times(&entry, next) + 10;
        }
    }
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(next.unsigned_abs());
    fs::File::open(path).unwrap().set_modified(time).unwrap();
    next
}

/// The list that the list generator makes of a folder, in a random but fixed order.
pub(crate) fn full_file_time_list(root: &Path) -> Vec<u8> {
    let mut out = b"[Version]\n2\n\n[Files]\n".to_vec();
    entries(root, b"", false, &mut out);
    out.extend_from_slice(b"\n[Checksums SHA1]\n\n[End]\n");
    out
}

fn entries(path: &Path, name: &[u8], closed: bool, out: &mut Vec<u8>) {
    let mut below: Vec<_> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap()).collect();
    below.sort_by_key(|entry| {
        let mut name = entry.file_name().as_bytes().to_vec();
        name.reverse();
        name
    });
    for entry in below {
        let metadata = fs::symlink_metadata(entry.path()).unwrap();
        let kind = if metadata.is_dir() { "d" } else { "f" };
        let hidden = metadata.mode() & 0o004 == 0;
        let mark = if hidden {
            "-"
        } else if closed {
            "*"
        } else {
            ""
        };
        let time = metadata.mtime().max(metadata.ctime());
        let name = match name {
            b"" => entry.file_name().as_bytes().to_vec(),
            above => [above, b"/", entry.file_name().as_bytes()].concat(),
        };
        out.extend_from_slice(format!("{time}\t{kind}{mark}\t{}\t", metadata.len()).as_bytes());
        out.extend_from_slice(&name);
        out.push(b'\n');
        if metadata.is_dir() {
            entries(&entry.path(), &name, closed || hidden, out);
        }
    }
}

/// What rsync prints of a folder.
pub(crate) fn rsync_listing(root: &Path) -> Vec<u8> {
    let source = format!("{}/", root.display());
    let out = Command::new("rsync").env("TZ", "UTC").args(["-r", &source]).output().unwrap();
    assert!(out.status.success());
    out.stdout
}

/// Settings with one source for the category.
pub(crate) fn with(root: &Path, source: ScanSource) -> Scan {
    Scan { sources: vec![ScanSource { category: CATEGORY.to_owned(), ..source }], ..settings(root) }
}

pub(crate) fn file(url: &str) -> ScanSource {
    ScanSource { kind: Some(SourceType::File), url: Some(url.to_owned()), ..ScanSource::default() }
}

pub(crate) fn rsync(url: &str) -> ScanSource {
    ScanSource { kind: Some(SourceType::Rsync), url: Some(url.to_owned()), ..ScanSource::default() }
}

pub(crate) fn with_deletion() -> ScanOptions {
    ScanOptions { deletion: scan::Deletion::Guarded, ..ScanOptions::default() }
}
