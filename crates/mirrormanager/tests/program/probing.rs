//! `probe` as typed, against real servers.

use std::path::Path;

use serde_json::Value;
use testkit::ftp::Pyftpd;
use testkit::nginx::Nginx;
use testkit::rsync::RsyncDaemon;

use crate::program::Deployment;

/// A category with one scanned directory, and its tree.
fn deployment(root: &Path) -> Deployment {
    let deployment = Deployment::sqlite();
    std::fs::create_dir_all(root.join("pub/t/d")).unwrap();
    for (name, size) in [("a", 3), ("b", 1_000), ("c", 5)] {
        std::fs::write(root.join("pub/t/d").join(name), vec![b'x'; size]).unwrap();
    }
    for line in ["db migrate", "product add P", "category add C --product P --topdir pub/t"] {
        deployment.ok(&line.split(' ').collect::<Vec<_>>());
    }
    deployment.ok(&["scan", "--set", &format!("scan.content_root={}", root.display())]);
    deployment
}

const ALLOWED: [&str; 2] = ["--set", "crawl.allowed_networks=[\"127.0.0.0/8\"]"];

fn json(deployment: &Deployment, arguments: &[&str]) -> (i32, Value) {
    let ran = deployment.run(&[&["probe", "--json"], &ALLOWED[..], arguments].concat());
    (ran.status, serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}")))
}

#[test]
fn every_request_is_shown_and_what_would_be_believed() {
    let folder = tempfile::tempdir().unwrap();
    let deployment = deployment(folder.path());
    let nginx = Nginx::serve(&[&folder.path().join("pub")]);
    let url = format!("{}/t", nginx.url(0));
    let (status, report) = json(&deployment, &[&url, "d", "--category", "C"]);
    assert_eq!((status, report["verdict"].as_str()), (0, Some("current")), "{report}");
    let asked: Vec<String> = report["requests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("{} {}", one["method"].as_str().unwrap(), one["status"]))
        .collect();
    assert_eq!(asked, ["HEAD 301", "HEAD 404", "GET 200"], "base, nonsense, one page for three files");
    let (status, report) = json(&deployment, &[&url, "d"]);
    assert_eq!(
        (status, &report["listed"], &report["verdict"]),
        (0, &Value::from(3), &Value::Null),
        "{report}"
    );
    std::fs::write(folder.path().join("pub/t/d/b"), "short").unwrap();
    let ran = deployment.run(&[&["probe"], &ALLOWED[..], &[&url, "d", "--category", "C"]].concat());
    assert_eq!(ran.status, 1, "{ran:?}");
    assert!(ran.stdout.starts_with("REQUEST  STATUS  LENGTH  READ"), "{}", ran.stdout);
    assert!(ran.stdout.ends_with("stale: b: size 5, expected 1000\n"), "{}", ran.stdout);
    // The same over FTP and rsync.
    let ftp = Pyftpd::serve(&folder.path().join("pub/t"));
    let daemon = RsyncDaemon::serve(&[("m", &folder.path().join("pub"))]);
    for url in [ftp.url(), format!("{}/t", daemon.url("m"))] {
        let (status, report) = json(&deployment, &[&url, "d", "--category", "C"]);
        assert_eq!((status, report["reason"].as_str()), (1, Some("size 5, expected 1000")), "{report}");
        let (status, report) = json(&deployment, &[&url, "d"]);
        assert_eq!((status, &report["listed"]), (0, &Value::from(3)), "{report}");
    }
}

#[test]
fn what_can_not_be_asked_is_said_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let deployment = deployment(folder.path());
    for (arguments, status, said) in [
        (&["gopher://h/"][..], 2, "error: URL does not begin with"),
        (
            &["http://h/", "d", "--category", "c"],
            2,
            "error: category \"c\" does not exist; did you mean \"C\"?",
        ),
        (&["http://h/", "x", "--category", "C"], 2, "error: category \"C\" has no directory \"pub/t/x\""),
    ] {
        let ran = deployment.run(&[&["probe"], arguments].concat());
        assert_eq!((ran.status, ran.stdout.as_str()), (status, ""), "{ran:?}");
        assert!(ran.stderr.starts_with(said) && ran.stderr.lines().count() == 1, "{ran:?}");
    }
    let ran = deployment.run(&["probe", "http://127.0.0.1:8080/"]);
    assert_eq!(ran.status, 1);
    assert!(
        ran.stdout.ends_with("not reachable: refused by us: address 127.0.0.1 is not allowed\n"),
        "{ran:?}"
    );
}
