//! The help of every command and old name, as snapshots, and what is generated from it.

use crate::program::{Deployment, run};

#[test]
fn help_of_every_command() {
    for command in [
        "",
        "demo",
        "scan",
        "scan explain",
        "file-detail update",
        "crawl",
        "crawl explain",
        "probe",
        "propagation",
        "cache",
        "cache build",
        "cache inspect",
        "cache convert",
        "cache diff",
        "cache verify",
        "cache rollback",
        "cache keygen",
        "cache sign",
        "serve",
        "explain",
        "db",
        "db migrate",
        "db check",
        "config",
        "product add",
        "category add",
        "site add",
        "host",
        "host add",
        "host list",
        "host category add",
        "host url add",
        "host netblock add",
        "host asn",
        "host asn add-peer",
        "host country",
        "host country allow",
        "netblock",
        "netblock add",
        "netblock exclusive",
        "netblock exclusive add",
        "completions",
        "man",
    ] {
        let arguments: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
        let ran = run(&arguments);
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{command}");
        let name = if command.is_empty() { "help".to_owned() } else { format!("help {command}") };
        insta::assert_snapshot!(name.replace(' ', "_"), ran.stdout);
    }
}

#[test]
fn help_of_every_old_name() {
    for name in [
        "mirrorlist-server",
        "generate-mirrorlist-cache",
        "mm2_crawler",
        "mm2_update-master-directory-list",
        "mm2_update-single-file-detail",
        "scan-primary-mirror",
    ] {
        let ran = run(&[name, "--help"]);
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{name}");
        insta::assert_snapshot!(format!("help_{name}"), ran.stdout);
    }
    for subcommand in ["crawl", "propagation"] {
        let ran = run(&["mm2_crawler", subcommand, "--help"]);
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{subcommand}");
        insta::assert_snapshot!(format!("help_mm2_crawler_{subcommand}"), ran.stdout);
    }
}

#[test]
fn a_page_for_every_command_and_a_completion_for_every_shell() {
    let deployment = Deployment::sqlite();
    deployment.ok(&["man", "pages"]);
    let mut pages: Vec<String> = std::fs::read_dir(deployment.path("pages"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    pages.sort();
    for page in ["mirrormanager.1", "mirrormanager-scan.1", "mirrormanager-host-url-add.1"] {
        assert!(pages.iter().any(|p| p == page), "{page} is missing in {pages:?}");
    }
    assert!(deployment.ok(&["man"]).contains(".TH mirrormanager 1"));
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(&["completions", shell]).stdout;
        assert!(script.contains("netblock"), "{shell}");
    }
}
