//! Trees that are listed, from the command line and by the old program's configuration.

use std::fs;
use std::process::Stdio;

use crate::program::{Deployment, ran};

const LIST: &str = "[Version]\n2\n[Files]\n5\td\t1\ta\n5\tf\t1\ta/f\n[End]\n";

fn deployment() -> Deployment {
    let deployment = Deployment::sqlite();
    deployment.ok(&["db", "migrate"]);
    deployment.ok(&["product", "add", "p"]);
    deployment.ok(&["category", "add", "c", "--product", "p", "--topdir", "pub/c"]);
    deployment
}

#[test]
fn a_list_from_standard_input() {
    let deployment = deployment();
    let source = "scan.sources=[{category=\"c\", type=\"file\", url=\"-\"}]";
    fs::write(deployment.path("list"), LIST).unwrap();
    let scan = |file: &str| {
        let input = Stdio::from(fs::File::open(deployment.path(file)).unwrap());
        let mut command = deployment.command(&["scan", "--json", "--set", source]);
        ran(command.stdin(input).output().unwrap())
    };
    let scanned = scan("list");
    assert_eq!(scanned.status, 0, "{scanned:?}");
    let report: serde_json::Value = serde_json::from_str(&scanned.stdout).unwrap();
    assert_eq!(report["categories"][0]["directories"], 2, "{report}");
    fs::write(deployment.path("cut"), &LIST[..30]).unwrap();
    let cut = scan("cut");
    assert_eq!(cut.status, 1, "{cut:?}");
    assert!(
        cut.stderr.contains("the listing from standard input is cut off: it does not end with [End]"),
        "{cut:?}"
    );
}

#[test]
fn entries_of_the_old_configuration() {
    let deployment = deployment();
    for name in ["pub/c/a", "pub/c/left out"] {
        fs::create_dir_all(deployment.path("master").join(name)).unwrap();
    }
    let top = deployment.path("master/pub/c");
    let umdl = |entry: &str, flags: &[&str]| {
        let config = format!(
            "SQLALCHEMY_DATABASE_URI = 'sqlite:///{}'\nUMDL_PREFIX = '{}/'\nUMDL_MASTER_DIRECTORIES = [{{{entry}}}]\n",
            deployment.path("mm.db").display(),
            deployment.path("master").display()
        );
        fs::write(deployment.path("mm2.cfg"), config).unwrap();
        deployment.run(&[&["mm2_update-master-directory-list", "-c", "mm2.cfg"], flags].concat())
    };
    let top_ = top.display();
    let by_rsync =
        format!("'type': 'rsync', 'category': 'c', 'url': '{top_}', 'options': '--exclude=\"left out\"'");
    let scanned = umdl(&by_rsync, &[]);
    assert_eq!(scanned.status, 0, "{scanned:?}");
    assert!(scanned.stderr.contains("c: 2 directories"), "{scanned:?}");
    // The list says less than there is, so both can be told apart.
    fs::write(top.join("fullfiletimelist-c"), LIST).unwrap();
    let by_directory = format!("'path': '{top_}', 'category': 'c'");
    let scanned = umdl(&by_directory, &[]);
    assert!(scanned.status == 0 && scanned.stderr.contains("c: 2 directories"), "{scanned:?}");
    let walked = umdl(&by_directory, &["--skip-fullfiletimelist"]);
    assert!(walked.status == 0 && walked.stderr.contains("c: 3 directories"), "{walked:?}");
    let by_file = format!("'type': 'file', 'category': 'c', 'url': '{top_}/fullfiletimelist-c'");
    assert_eq!(umdl(&by_file, &[]).status, 0);
    for (wrong, said) in [
        ("'category': 'c', 'url': '/somewhere'", "type: give a type: directory, rsync or file"),
        ("'category': 'c', 'type': 'ftp', 'url': 'x'", "unknown type \"ftp\""),
        ("'category': 'c', 'type': 'rsync', 'url': '--rsh=sh'", "is no rsync source"),
        ("'category': 'c', 'type': 'rsync', 'url': 'h::m', 'options': '\"'", "without its mate"),
        ("'category': 'c', 'type': 'directory'", "needs a path"),
    ] {
        let refused = umdl(wrong, &[]);
        assert!(refused.status != 0 && refused.stderr.contains(said), "{wrong}: {refused:?}");
        assert!(refused.stderr.contains("UMDL_MASTER_DIRECTORIES, c: "), "{refused:?}");
    }
}
