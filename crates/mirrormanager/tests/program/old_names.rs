//! What the old programs' callers rely on.

use std::os::unix::process::CommandExt as _;

use crate::program::{Deployment, bare, ran, run};

#[test]
fn the_name_in_argv_0_decides() {
    for path in ["generate-mirrorlist-cache", "/usr/bin/generate-mirrorlist-cache"] {
        let mut command = bare();
        command.arg0(path).arg("-h");
        let ran = ran(command.output().unwrap());
        assert_eq!(ran.status, 0);
        assert!(ran.stdout.starts_with("Usage: generate-mirrorlist-cache"), "{}", ran.stdout);
    }
}

#[test]
fn help_is_on_stdout_and_an_unknown_flag_on_stderr() {
    for name in ["mirrorlist-server", "generate-mirrorlist-cache"] {
        let help = run(&[name, "-h"]);
        assert_eq!((help.status, help.stderr.as_str()), (0, ""), "{name}");
        let wrong = run(&[name, "--frobnicate"]);
        assert_eq!((wrong.status, wrong.stdout.as_str()), (2, ""), "{name}");
        assert!(wrong.stderr.starts_with("error: unknown option --frobnicate\nUsage: "), "{}", wrong.stderr);
        let wrong = run(&[name, "-c"]);
        assert_eq!(wrong.status, 2, "{name}");
    }
}

#[test]
fn the_cache_builder_wants_db_url() {
    let deployment = Deployment::sqlite();
    let ran = deployment.run(&["generate-mirrorlist-cache", "-c", "gone.cfg", "stray"]);
    assert_eq!(ran.status, 1);
    assert_eq!(ran.stdout, "Error reading configuration file gone.cfg\n");
    assert_eq!(ran.stderr, "");

    std::fs::write(deployment.path("x.cfg"), "DB_URL=host=127.0.0.1 port=1 user=mm password='hunter2'\n")
        .unwrap();
    let ran = deployment.run(&["generate-mirrorlist-cache", "-c", "x.cfg", "-o", "gone/cache"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (1, ""));
    assert!(ran.stderr.starts_with("Error opening file gone/cache: "), "{}", ran.stderr);
    std::fs::write(deployment.path("cache"), "old").unwrap();
    let ran = deployment.run(&["generate-mirrorlist-cache", "--config=x.cfg", "-ocache"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (1, ""));
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    assert!(!ran.stderr.contains("hunter2"), "{}", ran.stderr);
    assert_eq!(std::fs::read(deployment.path("cache")).unwrap(), b"old");
}

#[test]
fn the_cache_builder_is_silent_and_a_variable_wins_over_the_file() {
    let deployment = Deployment::sqlite();
    deployment.ok(&["db", "migrate"]);
    std::fs::write(deployment.path("x.cfg"), "DB_URL=postgres://nobody@127.0.0.1:1/gone\n").unwrap();
    let mut command = deployment.command(&["generate-mirrorlist-cache", "-c", "x.cfg", "-o", "cache"]);
    let done = ran(command
        .env("DB_URL", format!("sqlite:{}", deployment.path("mm.db").display()))
        .output()
        .unwrap());
    assert_eq!((done.status, done.stdout.as_str(), done.stderr.as_str()), (0, "", ""));
    assert!(deployment.path("cache").metadata().unwrap().len() > 0);
}
