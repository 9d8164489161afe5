//! The rsync runner against the real program, a real daemon, and programs that misbehave.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use probe::rsync::{Depth, End, Kind, Wish, line};
use probe::{Flood, LineLimits, Rsync, RsyncError, RsyncLimits};
use testkit::rsync::RsyncDaemon;

fn limits() -> RsyncLimits {
    RsyncLimits { total: Duration::from_secs(60), ..RsyncLimits::default() }
}

async fn lines(rsync: &Rsync, source: &str, depth: Depth) -> (Vec<String>, Result<End, RsyncError>) {
    let mut lines = Vec::new();
    let wish = Wish { source, options: &[], depth };
    let mut take = |line: &[u8]| lines.push(String::from_utf8_lossy(line).into_owned());
    let end = rsync.list(wish, &mut take).await;
    (lines, end)
}

/// A program that stands in for rsync: a shell script.
fn stand_in(folder: &Path, script: &str) -> Rsync {
    stand_in_with(folder, script, limits())
}

fn stand_in_with(folder: &Path, script: &str, limits: RsyncLimits) -> Rsync {
    let path = folder.join("rsync");
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    Rsync::new(path, limits)
}

#[tokio::test]
async fn a_daemon_is_listed_with_names_as_they_are() {
    use std::os::unix::ffi::OsStrExt as _;
    let folder = tempfile::tempdir().unwrap();
    let tree = folder.path().join("tree");
    let name = |bytes: &[u8]| tree.join("d").join(std::ffi::OsStr::from_bytes(bytes));
    fs::create_dir_all(tree.join("d/.snapshot")).unwrap();
    let long = [b"x".repeat(100), b"\xff".repeat(150)].concat();
    let names: [&[u8]; 7] =
        [b" two  blanks ", b"caf\xe9", b"line\nfeed", b"tab\there", br"\#012", b"b\xc3\xa4r", &long];
    for bytes in names {
        fs::write(name(bytes), "12345").unwrap();
    }
    fs::write(tree.join("big"), vec![0; 1_234_567]).unwrap();
    std::os::unix::fs::symlink("big", tree.join("link")).unwrap();
    let daemon = RsyncDaemon::serve(&[("module", &tree)]);
    let rsync = Rsync::new("rsync", limits());
    let (lines_, end) = lines(&rsync, &daemon.url("module"), Depth::Tree).await;
    assert_eq!(end.unwrap(), End::Complete);
    let entries: Vec<_> = lines_.iter().map(|text| line(text.as_bytes()).expect(text)).collect();
    let of = |kind: Kind| {
        let mut names: Vec<Vec<u8>> =
            entries.iter().filter(|e| e.kind == kind).map(|e| e.name.to_vec()).collect();
        names.sort();
        names
    };
    assert_eq!(of(Kind::Directory), [b".".to_vec(), b"d".to_vec()]);
    assert_eq!(of(Kind::Symlink), [b"link"]);
    let mut expected: Vec<Vec<u8>> = names.iter().map(|name| [b"d/", *name].concat()).collect();
    expected.push(b"big".to_vec());
    expected.sort();
    assert_eq!(of(Kind::File), expected);
    assert!(entries.iter().any(|entry| entry.size == 1_234_567));
    let (one, end) = lines(&rsync, &format!("{}/d", daemon.url("module")), Depth::Directory).await;
    assert_eq!((one.len(), end.unwrap()), (8, End::Complete));
}

#[tokio::test]
async fn a_daemon_that_is_not_there_and_a_module_that_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = RsyncDaemon::serve(&[("module", folder.path())]);
    let rsync = Rsync::new("rsync", limits());
    let (_, end) = lines(&rsync, &daemon.url("other"), Depth::Tree).await;
    let error = end.unwrap_err().to_string();
    assert!(error.contains("status 5") && error.contains("Unknown module"), "{error}");
    let gone = daemon.url("module");
    drop(daemon);
    let error = lines(&rsync, &gone, Depth::Tree).await.1.unwrap_err().to_string();
    assert!(error.contains("status 10") && error.contains("is the address right?"), "{error}");
    let (_, end) = lines(&rsync, "/nowhere/at/all", Depth::Tree).await;
    assert!(matches!(end, Ok(End::Partial(23)) | Err(RsyncError::Failed(..))), "{end:?}");
    let error = lines(&Rsync::new("no-such-rsync", limits()), "h::m", Depth::Tree).await.1.unwrap_err();
    assert!(error.to_string().contains("is rsync installed?"), "{error}");
}

