//! Mirrors asked over rsync: a real daemon, and programs that stand in for rsync and misbehave.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use model::url::MirrorUrl;
use probe::classify::Reason;
use probe::connector::Proof;
use probe::rsync::{Ending, Expected, NoListing};
use probe::{
    AddressGuard, Counters, DirectoryCheck, Http, Limits, Rsync, RsyncLimits, RsyncMirror, TableResolver,
    Wanted, WantedFile,
};
use testkit::rsync::RsyncDaemon;

fn http() -> Http {
    let guard = AddressGuard::new(["127.0.0.0/8".parse().unwrap()], []);
    let table = [
        ("named".to_owned(), vec!["127.0.0.1".parse().unwrap()]),
        ("mixed".to_owned(), vec!["127.0.0.1".parse().unwrap(), "10.0.0.1".parse().unwrap()]),
    ];
    Http::new(guard, Arc::new(TableResolver(table.into())), Limits::default(), None).unwrap()
}

fn limits() -> RsyncLimits {
    RsyncLimits { total: Duration::from_secs(20), silence: Duration::from_secs(10), ..RsyncLimits::default() }
}

struct Tree(Vec<(&'static str, Vec<WantedFile>)>);

impl Tree {
    fn new(directories: &[(&'static str, &[(&str, u64)])]) -> Self {
        let file =
            |(name, size): &(&str, u64)| WantedFile { name: (*name).into(), proof: Proof::Size(*size) };
        Self(directories.iter().map(|(path, files)| (*path, files.iter().map(file).collect())).collect())
    }

    async fn checks(&self, rsync: Rsync, url: &str) -> Result<(Vec<DirectoryCheck>, Ending), NoListing> {
        let wanted = self.0.iter().map(|(path, files)| Wanted { path, files });
        let expected = Expected::new(wanted).unwrap();
        let paths: Vec<&str> = self.0.iter().map(|(path, _)| *path).collect();
        let counters = Arc::new(Counters::default());
        let url = MirrorUrl::parse(url).unwrap();
        let mirror = RsyncMirror::new(http(), rsync, url, Arc::clone(&counters)).unwrap();
        let listed = mirror.list(&expected, &paths, &[]).await?;
        assert!(counters.requests() >= 1 && counters.bytes() > 0);
        let checks = (0..expected.directories()).map(|at| listed.check(at)).collect();
        Ok((checks, listed.ending().clone()))
    }
}

/// `C`urrent, `S`tale, `U`nknown.
fn short(checks: &[DirectoryCheck]) -> String {
    let letter = |check: &DirectoryCheck| match check {
        DirectoryCheck::Current => 'C',
        DirectoryCheck::Stale(_) => 'S',
        DirectoryCheck::Unknown(_) => 'U',
        DirectoryCheck::TryLater(_) => 'T',
    };
    checks.iter().map(letter).collect()
}

#[tokio::test]
async fn two_categories_in_one_module_do_not_spoil_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir_all(root.join("fedora/linux/d")).unwrap();
    fs::create_dir_all(root.join("epel/d")).unwrap();
    fs::write(root.join("fedora/linux/big"), vec![0; 1_234_567]).unwrap();
    fs::write(root.join("fedora/linux/d/two  blanks"), "12345").unwrap();
    fs::write(root.join("epel/d/f"), "123").unwrap();
    std::os::unix::fs::symlink("f", root.join("epel/d/link")).unwrap();
    let daemon = RsyncDaemon::serve(&[("pub", root)]);
    let rsync = || Rsync::new("rsync", limits());
    let linux =
        Tree::new(&[("", &[("big", 1_234_567)]), ("d", &[("two  blanks", 5)]), ("gone", &[("f", 3)])]);
    let (checks, end) = linux.checks(rsync(), &format!("{}/fedora/linux", daemon.url("pub"))).await.unwrap();
    assert_eq!((short(&checks).as_str(), end), ("CCS", Ending::Whole));
    let epel = Tree::new(&[("", &[]), ("d", &[("f", 4), ("link", 99)]), ("e", &[("f", 3)])]);
    let (checks, _) = epel.checks(rsync(), &format!("{}/epel", daemon.url("pub"))).await.unwrap();
    assert_eq!(short(&checks), "CSS");
    let DirectoryCheck::Stale(finding) = &checks[1] else { panic!() };
    assert_eq!((finding.proven, &finding.reason), (0, &Reason::Size { expected: 4, found: 3 }));
    let missing = linux.checks(rsync(), &daemon.url("other")).await.unwrap_err();
    assert!(missing.to_string().contains("Unknown module"), "{missing}");
    let (checks, _) = linux.checks(rsync(), &daemon.url("pub").replace("127.0.0.1", "named")).await.unwrap();
    assert_eq!(short(&checks), "SSS", "one directory too high");
}

fn stand_in(folder: &Path, script: &str) -> Rsync {
    let path = folder.join("rsync");
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let lines = probe::LineLimits { lines: 10_000, line_bytes: 8 << 10, bytes: 1 << 20 };
    Rsync::new(path, RsyncLimits { lines, total: Duration::from_secs(2), ..limits() })
}

#[tokio::test]
async fn seen_is_seen_and_what_is_not_depends_on_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let tree = Tree::new(&[("", &[("f", 1)]), ("a", &[("f", 1)]), ("a/b", &[("f", 1)]), ("c", &[("f", 1)])]);
    let line = |name: &str| format!("echo '-rw-r--r-- 1 2026/11/21 05:55:23 {name}'");
    let some = format!("{}\n{}", line("f"), line("a/g"));
    let denied = r#"echo 'rsync: [sender] opendir "/p/a" (in m) failed: Permission denied (13)' >&2"#;
    for (then, expected) in [
        ("exit 0", "CSSS"),
        ("exit 24", "CSSS"),
        (&*format!("{denied}; exit 23"), "CUUS"),
        ("echo 'something else' >&2; exit 23", "CUUU"),
        ("exit 23", "CUUU"),
        ("exit 5", "CUUU"),
        ("exit 10", "CUUU"),
        ("exit 12", "CUUU"),
        ("exit 30", "CUUU"),
        ("exit 35", "CUUU"),
        ("kill -9 $$", "CUUU"),
        ("printf half", "CUUU"),
        ("yes", "CUUU"),
        ("cat /dev/zero", "CUUU"),
        ("exec sleep 1000", "CUUU"),
    ] {
        let rsync = stand_in(folder.path(), &format!("{some}\n{then}"));
        let (checks, _) = tree.checks(rsync, "rsync://127.0.0.1/m/p").await.unwrap();
        assert_eq!(short(&checks), expected, "{then}");
    }
}

#[tokio::test]
async fn names_of_a_hostile_daemon_are_only_compared() {
    let folder = tempfile::tempdir().unwrap();
    let tree = Tree::new(&[("", &[("f", 1)]), ("d", &[("f", 1)])]);
    let script = r"for name in '../f' '/etc/passwd' 'd/../f' './f' 'd//f' 'f/' '\#057f' 'd\#000/f' '$(touch x)' 'd/\#346'; do
echo '-rw-r--r-- 1 2026/11/21 05:55:23 '$name; done; echo '-rw-r--r-- 99999999999999999999 2026/11/21 05:55:23 f'";
    let (checks, _) = tree.checks(stand_in(folder.path(), script), "rsync://127.0.0.1/m").await.unwrap();
    assert_eq!(short(&checks), "SS");
}

#[tokio::test]
async fn no_line_is_no_listing_and_a_full_house_is_not_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    let tree = Tree::new(&[("", &[("f", 1)])]);
    let fail = async |script: &str| {
        tree.checks(stand_in(folder.path(), script), "rsync://127.0.0.1/m").await.unwrap_err()
    };
    let full = "echo '@ERROR: max connections (5) reached -- try again later' >&2; exit 5";
    assert_eq!(fail(full).await, NoListing::Busy);
    assert!(matches!(fail("exit 0").await, NoListing::Failed(_)));
    assert!(fail("exit 10").await.to_string().contains("status 10"));
}

#[tokio::test]
async fn the_program_gets_an_address_that_was_judged_and_is_not_started_for_another() {
    let folder = tempfile::tempdir().unwrap();
    let tree = Tree::new(&[("", &[("f", 1)])]);
    let said = folder.path().join("said");
    let script = format!("echo \"$@\" >> {}; exit 10", said.display());
    let rsync = stand_in(folder.path(), &script);
    for url in ["rsync://mixed/m", "rsync://10.0.0.1/m", "rsync://named:22/m", "rsync://unknown/m"] {
        let error = tree.checks(rsync.clone(), url).await.unwrap_err();
        assert!(matches!(error, NoListing::Failed(Reason::Failed(_))), "{url}: {error}");
    }
    assert!(!said.exists());
    tree.checks(rsync, "rsync://named/m/p").await.unwrap_err();
    let arguments = fs::read_to_string(said).unwrap();
    assert!(arguments.trim_end().ends_with(" -- rsync://127.0.0.1:873/m/p/"), "{arguments}");
    let (http, counters) = (http(), Arc::new(Counters::default()));
    let no_module = MirrorUrl::parse("rsync://named/").unwrap();
    assert!(RsyncMirror::new(http, Rsync::new("rsync", limits()), no_module, counters).is_none());
}
