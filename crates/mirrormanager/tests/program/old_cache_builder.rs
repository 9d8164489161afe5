//! `generate-mirrorlist-cache`: every row of spec mirrorlist B.1.

use std::process::Command;

use crate::program::{Deployment, Ran, bare, ran, run};

const NAME: &str = "generate-mirrorlist-cache";

/// A migrated SQLite database and a configuration file that names it.
fn deployment() -> Deployment {
    let deployment = Deployment::sqlite();
    deployment.ok(&["db", "migrate"]);
    let url = format!("# where\nDB_URL='sqlite:{}' # behind\n", deployment.path("mm.db").display());
    std::fs::write(deployment.path("x.cfg"), url).unwrap();
    deployment
}

fn assert_silent(ran: &Ran) {
    assert_eq!((ran.status, ran.stdout.as_str(), ran.stderr.as_str()), (0, "", ""));
}

fn assert_written(deployment: &Deployment, name: &str) {
    let file = deployment.path(name);
    assert!(snapshot::proto::read(&file).unwrap().time > 0);
    std::fs::remove_file(file).unwrap();
}

#[test]
fn help_is_on_standard_output_and_a_mistake_on_standard_error() {
    let usage = run(&[NAME, "-h"]);
    assert_eq!((usage.status, usage.stderr.as_str()), (0, ""));
    assert!(usage.stdout.starts_with("Usage: generate-mirrorlist-cache"), "{}", usage.stdout);
    assert_eq!(run(&[NAME, "-d", "--config", "gone", "--help"]), usage);
    for (arguments, mistake) in [
        (&["-o"][..], "option -o needs a value"),
        (&["--outfile"], "option --outfile needs a value"),
        (&["-dc"], "option -c needs a value"),
        (&["--debug=1"], "option --debug takes no value"),
        (&["-x"], "unknown option -x"),
        (&["--out", "x"], "unknown option --out"),
    ] {
        let ran = run(&[&[NAME], arguments].concat());
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(ran.stderr.starts_with(&format!("error: {mistake}\nUsage: {NAME}")), "{}", ran.stderr);
    }
}

#[test]
fn flags_may_repeat_in_any_spelling_and_stray_arguments_are_ignored() {
    let deployment = deployment();
    for (arguments, file) in [
        (&["-c", "x.cfg", "-o", "a"][..], "a"),
        (&["-cx.cfg", "-ob"], "b"),
        (&["--config=x.cfg", "--outfile=c"], "c"),
        (&["--config", "gone.cfg", "--config", "x.cfg", "-o", "a", "stray", "-o", "d", "--", "-e"], "d"),
    ] {
        assert_silent(&deployment.run(&[&[NAME], arguments].concat()));
        assert_written(&deployment, file);
        assert!(!deployment.path("a").exists() && !deployment.path("-e").exists(), "{arguments:?}");
    }
}

#[test]
fn debug_may_repeat_and_talks_on_standard_output() {
    let deployment = deployment();
    for debug in [&["-d"][..], &["-d", "--debug"], &["-dd"]] {
        let ran = deployment.run(&[&[NAME, "-c", "x.cfg", "-o", "cache"], debug].concat());
        assert_eq!(ran.status, 0, "{ran:?}");
        assert!(ran.stdout.trim_end().ends_with("cache"), "{ran:?}");
        assert_written(&deployment, "cache");
    }
}

#[test]
fn a_relative_configuration_is_looked_for_in_the_parents_too() {
    let deployment = deployment();
    let deep = deployment.path("a/b");
    std::fs::create_dir_all(&deep).unwrap();
    let build = |config: &str| {
        let mut command = bare();
        command.current_dir(&deep).args([NAME, "-c", config, "-o", "cache"]);
        ran(command.output().unwrap())
    };
    assert_silent(&build("x.cfg"));
    assert_written(&deployment, "a/b/cache");
    assert_silent(&build(&deployment.path("x.cfg").display().to_string()));
    assert_written(&deployment, "a/b/cache");
    // The nearest counts.
    std::fs::write(deployment.path("a/x.cfg"), "OTHER=1\n").unwrap();
    let nearer = build("x.cfg");
    assert_eq!((nearer.status, nearer.stdout.as_str()), (1, "Error reading configuration file x.cfg\n"));
}

