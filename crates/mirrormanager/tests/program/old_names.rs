//! What the old programs' callers rely on.

use std::os::unix::process::CommandExt as _;

use crate::program::{Deployment, bare, ran};

#[test]
fn the_name_in_argv_0_decides() {
    for name in ["generate-mirrorlist-cache", "mirrorlist-server"] {
        for path in [name.to_owned(), format!("/usr/bin/{name}")] {
            let mut command = bare();
            command.arg0(path).arg("-h");
            let ran = ran(command.output().unwrap());
            assert_eq!(ran.status, 0);
            assert!(ran.stdout.starts_with(&format!("Usage: {name} [options]\n")), "{}", ran.stdout);
        }
    }
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
