//! What the old programs' callers rely on.

use std::os::unix::process::CommandExt as _;

use crate::program::{Deployment, bare, ran, run};
use crate::server::Server;

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

/// Flags for the recorded input files.
fn recorded_inputs() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../answer/tests/data/mirrorlist/inputs");
    [
        ("--cache", "cache.proto"),
        ("--global_netblocks", "global_netblocks.txt"),
        ("--cccsv", "country_continent.csv"),
        ("--geoip", "country.mmdb"),
    ]
    .into_iter()
    .flat_map(|(flag, file)| [flag.to_owned(), format!("{folder}/{file}")])
    .collect()
}

#[test]
fn the_server_says_where_it_listens_and_writes_the_old_log() {
    let deployment = Deployment::sqlite();
    let mut command =
        deployment.command(&["mirrorlist-server", "--port=0", "-l", "access.log", "-i", "gone"]);
    command.args(recorded_inputs());
    let server = Server::start(command, "Listening on http://");
    let list = server.ask("/mirrorlist?repo=fedora-40&arch=x86_64&country=global");
    assert!(list.starts_with("# repo = fedora-40 arch = x86_64 country = global"), "{list}");
    assert_eq!(server.stop(), 0);
    let log = std::fs::read_to_string(deployment.path("access.log")).unwrap();
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(log.starts_with("IP: 127.0.0.1; DATE: "), "{log}");
    assert!(log.trim_end().ends_with("REPO: fedora-40; ARCH: x86_64"), "{log}");
}

#[test]
fn a_server_that_does_not_start_says_what_the_old_one_said() {
    let deployment = Deployment::sqlite();
    std::fs::write(deployment.path("empty"), "").unwrap();
    let refused = |arguments: &[&str]| {
        let mut command = deployment.command(&["mirrorlist-server", "--port", "0"]);
        command.args(recorded_inputs()).args(["-l", "access.log"]).args(arguments);
        let ran = ran(command.output().unwrap());
        assert_eq!((ran.status, ran.stdout.as_str()), (1, ""), "{ran:?}");
        ran.stderr.trim_end().to_owned()
    };
    assert_eq!(refused(&["-l", "gone/log"]), "Opening log file gone/log failed. Exiting!");
    assert!(refused(&["-c", "gone"]).starts_with("Opening gone failed: "));
    assert_eq!(
        refused(&["-c", "empty"]),
        "Parsing empty failed: Message `MirrorList` is missing required fields"
    );
    assert_eq!(refused(&["--geoip", "gone"]), "Reading GeoIP2 database gone failed");
    assert!(refused(&["--listen", "localhost"]).starts_with("cannot listen on \"localhost\": "));
    assert!(refused(&["--port", "65536"]).starts_with("port 65536 is out of range"));
}

#[test]
fn numbers_that_are_none_fall_back_and_say_so() {
    let deployment = Deployment::sqlite();
    let ran = deployment.run(&["mirrorlist-server", "-m", "many", "--port", "http", "-l", "gone/log"]);
    assert_eq!(ran.status, 1);
    assert_eq!(
        ran.stdout,
        "Error parsing minimum number of mirrors. Defaulting to 5\nError parsing port. Defaulting to 3000\n"
    );
}

#[test]
fn the_crawler_refuses_what_the_old_one_refused() {
    let deployment = Deployment::sqlite();
    for (arguments, usage, error) in [
        (&[][..], "mm2_crawler [OPTIONS] COMMAND [ARGS]...", "Missing command."),
        (&["--frob"], "mm2_crawler [OPTIONS] COMMAND [ARGS]...", "No such option: --frob"),
        (&["crawl", "--frob"], "mm2_crawler crawl [OPTIONS]", "No such option: --frob"),
        (
            &["-t", "many", "crawl"],
            "mm2_crawler [OPTIONS] COMMAND [ARGS]...",
            "Invalid value for '-t' / '--threads': 'many' is not a valid integer.",
        ),
        (
            &["-f", "1:2", "--startid", "4", "crawl"],
            "mm2_crawler [OPTIONS] COMMAND [ARGS]...",
            "Cannot use --fraction with --startid or --stopid",
        ),
        (
            &["--continent", "^xx", "crawl"],
            "mm2_crawler [OPTIONS] COMMAND [ARGS]...",
            "Invalid value for '--continent': Unknown continent XX. Known continents: AF, AN, AS, EU, NA, OC, SA, --",
        ),
        (
            &["propagation", "--version", "42"],
            "mm2_crawler propagation [OPTIONS]",
            "if you select a version, you must select a product.",
        ),
    ] {
        let ran = deployment.run(&[&["mm2_crawler"], arguments].concat());
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{arguments:?}: {ran:?}");
        let program = usage.split(" [").next().unwrap();
        let expected = format!("Usage: {usage}\nTry '{program} --help' for help.\n\nError: {error}\n");
        assert_eq!(ran.stderr, expected);
    }
    let bad = deployment.run(&["mm2_crawler", "-f", "3:2", "crawl"]);
    assert_eq!(bad.status, 2, "{bad:?}");
}

#[test]
fn a_missing_old_configuration_is_one_line_and_status_1() {
    let deployment = Deployment::sqlite();
    for arguments in [&["mm2_crawler", "crawl"][..], &["mm2_update-master-directory-list"]] {
        let mut command = deployment.command(arguments);
        let ran = ran(command.env("MM2_CONFIG", "gone.cfg").output().unwrap());
        assert_eq!((ran.status, ran.stdout.as_str()), (1, ""), "{ran:?}");
        assert!(ran.stderr.starts_with("Error: cannot read configuration gone.cfg: "), "{ran:?}");
        assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
    }
}

#[test]
fn an_unreachable_database_is_one_line_and_status_1() {
    let deployment = Deployment::sqlite();
    let config = "SQLALCHEMY_DATABASE_URI = 'postgresql://mm:hunter2@127.0.0.1:1/mm'\n";
    std::fs::write(deployment.path("mm2.cfg"), config).unwrap();
    for arguments in [
        &["mm2_crawler", "-c", "mm2.cfg", "crawl"][..],
        &["mm2_update-master-directory-list", "-c", "mm2.cfg"],
    ] {
        let ran = deployment.run(arguments);
        assert_eq!((ran.status, ran.stdout.as_str()), (1, ""), "{ran:?}");
        assert!(
            ran.stderr.starts_with("Error: cannot open database postgresql://mm:***@127.0.0.1:1/mm: "),
            "{ran:?}"
        );
        assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
    }
}

#[test]
fn a_settings_file_of_ours_works_under_an_old_name_too() {
    let deployment = Deployment::sqlite();
    deployment.ok(&["db", "migrate"]);
    let listed = deployment.run(&["mm2_update-master-directory-list", "-c", "mm.toml", "--list"]);
    assert_eq!((listed.status, listed.stdout.as_str(), listed.stderr.as_str()), (0, "", ""));
}