#[test]
fn without_a_file_the_variable_is_enough() {
    let deployment = deployment();
    let url = format!("sqlite:{}", deployment.path("mm.db").display());
    std::fs::write(deployment.path("wrong.cfg"), "DB_URL=postgres://nobody@127.0.0.1:1/gone\n").unwrap();
    // It wins over the file, too.
    for config in ["gone.cfg", "wrong.cfg"] {
        let mut command = deployment.command(&[NAME, "-c", config, "-o", "cache"]);
        assert_silent(&ran(command.env("DB_URL", &url).output().unwrap()));
        assert_written(&deployment, "cache");
    }
    // Set to nothing it is set.
    let mut command = deployment.command(&[NAME, "-c", "x.cfg", "-o", "cache"]);
    let empty = ran(command.env("DB_URL", "").env("PGHOST", "/nonexistent").output().unwrap());
    assert_eq!((empty.status, empty.stdout.as_str()), (1, ""), "{empty:?}");
    assert!(!deployment.path("cache").exists());
}

/// A database on PostgreSQL, as the words of libpq that lead to it.
fn postgres() -> (Deployment, String, String) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let url = runtime.block_on(testkit::postgres::migrated_database());
    let (name, query) = url.strip_prefix("postgresql:///").unwrap().split_once('?').unwrap();
    let word = |wanted: &str| {
        let pair = query.split('&').find_map(|pair| pair.strip_prefix(wanted)).unwrap();
        pair.trim_start_matches('=').to_owned()
    };
    let deployment = Deployment::on(&url);
    (deployment, format!("dbname={name} user={}", word("user")), word("host"))
}

/// All lines of the file are variables, for libpq too, and those set already win.
#[test]
fn the_file_may_set_the_variables_of_libpq() {
    let (deployment, words, host) = postgres();
    let config = format!("export DB_URL=\"{words}\"\nPGHOST={host}\nPGAPPNAME=cache\n");
    std::fs::write(deployment.path("pg.cfg"), config).unwrap();
    let command = || deployment.command(&[NAME, "-c", "pg.cfg", "-o", "cache"]);
    let output = |command: &mut Command| ran(command.output().unwrap());
    assert_silent(&output(&mut command()));
    assert_written(&deployment, "cache");
    let elsewhere = output(command().env("PGHOST", "/nonexistent"));
    assert_eq!((elsewhere.status, elsewhere.stdout.as_str()), (1, ""));
    assert_eq!(elsewhere.stderr.lines().count(), 1, "{elsewhere:?}");
}

/// With no room for a single byte the old file stays. The shell's limit is that of any full disk.
#[test]
fn a_write_error_has_the_old_text_and_leaves_the_old_file() {
    let (deployment, words, host) = postgres();
    std::fs::write(deployment.path("pg.cfg"), format!("DB_URL=\"{words} host={host}\"\n")).unwrap();
    std::fs::write(deployment.path("cache"), "old").unwrap();
    let mut shell = Command::new("sh");
    shell.current_dir(deployment.folder()).env_remove("DB_URL");
    shell
        .args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\""])
        .arg(env!("CARGO_BIN_EXE_mirrormanager"));
    let ran = ran(shell.args([NAME, "-c", "pg.cfg", "-o", "cache"]).output().unwrap());
    assert_eq!((ran.status, ran.stdout.as_str()), (1, ""), "{ran:?}");
    assert!(ran.stderr.starts_with("Error writing to file cache : "), "{ran:?}");
    assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
    assert_eq!(std::fs::read(deployment.path("cache")).unwrap(), b"old");
    let names = std::fs::read_dir(deployment.folder()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(
        !names.into_iter().any(|name| name.to_string_lossy().starts_with('.')),
        "a temporary file is left"
    );
}

#[test]
fn it_wants_db_url() {
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
