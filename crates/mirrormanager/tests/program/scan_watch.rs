//! `scan --watch`, until it is told to stop.

use crate::program::Deployment;
use crate::resident::Resident;

#[test]
fn every_change_of_the_tree_gives_a_line_and_a_signal_ends_it() {
    let deployment = Deployment::sqlite();
    let (master, file) = (deployment.path("master"), deployment.path("scan.prom"));
    std::fs::create_dir_all(master.join("pub/epel/9")).unwrap();
    deployment.ok(&["db", "migrate"]);
    deployment.ok(&["product", "add", "EPEL"]);
    deployment.ok(&["category", "add", "Fedora EPEL", "--product", "EPEL", "--topdir", "pub/epel"]);
    let mut command = deployment.command(&["--json", "scan", "--watch", "--set", "scan.watch.settle_ms=5"]);
    command.args(["--set", &format!("scan.content_root={}", master.display())]);
    command.args(["--set", &format!("scan.metrics_file={}", file.display())]);
    let mut watching = Resident::start(command);
    let first = watching.next();
    assert_eq!(
        (first["why"].as_str(), first["unchanged"].as_bool()),
        (Some("the watch begins"), Some(false))
    );
    std::fs::write(master.join("pub/epel/9/f"), "1").unwrap();
    let second = watching.next();
    assert_eq!(second["why"], "changes in one directory");
    assert_eq!(
        (&second["categories"][0]["name"], &second["categories"][0]["changed"]),
        (&"Fedora EPEL".into(), &1.into())
    );
    watching.signal("HUP");
    let third = watching.next();
    assert_eq!(third["why"], "it was asked for");
    assert!(std::fs::read_to_string(&file).unwrap().contains("outcome=\"done\"} 1"));
    watching.signal("TERM");
    assert_eq!(watching.status(), Some(0));
}

#[test]
fn what_can_not_be_watched_is_said_at_once() {
    let deployment = Deployment::sqlite();
    deployment.ok(&["db", "migrate"]);
    assert!(deployment.refused(&["scan", "--watch"]).contains("no category to watch"));
    assert_eq!(deployment.run(&["scan", "--watch", "--dry-run"]).status, 2);
}
