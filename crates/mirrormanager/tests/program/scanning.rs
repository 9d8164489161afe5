//! `scan --dry-run`, `scan explain`, `file-detail update`, under our names.

use serde_json::Value;

use crate::master::{epel, on_both, publish, repomd, tree_ok, with_tree};
use crate::program::Deployment;

const PLACE: &str = "pub/epel/9/Everything/x86_64";

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_lists_what_would_be_changed_and_changes_nothing() {
    on_both(|deployment, _| {
        epel(deployment);
        publish(deployment, &format!("{PLACE}/repodata/repomd.xml"), repomd(&[5]));
        let table = tree_ok(deployment, &["scan", "--dry-run"]);
        let rows: Vec<Vec<&str>> = table
            .lines()
            .skip_while(|line| !line.starts_with("CHANGE"))
            .map(|line| line.split("  ").filter(|cell| !cell.is_empty()).map(str::trim).collect())
            .collect();
        let row = |cells: [&str; 4]| rows.contains(&cells.to_vec());
        assert!(row(["CHANGE", "WHAT", "NAME", "DETAIL"]), "{table}");
        assert!(row(["added", "directory", PLACE, "Fedora EPEL"]), "{table}");
        assert!(row(["added", "version", "9", "Fedora EPEL"]), "{table}");
        assert!(row(["added", "repository", PLACE, "epel-9, x86_64"]), "{table}");
        assert!(row(["added", "file detail", &format!("{PLACE}/repodata/repomd.xml"), "time 5"]), "{table}");

        let dry = json(&tree_ok(deployment, &["scan", "--dry-run", "--json"]));
        let changes = &dry["categories"][0]["changes"];
        assert_eq!(changes["repositories"]["added"][0]["prefix"], "epel-9", "{changes}");
        assert_eq!(changes["versions"]["added"], json("[\"9\"]"));
        assert_eq!(changes["directories"]["gone"], json("[]"));
        let again = json(&tree_ok(deployment, &["scan", "--dry-run", "--json"]));
        assert_eq!(again["categories"][0]["changes"], *changes, "nothing was written");

        tree_ok(deployment, &["scan", "--jobs", "2"]);
        assert!(tree_ok(deployment, &["scan", "--dry-run"]).ends_with("nothing changed\n"));
        publish(deployment, "pub/epel/8/f", "x");
        publish(deployment, &format!("{PLACE}/repodata/repomd.xml"), repomd(&[5, 6]));
        std::fs::rename(deployment.path("master/pub/epel/9/Everything"), deployment.path("gone")).unwrap();
        let dry = json(&tree_ok(deployment, &["scan", "--dry-run", "--delete", "--json"]));
        let changes = &dry["categories"][0]["changes"];
        assert_eq!(changes["directories"]["gone"].as_array().unwrap().len(), 3, "{changes}");
        assert_eq!(changes["details"]["gone"][0]["filename"], "repomd.xml", "{changes}");
        assert_eq!(changes["repositories"]["changed"][0]["directory"], PLACE, "it loses its directory");
        std::fs::rename(deployment.path("gone"), deployment.path("master/pub/epel/9/Everything")).unwrap();
        let dry = json(&tree_ok(deployment, &["scan", "--dry-run", "--full", "--json"]));
        assert_eq!(dry["categories"][0]["changes"]["details"]["changed"][0]["timestamp"], 6, "{dry}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn explain_says_what_is_made_of_a_path_and_why_not() {
    on_both(|deployment, _| {
        epel(deployment);
        let explain = |path: &str, more: &[&str]| -> Value {
            let text = tree_ok(deployment, &[&["scan", "explain", path, "--json"], more].concat());
            json(&text)[0].clone()
        };
        let new = explain(PLACE, &[]);
        assert_eq!(new["category"], "Fedora EPEL");
        assert_eq!((&new["version"]["name"], &new["version"]["known"]), (&json("\"9\""), &json("false")));
        assert_eq!((&new["prefix"], &new["arch"]), (&json("\"epel-9\""), &json("\"x86_64\"")));
        assert_eq!((&new["rule"], &new["repository"]), (&json("\"built-in rule E3\""), &json("true")));
        let path = deployment.path("master").join(PLACE).join("repodata/repomd.xml");
        assert_eq!(explain(path.to_str().unwrap(), &[]), new, "a path of this machine means the same");
        assert_eq!(explain(&format!("/{PLACE}/"), &[]), new);

        for (path, more, reason) in [
            (
                "pub/epel/9/.snapshot/x86_64",
                &[][..],
                "not scanned: pattern \".*\\\\.snapshot\" excludes pub/epel/9/.snapshot",
            ),
            (
                "pub/epel/9/Server/x86_64",
                &[],
                "no repository: its name contains \"Server\" (setting scan.skip_repository_paths)",
            ),
            (
                PLACE,
                &["--set", "scan.skip_paths_for_version=[\"pub/epel/9\"]"],
                "no repository: its name begins with \"pub/epel/9\" (setting scan.skip_paths_for_version)",
            ),
            (
                PLACE,
                &["--set", "scan.auto_create_versions=false"],
                "no repository: there is no version 9 and setting scan.auto_create_versions is off",
            ),
            ("pub/epel/9/Everything/vax", &[], "no repository: its path names no known architecture"),
            ("pub/epel/x86_64", &[], "no repository: its path names no version"),
            (
                "pub/epel/test/9/x86_64",
                &["--set", "scan.null_prefix_repositories=\"none\""],
                "no repository: no rule gives it a prefix",
            ),
            (
                "pub/epel/9/.x/x86_64",
                &["--set", "scan.policy=\"spm\""],
                "not scanned: policy spm leaves out hidden names such as pub/epel/9/.x",
            ),
        ] {
            let told = explain(path, more);
            assert_eq!(
                (told["reason"].as_str().unwrap(), &told["repository"]),
                (reason, &json("false")),
                "{told}"
            );
        }
        let test = explain("pub/epel/test/43_Beta/x86_64", &[]);
        assert_eq!(
            (&test["version"]["test"], &test["rule"]),
            (&json("\"/test/\""), &json("\"built-in rule never\""))
        );
        let hidden = explain("pub/epel/43_Beta/x86_64", &["--set", "scan.policy=\"spm\""]);
        assert_eq!(hidden["version"]["hidden"], "_Beta");

        publish(deployment, &format!("{PLACE}/repodata/repomd.xml"), repomd(&[5]));
        tree_ok(deployment, &["scan"]);
        let text = tree_ok(deployment, &["scan", "explain", PLACE]);
        assert!(
            text.contains("\nrepository    yes: it is a repository already (epel-9, named pub/epel/9/"),
            "{text}"
        );
        assert!(text.contains("\nrecorded      yes, readable, time "), "{text}");
        let second = explain("pub/epel/next/9/Everything/x86_64", &[]);
        let conflict = second["reason"].as_str().unwrap();
        assert!(conflict.starts_with(&format!("repository epel-9 for x86_64 is {PLACE}; ")), "{conflict}");

        for (path, error) in [
            (
                "pub/fedora",
                "error: \"pub/fedora\" lies below the top directory of no category; there are pub/epel",
            ),
            (
                "pub/epel/../x",
                "error: \"pub/epel/../x\" is no path of a directory: write it without \".\" and \"..\"",
            ),
        ] {
            assert_eq!(deployment.refused(&["scan", "explain", path]), error);
        }
    })
    .await;
}

#[test]
fn flags_of_a_scan_are_not_for_explaining() {
    let deployment = Deployment::sqlite();
    let ran = deployment.run(&["scan", "--delete", "explain", "x"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{ran:?}");
    for bad in [&["--jobs", "0"][..], &["--wait", "soon"]] {
        let ran = deployment.run(&[&["scan"], bad].concat());
        assert_eq!(ran.status, 2, "{ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_file_is_recorded_without_a_scan() {
    on_both(|deployment, url| {
        epel(deployment);
        let index = publish(deployment, &format!("{PLACE}/repodata/repomd.xml"), repomd(&[5]));
        let iso = publish(deployment, "pub/epel/isos/sub/a.iso", "abc");
        tree_ok(deployment, &["scan"]);
        let update = |arguments: &[&str]| with_tree(deployment, &[&["file-detail", "update"], arguments].concat());
        let index = index.to_str().unwrap();
        let said = |status: i32, text: &str, arguments: &[&str]| {
            let ran = update(arguments);
            assert_eq!((ran.status, ran.stdout.as_str()), (status, text), "{arguments:?}: {ran:?}");
        };
        said(0, "Fedora EPEL: recorded before, unchanged\n", &[index]);
        std::fs::write(index, repomd(&[5, 7])).unwrap();
        said(0, "Fedora EPEL: recorded\n", &[index]);
        said(0, "Fedora EPEL: recorded before, unchanged\n", &[index, "--category", "Fedora EPEL"]);
        std::fs::write(index, "<repomd>").unwrap();
        said(1, "Fedora EPEL: not recorded: the document is cut off\n", &[index]);

        let iso = iso.to_str().unwrap();
        said(1, "Fedora EPEL: no checksum file tells of it; --hash reads the file itself\n", &[iso]);
        publish(deployment, "pub/epel/isos/CHECKSUM", format!("{}  sub/a.iso\n", "a".repeat(64)));
        said(0, "Fedora EPEL: recorded\n", &[iso]);
        said(0, "Fedora EPEL: recorded\n", &["--hash", iso]);
        let away = deployment.path("master/pub/other/x");
        let away = away.to_str().unwrap();
        let nowhere = "DIR/master/pub/other/x lies in the tree of no selected category\n";
        said(1, nowhere, &[away]);
        let new = publish(deployment, "pub/epel/new/summary", "s");
        said(1, "Fedora EPEL: directory pub/epel/new is not in the database; scan first\n", &[new.to_str().unwrap()]);
        assert_eq!(update(&[index, "--category", "Fedora EPAL"]).status, 2);

        let master = deployment.path("master").display().to_string();
        let sqlalchemy = url.replace("sqlite:", "sqlite:///");
        let config = format!(
            "SQLALCHEMY_DATABASE_URI = '{sqlalchemy}'\nUMDL_PREFIX = '{master}/'\nUMDL_MASTER_DIRECTORIES = [\n\
             {{'type': 'directory', 'path': '{master}/pub/epel/', 'category': 'Fedora EPEL'}}]\n",
        );
        std::fs::write(deployment.path("mm2.cfg"), config).unwrap();
        let old = |file: &str| {
            let ran = deployment.run(&["mm2_update-single-file-detail", "-c", "mm2.cfg", file]);
            (ran.status, ran.stderr)
        };
        std::fs::write(index, repomd(&[5, 8])).unwrap();
        assert_eq!(old(index), (0, "Considering category Fedora EPEL\nDone.\n".to_owned()));
        let unchanged = format!(
            "Considering category Fedora EPEL\nFileDetail unchanged 'DIR/master/{PLACE}/repodata/repomd.xml'\nDone.\n"
        );
        assert_eq!(old(index), (0, unchanged));
        assert_eq!(old(away), (1, "Done.\n".to_owned()));
    })
    .await;
}