#[tokio::test]
async fn what_the_status_means() {
    let folder = tempfile::tempdir().unwrap();
    for (script, expected) in [
        ("echo a; exit 0", "Ok(Complete)"),
        ("echo a; exit 23", "Ok(Partial(23))"),
        ("echo a; exit 24", "Ok(Partial(24))"),
        ("echo a; echo 'no  way' >&2; exit 12", "status 12 (error in the protocol data stream): no  way"),
        ("echo a; exit 20", "status 20 (it was told to stop)"),
        ("echo a; exit 30", "status 30 (timeout in data send or receive)"),
        ("echo a; exit 99", "status 99"),
        ("echo a; kill -9 $$", "signal 9"),
        ("printf 'a\\nhalf'", "ends in the middle of a line"),
    ] {
        let (seen, end) = lines(&stand_in(folder.path(), script), "h::m", Depth::Tree).await;
        assert_eq!(seen[0], "a", "{script}");
        let said = match end {
            Ok(end) => format!("Ok({end:?})"),
            Err(error) => error.to_string(),
        };
        assert!(said.ends_with(expected), "{script}: {said}");
    }
}

#[tokio::test]
async fn the_environment_is_empty_but_for_what_is_needed() {
    let folder = tempfile::tempdir().unwrap();
    let rsync = stand_in(folder.path(), "env; pwd -P >/dev/null");
    let (seen, _) = lines(&rsync, "h::m", Depth::Tree).await;
    assert!(seen.contains(&"TZ=UTC".to_owned()) && seen.contains(&"LC_ALL=C".to_owned()), "{seen:?}");
    for text in seen {
        let name = text.split('=').next().unwrap();
        let known = [
            "TZ",
            "LC_ALL",
            "PATH",
            "HOME",
            "USER",
            "LOGNAME",
            "SSH_AUTH_SOCK",
            "PWD",
            "OLDPWD",
            "SHLVL",
            "_",
        ];
        assert!(known.contains(&name), "{text}");
    }
}

/// Waits until none of the processes is left whose numbers stand in a file.
fn wait_for_the_end_of(pids: &Path) {
    let text = fs::read_to_string(pids).unwrap();
    let alive = |pid: &str| {
        // A zombie has ended; who waits for it is init.
        fs::read_to_string(format!("/proc/{pid}/stat"))
            .is_ok_and(|stat| !stat.rsplit(')').next().unwrap_or_default().starts_with(" Z"))
    };
    let deadline = Instant::now() + Duration::from_secs(10);
    for pid in text.split_whitespace() {
        while alive(pid) {
            assert!(Instant::now() < deadline, "process {pid} still runs");
            std::thread::yield_now();
        }
    }
    assert_eq!(text.split_whitespace().count(), 2);
}

/// A script that starts another program and notes both numbers in the file.
fn with_child(pids: &Path, then: &str) -> String {
    format!("sleep 1000 & echo $$ $! > {}; echo a; {then}", pids.display())
}

#[tokio::test]
async fn one_that_hangs_is_killed_with_all_its_children() {
    let folder = tempfile::tempdir().unwrap();
    let pids: PathBuf = folder.path().join("pids");
    let short = RsyncLimits { total: Duration::from_millis(500), ..limits() };
    let rsync = stand_in_with(folder.path(), &with_child(&pids, "wait"), short);
    let (seen, end) = lines(&rsync, "h::m", Depth::Tree).await;
    assert!(matches!(end, Err(RsyncError::Late(_))), "{end:?}");
    assert_eq!(seen, ["a"]);
    wait_for_the_end_of(&pids);
}

#[tokio::test]
async fn one_that_falls_silent_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let short = RsyncLimits { silence: Duration::from_millis(300), ..limits() };
    let rsync = stand_in_with(folder.path(), "sleep 1000", short);
    let (_, end) = lines(&rsync, "h::m", Depth::Tree).await;
    assert!(matches!(end, Err(RsyncError::Silent(_))), "{end:?}");
}

#[tokio::test]
async fn one_that_floods_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let few = |lines: LineLimits| RsyncLimits { lines, ..limits() };
    for (script, most, expected) in [
        ("yes", LineLimits { lines: 1000, ..LineLimits::default() }, Flood::Lines(1000)),
        ("yes", LineLimits { bytes: 100_000, ..LineLimits::default() }, Flood::Bytes(100_000)),
        ("cat /dev/zero", LineLimits { line_bytes: 5000, ..LineLimits::default() }, Flood::Line(5000)),
        ("yes >&2", LineLimits::default(), Flood::Bytes(16 << 20)),
    ] {
        let pids = folder.path().join("pids");
        let rsync = stand_in_with(folder.path(), &with_child(&pids, script), few(most));
        let (_, end) = lines(&rsync, "h::m", Depth::Tree).await;
        assert!(matches!(end, Err(RsyncError::Flood(flood)) if flood == expected), "{script}: {end:?}");
        wait_for_the_end_of(&pids);
    }
}

#[tokio::test]
async fn one_that_nobody_waits_for_any_more_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let pids = folder.path().join("pids");
    let rsync = stand_in(folder.path(), &with_child(&pids, "wait"));
    let (said, heard) = std::sync::mpsc::channel();
    let listing = tokio::spawn(async move {
        let wish = Wish { source: "h::m", options: &[], depth: Depth::Tree };
        rsync.list(wish, &mut |_| said.send(()).unwrap()).await
    });
    while heard.try_recv().is_err() {
        tokio::task::yield_now().await;
    }
    listing.abort();
    assert!(listing.await.unwrap_err().is_cancelled());
    wait_for_the_end_of(&pids);
}
