//! `crawl` and `demo` as typed: what they print, how they end, what they say to whom.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::Stdio;

use crate::program::{Deployment, bare, ran};

/// A deployment with one host, whose only mirror is at this URL.
fn with_host(url: &str) -> Deployment {
    let deployment = Deployment::sqlite();
    for line in [
        "db migrate",
        "product add Fedora",
        "category add Fedora-Linux --product Fedora --topdir pub/fedora/linux",
        "site add s.example",
        "host add m.example --site s.example --country DE",
    ] {
        deployment.ok(&line.split(' ').collect::<Vec<_>>());
    }
    deployment.ok(&["host", "category", "add", "m.example", "Fedora-Linux"]);
    deployment.ok(&["host", "url", "add", "m.example", "Fedora-Linux", url]);
    deployment
}

#[test]
fn a_host_that_fails_is_news_and_no_failure() {
    let deployment = with_host("http://127.0.0.1:1/pub/fedora/linux");
    let ran = deployment.run(&["crawl"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{ran:?}");
    let mut lines = ran.stdout.lines();
    assert_eq!(
        lines.next().unwrap().split_whitespace().collect::<Vec<_>>(),
        ["HOST", "STATUS", "TIME", "CATEGORY", "VERDICT", "CURRENT", "REASON"]
    );
    let row = lines.next().unwrap();
    assert!(row.starts_with("m.example  FAILURE") && row.contains("unreachable  -  "), "{row}");
    assert!(row.ends_with("refused by us: port 1 is not allowed"), "{row}");
    assert!(ran.stdout.lines().all(|line| line.chars().count() <= 120), "{}", ran.stdout);
    assert!(lines.next().unwrap().starts_with("finished after "));

    let json: serde_json::Value = serde_json::from_str(&deployment.ok(&["crawl", "--json"])).unwrap();
    let help = deployment.ok(&["crawl", "--help"]);
    for (value, documented) in [
        (&json, &["mode", "started_at", "finished_at", "duration_seconds", "ending", "mass_failure"][..]),
        (&json["hosts"][0], &["id", "name", "status", "details", "statistics", "categories"]),
        (&json["hosts"][0]["categories"][0], &["category", "status", "reason", "url", "first_bad"]),
    ] {
        for key in documented {
            assert!(value.get(key).is_some(), "{key}: {json}");
            assert!(help.contains(&format!("`{key}`")), "{key}: {help}");
        }
    }
    assert_eq!(json["ending"], "finished");
    assert_eq!(json["hosts"][0]["failures"], 2);
    let reason = json["hosts"][0]["categories"][0]["reason"].as_str().unwrap();
    assert_eq!(reason, "http://127.0.0.1:1/pub/fedora/linux: refused by us: port 1 is not allowed");
}

#[test]
fn a_host_that_is_not_crawled_is_said_to_be() {
    let deployment = with_host("http://127.0.0.1:1/pub/fedora/linux");
    deployment.ok(&["host", "add", "p.example", "--site", "s.example", "--country", "DE", "--private"]);
    let ran = deployment.run(&["crawl", "--host", "p.example"]);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(ran.stderr.starts_with("host \"p.example\" was not checked: it is private"), "{ran:?}");
}

#[test]
fn a_signal_ends_a_crawl_early_with_its_own_status_and_the_books_kept() {
    for (signal, status) in [("INT", 130), ("TERM", 143)] {
        // It takes connections and never answers.
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let deployment = with_host(&format!("http://{}/pub/fedora/linux", silent.local_addr().unwrap()));
        let mut command = deployment.command(&["crawl", "--json"]);
        command.env("MM_CRAWL__ALLOWED_NETWORKS", "[\"127.0.0.0/8\"]");
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // The request is there, so the crawl is in the middle of it.
        let (stream, _) = silent.accept().unwrap();
        let mut line = String::new();
        BufReader::new(&stream).read_line(&mut line).unwrap();
        assert!(line.starts_with("HEAD /pub/fedora/linux "), "{line}");
        testkit::programs::signal(signal, child.id());
        let ran = ran(child.wait_with_output().unwrap());
        assert_eq!(ran.status, status, "{ran:?}");
        let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!((&json["ending"], &json["hosts"][0]["status"]), (&"cancelled".into(), &"UNKNOWN".into()));
    }
}

#[test]
fn the_demo_logs_trouble_only_and_for_people() {
    for (arguments, logs) in [(&[][..], false), (&["--set", "log.level=info"][..], true)] {
        let demo = ran(bare().args(["demo", "--once"]).args(arguments).output().unwrap());
        assert_eq!(demo.status, 0, "{demo:?}");
        assert!(!demo.stderr.contains('{') || logs, "{}", demo.stderr);
        assert_eq!(demo.stderr.contains(" INFO "), logs, "{}", demo.stderr);
        assert!(demo.stdout.contains("  curl 'http://127.0.0.1:"), "{}", demo.stdout);
        let table: Vec<&str> = demo.stdout.lines().take_while(|line| !line.is_empty()).collect();
        assert_eq!(table.len(), 13, "{}", demo.stdout);
        assert!(table.iter().all(|line| line.chars().count() <= 120), "{}", demo.stdout);
        assert!(table.iter().any(|line| line.starts_with("dead.example") && line.contains(" -  ")));
    }
}

#[test]
fn a_fault_of_our_own_network_does_not_pass_unseen_under_the_old_name() {
    let deployment = with_host("http://127.0.0.1:1/pub/fedora/linux");
    let mut settings = std::fs::read_to_string(deployment.path("mm.toml")).unwrap();
    settings.push_str("\n[crawl]\nmass_failure_hosts = 1\n");
    std::fs::write(deployment.path("mm.toml"), settings).unwrap();
    let blame = "1 of 1 hosts could not be reached: they keep what they had, check our own network\n";
    let old = deployment.run(&["mm2_crawler", "-c", "mm.toml", "crawl"]);
    assert_eq!(old.status, 0, "{old:?}");
    assert!(old.stderr.ends_with(blame), "{old:?}");
    let new = deployment.run(&["crawl"]);
    assert_eq!(new.status, 1, "{new:?}");
    assert!(new.stdout.contains(blame), "{new:?}");
}

#[test]
fn what_is_known_of_a_host_is_explained() {
    let deployment = with_host("http://127.0.0.1:1/pub/fedora/linux");
    let text = deployment.ok(&["crawl", "explain", "m.example"]);
    assert!(text.starts_with("Fedora-Linux was never crawled\n"), "{text}");
    assert!(text.contains("counts      no: nothing is known from earlier crawls"), "{text}");
    deployment.ok(&["crawl"]);
    let text = deployment.ok(&["crawl", "explain", "m.example"]);
    assert!(
        text.starts_with("Fedora-Linux is unreachable: http://127.0.0.1:1/pub/fedora/linux: refused by us"),
        "{text}"
    );
    let ran = deployment.run(&["crawl", "explain", "m.example", "pub/other"]);
    let why = "no category that the host carries has such a readable directory";
    assert_eq!((ran.status, ran.stderr), (2, format!("error: directory \"pub/other\": {why}\n")));
}

#[test]
fn propagation_is_counted_for_a_named_release() {
    let deployment = with_host("http://127.0.0.1:1/pub/fedora/linux");
    let text = deployment.ok(&["propagation", "--product", "Fedora", "--version", "42"]);
    assert!(text.starts_with("REPOSITORY"), "{text}");
    let ran = deployment.run(&["propagation", "--product", "Nope", "--version", "1"]);
    let why = "no repository is known to stand for product \"Nope\"; known: Fedora, EPEL, CentOS";
    assert_eq!((ran.status, ran.stderr), (2, format!("error: {why}\n")));
    let old = ["mm2_crawler", "-c", "mm.toml", "propagation", "--product", "Fedora", "--version", "42"];
    let text = deployment.ok(&old);
    assert!(text.contains("Propagation results") && text.contains("Crawler finished after 0s"), "{text}");
}
